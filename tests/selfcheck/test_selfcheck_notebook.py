"""check() and progress() in a real Jupyter kernel."""

import json
import os
import re

import nbformat
import pytest
from nbclient import NotebookClient

from selfcheck import notebook, quiet
from selfcheck.folder import NotFound, data_path

WRONG = """def step(x, h_prev, U, W, b):
    print('<b>', x.shape)
    display('shown')
    return np.tanh(x @ U.T + h_prev @ W + b), None
"""
STUB = "def total(values):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
LOOK = """
import os, sys, time
os.chdir("/")
def looked(): return set(globals()), set(sys.modules), list(sys.path)
before = looked()
started = time.perf_counter(); report = check("step"); seconds = time.perf_counter() - started
after = looked()
new = sorted((after[0] - before[0] - {"before", "report", "seconds", "started"}) | (after[1] - before[1]))
print(new, before[2] == after[2], seconds < 1)
"""


@pytest.fixture
def executed(toy, monkeypatch, tmp_path):
    """Execute the toy notebook in a kernel; returns {cell id: outputs}."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    def run(*more, **cells):
        toy.write(*more, **cells)
        content = nbformat.read(toy.notebook, as_version=4)
        content.cells = [c for c in content.cells if c.id != "demo" and c.cell_type == "code"]
        resources = {"metadata": {"path": str(toy.folder)}}
        NotebookClient(content, timeout=60, allow_errors=True, resources=resources).execute()
        return {cell.id: cell.outputs for cell in content.cells}

    return run


def test_nbgraders_validate_sees_which_checks_fail(executed, toy, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    outputs = executed(step=WRONG)
    said = {name: [out.text for out in shown if out.get("name") == "stderr"] for name, shown in outputs.items()}
    assert said["step"][0].startswith("step: 2 of 3 visible tests passed")
    assert said["backward"] == []


def test_in_a_kernel_reports_are_tables_and_nothing_is_left_behind(executed, toy):
    files = {path.name for path in toy.folder.rglob("*")}
    outputs = executed(step=WRONG, total=STUB, last=LOOK + "\nprogress()")
    (step,) = outputs["step"]
    assert step.output_type == "execute_result"
    assert step.data["text/plain"].startswith("step: 2 of 3 visible tests passed\n  FAILED      a step agrees")
    page = step.data["text/html"]
    assert "<details open" in page
    assert "&lt;b&gt; (3, 4)" in page
    assert page.index("failed") < page.index("a step returns shape N H")
    assert "the visible tests passed" in outputs["backward"][0].data["text/plain"]
    assert outputs["total"][0].data["text/plain"] == "total is not started yet (1 visible test)"
    stream, again, progress = outputs["last"]
    assert stream.text == "[] True True\n"
    assert again.data == step.data
    assert re.search(r"step +2 of 3 +0 of 8\n", progress.data["text/plain"])
    assert re.search(r"all exercises +6 of 20\n", progress.data["text/plain"])
    assert "visible tests only" in progress.data["text/html"]
    assert "A person grades the written questions (10 points)." in progress.data["text/plain"]
    assert {path.name for path in toy.folder.rglob("*")} == files | {"toy.progress.json"}


def test_a_wrong_name_and_a_moved_notebook_are_told_in_a_sentence(executed, toy):
    outputs = executed(last="check('stepp')")
    assert outputs["last"][0].data["text/plain"] == (
        "There is no exercise 'stepp' in this assignment. Did you mean step? Its exercises are: step, backward, total."
    )
    (toy.folder / "test_toy.py").unlink()
    outputs = executed(last="progress()")
    for name in ("step", "last"):
        assert "keep the notebook in the folder it came in" in outputs[name][0].data["text/plain"]


def test_an_exercise_may_be_given_by_its_function(executed):
    outputs = executed(last="check(step)")
    assert outputs["last"][0].data["text/plain"].startswith("step: ")


CALLS = "check()\ncheck('step', 'total')\ncheck(['step'])\ncheck(3)\ncheck('TOTAL ')\ncheck('softmax')"


def test_a_check_of_no_exercise_says_what_to_write(executed):
    said = [out.data["text/plain"] for out in executed(last=CALLS)["last"]]
    one_name = 'Give check the name of one exercise, in quotation marks: check("step"). progress() checks all of them.'
    assert said[:4] == [one_name] * 4
    assert "Did you mean total?" in said[4]
    assert "Did you mean" not in said[5]


SCRIPT = """
from selfcheck import check, progress, ready


