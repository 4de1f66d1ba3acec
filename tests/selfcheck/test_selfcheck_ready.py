"""Before handing in: what `--ready` says of a notebook, and its receipt."""

import hashlib
import json
import os
import re
import time
from datetime import datetime

import pytest

from autograder.sandbox.limits import Limits
from selfcheck.clean_run import CALL_SECONDS, CELL_SECONDS, local
from selfcheck.readiness import ReadyReport
from selfcheck.release import answered, release_of

STUB = "def total(values):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
BACKWARD = "def backward(x, dout):\n    return scale(dout.T @ x), dout.sum(axis=0) * factor"


@pytest.fixture
def ready(toy):
    """Write the toy notebook, run `--ready` on it; return the exit code and what was found."""

    def run(*more, demo="", **cells):
        toy.write(*more, **cells)
        if demo:
            content = json.loads(toy.notebook.read_text())
            next(cell for cell in content["cells"] if cell["id"] == "demo")["source"] = demo
            toy.notebook.write_text(json.dumps(content))
        done = toy.run("-m", "selfcheck", "--ready", "--json", "toy.ipynb")
        assert done.stdout, done.stderr
        return done.returncode, ReadyReport.from_data(json.loads(done.stdout))

    return run


def test_a_finished_notebook_is_ready_and_gets_a_receipt(ready, toy):
    code, report = ready()
    assert (code, report.mend) == (0, [])
    assert [row[:3] for row in report.exercises] == [("step", 3, 3), ("backward", 2, 2), ("total", 1, 1)]
    kept = (toy.folder / "toy.receipt.txt").read_text()
    assert report.receipt.text() in kept
    assert "visible tests: 20 of 20 points" in kept
    assert re.search(r"^sha256 [0-9a-f]{64}  toy\.ipynb\nThe notebook's hash is of the text and the marks", kept, re.M)
    assert "Ready to hand in" in report.html()
    assert "hidden tests" in report.text()


@pytest.mark.parametrize(
    ("text", "done"),
    [("YOUR ANSWER HERE", False), (" YOUR ANSWER HERE\n\n", False), ("YOUR ANSWER HERE\n\nBecause it fades.", True)],
)
def test_an_answer_below_the_placeholder_is_an_answer(toy, text, done):
    content = json.loads(toy.notebook.read_text())
    content["cells"][-1]["source"] = text
    toy.notebook.write_text(json.dumps(content))
    assert answered(toy.notebook, release_of(toy.notebook)) == ["why"] * done


def notebook_hash(report):
    return report.receipt.hashes["toy.ipynb"]


def test_the_hash_stays_when_outputs_are_saved_and_changes_with_text_and_marks(ready, toy):
    first = notebook_hash(ready()[1])
    content = json.loads(toy.notebook.read_text())

    def after(change, at):
        change(next(cell for cell in content["cells"] if cell["id"] == at))
        toy.notebook.write_text(json.dumps(content, indent=2))
        done = toy.run("-m", "selfcheck", "--ready", "--json", "toy.ipynb")
        return notebook_hash(ReadyReport.from_data(json.loads(done.stdout)))

    shown = {"output_type": "stream", "name": "stdout", "text": "Ready to hand in"}
    assert after(lambda cell: cell.update(outputs=[shown], execution_count=7), "total") == first
    assert after(lambda cell: cell.update(source=cell["source"].splitlines(keepends=True)), "total-solution") == first
    text = after(lambda cell: cell.update(source=[*cell["source"], "  # done"]), "total-solution")
    mark = after(lambda cell: cell["metadata"]["nbgrader"].update(points=7), "total")
    assert len({first, text, mark}) == 3


@pytest.mark.parametrize(
    ("zone", "said"),
    [("XYZ-3", "2027-01-15 11:00:00 XYZ (UTC+03:00)"), ("UTC", "2027-01-15 08:00:00 UTC")],
)
def test_times_are_local_and_name_their_zone(monkeypatch, zone, said):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert local(datetime.fromtimestamp(1.8e9)) == said
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_table_has_headings_in_the_terminal(toy):
    lines = toy.run("-m", "selfcheck", "--ready").stdout.splitlines()
    place = next(i for i, line in enumerate(lines) if line.split() == ["exercise", "tests", "passed", "points"])
    assert lines[place + 1].split() == ["step", "3", "of", "3", "8", "of", "8"]
    assert len(lines[place]) == len(lines[place + 1])


