"""The commands that bring into the course what grading needs: its rules, the class, own numbers, submissions."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from autograder.command_line import (
    DEFAULT_COURSE,
    USAGE,
    AssignmentArgument,
    CourseOption,
    RosterOption,
    errors,
    output,
    stop,
)
from autograder.console import counted, print_table
from autograder.course.lock import locked
from autograder.course.paths import Course, Repository
from autograder.grading.result import write_atomically

if TYPE_CHECKING:
    from autograder.course.policies import Policies


def course(
    course: CourseOption = DEFAULT_COURSE,
    check: Annotated[bool, typer.Option("--check", help="Write and show nothing: only check course.toml.")] = False,
) -> None:
    """Write course.toml with every value at its default, or show all values that hold, if the file is there.

    It holds due times with their zones, grace, penalties, extensions, attempts, and what feedback shows.
    """
    from autograder.course.policies import policies_text

    target = Course(course)
    policies = checked_policies(target)
    if check:
        output.print(f"{policies.path}: {'in order' if policies.written else 'not written; all values are defaults'}")
        return
    text = policies_text(policies, Repository.default().names())
    if policies.written:
        output.print(text, end="")
    else:
        write_atomically(policies.path, text)
        output.print(f"wrote {policies.path} with every value at its default")


def roster(
    file: Annotated[Path, typer.Argument(help="What the learning platform exports: a CSV file of the students.")],
    course: CourseOption = DEFAULT_COURSE,
    id_column: Annotated[
        str, typer.Option("--id", help="Which column holds the students' ids; the first that is known by default.")
    ] = "",
) -> None:
    """Take the class from an export of Canvas, Moodle, Gradescope or GitHub Classroom, or from any CSV file.

    Writes roster.csv into the course, and the names into nbgrader's gradebook. Nobody is removed from the gradebook.
    """
    from autograder.course.roster import read_roster, write_roster
    from autograder.course.tables import is_windows_1252
    from autograder.gradebook.students import enrol

    target = Course(course)
    found = read_roster(file, id_column)
    with locked(target.root, "autograder roster"):
        path = write_roster(target, found)
        enrolled = enrol(target, found)
    for line in found.left_out:
        output.print(f"left out: {line}")
    if not any(one.name for one in found):
        errors.print(
            f"note: {file} has no column of names that is known: call them First name and Last name, or Name, so that "
            "grades show them and a learning platform's files find them",
            style="yellow",
        )
    strange = next((text for one in found for text in (one.name, one.id) if not text.isascii()), "")
    if strange and is_windows_1252(file):
        errors.print(
            f"note: {file} is in no kind of Unicode and was read as Windows-1252: {strange}. If names look wrong, save "
            "the table as CSV (UTF-8) and run this again",
            style="yellow",
        )
    nameless = [student.original_id for student in found if not student.name]
    if 0 < len(nameless) < len(found):
        errors.print(
            f"note: {len(nameless)} of {len(found)} have an id and no name: {', '.join(nameless[:10])}. "
            "If a line is no student's, delete it, and run this again",
            style="yellow",
        )
    strangers = sorted({path.parent.name for path in target.submitted.glob("*/*")} - set(found.accepted()))
    if strangers:
        errors.print(
            f"note: in submitted/, but not on the roster ({len(strangers)}): {', '.join(strangers[:10])}. "
            "If the class had its ids from another column, run this again with --id COLUMN",
            style="yellow",
        )
    for student in found:
        if student.id != unicodedata.normalize("NFC", student.original_id.strip()):
            output.print(
                f"{student.original_id} has the id {student.id}: an id has letters, digits, blanks and _ . , @ "
                "- ' ( ), begins with a letter, a digit or _, and does not end with a dot"
            )
    first = found.students[0]
    output.print(
        f"ids are from the column {found.ids_from!r}; the first student is {first.id}: {first.name or 'no name'}"
    )
    output.print(f"wrote {counted(len(found), 'student')} to {path}" + (" and to the gradebook" if enrolled else ""))


def collect(
    source: Annotated[Path, typer.Argument(help="The archive that the platform lets you download, or a folder.")],
    course: CourseOption = DEFAULT_COURSE,
    assignment: Annotated[
        str, typer.Option("--assignment", help="Take this assignment alone; by default what each notebook's cells say.")
    ] = "",
    roster: RosterOption = None,
    style: Annotated[
        str, typer.Option(help="Whose names: canvas, moodle, gradescope, attempt, exchange, folders; seen by default.")
    ] = "",
    pattern: Annotated[
        str, typer.Option(help="Names as nbgrader's zip_collect describes them, with (?P<student_id>...).")
    ] = "",
    times: Annotated[
        str, typer.Option(help="CSV file with the columns student and time; or `files`, to trust the files' times.")
    ] = "",
    take: Annotated[
        list[str] | None, typer.Option("--take", help="Path of the notebook to take where several could be meant.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; show what would be done.")] = False,
) -> None:
    """Put submissions where they are graded: an archive of Canvas, Moodle or Gradescope, repositories, an exchange.

    Whose work it is, which assignment and when it was handed in is taken from the source. What is not certain is
    listed with the reason, never guessed. An earlier submission is kept in the course's folder `collected`.
    """
    from autograder.collect import collect as collecting
    from autograder.collect.archive import open_source
    from autograder.collect.conventions import ATTEMPT, STYLES
    from autograder.collect.places import carry_out
    from autograder.collect.plan import Options
    from autograder.collect.students import read_times
    from autograder.course.roster import course_roster
    from autograder.gradebook.harmless import line as on_one_line
    from autograder.grading.submission import printable

    if style and style not in STYLES:
        stop(f"there is no style {style!r}. The styles are: {', '.join(STYLES)}", USAGE)
    target = Course(course)
    students, policies = course_roster(target, roster), checked_policies(target, roster)
    told = read_times(Path(times), students, policies.zone) if times not in ("", "files") else {}
    options = Options(
        style or (ATTEMPT if pattern else ""), assignment, pattern, told, tuple(take or ()), times == "files"
    )
    with open_source(source) as opened, locked(target.root, "autograder collect"):
        done = collecting.plan(target, opened, students, policies, options)
        if not dry_run:
            carry_out(target, done)
    table = Table("student", "assignment", "handed in", "late", "what", "flags")
    for one in done.taken:
        late = collecting.late_by(one, policies)
        what = f"{one.state}: {one.reason}" if one.reason else one.state
        flags = "; ".join(f"{kind}: {detail}" for kind, detail in one.noted.flags)
        hours = "" if late is None or late.total_seconds() <= 0 else f"{late.total_seconds() / 3600:.1f} h"
        table.add_row(*map(Text, (one.student, one.assignment, one.noted.time or "unknown", hours, what, flags)))
    print_table(table, output)
    for label, reason in done.listed:
        errors.print(f"not collected: {printable(label)}: {on_one_line(reason)}", style="yellow")
    for remark in done.remarks:
        errors.print(f"note: {remark}", style="yellow")
    for absent in collecting.missing(target, students, sorted({one.assignment for one in done.taken}), done.taken):
        output.print(absent)
    output.print(
        f"{done.style}: {counted(len(done.taken), 'submission')} {'would be ' if dry_run else ''}collected, "
        f"{len(done.listed)} to look at"
    )


def variants(
    assignment: AssignmentArgument,
    course: CourseOption = DEFAULT_COURSE,
    zips: Annotated[
        bool, typer.Option("--zips", help="Make each student's zip too: the release with the numbers in the notebook.")
    ] = False,
    moodle: Annotated[
        Path | None,
        typer.Option("--moodle", help="Moodle's grading worksheet: make the zip of all pages for its bulk upload."),
    ] = None,
) -> None:
    """Tell each student own numbers in written questions: a page for each, and a table for a mail merge.

    For assignments whose course.toml says numbers = "own". They follow from the course's secret and the student's id;
    what was told stays when you run this again, for students who came later. Formgrader shows beside each answer
    what was asked and what is expected.
    """
    from autograder.author.variants import give, sheets
    from autograder.gradebook import lms
    from autograder.gradebook.publish import hand_pages

    repository, target = Repository.default(), Course(course)
    checked_policies(target)
    with locked(target.root, f"autograder variants {assignment}"):
        given = give(repository, target, assignment, zips)
        output.print(
            f"{len(given.roster)} students, {given.new} of them new: own numbers in {', '.join(given.questions)}"
        )
        output.print(f"wrote {given.table}, and beside it a folder for each student")
        if moodle is not None:
            path = given.table.parent / "numbers-moodle.zip"
            people = [lms.Person(student.id, student.name, student.email) for student in given.roster]
            handed = hand_pages(people, moodle, sheets(target, assignment, given.roster), path)
            for remark in handed.remarks:
                errors.print(remark, style="yellow")
            output.print(f"wrote {handed.path}: {counted(handed.students, 'page')}")


def checked_policies(course: Course, roster: Path | None = None) -> Policies:
    """Read course.toml, with the names of assignments and students checked."""
    from autograder.course.policies import read_policies
    from autograder.course.roster import course_roster

    students = course_roster(course, roster)
    return read_policies(course, Repository.default().names(), students.find if students else None)


COMMANDS = (course, roster, variants, collect)
