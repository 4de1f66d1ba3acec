"""atomic.py: files are written whole or not at all."""

import errno
import itertools
import os
import shutil
import stat

import pytest

from autograder import atomic

STEPS = [(os, "replace"), (os, "open"), (os, "mkdir"), (os, "unlink"), (shutil, "copy2")]


def tree(folder):
    """Every path below the folder: its bytes and mode, or None for a folder."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mode) if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.fixture
def failing(monkeypatch):
    """failing(n, error): the nth step of those that write raises; gives the list of the steps taken."""

    def install(fails_at, error):
        taken = []

        def counted(original, name):
            def step(*arguments, **options):
                taken.append(name)
                if len(taken) == fails_at:
                    raise error
                return original(*arguments, **options)

            return step

        for module, name in STEPS:
            monkeypatch.setattr(module, name, counted(getattr(module, name), name))
        return taken

    return install


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "kept.txt").write_text("kept")
    (tmp_path / "changed.txt").write_text("old")
    (tmp_path / "changed.txt").chmod(0o640)
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "gone.txt").write_text("goes")
    return tmp_path


def contents(folder):
    return {
        folder / "kept.txt": b"kept",
        folder / "changed.txt": b"new",
        folder / "gone" / "gone.txt": None,
        folder / "made" / "inner" / "made.txt": b"made",
    }


def test_several_files_are_written_together_and_nothing_else_stays(folder):
    kept = (folder / "kept.txt").stat().st_ino
    with atomic.all_or_none(contents(folder)):
        assert (folder / "changed.txt").read_bytes() == b"new"
    assert {name: held and held[0] for name, held in tree(folder).items()} == {
        **{"kept.txt": b"kept", "changed.txt": b"new"},
        **{"made": None, "made/inner": None, "made/inner/made.txt": b"made"},
    }
    assert (folder / "kept.txt").stat().st_ino == kept
    assert stat.S_IMODE((folder / "changed.txt").stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_at_any_step_leaves_everything_as_it_was(folder, failing, monkeypatch, error):
    before = tree(folder)
    for fails_at in itertools.count(1):
        taken, written = failing(fails_at, error), False
        try:
            with atomic.all_or_none(contents(folder)):
                written = True
        except (OSError, KeyboardInterrupt):
            monkeypatch.undo()
        if written:
            break
        assert tree(folder) == before, f"step {fails_at}: {taken[fails_at - 1]}"
    assert fails_at > 6


def test_a_failure_of_what_belongs_to_the_files_takes_them_back(folder):
    before = tree(folder)
    with pytest.raises(ZeroDivisionError), atomic.all_or_none(contents(folder)):
        raise ZeroDivisionError
    assert tree(folder) == before


def test_one_file_is_replaced_at_once_with_the_mode_it_had(tmp_path, failing, monkeypatch):
    path = tmp_path / "new" / "file.txt"
    atomic.replace(path, b"first")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    path.chmod(0o604)
    failing(2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        atomic.replace(path, b"second")
    monkeypatch.undo()
    assert [one.read_bytes() for one in path.parent.iterdir()] == [b"first"]
    atomic.replace(path, b"third")
    assert path.read_bytes() == b"third"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    atomic.replace(tmp_path / "mine", b"", mode=0o600)
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o600
