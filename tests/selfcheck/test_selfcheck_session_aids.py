"""What helps in a long session: a call that runs long, a function older than its cell, the doctor."""

import json
import linecache
import os
import shutil
import signal
import threading
import time
from types import SimpleNamespace

import pytest

from selfcheck import history, patience
from selfcheck.doctor import FINE, MEND, examine
from selfcheck.patience import Stopped, Watch
from selfcheck.session import run_tests
from selfcheck.target import LocalProvider, StudentError, StudentTimeout
from selfcheck.unknown import not_run

REQUIREMENTS = (
    "# what is needed\nnumpy>=1.26\nipython>=8.20\nnot-there-at-all>=3\npytest<2\nnothing; python_version < '3'\n"
)


def test_a_call_that_runs_long_is_told_of_once_while_it_runs(monkeypatch):
    monkeypatch.setattr(patience, "AFTER", 0.05)
    said, heard = [], threading.Event()
    watch = Watch(lambda sentence: (said.append(sentence), heard.set()))
    with watch.on():
        with watch.call("quick", {}):
            pass
        with watch.call("slow", {}):
            assert heard.wait(5)
            time.sleep(0.15)
    assert len(said) == 1
    assert said[0].startswith("slow has been running for")


STOPS = """
def inner(n):
    raise KeyboardInterrupt

def outer(n):
    return inner(n)
"""


def student(source, **more):
    """Return a watched provider of a student's functions, whose lines can be read as a kernel's can."""
    namespace = dict(more)
    linecache.cache["cell"] = (len(source), None, source.splitlines(keepends=True), "cell")
    exec(compile(source, "cell", "exec"), namespace)
    provider = LocalProvider(namespace)
    provider.watch = Watch(lambda sentence: None)
    return provider


@pytest.mark.parametrize(
    ("name", "place"), [("inner", "in line 3: raise"), ("outer", "in line 3 of inner: raise")], ids=["own", "helper"]
)
def test_a_call_that_is_stopped_says_by_whom_and_in_which_line(name, place):
    with pytest.raises(KeyboardInterrupt) as caught:
        student(STOPS).call(name, (1,), {})
    assert type(caught.value) is Stopped
    assert caught.value._render_traceback_() == [f"You stopped {name} after 0 s, {place} KeyboardInterrupt"]


def test_stopped_tests_say_so_without_a_word_of_pytest(toy):
    provider = student("def total(values):\n    raise KeyboardInterrupt")
    with pytest.raises(Stopped) as caught:
        run_tests([toy.folder / "test_toy.py"], provider, {"total"})
    assert str(caught.value) == "You stopped total after 0 s, in line 2: raise KeyboardInterrupt"
    provider.watch = None
    with pytest.raises(Stopped, match=r"^You stopped the tests$"):
        run_tests([toy.folder / "test_toy.py"], provider, {"total"})


def test_a_call_without_end_ends_at_its_limit_and_others_go_on(monkeypatch):
    monkeypatch.setattr(patience, "AFTER", 0.05)
    provider = student("def forever():\n    while True: pass\n\ndef quick():\n    return 3")
    provider.limit = 0.2
    with provider.watch.on():
        with pytest.raises(
            StudentTimeout, match=r"^forever had not ended after \d+ s and was stopped, in line 2: while"
        ):
            provider.call("forever", (), {})
        assert provider.call("quick", (), {}) == 3


def test_a_call_ends_at_its_limit_where_interrupts_are_ignored(monkeypatch):
    monkeypatch.setattr(patience, "AFTER", 0.05)
    provider = student(
        "import time\n\ndef long():\n    until = time.monotonic() + 20\n    while time.monotonic() < until: pass"
    )
    provider.limit = 0.2
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a process that a shell has put into the background
    try:
        with provider.watch.on(), pytest.raises(StudentTimeout):
            provider.call("long", (), {})
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_call_that_raises_as_its_limit_comes_leaves_no_interrupt_behind(monkeypatch):
    monkeypatch.setattr(patience, "AFTER", 0.05)
    provider = student("def late():\n    while not told(): pass\n    raise ValueError", told=lambda: running().ended)
    running = lambda: provider.watch._running  # noqa: E731
    provider.limit = 0.1
    with provider.watch.on(), pytest.raises(StudentError):
        provider.call("late", (), {})
    time.sleep(0.1)  # an interrupt left behind would come here


