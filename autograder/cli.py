"""The command line: options only; the functions they call define what they do, and their defaults."""

from __future__ import annotations

import autograder.grading.start  # noqa: F401, before NumPy and torch make their threads

# isort: split
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autograder import faults, in_commands, out_commands
from autograder.command_line import (
    DEFAULT_COURSE,
    DONE,
    FAILED_CHECK,
    INTERRUPTED,
    MACHINE_FAULT,
    USAGE,
    AssignmentArgument,
    CourseOption,
    RosterOption,
    SubmittedOption,
    errors,
    out_option,
    output,
)
from autograder.command_line import stop as _stop
from autograder.console import counted, print_table
from autograder.course.lock import InUse, locked
from autograder.course.paths import Course, Repository
from autograder.gradebook.meanwhile import Meanwhile
from autograder.grading.result import Result, write_atomically
from autograder.in_commands import checked_policies

if TYPE_CHECKING:
    from autograder.grading.queue import Machines

app = typer.Typer(
    help="Build the assignments of the course, and grade what students hand in.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Wall(StrEnum):
    """The sandbox that student code runs in."""

    sandlock = "sandlock"
    none = "none"


_USAGE_ERROR: Any = typer.BadParameter.__mro__[2]  # click's ClickException, which typer may carry a copy of


@app.command()
def new(
    assignment: Annotated[str, typer.Argument(help="The new assignment's name: aN_word, with its number for N.")],
    exercises: Annotated[
        list[str], typer.Option("--exercise", help="Name of an exercise; repeat the option for more of them.")
    ],
) -> None:
    """Write every file of a new assignment, with exercises that work, for you to replace. Other assignments stay as
    they are.
    """
    from autograder.author.new import new as write_new

    repository = Repository.default()
    for path in write_new(repository, assignment, exercises):
        output.print(f"wrote {path.relative_to(repository.root)}")
    output.print(f"Begin with {repository.source(assignment).relative_to(repository.root)}: its first lines say how.")
    output.print(f"After each change: autograder build {assignment}, then make check A={assignment}")


@app.command()
def build(
    assignments: Annotated[list[str] | None, typer.Argument(help="Which assignments; all by default.")] = None,
    course: CourseOption = DEFAULT_COURSE,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing: fail if a committed file is stale or incomplete."),
    ] = False,
) -> None:
    """Make the notebooks from solutions/aN/chapter.py: nbgrader's source and release, and the copy in assignments/.

    An assignment of which nothing has changed since it was built in this course is left as it is.
    """
    from autograder.author import beside, unchanged

    repository = Repository.default()
    names = _known(repository, assignments)
    if check:
        from autograder.author.check import check as check_repository

        problems = check_repository(repository, names)
        for problem in problems:
            errors.print(str(problem), style="red")
        if problems:
            _stop(
                f"{counted(len(problems), 'problem')}. Correct what is told above, or run `autograder build` if a "
                "committed file is stale",
                FAILED_CHECK,
            )
        all_of_them = "1 assignment is" if len(names) == 1 else f"{len(names)} assignments are"
        output.print(f"build --check: {all_of_them} complete and up to date")
        return
    target = Course(course)
    with locked(target.root, "autograder build"):
        stale = [name for name in names if not unchanged.is_built(repository, target, name)]
        for name in names:
            if name not in stale:
                output.print(f"{name}: nothing has changed since it was built in {target.root}")
        if not stale:
            return
        beside.start(repository, stale, "autograder.author.build")  # it imports while we do
        from autograder.author.build import build_all

        for built in build_all(repository, target, stale):
            unchanged.remember(repository, target, built.assignment)
            output.print(
                f"built {built.assignment}: {counted(built.exercises, 'exercise')}, "
                f"{counted(built.written, 'written question')}, {len(built.files)} files in {built.release}",
            )


@app.command()
def bundle(
    assignment: AssignmentArgument,
    course: CourseOption = DEFAULT_COURSE,
    out: Annotated[Path | None, out_option("Folder for ASSIGNMENT.zip; the course directory by default.")] = None,
    html: Annotated[
        bool, typer.Option("--html", help="Make ASSIGNMENT.html instead: the chapter as one page for reading.")
    ] = False,
) -> None:
    """Make the students' zip. Refuse if it would contain a solution, a hidden test or an expected array.

    With --html, make the chapter as one page that needs no network; the same is refused in it. It takes as long as the
    notebook, which is run for its figures.
    """
    from autograder.author.bundle import bundle as make_bundle
    from autograder.author.page import write_page

    repository = Repository.default()
    _known(repository, [assignment])
    make = write_page if html else make_bundle
    output.print(f"wrote {make(repository, Course(course), assignment, out or course)}")