def total(values):
    return sum(values)


check("total")
progress()
ready()
"""


def test_a_script_prints_what_a_notebook_shows(toy):
    done = toy.run("-c", SCRIPT)
    assert "total: the visible tests passed" in done.stdout
    assert "Points so far, from the visible tests only" in done.stdout
    assert "Receipt" in done.stdout


def test_a_notebook_shows_a_report_once(executed):
    (shown,) = executed(last="check('total')")["last"]
    assert shown.output_type == "execute_result"


SEVERAL = """
check("total")
for name in ("step", "backward"):
    check(name)
display(check("total"))
named = check("step")
print("later")
named
"""


def test_a_cell_shows_each_of_its_checks_in_their_order(executed):
    shown = executed(step=WRONG, last=SEVERAL)["last"]
    said = [out["text"] if "text" in out else out.data["text/plain"].partition(":")[0] for out in shown]
    assert said == ["total", "step", "backward", "total", "later\n", "step"]


def test_a_check_is_shown_also_where_the_cell_ends_in_something_else(executed):
    printed, shown = executed(last="check('total')\nprint('later')")["last"]
    assert printed.text == "later\n"
    assert shown.data["text/plain"].startswith("total: ")


LONG = """
import json, os, time
from pathlib import Path
from selfcheck import ready
Path("toy.ipynb").write_text(Path("toy.ipynb").read_text().replace("sum(values)", "sum(values) + 0"))
os.utime("toy.ipynb", (time.time() + 9,) * 2)
os.environ["JPY_SESSION_NAME"] = str(Path("toy.ipynb").resolve())
display(check("total"))
def total(values):
    time.sleep(2.3)
    return sum(values)
display(check("total"))
display(ready())
"""


def test_a_long_call_and_an_old_function_are_told_and_the_clean_run_starts(executed, toy):
    outputs = executed("from selfcheck import prepare\nprepare()", step=WRONG, last=LONG)["last"]
    old, found, ready = (output for output in outputs if output.output_type == "display_data")
    assert "total was defined before your last edit: run its cell again, then this check." in old.data["text/plain"]
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    assert "total has been running for 2 seconds and goes on. To stop it: the button" in printed
    assert "the visible tests passed" in found.data["text/plain"]
    assert ready.data["text/plain"].startswith("Not finished yet: 1 thing to look at. toy.ipynb")
    assert "step: 1 visible test does not pass. The first one says: h differs first at" in ready.data["text/plain"]
    assert "<li>step:" in ready.data["text/html"]
    assert (toy.folder / "toy.receipt.txt").is_file()


SPLIT = """
import json, os, time
from pathlib import Path
content = json.loads(Path("toy.ipynb").read_text())
place = next(i for i, cell in enumerate(content["cells"]) if cell["id"] == "total-solution")
piece = content["cells"][place]
content["cells"][place : place + 1] = [{**piece, "source": text} for text in ("def total(values):", "    return 0")]
Path("toy.ipynb").write_text(json.dumps(content))
os.utime("toy.ipynb", (time.time() + 9,) * 2)
check("total")
"""


def test_a_cell_split_inside_of_a_function_is_told(executed):
    said = executed(last=SPLIT)["last"][0].data["text/plain"].splitlines()
    assert said[1].startswith("The cell of total is split into 2 pieces: the grade joins them. A session cannot run a ")
    assert "Edit > Merge Cell Below" in said[1]


EDITED = """
import os, time
from pathlib import Path
Path("toy.ipynb").write_text(Path("toy.ipynb").read_text().replace("(values):", "(values)"))
os.utime("toy.ipynb", (time.time() + 9,) * 2)
check("total")
"""


def test_a_cell_that_does_not_compile_is_told_and_not_called_old(executed):
    outputs = executed(last=EDITED)["last"]
    said = outputs[0].data["text/plain"].splitlines()
    assert said[:3] == [
        "total: the visible tests passed",
        "The cell of total does not compile: line 1: def total(values) (expected ':').",
        "What is checked is the function as it was before. Correct the line, run the cell, then this check.",
    ]
    assert "last edit" not in outputs[0].data["text/plain"]


OLD = r"""
import os, time
from pathlib import Path
from selfcheck import ready
def save(old, new):
    Path("toy.ipynb").write_text(Path("toy.ipynb").read_text().replace(old, new))
    os.utime("toy.ipynb", (time.time() + 9,) * 2)
