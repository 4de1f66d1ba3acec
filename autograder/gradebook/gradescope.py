"""Grades one submission on Gradescope: what its `run_autograder` calls, once for each submission, as root.

    /autograder/source/repository    the machine, the assignment, a course directory: see autograder.author.gradescope
    /autograder/submission           what the student has uploaded
    /autograder/results/results.json what is written here

The platform promises no Landlock. Where the kernel has it, students' code runs in the usual sandbox; elsewhere as
another user (`course-student`), behind the filter of system calls and without network: it can then read what every user
of the container may read. So what no student may see is closed to others first.

Source of the schema: Gradescope's autograder documentation, "Autograder Specifications", output format.
"""

from __future__ import annotations

import autograder.grading.start  # noqa: F401, before NumPy and torch make their threads

# isort: split
import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from autograder.course.paths import Course, Repository
from autograder.gradebook import harmless
from autograder.gradebook.sentences import sentence
from autograder.gradebook.shown_tests import LONGEST_MESSAGE, OUTCOMES, claim
from autograder.grading.batch import grade_one
from autograder.grading.options import Options
from autograder.grading.result import Result
from autograder.grading.submission import MAX_BYTES
from autograder.sandbox.host import WallError, check_wall

ROOT = Path("/autograder")
VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")  # when students see a test's result
STUDENT = "submission"
_MOST_FILES = 200


def grade(root: Path, assignment: str, hidden: str, wall: str = "") -> dict[str, Any] | None:
    """Grade what is in root/submission; return the content of results.json, or None if the grader itself failed.

    hidden: the visibility of hidden tests; the others are visible at once. wall: sandlock or user; by default sandlock
    where the kernel can, else user.
    """
    begin = time.monotonic()
    repository = Repository(root / "source" / "repository")
    close_to_others(root)
    with tempfile.TemporaryDirectory(prefix="graded-") as folder:
        course = Course(Path(folder) / "course")
        shutil.copytree(repository.root / "course", course.root)
        course.create()
        note = _adopt(root / "submission", course.submitted / STUDENT / assignment, assignment)
        result = grade_one(course, repository, assignment, STUDENT, Options(jobs=1, wall=wall or _wall()))
    if result.status == "failed":
        print(f"the grader failed, which is not the student's fault: {result.reason}", file=sys.stderr)
        return None
    return results(result, repository, hidden, note) | {"execution_time": round(time.monotonic() - begin, 1)}


def results(result: Result, repository: Repository, hidden: str, note: str = "") -> dict[str, Any]:
    """Return a graded or unreadable result in Gradescope's schema. note: what to tell the student besides."""
    said = [note] if note else []
    if result.status == "unreadable":
        said.append(f"Your submission could not be read, so no test was run: {harmless.line(result.reason)}")
    tests = []
    for number, exercise in enumerate(result.exercises, start=1):
        if sentenced := sentence(repository, result.assignment, exercise.name, exercise.mistake):
            said.append(f"{exercise.name}: {sentenced}")
        for place, test in enumerate(exercise.tests, start=1):
            words = OUTCOMES.get(test.outcome, ("", test.outcome))[1]
            message = "" if test.outcome == "gated" else harmless.plain(test.message, LONGEST_MESSAGE)
            tests.append(
                {
                    "name": f"{exercise.name}: {claim(test.name)}",
                    "number": f"{number}.{place}",
                    "score": round(test.points, 4),
                    "max_score": round(test.max_points, 4),
                    "status": "passed" if test.outcome == "passed" else "failed",
                    "output": f"{words}\n{message}".strip(),
                    "output_format": "text",
                    "visibility": hidden if test.visibility == "hidden" else "visible",
                }
            )
    return {
        "score": round(result.points, 4),
        "output": "\n\n".join([*said, "Written answers are graded by a person and are not in this score."]),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {"wall": result.wall, "flags": [f"{flag.kind}: {flag.detail}" for flag in result.flags]},
    }


def close_to_others(root: Path) -> None:
    """Let nobody but root read the tests, the reference, the secret, the submission and earlier results."""
    repository = root / "source" / "repository"
    closed = (repository / "solutions", repository / "course", root / "submission", root / "results")
    for path in (*closed, root / "submission_metadata.json"):
        if path.exists():
            path.chmod(0o700 if path.is_dir() else 0o600)


def _wall() -> str:
    try:
        check_wall()
    except WallError:
        return "user"
    return "sandlock"


def _adopt(uploaded: Path, to: Path, assignment: str) -> str:
    """Copy the uploaded notebook and the small files beside it to where grading expects them; return what to tell.

    The notebook is the one with the assignment's name, wherever it is; without one, the only notebook there is.
    """
    to.mkdir(parents=True)
    found = [path for path in sorted(uploaded.rglob("*.ipynb"))[:_MOST_FILES] if _plain(path, uploaded)]
    named = [path for path in found if path.name == f"{assignment}.ipynb"]
    chosen = named or found
    if len(chosen) != 1:
        names = ", ".join(harmless.line(str(path.relative_to(uploaded))) for path in chosen[:5])
        what = f"there are {len(chosen)} of them: {names}" if chosen else "there is none"
        return f"Upload one notebook called {assignment}.ipynb: {what}."
    (notebook,) = chosen
    shutil.copyfile(notebook, to / f"{assignment}.ipynb")
    for path in sorted(notebook.parent.iterdir())[:_MOST_FILES]:
        if path != notebook and path.suffix != ".ipynb" and _plain(path, uploaded):
            shutil.copyfile(path, to / path.name)
    return "" if named else f"{harmless.line(notebook.name)} was graded; its name should be {assignment}.ipynb."


def _plain(path: Path, uploaded: Path) -> bool:
    """Return whether this is a regular file of limited size, and neither it nor a folder above it is a link."""
    inside = [folder for folder in path.parents if folder.is_relative_to(uploaded) and folder != uploaded]
    links = any(part.is_symlink() for part in (path, *inside))
    return not links and path.is_file() and path.stat().st_size <= MAX_BYTES


def main() -> int:
    """Exit code 0 when results.json is written, 3 when the grader failed: Gradescope then shows no score."""
    parser = argparse.ArgumentParser(description="Grade the submission that Gradescope has put into /autograder.")
    parser.add_argument("assignment")
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--hidden", choices=VISIBILITIES, default="after_published")
    parser.add_argument("--wall", choices=("sandlock", "user"), default="", help="the kernel decides by default")
    arguments = parser.parse_args()
    graded = grade(arguments.root.resolve(), arguments.assignment, arguments.hidden, arguments.wall)
    if graded is None:
        return 3
    path = arguments.root / "results" / "results.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(graded, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