@pytest.fixture
def ran(monkeypatch):
    """Say that this session has run a cell with this text."""
    monkeypatch.setattr(history, "_ran", {})
    monkeypatch.setattr(history, "_did_not_run", {})

    def run(text, error=None):
        history._note(SimpleNamespace(info=SimpleNamespace(raw_cell=text), error_before_exec=error))

    return run


def test_an_edit_after_the_run_makes_a_function_old(toy, ran):
    ran("def total(values):\n    return 0")
    later = time.time() + 5
    os.utime(toy.notebook, (later, later))
    assert history.older(["total", "step"], toy.notebook) == ["total"]
    assert history.unsaved(["total"], toy.notebook) == []
    ran("def total(values):  # as saved\n    return sum(values)")
    assert history.older(["total"], toy.notebook) == []


@pytest.mark.parametrize(
    ("saved", "why"),
    [
        ("def totals(values):\n    return 0", "its cell defines totals. Keep the function's name"),
        ("", "no cell defines it"),
    ],
)
def test_a_function_that_the_saved_notebook_has_no_more_is_told(toy, ran, saved, why):
    ran("def total(values):\n    return 0")
    save(toy)
    assert history.gone("total", toy.notebook) == ""
    save(toy, total=saved)
    said = "What is checked is the function that this session still has."
    assert history.gone("total", toy.notebook) == f"In the saved notebook total is not defined: {why}. {said}"
    assert history.gone("step", toy.notebook) == ""
    assert history.gone("total", toy.folder / "nothing.ipynb") == ""
    save(toy, when=1, total=saved)  # what ran here is newer: it is not saved yet
    assert history.gone("total", toy.notebook) == ""


BROKEN = "def total(values):\n    while True\n        return sum(values)"


def save(toy, when=None, **cells):
    """Save the notebook, at a time."""
    toy.write(**cells)
    when = time.time() + 5 if when is None else when
    os.utime(toy.notebook, (when, when))


def test_a_cell_that_does_not_compile_is_told_with_its_line(toy, ran):
    where = "line 2: while True (expected ':')"
    save(toy, total=BROKEN)
    assert history.syntax_error_of("total", toy.notebook) == where
    assert history.syntax_error_of("step", toy.notebook) == ""
    save(toy, when=1)
    assert history.syntax_error_of("total", toy.notebook) == ""
    ran(BROKEN, SyntaxError())  # edited and run, and not saved
    assert history.syntax_error_of("total", toy.notebook) == where
    assert history.syntax_error_of("total", toy.folder / "nothing.ipynb") == where
    save(toy)
    assert history.syntax_error_of("total", toy.notebook) == ""
    save(toy, when=1)
    ran("def total(values):\n    return 0")
    assert history.syntax_error_of("total", toy.notebook) == ""


def split(toy, name, *pieces):
    """Save an exercise's cell as pieces that all bear its mark, as JupyterLab splits it."""
    content = json.loads(toy.notebook.read_text())
    cells = content["cells"]
    place = next(i for i, cell in enumerate(cells) if cell["id"] == f"{name}-solution")
    cells[place : place + 1] = [{**cells[place], "id": f"piece-{i}", "source": text} for i, text in enumerate(pieces)]
    toy.notebook.write_text(json.dumps(content))
    later = time.time() + 5
    os.utime(toy.notebook, (later, later))


def test_pieces_of_a_split_cell_that_ran_one_by_one_are_not_old(toy, ran):
    helper, function = "def helper():\n    return 1", "def total(values):\n    return sum(values)"
    split(toy, "total", helper, function)
    ran(helper)
    ran(function)
    assert history.older(["total"], toy.notebook) == []
    assert history.split("total", toy.notebook) == (2, True)
    ran("def total(values):\n    return 0")
    assert history.older(["total"], toy.notebook) == ["total"]


