"""What went wrong with files and the machine is one sentence that says what to do."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys

import pytest

from autograder import faults
from autograder.cores import cores
from autograder.course.lock import locked


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full: /x/y. Free some space"),
        (errno.EACCES, "may not read or write: /x/y. Change its owner"),
        (errno.EROFS, "the file system is read-only: /x/y. Make it writable"),
        (errno.ENOENT, "there is no such file or folder: /x/y. Check the path"),
    ],
)
def test_an_error_of_files_says_where_and_what_to_do(number, said):
    assert said in faults.sentence(OSError(number, os.strerror(number), "/x/y"))


def test_a_moved_file_is_named_by_where_it_should_be(tmp_path):
    (tmp_path / "a").write_text("")
    (tmp_path / "b" / "c").mkdir(parents=True)
    with pytest.raises(IsADirectoryError) as raised:
        os.replace(tmp_path / "a", tmp_path / "b")
    assert faults.sentence(raised.value).count(str(tmp_path)) == 1


def test_other_errors_keep_their_own_text_on_one_line():
    assert faults.sentence(ValueError("two\nlines")) == "two lines"
    assert faults.sentence(KeyError("name")) == "KeyError 'name'"
    assert "fewer --jobs" in faults.sentence(MemoryError())
    assert "fewer --jobs" in faults.sentence(RuntimeError("can't start new thread"))


def test_a_path_too_long_for_a_socket_says_which_setting_to_change(tmp_path):
    with socket.socket(socket.AF_UNIX) as bound, pytest.raises(OSError, match="too long") as raised:
        bound.bind(str(tmp_path / ("x" * 120)))
    assert "Set TMPDIR to a shorter one" in faults.sentence(raised.value)


def test_only_cores_that_the_process_may_use_are_counted(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3, 5}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert cores() == 2


TAKE = """
import sys
from pathlib import Path
from autograder.course.lock import locked
with locked(Path(sys.argv[1]), "another"):
    pass
"""


def test_a_process_holds_a_lock_twice_and_the_outer_block_ends_it(tmp_path):
    command = [sys.executable, "-c", TAKE, str(tmp_path)]
    with locked(tmp_path, "outer"):
        with locked(tmp_path, "inner"):
            pass
        assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    assert subprocess.run(command, check=True).returncode == 0
