"""A course's nbgrader_config.py: a new one's text, what one sets, and what to replace in one of an earlier version."""

from __future__ import annotations

import re

from traitlets.config import Config, PyFileConfigLoader

from autograder.course.paths import Course

MOVED = {"autograder.desk": "autograder.gradebook"}  # packages that an earlier version's configuration names


_CONFIG = '''"""nbgrader's configuration of this course: written once, then yours to edit."""

from pathlib import Path

from autograder.gradebook.nbgrader_course import feedback_config

c = get_config()  # noqa: F821, nbgrader defines it

ROOT = Path(__file__).resolve().parent

c.CourseDirectory.course_id = "{course_id}"
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.db_url = f"sqlite:///{{ROOT / 'gradebook.db'}}"

# Reads a submission so that nbgrader cannot stumble over it.
c.Autograde.exporter_class = "autograder.gradebook.gradebook.SubmissionExporter"
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# nbgrader's own list, with the sandboxed grader in the place of nbgrader.preprocessors.Execute.
c.Autograde.autograde_preprocessors = [
    "autograder.gradebook.gradebook.GradeInSandbox",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# Lateness as course.toml says; nbgrader's own rule where it says nothing.
c.AssignLatePenalties.plugin_class = "autograder.gradebook.lateness.CoursePenalty"
# Feedback pages that load nothing and run nothing.
c.merge(feedback_config())
'''


class OldConfig(ValueError):
    """A course's configuration names modules that have moved; the text says which lines to replace."""


def config_text(course: Course) -> str:
    """Return the text of a new course's configuration: written once, then the instructor's to edit.

    Raises ValueError where the course's path would not be read in it as it is.
    """
    _check_path(course)
    kept = "".join(character for character in course.root.resolve().name if character.isalnum() or character in "-_.")
    return _CONFIG.format(course_id=kept or "course")


def read_config(course: Course) -> Config:
    """Run the course's nbgrader_config.py and return what it sets.

    Raises OldConfig if it names modules of an earlier version, FileNotFoundError if there is no such file,
    ValueError if its code fails, or as `config_text`.
    """
    _check_path(course)
    if sentence := outdated(course):
        raise OldConfig(sentence)
    loader = PyFileConfigLoader(course.config_file.name, path=str(course.root.resolve()))
    try:
        return loader.load_config()
    except OSError:
        raise
    except Exception as error:  # the instructor's code
        raise ValueError(f"{course.config_file} fails with {type(error).__name__}: {error}. Correct it") from error


def _check_path(course: Course) -> None:
    if "?" in str(course.root.resolve()):  # in a URL the path would end there, and the gradebook be outside the course
        raise ValueError(f"{course.root.resolve()}: a course's path cannot hold a question mark. Rename the folder")


def database_url(course: Course) -> str:
    """Return the URL of the course's gradebook: what its configuration sets, else the file in its folder.

    The file as well where the configuration is of an earlier version and cannot be run. Raises as `read_config`.
    """
    own = f"sqlite:///{course.root.resolve() / course.gradebook.name}"
    if outdated(course) or not course.config_file.is_file():
        return own
    return str(read_config(course).CourseDirectory.get("db_url") or own)


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
