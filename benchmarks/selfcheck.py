"""Times check() as a student meets it: in a real kernel, with the student's files, first call included.

python -m benchmarks.selfcheck [ASSIGNMENT]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from nbclient import NotebookClient

from autograder.author.build import PREPARE, read_source, source_notebook
from autograder.author.handout import handout
from autograder.course import notebook as notebooks
from autograder.course.paths import Repository


def main() -> int:
    """Print seconds by exercise, right solutions first, then with a wrong one, and the slowest."""
    repository = Repository.default()
    assignment = sys.argv[1] if len(sys.argv) > 1 else repository.names()[0]
    slowest = 0.0
    for what, old, new in (("right", "", ""), ("not started", "### BEGIN SOLUTION", "raise NotImplementedError()")):
        for name, seconds in times(repository, assignment, old, new).items():
            print(f"check({name!r}), {what}: {seconds:.2f} s")
            slowest = max(slowest, seconds)
    print(f"slowest check: {slowest:.2f} s")
    return 0


def times(repository: Repository, assignment: str, old: str, new: str) -> dict[str, float]:
    """Seconds from sending a check cell to its result, by exercise, in the order of the notebook."""
    source = read_source(repository, assignment)
    made = source_notebook(repository, source)
    made.cells = [
        cell for cell in made.cells if cell.cell_type == "code" and (cell.id == PREPARE or not notebooks.is_demo(cell))
    ]
    if old:
        for cell in filter(notebooks.is_exercise, made.cells):
            cell.source = cell.source.replace(old, new)
    begun: dict[str, float] = {}
    taken: dict[str, float] = {}

    def start(cell: notebooks.NotebookNode, cell_index: int) -> None:
        begun[cell.id] = time.perf_counter()

    def stop(cell: notebooks.NotebookNode, cell_index: int, execute_reply: object) -> None:
        if notebooks.is_test(cell):
            taken[str(notebooks.grade_id(cell))] = time.perf_counter() - begun[cell.id]

    with tempfile.TemporaryDirectory() as folder:
        for name, content in handout(repository, source).items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        notebooks.write(Path(folder, f"{assignment}.ipynb"), made)
        resources = {"metadata": {"path": folder}}
        client = NotebookClient(
            made, timeout=60, allow_errors=True, resources=resources, on_cell_start=start, on_cell_executed=stop
        )
        client.execute()
    return taken


if __name__ == "__main__":
    sys.exit(main())