def test_an_earlier_receipt_is_kept(ready, toy):
    ready(total=STUB)
    ready()
    kept = (toy.folder / "toy.receipt.txt").read_text()
    assert kept.index("20 of 20") < kept.index("14 of 20")


def test_a_notebook_that_was_only_unpacked_has_no_time_of_saving(toy):
    for when, said in ((315532800 + 86400, "not saved since it was unpacked"), (1.8e9, "saved 2027-01-15")):
        os.utime(toy.notebook, (when, when))
        assert said in toy.run("-m", "selfcheck", "--ready", "toy.ipynb").stdout


def test_a_renamed_notebook_is_told_its_name(toy):
    release = {"assignment": "toy", "release": "7", "cells": [], "exercises": {}, "minutes": {}}
    (toy.folder / "release.json").write_text(json.dumps(release))
    said = "The notebook is called evening.ipynb. Hand it in as toy.ipynb"
    assert "Hand it in" not in toy.run("-m", "selfcheck", "--ready", "toy.ipynb").stdout
    toy.notebook.rename(toy.folder / "evening.ipynb")
    done = toy.run("-m", "selfcheck", "--ready", "evening.ipynb")
    assert (done.returncode, said in done.stdout) == (1, True)


def test_what_is_unfinished_is_told(ready):
    code, report = ready("junk = 1 / 0", total=STUB, step="def step(x, h_prev, U, W, b):\n    return [1.0], None")
    assert code == 1
    assert report.mend == [
        "step: 2 visible tests do not pass. The first one says: h is a list; expected a NumPy array",
        "total is not started yet.",
        "The cell number 2 raises ZeroDivisionError: division by zero.",
    ]


def test_an_exercise_that_does_not_compile_is_told_once_with_its_line(ready, toy):
    _, report = ready(total="def total(values):\n    if values\n        return 0")
    said = "The cell of total does not compile: line 2: if values (expected ':')."
    assert report.mend == [said]
    assert said in toy.run("-m", "selfcheck", "toy.ipynb", "total").stdout.splitlines()


def test_what_is_without_points_may_be_left_as_it_is(toy):
    toy.write(total=STUB)
    content = json.loads(toy.notebook.read_text())
    next(cell for cell in content["cells"] if cell["id"] == "total")["metadata"]["nbgrader"]["points"] = 0
    toy.notebook.write_text(json.dumps(content))
    done = toy.run("-m", "selfcheck", "--ready", "--json", "toy.ipynb")
    report = ReadyReport.from_data(json.loads(done.stdout))
    assert (done.returncode, report.mend) == (0, [])
    assert ("total", "0 of 1", "without points") in report.rows()
    assert "14 of 14" in report.text()


def test_names_of_figure_cells_and_of_deleted_cells_are_found(ready):
    demo = "factor = [1.0][0]\n\ndef scale(a):\n    return a * unit\n"
    code, report = ready(backward=BACKWARD, demo=demo)
    assert code == 1
    assert (
        "backward uses factor. Only the figure cell number 2 makes factor, and the grade does not run figure cells."
        in report.mend
    )
    assert (
        "scale uses unit. No cell that the grade runs before makes unit: "
        "misspelt, or its cell was deleted, moved, or not saved." in report.mend
    )
    assert any("scale" in said and "figure cell" in said for said in report.know)


def test_names_inside_of_a_library_are_not_the_notebooks(ready):
    counted = "def total(values):\n    return Counter({0: sum(values)}).most_common(1)[0][1]"
    assert ready("from collections import Counter", total=counted)[1].mend == []


def test_what_the_grade_does_not_run_is_told(ready):
    code, report = ready("!pip install nothing")
    assert code == 0
    assert report.know == [
        "1 figure cell does not run for the grade: nothing is lost by that.",
        "The command ! in the cell number 2 does not run for the grade.",
        "release.json is missing or damaged, so the release is not known: unpack the assignment again.",
    ]


def test_a_function_counts_as_it_was_at_its_check(ready):
    _, report = ready(last="total = None")
    assert report.mend == []
    assert (
        "total, or what it uses, is changed below its check. The grade takes it as it was at the check." in report.know
    )


def test_a_function_under_another_name_is_told(ready):
    _, report = ready(total="def totals(values):\n    return sum(values)")
    assert report.mend == ["total is not defined: its cell defines totals. Keep the function's name."]