@app.command()
def solutions(
    assignment: AssignmentArgument,
    course: CourseOption = DEFAULT_COURSE,
    out: Annotated[Path | None, out_option("Folder for the two files; the course directory by default.")] = None,
) -> None:
    """Write the solutions edition: the chapter with the reference, and each known wrong turn as a folded "Why not?".

    A notebook and a page, ASSIGNMENT-solutions.ipynb and .html. Refuse while anybody can still hand in, by course.toml:
    extensions and grace included. It takes as long as the notebook, which is run for its figures.
    """
    from autograder.author.edition import write_edition

    repository = Repository.default()
    _known(repository, [assignment])
    for path in write_edition(repository, Course(course), assignment, out or course):
        output.print(f"wrote {path}")


@app.command()
def grade(
    context: typer.Context,
    assignment: AssignmentArgument,
    course: CourseOption = DEFAULT_COURSE,
    submitted: SubmittedOption = None,
    roster: RosterOption = None,
    students: Annotated[str, typer.Option(help="Which students, as a glob on ids.")] = "*",
    jobs: Annotated[int | None, typer.Option(min=1, help="Parallel processes; one per core by default.")] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler to grade on (extra: cluster).")
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="DIR for ASSIGNMENT/STUDENT.json; the course's own by default.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write a list of all results to FILE.")] = None,
    gradebook: Annotated[bool, typer.Option(help="Write the results into nbgrader's gradebook.")] = True,
    feedback: Annotated[bool, typer.Option(help="Write feedback pages, if the gradebook is written.")] = True,
    wall: Annotated[Wall, typer.Option(help="The sandbox; 'none' runs students' code unprotected.")] = Wall.sandlock,
    call_seconds: Annotated[
        float | None, typer.Option(min=0.1, help="Processor time for one call of a student's function.")
    ] = None,
    submission_seconds: Annotated[float | None, typer.Option(min=1, help="Processor time for one submission.")] = None,
    inputs: Annotated[
        int | None,
        typer.Option(min=0, max=15, help="Give all tests this set of inputs, not one by student and attempt."),
    ] = None,
    carry_over: Annotated[
        bool, typer.Option(help="Judge what calls a wrong function of the student's beside that function, too.")
    ] = True,
) -> None:
    """Grade all submissions in the sandbox, in parallel. Unchanged submissions keep their results.

    What ran out of time is graded once more at the end, with a core for itself. That result counts, unless it has
    run out of time in the same way.
    """
    from autograder.grading.forks import imports_of, start_server

    repository, target = Repository.default(), Course(course)
    _known(repository, [assignment])
    written = target.root if gradebook or results is None else results
    if written is results:
        written.mkdir(parents=True, exist_ok=True)  # what is not there cannot be locked
    context.with_resource(locked(written, f"autograder grade {assignment}"))
    if cluster is None:
        start_server(imports_of(repository, assignment))  # it imports while we do

    from dataclasses import replace

    from autograder.course.roster import course_roster
    from autograder.gradebook.lateness import unread_times
    from autograder.gradebook.students import enrol
    from autograder.grading.batch import grade_stream
    from autograder.grading.options import Options
    from autograder.sandbox.limits import Limits

    limits = Limits()
    if call_seconds is not None:
        limits = replace(limits, call=call_seconds)
    if submission_seconds is not None:
        limits = replace(limits, submission=submission_seconds)
    if wall is Wall.none:
        errors.print("warning: --wall none: students' code runs with your rights on this machine", style="yellow")
    students_known = course_roster(target, roster)
    ids = students_known.accepted() if students_known else None
    checked_policies(target, roster)
    machines = _cluster(cluster) if cluster is not None else None
    options = Options(
        submitted, ids, students, jobs, results, wall.value, limits, machines, inputs=inputs, carry_over=carry_over
    )
    graded: list[Result] = []
    with _progress() as bar, closing(machines) if machines is not None else nullcontext():
        task = bar.add_task("grading", total=None)

        def started(to_do: int, unchanged: int) -> None:
            bar.update(task, total=to_do + unchanged, description=f"grading ({unchanged} unchanged)")

        pages = Meanwhile(target, assignment) if gradebook and feedback else None
        stream = grade_stream(target, repository, assignment, options, on_start=started, meanwhile=pages)

        def coming() -> Iterator[Result]:
            for result in stream:
                graded.append(result)
                bar.advance(task)
                yield result
                if pages is not None:  # it is in the gradebook by now
                    pages.waiting.append(result.student)

        unrecorded = 0
        if gradebook and students_known:
            enrol(target, students_known)
        if gradebook:
            unrecorded = _into_gradebook(target, repository, assignment, coming(), submitted, ids)
        else:
            list(coming())
    graded.sort(key=lambda result: result.student)
    for sentence in unread_times(target, assignment, submitted):
        errors.print(sentence, style="yellow")
    if json_file is not None:
        write_atomically(json_file, json.dumps([json.loads(result.to_json()) for result in graded], indent=1) + "\n")
    unwritten = _feedback(target, assignment, [result.student for result in graded]) if gradebook and feedback else ""
    _summary(graded, unrecorded)
    if unwritten:
        _stop(unwritten, MACHINE_FAULT)


