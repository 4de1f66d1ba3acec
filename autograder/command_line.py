"""What the modules of the command line share: exit codes, arguments that many commands take, where they print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from autograder.console import console

DONE, FAILED_CHECK, USAGE, MACHINE_FAULT, INTERRUPTED = 0, 1, 2, 3, 130

output = console()
errors = console(stderr=True)

CourseOption = Annotated[Path, typer.Option("--course", help="The course directory (nbgrader's).", show_default=True)]
AssignmentArgument = Annotated[str, typer.Argument(help="The assignment's name, such as a1_recurrence.")]
SubmittedOption = Annotated[
    Path | None, typer.Option(help="DIR with STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb; the course's own by default.")
]
RosterOption = Annotated[
    Path | None, typer.Option(help="CSV file of the students who may submit; the course's roster.csv by default.")
]
DEFAULT_COURSE = Path("course")


def out_option(explanation: str) -> Any:
    """Return the option --out of a command: where it writes; None by default, for a place in the course."""
    return typer.Option("--out", help=explanation)


def stop(text: str, code: int) -> NoReturn:
    """Print the error and end the command with this exit code."""
    errors.print(f"error: {text}", style="red")
    raise typer.Exit(code)
