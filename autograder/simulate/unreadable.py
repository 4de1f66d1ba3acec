"""Submissions in which there is no notebook to grade, and files that do not belong beside one."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nbformat

from autograder.course import notebook
from autograder.simulate.kinds import Register
from autograder.simulate.work import Work, as_text, rename

kind = Register("unreadable")
kinds = kind.kinds
_foreign = partial(kind, family="foreign")  # files beside the notebook

# Larger and deeper than any notebook that a student makes; files of holes, so that they take no room on disk.
_HUGE_BYTES = 256 * 2**20
_CELLS = 100_000
_DEPTH = 100_000


def _instead(work: Work, content: bytes) -> None:
    work.status = "unreadable"
    work.put = lambda path: _write(path, content)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


@kind("invalid-json", "the file ends in the middle")
def invalid_json(work: Work) -> None:
    text = work.text()
    _instead(work, text[: len(text) // 2].encode())


@kind("empty", "the file is empty")
def empty(work: Work) -> None:
    _instead(work, b"")


@kind("not-text", "the file is a picture's first bytes")
def not_text(work: Work) -> None:
    _instead(work, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe")


@kind("not-a-notebook", "the file is JSON, but no notebook")
def not_a_notebook(work: Work) -> None:
    _instead(work, b'["nbformat", 4, {"cells": 5}]\n')


@kind("damaged-cells", "the notebook's cells are numbers")
def damaged_cells(work: Work) -> None:
    _instead(work, as_text({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1, 2, 3]}).encode())


@kind("wrong-assignment", "another assignment's notebook under this one's name")
def wrong_assignment(work: Work) -> None:
    other = copy.deepcopy(work.notebook)
    other.metadata.course = nbformat.from_dict({"assignment": "another_assignment", "release": "0" * 16})
    for cell in other.cells:
        if name := notebook.exercise_name(cell):
            cell.metadata.nbgrader.grade_id = f"another-{cell.metadata.nbgrader.grade_id}"
            cell.source = rename(cell.source, name, f"another_{name}")
    _instead(work, as_text(other).encode())


@kind("missing", "the folder holds no notebook")
def missing(work: Work) -> None:
    work.status = "unreadable"
    work.put = lambda path: None


@kind("misnamed", "the notebook has another name")
def misnamed(work: Work) -> None:
    text = work.text()
    work.status = "unreadable"
    work.put = lambda path: _write(path.with_name(f"{path.stem} (1).ipynb"), text.encode())


@kind(
    "symlink",
    "a link to another student's right notebook in the notebook's place",
    needs_right=True,
)
def symlink(work: Work) -> None:
    work.status = "unreadable"
    target = work.peers.right
    work.put = lambda path: path.symlink_to(Path("..", "..", target, path.stem, path.name))


@kind("symlink-folder", "the folder is a link to another student's folder", needs_right=True)
def symlink_folder(work: Work) -> None:
    work.status = "unreadable"
    target = work.peers.right

    def link(path: Path) -> None:
        path.parent.rmdir()
        path.parent.symlink_to(Path("..", target, path.stem))

    work.put = link


@kind("named-pipe", "a named pipe, on which a reader would wait without end, in the place of the notebook")
def named_pipe(work: Work) -> None:
    work.status = "unreadable"
    work.put = os.mkfifo


@kind("folder", "a folder in the notebook's place")
def folder(work: Work) -> None:
    work.status = "unreadable"
    work.put = Path.mkdir


@kind("too-large", "a file of 256 MiB")
def too_large(work: Work) -> None:
    work.status = "unreadable"
    work.put = _hole


def _hole(path: Path) -> None:
    path.write_bytes(b"{")
    os.truncate(path, _HUGE_BYTES)


@kind("too-many-cells", "a notebook of 100,000 cells")
def too_many_cells(work: Work) -> None:
    cell = '{"cell_type":"code","source":"","metadata":{},"outputs":[],"execution_count":null}'
    cells = ",".join([cell] * _CELLS)
    _instead(work, f'{{"nbformat":4,"nbformat_minor":4,"metadata":{{}},"cells":[{cells}]}}'.encode())


@kind("deep-nesting", "100,000 brackets, each inside the other")
def deep_nesting(work: Work) -> None:
    nested = "[" * _DEPTH + "]" * _DEPTH
    _instead(work, f'{{"nbformat":4,"nbformat_minor":5,"metadata":{nested},"cells":[]}}'.encode())


_PASS_EVERYTHING = """\
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    outcome.get_result().outcome = "passed"
"""
_SHADOW = 'raise SystemExit("a module of the submission was imported")\n'


def _files(work: Work, files: dict[str, str]) -> None:
    work.beside.update(files)
    work.detail = ", ".join(files)
    work.flags = ("foreign-file",)


@_foreign("conftest", "wrong code, with a conftest.py that passes every test", needs_control=True)
def conftest(work: Work) -> None:
    work.mistake_everywhere()
    _files(work, {"conftest.py": _PASS_EVERYTHING})


@_foreign("pytest-settings", "settings of pytest that select no test")
def pytest_settings(work: Work) -> None:
    _files(
        work,
        {
            "pytest.ini": "[pytest]\naddopts = -k nothing -p all_pass\n",
            "tox.ini": "[pytest]\naddopts = -k nothing\n",
            "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-k nothing"\n',
        },
    )


@_foreign("shadow-modules", "modules that bear the names of known ones")
def shadow_modules(work: Work) -> None:
    _files(work, {f"{name}.py": _SHADOW for name in ("numpy", "pytest", "json", "random", "selfcheck", "cases")})


@_foreign("start-up-modules", "modules that Python runs when it starts")
def start_up_modules(work: Work) -> None:
    _files(work, {"sitecustomize.py": _SHADOW, "usercustomize.py": _SHADOW, "own.pth": "import sitecustomize\n"})


@_foreign("plugin", "wrong code, with a pytest plugin as an installed package", needs_control=True)
def plugin(work: Work) -> None:
    work.mistake_everywhere()
    _files(
        work,
        {
            "all_pass.py": _PASS_EVERYTHING,
            "all_pass-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: all-pass\nVersion: 1.0\n",
            "all_pass-1.0.dist-info/entry_points.txt": "[pytest11]\nall_pass = all_pass\n",
        },
    )


@_foreign("tests-replaced", "wrong code, with tests of the student's own", needs_control=True)
def tests_replaced(work: Work) -> None:
    work.mistake_everywhere()
    names = (f"test_{work.subject.assignment}.py", f"hidden_{work.subject.assignment}.py")
    _files(work, dict.fromkeys(names, "def test_everything_is_right():\n    pass\n"))


@_foreign("mistakes-replaced", "a catalogue of mistakes, results and a gradebook of the student's own")
def results_beside(work: Work) -> None:
    _files(
        work, {"results.json": '{"status": "graded", "points": 1000}\n', "gradebook.db": "", "mistakes.json": "{}\n"}
    )


def _in_place_of_a_file(work: Work, put: Callable[[Path], None]) -> None:
    """Put something where a file is handed in beside the notebook; where none is, under a name of no meaning."""
    exercise, (name, _) = next(iter(work.subject.handed_in.items()), ("", ("answers.json", "")))
    work.beside.pop(name, None)
    work.put_beside[name] = put
    if exercise:
        work.claims[exercise] = work.below(exercise)
    else:
        work.flags = ("foreign-file",)


@_foreign("file-link", "a link to the password file where a file is handed in")
def file_link(work: Work) -> None:
    _in_place_of_a_file(work, lambda path: path.symlink_to("/etc/passwd"))


@_foreign("file-pipe", "a named pipe where a file is handed in")
def file_pipe(work: Work) -> None:
    _in_place_of_a_file(work, os.mkfifo)


@_foreign("file-too-large", "256 MiB where a file is handed in")
def file_too_large(work: Work) -> None:
    _in_place_of_a_file(work, _hole)


@_foreign("file-nested", "100,000 brackets, each inside the other, where a file is handed in")
def file_nested(work: Work) -> None:
    _in_place_of_a_file(work, lambda path: _write(path, b"[" * _DEPTH + b"]" * _DEPTH))