def _into_gradebook(
    course: Course,
    repository: Repository,
    assignment: str,
    coming: Iterable[Result],
    submitted: Path | None,
    roster: tuple[str, ...] | None,
) -> int:
    """Record results as they come, while the others are being graded; return how many should be there and are not."""
    from autograder.gradebook.gradebook import record

    done = record(course, repository, assignment, coming, submitted=submitted, roster=roster)
    for one in done:
        if not one.recorded and (roster is None or one.student in roster):  # of the others the result says it already
            errors.print(f"{one.student}: not in the gradebook: {one.reason}")
    return sum(not one.recorded and not one.barred for one in done)


def _feedback(course: Course, assignment: str, students: list[str]) -> str:
    """Write the pages; return why some could not be, or nothing."""
    from autograder.gradebook.feedback import FeedbackError, write_feedback

    try:
        output.print(f"wrote {len(write_feedback(course, assignment, students))} feedback pages")
    except FeedbackError as error:
        return str(error)
    return ""


def _summary(graded: list[Result], unrecorded: int = 0) -> None:
    """Print what became of all; stop with the exit code of a fault if something has no grade, or is not recorded."""
    for result in graded:
        if result.status != "graded":
            errors.print(f"{result.student}: {result.status}: {result.reason}", style="yellow")
    counts = {status: sum(r.status == status for r in graded) for status in ("graded", "unreadable", "failed")}
    flagged = sum(bool(r.flags) for r in graded)
    output.print(
        f"{counted(len(graded), 'submission')}: "
        + ", ".join(f"{n} {s}" for s, n in counts.items())
        + f"; {flagged} with flags"
    )
    if counts["failed"]:
        _stop(
            f"{counts['failed']} submissions have no grade because the grader failed. "
            "Run the command again; "
            "if it happens again, run `autograder doctor`",
            MACHINE_FAULT,
        )
    if unrecorded:
        _stop(
            f"{counted(unrecorded, 'result is', 'results are')} on disk, but not in the gradebook: the lines above say "
            "why. Run the command again afterwards: nothing is graded twice",
            MACHINE_FAULT,
        )


