"""A class: find the submissions, grade what changed in parallel, write one result file each."""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import glob
import hashlib
import json
import os
import shutil
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path

from autograder import faults
from autograder.course.paths import Course, Repository, result_name
from autograder.grading import attempts, grader, queue
from autograder.grading.assignment import Assignment
from autograder.grading.installed import installed_versions
from autograder.grading.options import Options
from autograder.grading.result import Result
from autograder.grading.submission import Received, Unreadable, read_bytes, receive
from autograder.grading.versions import Version, remember, version_of
from autograder.sandbox.host import other_user
from autograder.sandbox.limits import Limits

_MOST_HELD = 2**28  # bytes: what waits beyond them is read again when it is given out


class NothingToGrade(Exception):
    """No submission was found; the text says where the grader looked."""


def grade_stream(
    course: Course,
    repository: Repository,
    assignment: str,
    options: Options,
    *,
    on_start: Callable[[int, int], None] | None = None,
    meanwhile: Callable[[], bool] | None = None,
) -> Iterator[Result]:
    """Grade all submissions of an assignment, giving results as they come; only what changed is graded again.

    on_start(to_do, done_before) tells what there is to do. meanwhile: see autograder.grading.queue.run.
    Raises NotBuilt, NothingToGrade or WallError before anything is graded; the processes start at once. An interruption
    loses nothing: finished results are on disk, and the next run goes on from there.
    """
    if options.wall == "user":
        other_user()
    course, repository = Course(course.root.resolve()), Repository(repository.root.resolve())
    loaded = Assignment.load(course, repository, assignment)
    submitted = (options.submitted or course.submitted).resolve()
    folder = (options.results or course.results).resolve() / assignment
    found = handed_in(submitted, assignment, options.students)
    if not found:
        raise NothingToGrade(
            f"no submission matches {submitted}/{options.students}/{assignment}/{assignment}.ipynb. "
            "`autograder collect` puts submissions there; --students takes ids as the folders have them, and globs"
        )
    if options.chosen is not None:
        found = [student for student in found if student in options.chosen]
    usual = grader.slow_mentions(_content(course.release_notebook(assignment), course.root))
    _check_space(folder)
    machines = options.machines or queue.Local()
    machines.prepare(loaded, options)
    fingerprint, version = loaded.fingerprint(), machine_version(options.wall, options.limits, options.carry_over)
    versions = remember(
        versions_file(folder.parent, assignment),
        version_of(loaded, fingerprint + version, version),
    )
    unchanged: list[Result] = []
    earlier: dict[str, Result] = {}  # results of which some exercises are graded anew
    waiting: list[grader.Job] = []
    held = 0  # bytes of notebooks that wait
    for student in found:
        path = submitted / student / assignment / f"{assignment}.ipynb"
        received = receive(path, submitted, loaded)
        inputs = options.inputs
        if inputs is None:
            attempt = attempts.attempt_of(course, assignment, result_name(student), received)
            inputs = attempts.inputs_of(course, assignment, student, attempt)
        key = submission_key(fingerprint + version, received, student, options.roster, inputs)
        stored = stored_result(folder / result_name(student), key, student)
        only: tuple[str, ...] = ()
        if stored is None and options.only_changed:
            before, only = _earlier(folder / result_name(student), versions, received, student, options, inputs)
            if before is not None and only:
                earlier[student] = replace(before, key=key)
            elif before is not None:
                stored = replace(before, key=key)
                stored.write(folder / result_name(student))
        if stored is not None:
            unchanged.append(stored)
            continue
        held += len(received.content)
        kept = received if held <= _MOST_HELD else received.digest()
        slow = grader.slow_mentions(received.content) > usual
        travelling = Options(
            roster=_own_place(options.roster, student),
            wall=options.wall,
            limits=options.limits,
            carry_over=options.carry_over,
        )
        job = grader.Job(
            course, repository, assignment, student, path, submitted, kept, travelling, key, fingerprint, slow, only,
            inputs=inputs,
        )  # fmt: skip
        waiting.append(job)
    if on_start:
        on_start(len(waiting), len(unchanged))
    coming = queue.run(waiting, loaded, machines, close=options.machines is None, meanwhile=meanwhile)
    if waiting:
        next(coming)  # the processes start while the caller gets ready

    def stream() -> Iterator[Result]:
        yield from unchanged
        for graded in coming:
            if graded is None:
                continue
            result, seconds = graded
            if result.student in earlier:
                result = earlier[result.student].with_second(result)
            yield _written(folder, result, seconds)

    return stream()


