"""A class: find the submissions, grade what changed in parallel, write one result file each."""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from autograder.course.paths import Course, Repository
from autograder.grading import grader, queue
from autograder.grading.assignment import Assignment, code_hash
from autograder.grading.forks import start_server
from autograder.grading.queue import local_executor
from autograder.grading.result import Result
from autograder.grading.submission import Unreadable, foreign_files, read_beside, read_bytes
from autograder.sandbox.host import check_wall
from autograder.sandbox.limits import Limits

# What the grader computes and reads with, and what notebooks and tests import.
_PACKAGES = (
    *("ipython", "msgpack", "nbformat", "pytest", "sandlock"),
    *("matplotlib", "numpy", "scipy", "sympy", "torch"),
)


class NothingToGrade(Exception):
    """No submission was found; the text says where the grader looked."""


def grade_class(course: Course, repository: Repository, assignment: str, **options: Any) -> list[Result]:
    """All results of `grade_stream`, which has the same options, sorted by student."""
    return sorted(grade_stream(course, repository, assignment, **options), key=lambda result: result.student)


def grade_stream(
    course: Course,
    repository: Repository,
    assignment: str,
    *,
    submitted: Path | None = None,
    roster: list[str] | None = None,
    students: str = "*",
    jobs: int | None = None,
    results: Path | None = None,
    wall: str = "sandlock",
    limits: Limits | None = None,
    executor: Executor | None = None,
    on_start: Callable[[int, int], None] | None = None,
    on_result: Callable[[Result], None] | None = None,
) -> Iterator[Result]:
    """Grade all submissions of an assignment, giving results as they come; only what changed is graded again.

    submitted: DIR with STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb (the course's own by default). roster: ids that may submit,
    or None. students: a glob on ids. jobs: processes (one per core by default). results: DIR for
    ASSIGNMENT/STUDENT.json. executor: anything with the interface of concurrent.futures.Executor in place of local
    processes. on_start(to_do, done_before) and on_result(result) tell of progress.
    Raises NotBuilt, NothingToGrade or WallError before anything is graded; the processes start at once. An interruption
    loses nothing: finished results are on disk, and the next run goes on from there.
    """
    if wall != "none":
        check_wall()
    course, repository = Course(course.root.resolve()), Repository(repository.root.resolve())
    loaded = Assignment.load(course, repository, assignment)
    submitted = (submitted or course.submitted).resolve()
    folder = (results or course.results).resolve() / assignment
    limits = limits or Limits()
    found = _find(submitted, assignment, students)
    usual = grader.slow_mentions(_content(course.release_notebook(assignment), course.root))
    _check_space(folder)
    start_server(loaded.reference, loaded.visible, loaded.hidden)
    fingerprint, version = loaded.fingerprint(), machine_version(wall, limits)
    unchanged: list[Result] = []
    waiting: list[grader.Job] = []
    for student in found:
        path = submitted / student / assignment / f"{assignment}.ipynb"
        key = submission_key(loaded, fingerprint + version, path, submitted, student, roster)
        stored = stored_result(folder / f"{student}.json", key)
        if stored is not None:
            unchanged.append(stored)
            continue
        allowed = tuple(roster) if roster is not None else None
        slow = grader.slow_mentions(_content(path, submitted)) > usual
        job = grader.Job(
            course.root, repository.root, assignment, student, path, submitted, allowed, limits, wall, key, fingerprint,
            slow,
        )  # fmt: skip
        waiting.append(job)
    if on_start:
        on_start(len(waiting), len(unchanged))
    coming = queue.run(waiting, loaded, jobs, executor)
    if waiting:
        next(coming)  # the processes start while the caller gets ready

    def stream() -> Iterator[Result]:
        yield from unchanged
        for graded in coming:
            if graded is None:
                continue
            result, seconds = graded
            result.write(folder / f"{result.student}.json")
            _log(folder / "times.log", result, seconds)
            if on_result:
                on_result(result)
            yield result

    return stream()


def kept(stream: Iterable[Result], into: list[Result]) -> Iterator[Result]:
    """The same results, each appended to `into` as it passes."""
    for result in stream:
        into.append(result)
        yield result


_kept_executor: ProcessPoolExecutor | None = None