@app.command()
def watch(
    assignments: Annotated[list[str], typer.Argument(help="Which assignments.")],
    course: CourseOption = DEFAULT_COURSE,
    submitted: SubmittedOption = None,
    inbound: Annotated[bool, typer.Option("--inbound", help="Collect from nbgrader's exchange at each look.")] = False,
    roster: RosterOption = None,
    attempts: Annotated[
        int | None,
        typer.Option(min=1, help="Submissions graded for a student and assignment in a day; all by default."),
    ] = None,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds from one look to the next.")] = 2.0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Parallel processes; one per core by default.")] = None,
) -> None:
    """Grade submissions as they arrive, and write each one's feedback page, until Ctrl-C.

    Restart it at any time: what arrived meanwhile is graded then. What goes wrong later, such as an exchange that is
    out of reach, is told, and tried again at each look. A day is one of the course's time zone. What cannot be read
    counts for no attempt: it may have been half copied.
    """
    import time
    from datetime import date, datetime

    from autograder.course.policies import course_policies
    from autograder.course.roster import course_roster
    from autograder.gradebook.students import enrol
    from autograder.gradebook.watch import Watch
    from autograder.grading.assignment import Assignment
    from autograder.grading.options import Options

    repository, target = Repository.default(), Course(course)
    names = _known(repository, assignments)

    def roster_now() -> tuple[str, ...] | None:
        students = course_roster(target, roster)
        return students.accepted() if students else None

    def today() -> date:
        return datetime.now(course_policies(target).zone).date()

    for name in names:
        Assignment.load(target, repository, name)  # what was never built here would be waited for without end
    checked_policies(target, roster)
    if students_known := course_roster(target, roster):
        enrol(target, students_known)
    options = Options(submitted=submitted, jobs=jobs)
    watching = Watch(
        target, repository, names, options,
        attempts=attempts, inbound=inbound, say=output.print, today=today, roster=roster_now,
    )  # fmt: skip
    output.print(f"watching {watching.submitted} for {', '.join(names)}; Ctrl-C ends it")
    told = None  # what the last look failed with, "" if it did not; None before the first has ended
    try:
        while True:
            try:
                with suppress(InUse), locked(target.root, f"autograder watch {' '.join(names)}"):
                    watching.look()  # while another command writes to the course, at the next look
                told = ""
            except Exception as error:
                if told is None or _exit_code(error) is None:
                    raise
                sentence = faults.sentence(error)
                if sentence != told:
                    errors.print(f"{sentence}. Still watching", style="yellow")
                told = sentence
            time.sleep(every)
    finally:
        watching.close()


@app.command()
def simulate(
    assignment: AssignmentArgument,
    students: Annotated[int, typer.Option(min=1, help="How many students.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed makes the same class.")] = 0,
    out: Annotated[Path | None, out_option("Folder to write; the course's submitted/ by default.")] = None,
    course: CourseOption = DEFAULT_COURSE,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Write nothing: compare the results with what the simulated class expects."),
    ] = False,
) -> None:
    """Write a class of right, wrong, broken and hostile submissions, each with its known result."""
    from autograder import simulate as simulation

    repository, target = Repository.default(), Course(course)
    _known(repository, [assignment])
    folder = out or target.submitted
    if not compare:
        simulation.simulate(repository, target, assignment, students, seed, folder)
        output.print(f"wrote {counted(students, 'submission')} to {folder}")
        return
    expected = simulation.read_expected(folder, assignment)
    results = [Result.read(path) for path in sorted((target.results / assignment).glob("*.json"))]
    rows = simulation.compare(expected, results)
    table = Table("student", "kind", "expected", "got", "")
    for row in rows:
        table.add_row(
            row.student,
            row.kind,
            row.expected,
            row.got,
            Text("ok", "green") if row.ok else Text("NOT AS EXPECTED", "red"),
        )
    print_table(table, output)
    good = sum(row.ok for row in rows)
    print(f"demo: {good} of {len(rows)} as expected")
    if good != len(rows):
        raise typer.Exit(FAILED_CHECK)


@app.command()
def report(
    assignment: AssignmentArgument,
    course: CourseOption = DEFAULT_COURSE,
    out: Annotated[Path | None, out_option("The HTML file; results/ASSIGNMENT.html by default.")] = None,
) -> None:
    """Write a page about the class: points, failed tests, mistakes, flags, ungraded submissions."""
    from autograder.gradebook.report import write_report

    target = Course(course)
    results = _stored(target, assignment)
    path = out or target.results / f"{assignment}.html"
    write_report(target, assignment, results, path)
    output.print(f"wrote {path}")


for command in (*out_commands.COMMANDS, *in_commands.COMMANDS):
    app.command()(command)


@app.command()
def similar(
    assignment: AssignmentArgument,
    course: CourseOption = DEFAULT_COURSE,
    submitted: SubmittedOption = None,
    least: Annotated[int, typer.Option(min=1, max=100, help="Show pairs from this percentage of shared code.")] = 50,
    out: Annotated[Path | None, out_option("The HTML file; results/ASSIGNMENT-similar.html by default.")] = None,
) -> None:
    """Show pairs of submissions that share unusually much code, side by side: a hint for a person, never a grade.

    Code of the release, and code that many students have, is left out.
    """
    from autograder.gradebook.similarity import find_pairs, write_pairs

    target = Course(course)
    _known(Repository.default(), [assignment])
    path = out or target.results / f"{assignment}-similar.html"
    found = find_pairs(target, assignment, submitted, least / 100)
    write_pairs(found, path)
    output.print(
        f"compared {counted(found.compared, 'submission')}: {counted(len(found.pairs), 'pair')} to look at; "
        f"wrote {path}"
    )


