"""The doctor: each finding that is not ok says what to type."""

from __future__ import annotations

import re
import resource
import shutil
from collections import namedtuple
from types import SimpleNamespace

import pytest

from autograder import doctor
from autograder.course.paths import Course
from autograder.sandbox.host import WallError
from sample import NAME, write_sample

BROKEN_RULES = "[late]\ngrace = 'soon'\n"


@pytest.fixture
def quick(monkeypatch):
    """No process is started behind the wall."""
    monkeypatch.setattr(doctor, "check_wall", lambda: None)
    monkeypatch.setattr(doctor, "ForkServer", lambda *args, **options: SimpleNamespace(close=lambda: None))


@pytest.fixture
def places(tmp_path):
    repository, course = write_sample(tmp_path / "repository"), Course(tmp_path / "course")
    course.create()
    course.release_notebook(NAME).parent.mkdir(parents=True)
    course.release_notebook(NAME).write_text("{}")
    return course, repository


def bad(places):
    return [finding for finding in doctor.examine(*places) if not finding.ok]


def test_a_course_in_order_has_no_bad_finding(quick, places):
    pytest.importorskip("torch")  # a package that the doctor misses
    assert bad(places) == []


def test_all_that_can_be_wrong_says_what_to_type(monkeypatch, places):
    course, _ = places

    def no_wall():
        raise WallError("the sandbox did not start: why. Run `autograder doctor`")

    monkeypatch.setattr(doctor, "check_wall", no_wall)
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 1))
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: "0.9.5")
    monkeypatch.setattr(doctor, "outdated", lambda course: "in line 3 write a for b")
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (64, 64))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "which", lambda *args, **options: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 1))
    course.release_notebook(NAME).unlink()
    (course.root / "roster.csv").write_text("who\nada\n")
    (course.root / "course.toml").write_text(BROKEN_RULES)
    course.gradebook.write_bytes(b"no database at all" * 100)
    course.config_file.write_text("c = get_config()\n")
    found = bad(places)
    assert len([finding for finding in found if not finding.what.startswith("package ")]) == 12
    for finding in found:
        assert re.search(r"`[a-z]+ ?.*`", finding.advice), finding
        assert "autograder doctor" not in finding.advice  # it has just run
