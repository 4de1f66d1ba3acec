"""Text that is made to keep the grader busy is read in a process with limits."""

from __future__ import annotations

import copy
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.grading import reader
from autograder.grading.plan import read_submission
from autograder.grading.submission import Received, Unreadable

from .conftest import code_cell


@pytest.fixture
def read(assignment):
    yield lambda notebook: reader.read(Received(json.dumps(notebook).encode()), assignment)
    reader.close()


def with_cell(notebook, source):
    changed = copy.deepcopy(notebook)
    changed["cells"].append(code_cell(source))
    return changed


def test_what_is_read_is_what_would_be_read_here(read, assignment, solved):
    notebook = with_cell(solved, "%matplotlib inline\nimport sympy, os\nos.environ\n!ls")
    here = read_submission(Received(json.dumps(notebook).encode()), assignment)
    found = read(notebook)
    assert (found.cells, found.flags, found.problems) == (here.cells, here.flags, here.problems)
    assert [flag.kind for flag in found.flags] == ["suspicious-code"]
    assert found.slow == {"sympy", "sympy.tensor.tensor"}
    (plain,) = [text for source, text in found.plain.items() if "sympy" in source]
    assert "get_ipython().run_line_magic('matplotlib', 'inline')" in plain


def test_lines_of_magics_take_the_trusted_side_no_time(read, solved):
    read(solved)
    used, begin = time.process_time(), time.monotonic()
    found = read(with_cell(solved, "%timeit x\n" * 1680))
    assert time.process_time() - used < 0.5
    assert time.monotonic() - begin < 10 * reader._PLAIN_CELL_SECONDS
    assert not [source for source in found.plain if "%timeit" in source]  # left to the student's process


@pytest.fixture
def read_elsewhere(read):
    """Read in a process of the fork server: a fork of ours may take the memory that earlier tests have freed."""
    with ThreadPoolExecutor(1) as threads:
        yield lambda notebook: threads.submit(read, notebook).result()


def check_that_it_is_refused_and_the_next_is_read(read, solved, said):
    assert read(solved).cells
    before = reader._reader[1]._process.pid
    large = copy.deepcopy(solved)
    large["metadata"]["large"] = [[]] * 1_500_000
    with pytest.raises(Unreadable, match=f"to read the notebook takes more than .*{said}.* submit it again"):
        read(large)
    assert read(solved).cells
    assert os.getpid() not in (before, reader._reader[1]._process.pid)


def test_a_notebook_that_takes_too_much_memory_is_unreadable_and_the_next_is_read(read_elsewhere, solved, monkeypatch):
    monkeypatch.setattr(reader, "MEMORY", 2**24)
    check_that_it_is_refused_and_the_next_is_read(read_elsewhere, solved, "16 MiB")


def test_a_notebook_that_takes_too_long_is_unreadable_and_the_next_is_read(read, solved, monkeypatch):
    def for_ever(received, assignment):  # how long a real one takes depends on the processor
        while len(received.content) > 3_000_000:
            pass
        return read_submission(received, assignment)

    monkeypatch.setattr(reader, "SECONDS", 0.5)
    monkeypatch.setattr(reader, "read_submission", for_ever)
    check_that_it_is_refused_and_the_next_is_read(read, solved, "0.5 s of processor time")


def test_an_old_notebook_of_very_many_cells_is_not_upgraded(read):
    cells = [{"cell_type": "markdown", "source": "a", "metadata": {}}] * 3000
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    begin = time.monotonic()
    with pytest.raises(Unreadable, match="more than 2000 cells"):
        read(old)
    assert time.monotonic() - begin < 1


def test_beside_other_threads_it_is_read_in_a_process_of_the_fork_server(read, assignment, solved):
    reader.close()
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(read, solved).result().cells
    assert type(reader._reader[1]._process).__name__ == "ForkServerProcess"