@app.command()
def doctor(course: CourseOption = DEFAULT_COURSE) -> None:
    """Check whether this machine can build, grade in the sandbox, and keep the gradebook."""
    from autograder.doctor import examine

    healthy = True
    for finding in examine(Course(course), Repository.default()):
        output.print(Text("ok", "green") if finding.ok else Text("no", "red"), f" {finding.what}")
        if not finding.ok:
            output.print(f"      {finding.advice}")
            healthy = False
    if not healthy:
        raise typer.Exit(MACHINE_FAULT)


def _stored(course: Course, assignment: str) -> list[Result]:
    results = [Result.read(path) for path in sorted((course.results / assignment).glob("*.json"))]
    if not results:
        _stop(
            f"there are no results in {course.results / assignment}. Run `autograder grade {assignment}` first", USAGE
        )
    return results


def _known(repository: Repository, assignments: list[str] | None) -> list[str]:
    names = repository.names()
    unknown = [name for name in assignments or [] if name not in names]
    if unknown:
        _stop(f"there is no assignment {unknown[0]!r}. The assignments are: {', '.join(names) or 'none'}", USAGE)
    return list(dict.fromkeys(assignments or names))


def _cluster(address: str) -> Machines:
    try:
        from autograder.grading.cluster import Cluster
    except ImportError:
        _stop("grading on a cluster needs the extra: pip install -e '.[instructor,cluster]'", USAGE)
    if not address.strip():  # a shell's variable that is not set; Dask would start workers here
        _stop("--cluster needs the address of a Dask scheduler, such as tcp://10.0.0.1:8786", USAGE)
    return Cluster(address, say=lambda text: errors.print(text, style="yellow"))


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=errors, transient=not errors.is_terminal)


def main(run: Callable[..., int | None] = app) -> None:
    """Run the command line; print each expected error as one sentence that says what to do next."""
    os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", "")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal's letters cannot show ends no run
    _end_as_by_ctrl_c()
    try:
        code = run(standalone_mode=False) or DONE  # typer turns Ctrl-C into exit code 130
        if code == INTERRUPTED:
            signal.signal(signal.SIGINT, _once_more)
            errors.print("interrupted: finished results are kept; run the command again to continue", style="yellow")
        sys.exit(code)
    except _USAGE_ERROR as error:
        error.show()
        sys.exit(USAGE)
    except Exception as error:
        foreseen = _exit_code(error)
        if foreseen is None:
            traceback.print_exc()
        errors.print(f"error: {faults.sentence(error)}", style="red")
        sys.exit(MACHINE_FAULT if foreseen is None else foreseen)


def _end_as_by_ctrl_c() -> None:
    """Let a command that is told to end (`kill`, a service manager, a terminal that is closed) clean up first."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows lacks the second
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores it
            signal.signal(number, signal.default_int_handler)


def _once_more(number: int, frame: object) -> None:
    """Let a second Ctrl-C pass while the processes end; a third ends this one at once."""
    signal.signal(number, signal.SIG_DFL)


def _exit_code(error: Exception) -> int | None:
    """Return the exit code of an expected error; None for an unexpected one, whose traceback is shown."""
    from autograder.author.build import BuildError
    from autograder.author.edition import StillOpen
    from autograder.author.leaks import LeakFound
    from autograder.author.trial import TrialError
    from autograder.course.source import SourceError
    from autograder.grading.assignment import NotBuilt
    from autograder.grading.batch import NothingToGrade
    from autograder.grading.queue import ClusterError
    from autograder.sandbox.host import WallError
    from autograder.simulate import SimulationError

    if isinstance(error, SourceError | BuildError | LeakFound | StillOpen | TrialError):
        return FAILED_CHECK
    if isinstance(error, NotBuilt | NothingToGrade | SimulationError | ValueError | FileNotFoundError):
        return USAGE
    if isinstance(error, WallError | ClusterError | OSError | MemoryError) or faults.no_more_threads(error):
        return MACHINE_FAULT
    return None


if __name__ == "__main__":
    main()