def versions_file(results: Path, assignment: str) -> Path:
    """Return where the versions of an assignment that results were made from are kept."""
    return results / f"{assignment}.versions"


def _earlier(
    path: Path, versions: list[Version], received: Received, student: str, options: Options, inputs: int
) -> tuple[Result | None, tuple[str, ...]]:
    """Return the stored result of this very submission under an earlier version, and the exercises that differ now."""
    try:
        result = Result.read(path)
    except (OSError, ValueError):
        return None, ()
    now, *before = versions
    for earlier in before:
        if result.status == "graded" and result.key == submission_key(
            earlier.key, received, student, options.roster, inputs
        ):
            changed = now.changed(earlier)
            same = earlier.exercises.keys() == now.exercises.keys()
            return (result, changed) if same and len(changed) < len(now.exercises) else (None, ())
    return None, ()


_kept: queue.Local | None = None


def grade_one(course: Course, repository: Repository, assignment: str, student: str, options: Options) -> Result:
    """Grade one submission, or return its stored result if nothing has changed. The grader is kept for the next."""
    global _kept
    _kept = _kept or queue.Local()
    one = replace(options, students=glob.escape(student), machines=_kept)
    (result,) = grade_stream(course, repository, assignment, one)
    if result.status == "failed":
        _kept.close()
        _kept = None
    return result


def _own_place(roster: tuple[str, ...] | None, student: str) -> tuple[str, ...] | None:
    """Return what a job says of the roster: whether this student is on it, and nothing of others."""
    return None if roster is None else tuple(one for one in roster if one == student)


def submission_key(
    version: str, received: Received, student: str, roster: Collection[str] | None, inputs: int = 0
) -> str:
    """Return a hash of all that can change this submission's result.

    version: of the assignment and of the machine. inputs: the set of inputs that its tests get.
    """
    digest = hashlib.sha256(f"{version}\n{roster is None or student in roster}\n{inputs}\n".encode())
    digest.update(received.digest())
    return f"sha256:{digest.hexdigest()}"


def machine_version(wall: str, limits: Limits, carry_over: bool = True) -> str:
    """What of the machine can change a result: versions of what computes, the grader's own code, the limits and the
    wall, and whether points are carried over.
    """
    return f"{installed_versions()} | {wall} | {limits!r} | {carry_over!r}"


def stored_result(path: Path, key: str, student: str) -> Result | None:
    """Return the student's result on disk, if it was made from the same things and is not the grader's own fault."""
    try:
        result = Result.read(path)
    except (OSError, ValueError):
        return None
    current = result.key == key and result.student == student
    return result if current and result.status != "failed" else None


def handed_in(submitted: Path, assignment: str, students: str = "*") -> list[str]:
    """Return, sorted, which students matching the glob have handed in something.

    Raises NothingToGrade if there is no folder of submissions. A student's folder that may not be
    entered counts: reading it says why, and nobody is left out in silence.
    """
    if not submitted.is_dir():
        raise NothingToGrade(f"there is no folder {submitted}. Collect the submissions into STUDENT/{assignment}/")
    return [
        entry.name
        for entry in sorted(os.scandir(submitted), key=lambda e: e.name)
        if (entry.is_dir(follow_symlinks=False) or entry.is_symlink())
        and fnmatch.fnmatchcase(unicodedata.normalize("NFC", entry.name), unicodedata.normalize("NFC", students))
        and _may_be_there(submitted / entry.name / assignment)
    ]


def _may_be_there(path: Path) -> bool:
    try:
        path.lstat()
    except OSError as error:
        return error.errno == errno.EACCES
    return True


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


def _written(folder: Path, result: Result, seconds: float) -> Result:
    """Write the result, and its time to a log; return it, or one that says why it is not on disk.

    Raises OSError where no other result could be written either: then grading on would lose each of them.
    """
    path = folder / result_name(result.student)
    try:
        result.write(path)
    except OSError as error:
        error.filename = error.filename or str(path)  # for the sentence
        if faults.of_the_whole_disk(error):
            raise
        return replace(result, status="failed", reason=f"its result cannot be kept: {faults.sentence(error)}")
    with contextlib.suppress(OSError), (folder / "times.log").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"student": result.student, "seconds": round(seconds, 3)}) + "\n")
    return result
