"""The commands that take results out of the course: feedback, grades, what is looked at."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from autograder.command_line import (
    DEFAULT_COURSE,
    MACHINE_FAULT,
    USAGE,
    AssignmentArgument,
    CourseOption,
    errors,
    out_option,
    output,
    stop,
)
from autograder.console import counted, print_table
from autograder.course.lock import locked
from autograder.course.paths import Course, Repository

CanvasOption = Annotated[
    Path | None, typer.Option("--canvas", help="The gradebook as Canvas exports it (Grades, Export): a CSV file.")
]
MoodleOption = Annotated[
    Path | None, typer.Option("--moodle", help="The grading worksheet of the Moodle assignment: a CSV file.")
]


def publish(
    context: typer.Context,
    assignment: AssignmentArgument,
    course: CourseOption = DEFAULT_COURSE,
    canvas: CanvasOption = None,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="With --canvas: the zip that Canvas's Download Submissions made.")
    ] = None,
    moodle: MoodleOption = None,
    out: Annotated[Path | None, out_option("The zip; feedback-ASSIGNMENT-SYSTEM.zip in the course by default.")] = None,
) -> None:
    """Write everybody's feedback anew, with manual grades and comments, and a zip for Canvas or Moodle if you ask.

    Each student gets feedback/STUDENT/ASSIGNMENT/ASSIGNMENT.html, and the same as .md. For students who handed in
    through nbgrader's exchange, `nbgrader release_feedback ASSIGNMENT` in the course directory publishes the pages, and
    `nbgrader fetch_feedback` gets them.
    """
    from autograder.gradebook.feedback import write_feedback
    from autograder.gradebook.publish import hand_feedback, waiting_for_a_person

    system, listing = _system(canvas, moodle)
    if archive is not None and canvas is None:
        stop("--archive goes with --canvas GRADEBOOK.csv: without it no zip for Canvas is made", USAGE)
    target = Course(course)
    context.with_resource(locked(target.root, f"autograder publish {assignment}"))
    pages = write_feedback(target, assignment)
    if not pages:
        stop(f"nothing of {assignment} is graded in {course}. Run `autograder grade {assignment}` first", USAGE)
    output.print(f"wrote {counted(len(pages), 'feedback page')}, each as HTML and as Markdown")
    if waiting := waiting_for_a_person(target, assignment):
        errors.print(
            f"{counted(len(waiting), 'page says', 'pages say')} that a part waits for a person: {', '.join(waiting)}",
            style="yellow",
        )
    if listing is not None:
        path = out or course / f"feedback-{assignment}-{system}.zip"
        handed = hand_feedback(target, assignment, system, listing, path, archive)
        _say(handed.remarks)
        output.print(f"wrote {handed.path}: {counted(handed.students, 'page')}")


def export(
    context: typer.Context,
    assignment: AssignmentArgument,
    course: CourseOption = DEFAULT_COURSE,
    canvas: CanvasOption = None,
    moodle: MoodleOption = None,
    column: Annotated[
        str, typer.Option("--column", help="With --canvas: the assignment's name there, if it is another.")
    ] = "",
    out: Annotated[Path | None, out_option("The CSV file; ASSIGNMENT.csv in the course by default.")] = None,
) -> None:
    """Write the gradebook's grades as CSV: for people, or with --canvas or --moodle in the form that these import.

    Canvas and Moodle get the lines that they have exported back, with the grades in them, of everybody whose grade is
    final. Whoever has no line or no final grade is listed.
    """
    from autograder.gradebook.export import export_csv
    from autograder.gradebook.publish import hand_grades

    system, listing = _system(canvas, moodle)
    if column and canvas is None:
        stop("--column goes with --canvas GRADEBOOK.csv: it is the assignment's name there", USAGE)
    context.with_resource(locked(course, f"autograder export {assignment}"))
    if listing is None:
        path = out or course / f"{assignment}.csv"
        _say(export_csv(Course(course), assignment, path))
        output.print(f"wrote {path}")
        return
    path = out or course / f"{assignment}-{system}.csv"
    handed = hand_grades(Course(course), assignment, system, listing, path, column)
    _say(handed.remarks)
    output.print(f"wrote {handed.path}: {handed.students} grades")


def gradescope(
    assignment: AssignmentArgument,
    course: CourseOption = DEFAULT_COURSE,
    hidden: Annotated[
        str,
        typer.Option(help="When students see hidden tests: visible, after_due_date, after_published or hidden."),
    ] = "after_published",
    out: Annotated[Path | None, out_option("The zip; ASSIGNMENT-gradescope.zip in the course by default.")] = None,
) -> None:
    """Make the zip to upload as a Gradescope autograder: the same tests, messages and points.

    Choose the base image Ubuntu 24.04 there. Where the platform's kernel has no Landlock, students' code runs as
    another user, with a filter of system calls and no network: weaker than the sandbox here, see docs/grades-out.md.
    """
    from autograder.author.gradescope import gradescope as make

    path = make(Repository.default(), Course(course), assignment, out or course, hidden)
    output.print(f"wrote {path}: it holds the reference and the hidden tests, so upload it to Gradescope alone")


def regrade(
    context: typer.Context,
    assignment: AssignmentArgument,
    course: CourseOption = DEFAULT_COURSE,
    students: Annotated[str, typer.Option(help="Which students, as a glob on ids.")] = "*",
    jobs: Annotated[int | None, typer.Option(min=1, help="Parallel processes; one per core by default.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write what is shown; without it nothing is changed.")] = False,
) -> None:
    """After a test, a mistake or a date was changed: show whose points move, by which test and why; --apply writes.

    Only the exercises that the change concerns are graded. Manual grades and comments stay. Each regrade that was
    applied is a line of regrades.jsonl in the course directory.
    """
    from autograder.gradebook import regrade as again
    from autograder.gradebook.harmless import number
    from autograder.grading.options import Options

    target, repository = Course(course), Repository.default()
    options = Options(students=students, jobs=jobs)
    context.with_resource(locked(target.root, f"autograder regrade {assignment}"))

    def begun(to_do: int, unchanged: int) -> None:
        errors.print(
            f"grading {counted(to_do, 'submission')} where something has changed; "
            f"{counted(unchanged, 'keeps its result', 'keep their results')}"
        )

    found = again.changes(target, repository, assignment, options, on_start=begun)
    if not found.looked_at:
        stop(f"there are no results of {assignment} in {course}. Run `autograder grade {assignment}` first", USAGE)
    table = Table("student", "exercise", "test", "before", "after", "why")
    for move in found.moves:
        cells = (move.student, move.exercise, move.test, number(move.before), number(move.after), move.why)
        table.add_row(*map(Text, cells))
    if found.moves:
        print_table(table, output)
    totals = found.totals()
    for student, by in totals.items():
        output.print(f"{student}: {'+' if by > 0 else ''}{number(by)} points")
    output.print(
        f"{counted(found.looked_at, 'result')}: {counted(len(found.results), 'changes', 'change')}, "
        f"the points of {counted(len(totals), 'student')} move"
    )
    if not apply:
        output.print("nothing was written; --apply writes it")
        return
    for one in again.apply(target, repository, found, options):
        if not one.recorded:
            errors.print(f"{one.student}: not in the gradebook: {one.reason}", style="yellow")
    if found.found_nothing:
        output.print("nothing has changed since they were graded: there was nothing to write")
    else:
        output.print(f"written, and added to {course / again.LOG}")


def appeal(
    assignment: AssignmentArgument,
    student: Annotated[str, typer.Argument(help="The student's id, or another name that the roster knows.")],
    course: CourseOption = DEFAULT_COURSE,
    hidden: Annotated[bool, typer.Option("--hidden", help="Show what hidden tests called too: for your eyes.")] = False,
    out: Annotated[Path | None, out_option("The HTML file; results/ASSIGNMENT/STUDENT.html by default.")] = None,
) -> None:
    """Show one student's submission test by test: what was called, what came back, how long it took.

    It is graded once more for that; no result and no grade is changed.
    """
    from autograder.gradebook.appeal import write_appeal
    from autograder.gradebook.harmless import number
    from autograder.grading.grader import GraderFault
    from autograder.grading.options import Options
    from autograder.grading.submission import Unreadable

    target = Course(course)
    student = _student_meant(target, student)
    if not os.path.lexists(target.submission(student, assignment).parent):
        stop(
            f"{student} has handed in no {assignment}: give the name of a folder in {target.submitted}, or another id "
            "or the whole name of a student on the roster",
            USAGE,
        )
    path = out or target.results / assignment / f"{student}.html"
    try:
        result = write_appeal(target, Repository.default(), assignment, student, path, Options(), hidden)
    except Unreadable as error:
        stop(f"{student}: {error}", USAGE)
    except GraderFault as error:
        stop(
            f"the grader failed: {error}. Run the command again; if it happens again, `autograder doctor`",
            MACHINE_FAULT,
        )
    output.print(f"wrote {path}: {number(result.points)} of {number(result.max_points)} points")


def _student_meant(course: Course, text: str) -> str:
    """Return the id of the one student whom a text names on the roster; else the text as an id is written."""
    from autograder.course.roster import course_roster

    roster = course_roster(course)
    named = roster.named(text) if roster else []
    return (roster and roster.find(text)) or (named[0] if len(named) == 1 else unicodedata.normalize("NFC", text))


def serve(
    course: CourseOption = DEFAULT_COURSE,
    port: Annotated[int, typer.Option(help="Where the server listens, on this machine alone.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser; without it the address is printed.")] = True,
) -> None:
    """Open formgrader on the course: written answers, each with its question and mark scheme, points and comments.

    It runs until you stop it with Ctrl-C. Nothing in its pages needs a network.
    """
    from autograder.gradebook.formgrader import serve as run

    if not Course(course).config_file.is_file():
        stop(f"{course} is no course directory: there is no nbgrader_config.py. Run `autograder build` first", USAGE)
    raise typer.Exit(run(Course(course), port, browser))


def _system(canvas: Path | None, moodle: Path | None) -> tuple[str, Path | None]:
    if canvas is not None and moodle is not None:
        stop("give --canvas or --moodle, not both", USAGE)
    return ("canvas", canvas) if canvas is not None else ("moodle", moodle)


def _say(remarks: list[str]) -> None:
    for remark in remarks:
        errors.print(remark, style="yellow")


COMMANDS = (serve, publish, export, regrade, appeal, gradescope)
