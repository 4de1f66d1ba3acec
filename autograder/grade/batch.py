"""A class: find the submissions, grade what changed in parallel, write one result file each."""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.metadata
import importlib.util
import json
import multiprocessing
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from autograder.grade import slot
from autograder.grade.assignment import Assignment
from autograder.grade.result import Result
from autograder.grade.submission import Unreadable, foreign_files, read_bytes
from autograder.rooms import Course, Repository
from autograder.run.wall import Limits, check_wall

_PACKAGES = ("numpy", "torch", "ipython", "pytest", "msgpack", "sandlock")
_ATTEMPTS = 2
# Slow to import: a slot imports once what any submission of the class uses.
_SLOW_IMPORTS = re.compile(rb"\b(?:import|from)\s+(torch|scipy|sympy|pandas|sklearn)\b")


class NothingToGrade(Exception):
    """There is no submission where one was expected; the text says where it looked."""


def grade_class(
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
) -> list[Result]:
    """Grade all submissions of an assignment; only what changed is graded again.

    submitted: DIR with STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb (the course's own by default). roster: ids that may
    submit, or None.
    students: a glob on ids. jobs: processes (one per core by default). results: DIR for ASSIGNMENT/STUDENT.json.
    executor: anything with the interface of concurrent.futures.Executor in place of local processes.
    on_start(to_do, done_before) and on_result(result) tell of progress.
    Returns all results, sorted by student. Raises NotBuilt, NothingToGrade or WallError. An interruption loses
    nothing: finished
    results are on disk, and the next run goes on from there.
    """
    if wall != "none":
        check_wall()
    loaded = Assignment.load(course, repository, assignment)
    submitted = submitted or course.submitted
    folder = (results or course.results) / assignment
    limits = limits or Limits()
    found = _find(submitted, assignment, students)
    _check_space(folder)
    graded: dict[str, Result] = {}
    waiting: list[slot.Job] = []
    fingerprint, version = loaded.fingerprint(), machine_version(wall, limits)
    preload = _slow_imports(submitted / student / assignment / f"{assignment}.ipynb" for student in found)
    for student in found:
        path = submitted / student / assignment / f"{assignment}.ipynb"
        key = submission_key(loaded, fingerprint + version, path, submitted, student, roster)
        job = slot.Job(
            course.root.resolve(), repository.root.resolve(), assignment, student, path, submitted,
            tuple(roster) if roster is not None else None, limits, wall, key, fingerprint, preload,
        )  # fmt: skip
        stored = stored_result(folder / f"{student}.json", key)
        if stored is not None:
            graded[student] = stored
        else:
            waiting.append(job)
    if on_start:
        on_start(len(waiting), len(graded))
    for result, seconds in _run(waiting, loaded, jobs, executor):
        result.write(folder / f"{result.student}.json")
        _log(folder / "times.log", result, seconds)
        graded[result.student] = result
        if on_result:
            on_result(result)
    return [graded[student] for student in sorted(graded)]


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
    """Grade one submission, or return its stored result if nothing has changed. The slot lives on for the next call."""
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
    job = slot.Job(
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
        _slow_imports([path]),
    )
    if _kept_executor is None:
        _kept_executor = local_executor(1)
    try:
        text, seconds = _kept_executor.submit(slot.run, job).result()
    except BrokenProcessPool:
        _kept_executor = None
        return slot.blank_result(loaded, job, "failed", "the grading process died")
    result = Result.from_json(text)
    result.write(course.result(student, assignment))
    _log(course.result(student, assignment).with_name("times.log"), result, seconds)
    return result


def local_executor(jobs: int) -> ProcessPoolExecutor:
    """Processes on this machine, each of which will own one slot."""
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=slot.initialise)


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
    code = hashlib.sha256()
    for module in sorted(Path(__file__).parent.parent.glob("[gr]*/*.py")):
        code.update(module.read_bytes())
    return " | ".join([*versions, wall, repr(limits), code.hexdigest()])


def stored_result(path: Path, key: str) -> Result | None:
    """The result on disk, if it was made from the same things and is not the grader's own fault."""
    try:
        result = Result.read(path)
    except (OSError, ValueError):
        return None
    return result if result.key == key and result.status != "failed" else None


def _slow_imports(paths: Iterable[Path]) -> tuple[str, ...]:
    found: set[str] = set()
    for path in paths:
        try:
            found.update(name.decode() for name in _SLOW_IMPORTS.findall(read_bytes(path, path.parent)))
        except Unreadable:
            continue
    return tuple(sorted(name for name in found if importlib.util.find_spec(name)))


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


def _check_space(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < 50 * 2**20:
        raise OSError(
            f"only {free // 2**20} MiB are free where {folder} is; free some space and run again: nothing is lost"
        )


def _run(
    waiting: list[slot.Job], assignment: Assignment, jobs: int | None, executor: Executor | None
) -> Iterator[tuple[Result, float]]:
    """Results as they come. A process that dies is replaced; a submission that kills two of them is reported as
    failed.
    """
    attempts: dict[str, int] = {}
    workers = max(1, min(jobs or os.cpu_count() or 1, len(waiting)))
    while waiting:
        pool = executor or local_executor(workers)
        again: list[slot.Job] = []
        try:
            for job, done in _as_completed(pool, waiting, 2 * workers):
                try:
                    text, seconds = done.result()
                    yield Result.from_json(text), seconds
                except BrokenProcessPool:
                    attempts[job.student] = attempts.get(job.student, 0) + 1
                    if attempts[job.student] < _ATTEMPTS:
                        again.append(job)
                    else:
                        yield slot.blank_result(assignment, job, "failed", "the grading process died twice"), 0.0
        finally:
            if executor is None:
                _stop(pool)
        waiting = again


def _as_completed(pool: Executor, jobs: list[slot.Job], ahead: int) -> Iterator[tuple[slot.Job, Future]]:
    """Keep a few jobs ahead of the processes, so that memory does not grow with the class."""
    queue = iter(jobs)
    running: dict[Future, slot.Job] = {}
    exhausted = False
    while running or not exhausted:
        while not exhausted and len(running) < ahead:
            job = next(queue, None)
            if job is None:
                exhausted = True
            else:
                running[_submit(pool, job)] = job
        if running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future


def _submit(pool: Executor, job: slot.Job) -> Future:
    try:
        return pool.submit(slot.run, job)
    except BrokenProcessPool as error:
        broken: Future = Future()
        broken.set_exception(error)
        return broken


def _stop(pool: Executor) -> None:
    """End the processes at once: each has written nothing that could be lost."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(timeout=10)


def _log(path: Path, result: Result, seconds: float) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"student": result.student, "seconds": round(seconds, 3)}) + "\n")
