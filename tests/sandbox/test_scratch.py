"""Scratch folders: measured and removed whatever is in them, and nothing beside them changes."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.course.paths import Repository
from autograder.sandbox import scratch
from autograder.sandbox.host import ForkServer
from autograder.sandbox.limits import Limits

DEPTH = 1500
NAME = "n" * 50  # so that the path of the innermost has 75,000 bytes


def nest(folder: Path, name: str = NAME, depth: int = DEPTH) -> None:
    """Make folders in folders, from within."""
    folder.mkdir(exist_ok=True)
    at = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=at)
        inner = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(os.open("innermost", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The system's temporary folder, for this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    for folder in tmp_path.iterdir():
        scratch.remove_folder(folder)


@pytest.mark.parametrize("name", ["d", NAME, "moved-1", "moved-2"])
def test_folders_nested_1500_deep_are_removed(tmp_path, name):
    folder = tmp_path / "scratch"
    nest(folder, name)
    (folder / "moved-1").mkdir(exist_ok=True)
    scratch.remove_folder(folder)
    assert not folder.exists()


def test_a_wide_tree_is_removed(tmp_path):
    folder = tmp_path / "scratch"
    for number in range(40):
        inner = folder / f"moved-{number}" / "moved-3" / f"{number}"
        inner.mkdir(parents=True)
        (inner / "file").write_text("x")
        os.mkfifo(inner / "pipe")
    scratch.remove_folder(folder)
    assert not folder.exists()


def test_folders_without_any_rights_are_removed(tmp_path):
    folder = tmp_path / "scratch"
    (folder / "a" / "b" / "c").mkdir(parents=True)
    (folder / "a" / "b" / "file").write_text("x")
    for inner in ("a/b/c", "a/b", "a", "."):
        (folder / inner).chmod(0)
    scratch.remove_folder(folder)
    assert not folder.exists()


def test_no_link_is_followed_and_nothing_outside_changes(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "scratch"
    (outside / "inner").mkdir(parents=True)
    (outside / "inner" / "file").write_text("x")
    (outside / "inner").chmod(0o750)
    outside.chmod(0o751)
    tmp_path.chmod(0o1755)
    (folder / "a").mkdir(parents=True)
    for place in (folder / "link", folder / "a" / "link"):
        place.symlink_to(outside)
    (folder / "a" / "dangling").symlink_to("nowhere")
    os.link(outside / "inner" / "file", folder / "a" / "hard")
    before = (outside / "inner" / "file").stat()
    scratch.remove_folder(folder)
    assert not folder.exists()
    after = (outside / "inner" / "file").stat()
    assert (after.st_mode, after.st_mtime) == (before.st_mode, before.st_mtime)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path, outside, outside / "inner")]
    assert modes == [0o1755, 0o751, 0o750]


def test_a_link_in_place_of_the_folder_is_removed_and_what_it_points_to_stays(tmp_path):
    outside, link = tmp_path / "outside", tmp_path / "link"
    outside.mkdir(mode=0o750)
    (outside / "file").write_text("x")
    link.symlink_to(outside)
    tmp_path.chmod(0o1755)
    scratch.remove_folder(link)
    assert not link.is_symlink()
    assert (outside / "file").read_text() == "x"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (outside, tmp_path)] == [0o750, 0o1755]


def test_what_cannot_be_removed_raises_nothing(tmp_path, monkeypatch):
    scratch.remove_folder(tmp_path / "none")
    folder = tmp_path / "scratch"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "c").mkdir()

    def refuse(*_, **__):
        raise PermissionError

    for name in ("rmdir", "unlink", "rename", "chmod", "listdir"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, refuse)
            scratch.remove_folder(folder)
    scratch.remove_folder(folder)
    assert not folder.exists()


STALE = ["course-scratch-999999999-x", "course-scratch-99999999999999999999-x", "course-scratch-²-x", "course-scratch-"]


@pytest.mark.parametrize("kind", ["deep", "file", "link", "without rights"])
def test_a_stale_folder_stops_no_start(temporary, kind):
    for name in STALE:
        place = temporary / name
        if kind == "deep":
            nest(place)
        elif kind == "file":
            place.write_text("x")
        elif kind == "link":
            place.symlink_to(temporary)
        else:
            place.mkdir(mode=0)
    mode = temporary.stat().st_mode
    made = ForkServer(Repository.default().selfcheck, wall="none", limits=Limits(), preload=())
    try:
        assert not os.path.lexists(temporary / STALE[0])
        assert temporary.stat().st_mode == mode
    finally:
        made.close()
    assert not made.scratch_root.exists()


def test_the_folder_of_a_grader_that_runs_stays(temporary):
    (temporary / f"course-scratch-{os.getpid()}-x").mkdir()
    scratch.remove_folder(scratch.make_scratch_root())
    assert (temporary / f"course-scratch-{os.getpid()}-x").is_dir()


def test_space_is_what_the_files_take(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(bytes(2**20))
    (tmp_path / "link").symlink_to("/")
    assert 2**20 <= scratch.space_used(tmp_path) < 2**20 + 2**16


@pytest.mark.parametrize("name", ["d", NAME])
def test_space_in_folders_nested_deep_is_counted_or_over_any_limit(tmp_path, name):
    folder = tmp_path / "scratch"
    nest(folder, name)
    found = scratch.space_used(folder)
    assert found == sys.maxsize if name == NAME else found > 0
    scratch.remove_folder(folder)


def test_very_many_files_are_over_any_limit(tmp_path):
    for number in range(5001):
        (tmp_path / f"{number}").touch()
    assert scratch.space_used(tmp_path) == sys.maxsize
