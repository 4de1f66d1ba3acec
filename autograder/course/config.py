"""Read a course's nbgrader_config.py, and say which lines to replace where an earlier version wrote it."""

from __future__ import annotations

import re

from traitlets.config import Config, PyFileConfigLoader

from autograder.course.paths import Course

MOVED = {"autograder.desk": "autograder.gradebook"}  # packages that an earlier version's configuration names


class OldConfig(ValueError):
    """A course's configuration names modules that have moved; the text says which lines to replace."""


def read_config(course: Course) -> Config:
    """Run the course's nbgrader_config.py and return what it sets.

    Raises OldConfig if it names modules of an earlier version, FileNotFoundError if there is no such file.
    """
    if sentence := outdated(course):
        raise OldConfig(sentence)
    return PyFileConfigLoader(course.config_file.name, path=str(course.root.resolve())).load_config()


def outdated(course: Course) -> str:
    """Return a sentence that says which lines of the configuration to replace; empty if there are none, or no file."""
    if not course.config_file.is_file():
        return ""
    lines = course.config_file.read_text(encoding="utf-8", errors="replace").splitlines()
    todo = []
    for old, new in MOVED.items():
        named = re.compile(rf"\b{re.escape(old)}\b")
        numbers = [str(number) for number, line in enumerate(lines, start=1) if named.search(line.partition("#")[0])]
        if numbers:
            todo.append(f"in line{'s' * (len(numbers) > 1)} {', '.join(numbers)} write {new} for {old}")
    if not todo:
        return ""
    return f"{course.config_file} was written by an earlier version of autograder: {'; '.join(todo)}"
