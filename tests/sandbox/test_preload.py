"""While modules are imported, what there is is asked of a path once, and afterwards each time again."""

from __future__ import annotations

import importlib
import os
import shutil
import sys

import pytest

from autograder.sandbox.preload import asking_once


def test_a_path_is_asked_of_once_and_afterwards_each_time(tmp_path):
    path = tmp_path / "file"
    path.write_text("four")
    (tmp_path / "link").symlink_to(path)
    with asking_once():
        kept = os.stat
        assert os.stat(str(path)).st_size == os.path.getsize(path) == 4
        assert os.path.islink(str(tmp_path / "link"))
        path.write_text("and more")
        assert os.stat(str(path)).st_size == 4
        assert os.stat(path).st_size == 8, "a Path is always asked of"
        assert os.stat in os.supports_follow_symlinks
    assert os.stat(str(path)).st_size == 8
    assert kept(str(path)).st_size == 8, "for a module that has kept it, too"
    assert kept is not os.stat


def test_a_path_that_was_not_there_is_asked_of_again(tmp_path):
    with asking_once():
        with pytest.raises(FileNotFoundError):
            os.stat(str(tmp_path / "later"))
        (tmp_path / "later").mkdir()
        assert os.path.isdir(str(tmp_path / "later"))


def test_after_an_error_all_is_as_before():
    before = os.stat, os.lstat, importlib._bootstrap_external._path_stat
    with pytest.raises(ZeroDivisionError), asking_once():
        1 / 0  # noqa: B018
    assert (os.stat, os.lstat, importlib._bootstrap_external._path_stat) == before


def test_modules_are_imported_as_ever_and_folders_removed(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "asked_once", raising=False)
    (tmp_path / "asked_once").mkdir()
    (tmp_path / "asked_once" / "__init__.py").write_text("from asked_once import part\n")
    (tmp_path / "asked_once" / "part.py").write_text("VALUE = 'é'\n", encoding="utf-8")
    with asking_once():
        module = importlib.import_module("asked_once")
        shutil.rmtree(tmp_path / "asked_once")
    assert module.part.VALUE == "é"
    assert not (tmp_path / "asked_once").exists()
    for name in ("asked_once", "asked_once.part"):
        monkeypatch.delitem(sys.modules, name)
