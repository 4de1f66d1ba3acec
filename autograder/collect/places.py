"""Where submissions are put: beside what is there, the newest in its place, all others kept aside."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path

from autograder import atomic
from autograder.collect.archive import MAX_FILE, Item
from autograder.collect.conventions import CANVAS, SECRET, TIMESTAMP
from autograder.collect.plan import ASIDE, REPLACES, UNCHANGED, WAS_ASIDE, Plan, Taken
from autograder.course import collected as note
from autograder.course.collected import Collected, read_collected
from autograder.course.paths import Course
from autograder.course.policies import Policies
from autograder.course.times import nbgrader_text, read_time


def compared(course: Course, one: Taken, policies: Policies) -> Taken:
    """Return the submission with what happens to it, by what is there already."""
    place = course.submitted / one.student / one.assignment
    if place.is_symlink() or place.parent.is_symlink() or (place.exists() and not place.is_dir()):
        return replace(one, state=ASIDE, reason=f"{place} is no folder")
    noted, problem = _contradicted(one, policies)
    one = replace(one, noted=noted, reason=problem)
    if not place.is_dir():
        return one
    if _same(place, one):
        return replace(one, state=UNCHANGED)
    before, after = _time_of(place, policies.zone), one.noted.moment
    earlier = sorted((course.root / "collected" / one.assignment / one.student).glob("*"))
    newer = before is not None and after is not None and after > before
    if not newer and any(_same(path, one) for path in earlier if path.is_dir()):
        return replace(one, state=WAS_ASIDE)
    if before is not None and after is not None and after < before:
        return replace(one, state=ASIDE, reason="a newer one is there")
    allowed = policies.rules(one.assignment).attempts
    if allowed and len(earlier) + 1 >= allowed:
        return replace(one, state=ASIDE, reason=f"{allowed} attempts are allowed, and {len(earlier) + 1} were taken")
    return replace(one, state=REPLACES)


def carry_out(course: Course, done: Plan) -> None:
    """Write what the plan says. One submission after another, each whole or not at all."""
    for one in done.taken:
        place = course.submitted / one.student / one.assignment
        if one.state == WAS_ASIDE:
            continue
        if one.state == UNCHANGED:
            if read_collected(place) is None or one.noted.time_from == "--times":
                _note(place, one)
            continue
        files = _files(one)
        if one.state == ASIDE:
            aside = _aside(course, one.assignment, one.student)
            _write(aside, files)
            continue
        temporary = place.with_name(f".{one.assignment}.{secrets.token_hex(4)}")
        try:
            _write(temporary, files)
            if one.state == REPLACES:
                aside = _aside(course, one.assignment, one.student)
                aside.parent.mkdir(parents=True, exist_ok=True)
                os.replace(place, aside)
            os.replace(temporary, place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _contradicted(one: Taken, policies: Policies) -> tuple[Collected, str]:
    """Return what is noted, without a time of the archive that says late where Canvas says on time."""
    due, moment = policies.rules(one.assignment).due_for(one.student), one.noted.moment
    if one.noted.source != CANVAS or one.noted.time_from != "the archive" or due is None or moment is None:
        return one.noted, ""
    if one.noted.late is False and moment.timestamp() > due.timestamp():
        reason = "Canvas says on time, and the archive's time is after it was due: the time was not noted"
        return replace(one.noted, time="", time_from=""), reason
    return one.noted, ""


def _time_of(place: Path, zone: tzinfo) -> datetime | None:
    if (noted := read_collected(place)) and noted.moment:
        return noted.moment
    try:
        return read_time((place / TIMESTAMP).read_text(encoding="utf-8")[:200].strip(), zone)
    except (OSError, ValueError):
        return None


def _same(place: Path, one: Taken) -> bool:
    """Is the same notebook there, with the same files beside it?"""
    ours = {TIMESTAMP, SECRET, note.NAME}
    there = {entry.name for entry in os.scandir(place)} - ours
    wanted = {f"{one.assignment}.ipynb": one.notebook, **dict(one.beside)}
    if there != set(wanted):
        return False
    return all(_holds(place / name, item) for name, item in wanted.items())


def _holds(path: Path, item: Item) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_FILE:
        return False
    return path.read_bytes() == item.read()


def _files(one: Taken) -> dict[str, bytes]:
    files = {name: item.read() for name, item in one.beside}
    files[f"{one.assignment}.ipynb"] = one.notebook.read()
    if one.noted.moment:
        files[TIMESTAMP] = nbgrader_text(one.noted.moment).encode()
    if one.secret is not None:
        files[SECRET] = one.secret.read()
    files[note.NAME] = one.noted.text().encode("utf-8", "backslashreplace")
    return files


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _note(place: Path, one: Taken) -> None:
    if one.noted.moment:
        atomic.replace(place / TIMESTAMP, nbgrader_text(one.noted.moment).encode())
    atomic.replace(place / note.NAME, one.noted.text().encode("utf-8", "backslashreplace"))


def _aside(course: Course, assignment: str, student: str) -> Path:
    """Return a new folder's path for what does not count: numbered in the order in which it was put there."""
    folder = course.root / "collected" / assignment / student
    numbers = [int(path.name) for path in folder.glob("*") if path.name.isdigit()]
    return folder / f"{max(numbers, default=0) + 1:03}"
