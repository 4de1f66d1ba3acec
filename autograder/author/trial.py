"""Runs an assignment's notebook with the reference solutions from top to bottom, as a student would run it.

python -m autograder.author.trial [ASSIGNMENT ...] [--loops] [--keep FOLDER]

With --loops the right solutions are those that loop most (`autograder.author.loops`): students hand in such ones too,
so every demo cell must bear their speed, and the types of numbers that they compute with.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path

from autograder import atomic
from autograder.author import loops as loop_style
from autograder.author import quoted
from autograder.author.arguments import parser_for_assignments
from autograder.author.build import READY, read_source, source_notebook
from autograder.author.handout import handout
from autograder.course import notebook as notebooks
from autograder.course.paths import Repository
from autograder.course.source import SourceError
from selfcheck.readiness import READY as FINISHED

CELL_SECONDS = 300
LOOPING_CELL_SECONDS = 900
PASSED = "the visible tests passed"
KEEP_HELP = (
    "write the executed notebooks there, and ASSIGNMENT.numbers.txt: the numbers in prose beside what was printed"
)


class TrialError(Exception):
    """A cell of the reference notebook raised or took too long; the text names it and shows what happened."""


def run_reference(
    repository: Repository,
    assignment: str,
    cell_seconds: int = CELL_SECONDS,
    keep: Path | None = None,
    hand_in: bool = False,
    loops: bool = False,
) -> float:
    """Run the notebook in a fresh folder with all that a student gets; returns the seconds it took.

    keep: a folder for the executed notebook, outputs and figures included, and for the list of the numbers in its text
    and in the instructor's notes beside what its cells printed (`autograder.author.quoted`). hand_in: write the files
    that the notebook hands in into the repository, as the reference's, if every check has passed. loops: put the right
    solution that loops most into each exercise's cell (`autograder.author.loops`).
    Raises TrialError at the first cell that raises or runs longer than `cell_seconds`, if a check did not pass,
    or if `ready()` at its end finds something left to do; SourceError if the assignment cannot be built.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    source = read_source(repository, assignment)
    notebook = source_notebook(repository, source)
    if loops:
        loop_style.put_loops(repository, source, notebook)
    with tempfile.TemporaryDirectory() as folder:
        for place, content in handout(repository, source).items():
            path = Path(folder) / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        notebooks.write(Path(folder) / f"{assignment}.ipynb", notebook)
        running = ""

        def remember(cell: notebooks.NotebookNode, cell_index: int) -> None:
            nonlocal running
            running = cell.id

        def prepare(notebook: notebooks.NotebookNode) -> None:
            assert client.kc is not None
            client.kc.execute(quoted.FIGURES_TELL_THEIR_TEXTS, silent=True, store_history=False)

        client = NotebookClient(
            notebook,
            timeout=cell_seconds,
            kernel_name=notebooks.KERNELSPEC["name"],
            resources={"metadata": {"path": folder}},
            on_notebook_start=prepare,
            on_cell_start=remember,
        )
        start = time.monotonic()
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
            raise TrialError(f"{assignment}, cell {running}: {plain}") from error
        finally:
            if keep is not None:
                notebooks.write(keep / f"{assignment}.ipynb", notebook)
                notes = repository.notes(assignment)
                listed = quoted.report(notebook, notes.read_text(encoding="utf-8") if notes.exists() else "")
                (keep / f"{assignment}.numbers.txt").write_text(listed, encoding="utf-8")
        seconds = time.monotonic() - start
        written = {cell.file: Path(folder) / cell.file for cell in source.exercises if cell.file}
        handed_in = {name: path.read_bytes() for name, path in written.items() if path.is_file()}
    for cell in filter(notebooks.is_test, notebook.cells):
        if PASSED not in _text(cell):
            raise TrialError(f"{assignment}: {cell.source} says: {_text(cell) or 'nothing'}")
    said = next((_text(cell) for cell in notebook.cells if cell.id == READY), "")
    if not said.startswith(FINISHED):
        raise TrialError(f"{assignment}: ready() does not say that the solved notebook is ready: {said or 'nothing'}")
    if hand_in:
        missing = written.keys() - handed_in.keys()
        if missing:
            raise TrialError(f"{assignment}: no cell wrote {', '.join(sorted(missing))}, which it hands in")
        with atomic.all_or_none({repository.handed_in(assignment) / name: handed_in[name] for name in handed_in}):
            pass
    return seconds


def _text(cell: notebooks.NotebookNode) -> str:
    return "".join(output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def main() -> int:
    """Exit code 0 when every notebook ran, every check in it passed and `ready()` found nothing left to do, else 1."""
    repository = Repository.default()
    parser = parser_for_assignments("Run the reference notebooks from top to bottom.")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help=KEEP_HELP)
    parser.add_argument("--hand-in", action="store_true", help="keep what they hand in, in solutions/aN/handed_in/")
    parser.add_argument("--loops", action="store_true", help="run them with the right solutions that loop most")
    arguments = parser.parse_args()
    failed = 0
    for assignment in arguments.assignments or repository.names():
        try:
            seconds = run_reference(
                repository,
                assignment,
                LOOPING_CELL_SECONDS if arguments.loops else CELL_SECONDS,
                keep=arguments.keep,
                hand_in=arguments.hand_in,
                loops=arguments.loops,
            )
            print(
                f"{assignment}: ran from top to bottom in {seconds:.0f} s, every check passed, ready to hand in",
                flush=True,
            )
        except (SourceError, TrialError) as error:
            failed += 1
            print(error, flush=True)
    print(f"notebooks: {len(arguments.assignments or repository.names()) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