def test_a_cell_split_inside_of_its_function_is_told_from_others(toy, ran):
    assert history.split("total", toy.notebook) == (0, True)
    split(toy, "total", "def total(values):\n    ", "whole = sum(values)\n    return whole")
    assert history.split("total", toy.notebook) == (2, False)
    ran("def total(values):\n    ", SyntaxError())
    os.utime(toy.notebook, (1, 1))
    assert history.syntax_error_of("total", toy.notebook) == ""  # its pieces need not compile
    split(toy, "step", "def step(:", "return")
    assert history.split("step", toy.notebook) == (2, True)
    assert history.syntax_error_of("step", toy.notebook).startswith("line 1: def step(:")
    assert history.split("total", toy.folder / "nothing.ipynb") == (0, True)


def test_a_split_cell_is_told_alike_in_the_terminal_and_before_handing_in(toy):
    split(toy, "total", "def total(values):\n    ", "whole = sum(values)\n    return whole")
    said = "The cell of total is split into 2 pieces: the grade joins them, and so does this"
    for arguments, what in (
        (["selfcheck", "toy.ipynb", "total"], "check"),
        (["selfcheck", "--ready", "toy.ipynb"], "run"),
        (["pytest", "-q", "-p", "no:cacheprovider"], "check"),
    ):
        assert f"{said} {what}." in toy.run("-m", *arguments).stdout


def test_names_that_no_cell_has_made_yet_are_told_with_the_cell_to_run(toy):
    session = {}
    exec("def total(values):\n    return half(values) + np.sum(values) + typo", session)
    exec("def half(values):\n    return step(values)", session)
    said = not_run("total", session, ["step", "total"], toy.notebook)
    assert said == [
        "total uses np, which this session does not know: "
        "run the cell that defines it first; after a restart, run all cells above.",
        "half uses step, which this session does not know: run the cell of step first.",
    ]
    assert len(not_run("total", session, ["step"], toy.folder / "nothing.ipynb")) == 1
    assert not_run("nothing", session, ["step"], None) == []


def test_a_run_after_the_last_save_is_not_saved(toy, ran):
    os.utime(toy.notebook, (1, 1))
    ran("def total(values):\n    return 0")
    assert history.older(["total"], toy.notebook) == []
    assert history.unsaved(["total"], toy.notebook) == ["total"]
    ran("def total(", SyntaxError())
    assert history.unsaved(["total"], toy.notebook) == ["total"]


def test_a_notebook_that_cannot_be_read_makes_nothing_old(toy, ran):
    ran("def total(values):\n    return 0")
    toy.notebook.write_text("{")
    assert history.older(["total"], toy.notebook) == []
    assert history.older(["total"], toy.folder / "nothing.ipynb") == []


def test_the_doctor_says_what_to_mend_and_how(toy):
    (toy.folder / "requirements.txt").write_text(REQUIREMENTS)
    (toy.folder / "mistakes.json").write_text("{")
    (toy.folder / "cases.py").unlink()
    said = list(examine(toy.folder))
    mend = [sentence for state, sentence in said if state == MEND]
    assert mend[0].startswith("not-there-at-all is not installed in this environment: python -m pip install -r")
    assert mend[1].endswith("is installed, <2 is needed: python -m pip install -r requirements.txt")
    assert mend[2:] == [
        "release.json is missing or damaged: unpack the assignment again.",
        "cases.py is missing: unpack the assignment into another folder and copy it from there.",
        "mistakes.json is damaged: unpack the assignment into another folder and copy it from there.",
    ]
    for name in ("numpy", "ipython"):
        assert any(sentence.startswith(f"{name} ") for state, sentence in said if state == FINE)
    assert (FINE, "nothing is not needed on this system") in said


def test_the_doctor_of_a_whole_folder_leaves_with_0(toy):
    (toy.folder / "requirements.txt").write_text("numpy>=1.26\n")
    (toy.folder / "mistakes.json").write_text("{}")
    release = {"assignment": "toy", "release": "1", "cells": [], "exercises": {}, "minutes": {}}
    (toy.folder / "release.json").write_text(json.dumps(release))
    done = toy.run("-m", "selfcheck", "--doctor")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("Everything is there.\n")
    shutil.rmtree(toy.folder / "selfcheck" / "__pycache__", ignore_errors=True)
    (toy.folder / "requirements.txt").unlink()
    assert toy.run("-m", "selfcheck", "--doctor").returncode == 1
