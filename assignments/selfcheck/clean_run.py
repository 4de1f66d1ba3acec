"""Before handing in: runs a saved notebook in a clean process as the grade will, and says what is unfinished.

`python -m selfcheck --ready NOTEBOOK`, or `ready()` in the notebook, which starts the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from selfcheck.cells import bound, does_not_compile, in_pieces, parsed
from selfcheck.execute import NotebookProvider
from selfcheck.folder import read_cells
from selfcheck.handed_in import NotHandedIn, read_handed_in
from selfcheck.imports import not_in_the_grade
from selfcheck.patience import Watch
from selfcheck.readiness import ReadyReport, Receipt
from selfcheck.record import Record, earned
from selfcheck.release import (
    EXERCISE,
    SOLUTION_SUFFIX,
    UNANSWERED,
    Release,
    answered,
    release_beside,
    release_in,
    student_cells,
)
from selfcheck.session import tested
from selfcheck.target import NOT_STARTED
from selfcheck.unknown import unknown_names

ZIP_YEAR = 1980  # of the files in the students' zip, which is the same whenever it is made
CALL_SECONDS, CELL_SECONDS = 5, 10  # of processor time: the limits of grading, where the course has no others
LENIENCE = 4  # times as long a call or a cell may take here, on a slow computer, until it counts as endless


def ready_report(notebook: Path, tests: Sequence[Path], watch: Watch | None = None) -> ReadyReport:
    """Run the notebook as the grade will, in this process, and report; the receipt is kept beside the notebook.

    watch: told of each cell and each call.
    """
    release = release_beside(tests[0]) or release_in(notebook)
    content = _text_and_marks(notebook)
    provider = NotebookProvider(notebook, tests[0])
    provider.watch = watch
    provider.limit, provider.cell_limit = LENIENCE * CALL_SECONDS, LENIENCE * CELL_SECONDS
    provider.execute()
    exercises = [cell for cell in release.graded if not cell.written]
    records = tested(tests, provider, [cell.name for cell in exercises])
    report = ReadyReport(release.assignment, release.version, notebook.name, _saved(notebook))
    for cell in exercises:
        own = [record for record in records if record.exercise == cell.name]
        passed = sum(record.outcome == "passed" for record in own)
        points = sum(share for _, share, _ in earned(own, cell.points))
        report.exercises.append((cell.name, passed, len(own), points, cell.points))
    report.written = sum(cell.points for cell in release.graded if cell.written)
    counted = [cell.name for cell in exercises if cell.points]  # the others may be left as they are
    report.mend += _unfinished([record for record in records if record.exercise in counted], provider)
    report.mend += _unanswered(notebook, release)
    report.mend += _files(notebook, release, records, report)
    report.mend += _cells_that_raise(provider)
    for name in counted:
        report.mend += missing_names(name, provider)
    ran = [(provider.named(identity), text) for identity, text in provider.merged.cells]
    report.mend += not_in_the_grade(ran, notebook.parent)
    if watch is not None:
        report.mend += (f"{_subject(who)} {what}" for who, what in watch.beyond.told(notebook.parent))
    report.mend += _slow(provider)
    report.mend += _name(notebook, release)
    report.know += _differences(provider, release)
    report.know += _not_run(provider)
    report.know += _version(notebook, release)
    report.endless = [cell.name for cell in exercises if cell.name in provider.endless]
    report.mend = list(dict.fromkeys(report.mend))
    report.receipt = _receipt(notebook, release, content, report)
    return report


def _saved(notebook: Path) -> str:
    """When the notebook was saved; '' if it still bears the date that all files of the zip have."""
    saved = datetime.fromtimestamp(notebook.stat().st_mtime).astimezone()
    return "" if saved.year <= ZIP_YEAR else local(saved)


def local(time: datetime) -> str:
    """Return a time by the clock of this computer, with its zone, such as "2027-01-15 09:00:00 CET (UTC+01:00)"."""
    here = time.astimezone()
    offset = here.isoformat()[-6:]
    return f"{here:%Y-%m-%d %H:%M:%S} {here.tzname()}" + ("" if here.tzname() == "UTC" else f" (UTC{offset})")


def _unfinished(records: Sequence[Record], provider: NotebookProvider) -> Iterator[str]:
    """Sentences about exercises that are not started, or do not pass their visible tests."""
    for name in dict.fromkeys(record.exercise for record in records):
        own = [record for record in records if record.exercise == name and record.outcome != "passed"]
        if not own:
            continue
        first = own[0].message.partition("\n")[0]
        if name in provider.merged.problems:
            yield f"{provider.merged.problems[name]}."
        elif where := provider.syntax_error_of(name):
            yield does_not_compile(name, where)
        elif first == f"{name} {NOT_STARTED}":
            yield f"{name} {NOT_STARTED}."
        else:
            tests = "1 visible test does" if len(own) == 1 else f"{len(own)} visible tests do"
            yield f"{name}: {tests} not pass. The first one says: {first}"


def _unanswered(notebook: Path, release: Release) -> Iterator[str]:
    cells, done = student_cells(notebook), answered(notebook, release)
    there = {cell.grade_id for cell in cells}
    asked = [cell.name for cell in release.graded if cell.written]
    if not there.intersection(asked):  # the marks are lost
        stubs = sum(cell.source.strip() == UNANSWERED for cell in cells)
        if stubs:
            yield f"{stubs} of the written questions {'is' if stubs == 1 else 'are'} not answered yet."
        return
    for name in asked:
        if name not in there:
            yield f"The answer to the question {name} is missing: its cell is not in the notebook."
        elif name not in done:
            yield f"The question {name} is not answered yet."


def _files(notebook: Path, release: Release, records: Sequence[Record], report: ReadyReport) -> Iterator[str]:
    """Sentences about files that are handed in beside the notebook; what is right with them goes into the report."""
    for name, file in release.files.items():
        try:
            text = read_handed_in(notebook.with_name(file))
        except NotHandedIn as reason:
            yield f"{reason}."
            continue
        report.files[file] = _hash(text.encode())
        if all(record.outcome == "passed" for record in records if record.exercise == name):
            report.know.append(f"{file} is there and complete: hand it in beside the notebook.")
        else:
            yield f"{file} is there, but the tests of {name} do not pass: see what they say of the file."


def _cells_that_raise(provider: NotebookProvider) -> Iterator[str]:
    for error in provider.errors or ():
        if error.names[0] == "NotImplementedError":
            continue  # an exercise that is not started is told of by itself
        if error.cell_id in provider.endless:
            yield f"T{error.message[1:]}"  # "The cell ..."
            continue
        exercise = error.cell_id.removesuffix(SOLUTION_SUFFIX)
        if where := provider.syntax_error_of(exercise):
            yield does_not_compile(exercise, where)
            continue
        why = ""
        if error.names[0] == "NameError" and "'" in error.message:
            why = f" {_whence(error.message.split(chr(39))[1], provider)}"
        yield f"The cell {error.cell_id} raises {error.names[0]}: {error.message}.{why}"


def missing_names(exercise: str, provider: NotebookProvider) -> Iterator[str]:
    """Say of each name that an exercise uses, itself or in functions it calls, and that no cell which runs defines."""
    for function, name in unknown_names(exercise, provider.at_check(exercise).namespace):
        yield f"{function} uses {name}. {_whence(name, provider)}"


def _whence(name: str, provider: NotebookProvider) -> str:
    """Where a name that is missing in the grade may come from."""
    for number, text in provider.merged.figures.items():
        tree = parsed(text)
        if tree is not None and any(name in bound(node) for node in tree.body):
            return f"Only the figure cell number {number} makes {name}, and the grade does not run figure cells."
    return f"No cell that the grade runs before makes {name}: misspelt, or its cell was deleted, moved, or not saved."


def _subject(who: str) -> str:
    return f"T{who[1:]}" if who.startswith("the cell ") else who


def _slow(provider: NotebookProvider) -> Iterator[str]:
    for cell, seconds in provider.seconds.items():
        if seconds > CELL_SECONDS and cell not in provider.endless:
            yield f"The cell {cell} took {seconds:.0f} s: the grade stops a cell after {CELL_SECONDS} s."
    for name, seconds in provider.slowest.items():
        if seconds > CALL_SECONDS and name not in provider.endless:
            yield f"A call of {name} took {seconds:.0f} s: the grade stops a call after {CALL_SECONDS} s."


_SAID: Mapping[str, str] = {
    "locked-cell-changed": "The locked cell {} was changed: the grade uses the released one.",
    "cell-duplicated": "The cell {}.",
    "function-elsewhere": "{}, not in its own cell; it counts from there.",
    "figure-cell-used": "These are {}. The grade takes them from there, and runs nothing else of figure cells.",
    "metadata-lost": "Your editor has removed the marks of the cells. The grade recognises the cells by their content.",
}


def _differences(provider: NotebookProvider, release: Release) -> Iterator[str]:
    for name, count in provider.merged.pieces.items():
        yield f"{in_pieces(name, count)}, and so does this run."
    roles = {cell.grade_id: cell.role for cell in release.cells if cell.grade_id}
    for kind, detail in provider.merged.flags:
        if kind == "cell-missing":
            if roles.get(detail) != EXERCISE:
                yield f"The cell {detail} is missing: the grade puts it back."
        elif kind in _SAID:
            yield _SAID[kind].format(detail)
    for name in provider.changed:
        yield f"{name}, or what it uses, is changed below its check. The grade takes it as it was at the check."


def _not_run(provider: NotebookProvider) -> Iterator[str]:
    figures = len(provider.merged.figures)
    if figures:
        do = "cell does" if figures == 1 else "cells do"
        yield f"{figures} figure {do} not run for the grade: nothing is lost by that."
    for cell, command in dict.fromkeys(provider.skipped):
        yield f"The command {command} in the cell {cell} does not run for the grade."


def _name(notebook: Path, release: Release) -> Iterator[str]:
    if notebook.stem != release.assignment:
        name = f"{release.assignment}.ipynb"
        yield f"The notebook is called {notebook.name}. Hand it in as {name}: rename it (in JupyterLab, File > Rename)."


def _version(notebook: Path, release: Release) -> Iterator[str]:
    told = _told_release(notebook)
    if not release.version:
        yield "release.json is missing or damaged, so the release is not known: unpack the assignment again."
    elif told and told != release.version:
        yield (
            f"The notebook is of release {told}, the files beside it of release {release.version}: "
            "ask which one is graded."
        )


def _told_release(notebook: Path) -> str:
    read_cells(notebook)  # raises if it is no notebook
    course = json.loads(notebook.read_text("utf-8")).get("metadata", {}).get("course", {})
    return str(course.get("release", "")) if isinstance(course, dict) else ""


def _text_and_marks(notebook: Path) -> bytes:
    """Return what the receipt's hash of a notebook is of: kind, text and nbgrader marks of each cell, as JSON.

    Outputs are left out: the report is itself one, so that saving the notebook would change the hash of the file.
    """
    cells = [[cell.kind, cell.source, cell.nbgrader] for cell in student_cells(notebook)]
    return json.dumps(cells, sort_keys=True).encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _receipt(notebook: Path, release: Release, content: bytes, report: ReadyReport) -> Receipt:
    """Make the receipt and add it to those beside the notebook, where the folder may be written."""
    hashes = {notebook.name: _hash(content), **report.files}
    made = Receipt(
        release.assignment,
        release.version,
        local(datetime.now()),
        report.points,
        report.most,
        hashes,
    )
    file = notebook.with_name(f"{notebook.stem}.receipt.txt")
    try:
        before = file.read_text("utf-8") if file.is_file() else ""
        file.write_text(f"{made.text()}\n\n{before}", "utf-8")
        made.file = file.name
    except OSError:
        pass  # it is on the screen
    return made
