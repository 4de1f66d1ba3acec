"""A notebook's cells, executed without a notebook."""

import subprocess
import sys

import pytest

from selfcheck.execute import make_shell, run_cells
from selfcheck.output import Sink
from selfcheck.release import plan


@pytest.fixture
def shell():
    return make_shell()


def test_an_error_in_one_cell_does_not_lose_the_others(shell):
    cells = [
        ("a", "x = 1"),
        ("b", "y = [\nundefined_name,\n]"),
        ("c", "def broken(:"),
        ("d", "raise SystemExit(0)"),
        ("e", "exit()"),
        ("f", "z = x + 1"),
    ]
    errors = run_cells(shell, cells)
    assert [(e.cell_id, e.names[0]) for e in errors] == [("b", "NameError"), ("c", "SyntaxError"), ("d", "SystemExit")]
    assert errors[0].traceback == "  line 2, in <module>: undefined_name,"
    assert errors[1].traceback == "  line 1: def broken(:"
    assert shell.user_ns["z"] == 2


def test_magics_work_off_the_terminal_and_commands_of_the_system_do_nothing(shell, capfd):
    cells = [
        ("a", "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
        ("b", "%%bash\necho from bash > written-by-bash"),
        ("c", "listed = !echo from a command\n!pip install nothing\n%pip install nothing\n%reset -f"),
        ("d", "%%time\nprint('printed')\ndisplay('displayed')\n3"),
    ]
    assert run_cells(shell, cells) == []
    assert list(shell.user_ns["listed"]) == []
    assert shell.skipped == ["%%bash", "!", "!", "%pip", "%reset"]
    assert capfd.readouterr() == ("", "")


def test_a_flood_of_output_is_cut():
    sink = Sink(limit=10)
    for _ in range(1000):
        sink.write("abcd")
    assert sink.getvalue() == "abcdabcdab"


def test_figure_cells_are_left_out_and_calls_of_check_stand_for_themselves(toy):
    toy.write("check('step')", "progress()  # so far")
    assert [name for name, _ in plan(toy.notebook).cells] == [
        *("free-start-0", "free-start-1", "free-start-2"),
        *("step-solution", "check:step", "backward-solution", "check:backward", "total-solution", "check:total"),
    ]


def test_the_users_ipython_is_neither_read_nor_written(tmp_path):
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-first.py").write_text("raise RuntimeError('a startup file was run')")
    before = sorted(tmp_path.rglob("*"))
    program = "from selfcheck.execute import *; s = make_shell(); run_cells(s, [('a', 'x = 1')]); print(s.user_ns['x'])"
    environment = {"IPYTHONDIR": str(tmp_path / "ipython"), "HOME": str(tmp_path), "PATH": ""}
    paths = {"PYTHONPATH": ":".join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment | paths, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "1\n", done.stderr
    assert sorted(tmp_path.rglob("*")) == before