def test_the_second_file_is_looked_at(ready, toy):
    cells = [
        {
            "id": "a",
            "role": "exercise",
            "grade_id": "total-solution",
            "source": STUB,
            "section": "",
            "file": "sum.json",
        },
        {"id": "b", "role": "test", "grade_id": "total", "source": 'check("total")', "section": "", "metadata": {}},
    ]
    release = {"assignment": "toy", "release": "7", "cells": cells, "exercises": {}, "minutes": {}}
    (toy.folder / "release.json").write_text(json.dumps(release))
    code, report = ready()
    assert code == 1
    assert report.mend == ["sum.json is not beside the notebook: run the cell that writes it."]
    (toy.folder / "sum.json").write_text("{}")
    code, report = ready()
    assert (code, report.release) == (0, "7")
    assert "sum.json is there and complete: hand it in beside the notebook." in report.know
    assert f"sha256 {hashlib.sha256(b'{}').hexdigest()}  sum.json" in report.receipt.text()
    _, report = ready(total="def total(values):\n    return 0")
    assert "sum.json is there, but the tests of total do not pass: see what they say of the file." in report.mend


def test_what_does_not_end_is_stopped_at_a_limit_and_named(toy):
    forever = "def total(values):\n    while True:\n        pass"
    toy.write("while True: pass", total=forever)
    limits = "clean_run.LENIENCE = 0.05; patience.AFTER = 0.1"
    program = f"from selfcheck import clean_run, patience, __main__; {limits}; __main__.main(['--ready', 'toy.ipynb'])"
    lines = toy.run("-c", program).stdout.splitlines()
    cell = r"  - The cell number 2 had not ended after \d+ s and was stopped, in line 1: while True: pass"
    assert [line for line in lines if re.fullmatch(cell, line)]
    (call,) = [line for line in lines if line.startswith("  - total: 1 visible test does not pass.")]
    assert re.search(
        r"The first one says: total had not ended after \d+ s and was stopped, in line [23]: (while|pass)", call
    )
    assert [line for line in lines if "the grade stops" in line] == []
    assert any("step" in line and "3 of 3" in line for line in lines)


TWICE = """
from pathlib import Path
from selfcheck.execute import NotebookProvider
from selfcheck.patience import Watch
provider = NotebookProvider(Path("toy.ipynb").resolve(), Path("test_toy.py").resolve())
provider.watch, provider.limit = Watch(print), 0.2
with provider.watch.on():
    for _ in range(2):
        try:
            provider.call("total", ([1],), {})
        except Exception as ended:
            print(ended)
"""


def test_an_exercise_that_did_not_end_is_not_called_again(toy):
    toy.write(total="def total(values):\n    while True: pass")
    first, second = toy.run("-c", TWICE).stdout.splitlines()
    assert first.endswith("was stopped, in line 2: while True: pass")
    assert second == f"{first}. It was not called again"


def test_the_limits_are_those_of_grading():
    assert (Limits().call, Limits().cell) == (CALL_SECONDS, CELL_SECONDS)


def test_in_the_terminal_it_is_text(toy):
    toy.write(total=STUB)
    done = toy.run("-m", "selfcheck", "--ready", "toy.ipynb")
    assert done.returncode == 1
    assert done.stdout.startswith("Not finished yet: 1 thing to look at. toy.ipynb, release unknown, saved ")
    assert "  - total is not started yet.\n" in done.stdout
    assert "Receipt (kept in toy.receipt.txt):" in done.stdout
    assert toy.run("-m", "selfcheck", "--ready", "nothing.ipynb").returncode == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from mine import scale", "imports mine from this folder: the grade has only the notebook's own cells."),
        (
            "import msgpack.exceptions",
            "imports msgpack, which requirements.txt does not bring: the grade may not have it",
        ),
        ("import os, IPython, traitlets.config, numpy.linalg", ""),
        ("try:\n    import msgpack\nexcept ImportError:\n    msgpack = None", ""),
        ("import no_such_package", ""),  # of which the cell says so itself
    ],
)
def test_what_only_this_computer_can_import_is_told(ready, toy, line, said):
    (toy.folder / "mine.py").write_text("def scale(x):\n    return x\n")
    (toy.folder / "requirements.txt").write_text("# all that it takes\nnumpy>=1\nipython>=8\n")
    _, report = ready(total=f"{line}\ndef total(values):\n    return sum(values)")
    told = [sentence for sentence in report.mend if "imports" in sentence]
    assert [sentence.partition(said)[1] for sentence in told] == ([said] if said else [])