save("sum(values)", "0")
display(ready())
save("return 0", "return sum(values) + only_here")
get_ipython().run_cell("def total(values):\n    return sum(values) + only_here")
get_ipython().run_cell("only_here = 0")
display(ready())
save("def total(", "def totals(")
display(check("total"))
display(ready())
"""


def test_an_old_session_is_not_taken_for_something_that_only_it_has(executed, toy):
    (toy.folder / "session.txt").write_text(OLD)
    session = "from selfcheck.execute import is_quiet\nif not is_quiet(): exec(open('session.txt').read())"
    shown = [output for output in executed(last=session)["last"] if output.output_type == "display_data"]
    old, needs, renamed, ready = (output.data["text/plain"] for output in shown)
    assert "total: 1 visible test does not pass" in old
    assert "only here" not in old
    assert "total passes in this session, but not in a clean run: something it needs is only here." in needs
    gone = "In the saved notebook total is not defined: its cell defines totals. Keep the function's name."
    assert renamed.splitlines()[:2] == [
        "total: the visible tests passed",
        f"{gone} What is checked is the function that this session still has.",
    ]
    assert "  - total is not defined: its cell defines totals. Keep the function's name." in ready
    assert "only here" not in ready


STOPS = "def total(values):\n    raise KeyboardInterrupt"
STOPPED_READY = """
import os, signal, threading, time
from pathlib import Path
from selfcheck import ready
def stop():
    while not os.path.exists("running"):
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGINT)
saved = Path("toy.ipynb").read_text()
loop = "open('running', 'w').close()\\\\n    while True: pass"
Path("toy.ipynb").write_text(saved.replace("raise KeyboardInterrupt", loop))
threading.Thread(target=stop).start()
ready()
"""


def test_what_the_user_stops_is_told_in_one_line(executed):
    outputs = executed(total=STOPS, last=STOPPED_READY)
    (stopped,) = [output for output in outputs["total"] if output.output_type == "error"]
    assert stopped.traceback == ["You stopped total after 0 s, in line 2: raise KeyboardInterrupt"]
    (stopped,) = [output for output in outputs["last"] if output.output_type == "error"]
    assert re.fullmatch(r"You stopped total after \d+ s, in line 3: while True: pass", stopped.traceback[0])


def test_points_outlive_the_kernel(executed, toy):
    executed()
    outputs = executed(step="", backward="", total="", last="progress()")
    said = " ".join(outputs["last"][0].data["text/plain"].split())
    assert re.search(r"step 3 of 3 on \d{4}-\d\d-\d\d \d\d:\d\d 8 of 8", said)
    assert "all exercises 20 of 20" in said


def test_quiet_makes_them_harmless():
    quiet()
    try:
        assert notebook.check("anything") is None
        assert notebook.progress() is None
    finally:
        quiet(False)


def test_data_is_found_beside_the_notebook_and_above_it(toy):
    program = "from selfcheck import data_path; print(data_path('letters.txt'))"
    done = toy.run("-c", program)
    assert "data/letters.txt was not found in" in done.stderr
    assert "keep the notebook in the folder it came in" in done.stderr
    above, beside = toy.folder.parent / "data", toy.folder / "data"
    for folder in (above, beside):
        folder.mkdir()
        (folder / "letters.txt").write_text("abc")
        assert toy.run("-c", program).stdout.strip() == str(folder / "letters.txt")
    elsewhere = "import os; from selfcheck import data_path; os.chdir('/'); print(data_path('letters.txt'))"
    assert toy.run("-c", elsewhere).stdout.strip() == str(beside / "letters.txt")


def test_data_outside_of_data_is_not_looked_for():
    for name in ("/etc/passwd", "../secret"):
        with pytest.raises(ValueError, match="a name inside data/"):
            data_path(name)
    with pytest.raises(NotFound):
        data_path(f"no such file {os.getpid()}")


def test_points_come_from_the_notebooks_own_metadata(toy):
    from selfcheck.release import release_in

    cells = [(cell.name, cell.points, cell.written) for cell in release_in(toy.notebook).graded]
    assert cells == [("step", 8, False), ("backward", 6, False), ("total", 6, False), ("why", 10, True)]
    toy.notebook.write_text(json.dumps({"cells": "none"}))
    assert release_in(toy.notebook).graded == []