def grade_one(
    course: Course,
    repository: Repository,
    assignment: str,
    student: str,
    path: Path,
    *,
    wall: str = "sandlock",
    limits: Limits | None = None,
) -> Result:
    """Grade one submission, or return its stored result if nothing has changed. The grader is kept for the next."""
    global _kept_executor
    loaded = Assignment.load(course, repository, assignment)
    limits = limits or Limits()
    submitted = path.parent.parent.parent
    fingerprint = loaded.fingerprint()
    key = submission_key(loaded, fingerprint + machine_version(wall, limits), path, submitted, student, None)
    stored = stored_result(course.result(student, assignment), key)
    if stored is not None:
        return stored
    if wall != "none":
        check_wall()
    job = grader.Job(
        course.root.resolve(),
        repository.root.resolve(),
        assignment,
        student,
        path,
        submitted,
        None,
        limits,
        wall,
        key,
        fingerprint,
    )
    if _kept_executor is None:
        start_server(loaded.reference, loaded.visible, loaded.hidden)
        _kept_executor = local_executor()
    try:
        text, seconds = _kept_executor.submit(grader.run, job).result()
    except BrokenProcessPool:
        _kept_executor = None
        return grader.blank_result(loaded, job, "failed", "the grading process ended unexpectedly")
    result = Result.from_json(text)
    result.write(course.result(student, assignment))
    _log(course.result(student, assignment).with_name("times.log"), result, seconds)
    return result


def submission_key(
    assignment: Assignment, version: str, path: Path, submitted: Path, student: str, roster: list[str] | None
) -> str:
    """A hash of all that can change this submission's result. version: of the assignment and of the machine."""
    digest = hashlib.sha256(f"{version}\n{roster is None or student in roster}\n".encode())
    try:
        digest.update(read_bytes(path, submitted))
    except Unreadable as error:
        digest.update(str(error).encode())
    if path.parent.is_dir():
        digest.update(repr(foreign_files(path, assignment)).encode())
        digest.update(repr(read_beside(path, assignment)).encode("utf-8", "backslashreplace"))
    return f"sha256:{digest.hexdigest()}"


def machine_version(wall: str, limits: Limits) -> str:
    """What of the machine can change a result: versions of what computes, the grader's own code, the limits and the
    wall.
    """
    versions = [f"python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{package} none")
    return " | ".join([*versions, wall, repr(limits), grader_code()])


def grader_code() -> str:
    """A hash of the code of autograder and selfcheck: all of it.

    Some of it (the build, the demo) changes no result, but which is which is known only to who knows all imports.
    Grading once more than needed costs time; a result of code that is no longer there costs a student points.
    """
    specs = (importlib.util.find_spec(package) for package in ("autograder", "selfcheck"))
    return code_hash(*(Path(spec.origin).parent for spec in specs if spec and spec.origin))


def stored_result(path: Path, key: str) -> Result | None:
    """The result on disk, if it was made from the same things and is not the grader's own fault."""
    try:
        result = Result.read(path)
    except (OSError, ValueError):
        return None
    return result if result.key == key and result.status != "failed" else None


def _find(submitted: Path, assignment: str, students: str) -> list[str]:
    if not submitted.is_dir():
        raise NothingToGrade(f"there is no folder {submitted}. Collect the submissions into STUDENT/{assignment}/")
    found = [
        entry.name
        for entry in sorted(os.scandir(submitted), key=lambda e: e.name)
        if (entry.is_dir(follow_symlinks=False) or entry.is_symlink())
        and fnmatch.fnmatchcase(entry.name, students)
        and os.path.lexists(submitted / entry.name / assignment)
    ]
    if not found:
        raise NothingToGrade(f"no submission matches {submitted}/{students}/{assignment}/{assignment}.ipynb")
    return found


def _content(path: Path, inside: Path) -> bytes:
    try:
        return read_bytes(path, inside)
    except Unreadable:
        return b""


def _check_space(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < 50 * 2**20:
        raise OSError(
            f"only {free // 2**20} MiB are free where {folder} is; free some space and run again: nothing is lost"
        )


def _log(path: Path, result: Result, seconds: float) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"student": result.student, "seconds": round(seconds, 3)}) + "\n")
