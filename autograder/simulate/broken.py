"""Notebooks that students break without meaning to, and metadata that some change on purpose: all are graded."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat

from autograder.course import notebook
from autograder.simulate.kinds import Register
from autograder.simulate.work import Work, as_text, rename

kind = Register("broken")
kinds = kind.kinds


@kind("cell-deleted", "an exercise's cell is gone")
def cell_deleted(work: Work) -> None:
    name = work.detail = work.pick().name
    work.remove(work.solution(name))
    work.claims[name] = 0.0
    work.flags = ("cell-missing",)


@kind("function-renamed", "an exercise's function has another name")
def function_renamed(work: Work) -> None:
    name = work.detail = work.pick().name
    work.solve(name, rename(work.sources[name], name, f"my_{name}"), 0.0)
    work.flags = ("function-renamed",)


@kind("function-moved", "an exercise's cell is gone, its function is in a cell of the student's own")
def function_moved(work: Work) -> None:
    name = work.detail = work.pick().name
    work.insert(work.remove(work.solution(name)), work.sources[name])
    work.flags = ("function-elsewhere",)


@kind("function-in-next-cell", "an exercise's cell is emptied, its function is with another exercise's")
def function_in_next_cell(work: Work) -> None:
    first, second = work.subject.names[:2] if len(work.subject.names) > 1 else work.subject.names * 2
    moved = work.sources[first]
    work.solution(first).source = "# see below"
    work.solution(second).source = moved + ("\n\n\n" + work.sources[second] if second != first else "")
    work.detail = first
    work.flags = ("function-elsewhere",) if second != first else ()


@kind("duplicated-last-right", "an exercise's cell occurs twice, the right one last")
def duplicated_last_right(work: Work) -> None:
    name = work.detail = work.pick().name
    _duplicate(work, name, first=work.mistaken(name))


@kind("duplicated-last-unfinished", "an exercise's cell occurs twice, an unfinished one last")
def duplicated_last_unfinished(work: Work) -> None:
    name = work.detail = work.pick().name
    right = work.sources[name]
    work.solution(name).source = notebook.find(work.subject.release, name + notebook.SOLUTION_SUFFIX).source
    _duplicate(work, name, first=right)


@kind("cell-split", "an exercise's cell was split in two, inside its function")
def cell_split(work: Work) -> None:
    name = work.detail = work.pick().name
    cell = work.solution(name)
    lines = cell.source.rstrip().split("\n")
    second = copy.deepcopy(cell)
    second.id, second.source = f"{cell.id[:56]}-second", lines.pop()
    cell.source = "\n".join(lines)
    work.notebook.cells.insert(work.position(cell) + 1, second)
    work.flags = ("cell-split",)


@kind("turned-to-raw", "an exercise's cell became a raw cell after its check")
def turned_to_raw(work: Work) -> None:
    name = work.detail = work.pick().name
    cell = work.solution(name)
    cell.cell_type = "raw"
    for key in ("outputs", "execution_count"):
        cell.pop(key, None)
    work.flags = ("metadata-changed",)


@kind("reset-at-the-end", "the last cell clears the namespace")
def reset_at_the_end(work: Work) -> None:
    work.insert_last("%reset -f")
    work.flags = ("command-skipped",)


@kind("deleted-at-the-end", "the last cell deletes the exercises")
def deleted_at_the_end(work: Work) -> None:
    work.insert_last(f"del {', '.join(work.subject.names)}")
    work.flags = ("changed-after-check",)


def _duplicate(work: Work, name: str, first: str) -> None:
    cell = work.solution(name)
    copied = copy.deepcopy(cell)
    copied.source = first
    copied.id = f"{cell.id[:58]}-copy"
    work.notebook.cells.insert(work.position(cell), copied)
    work.flags = ("cell-duplicated",)


@kind("syntax-error", "one cell does not parse")
def syntax_error(work: Work) -> None:
    name = work.detail = work.pick().name
    work.solve(name, work.sources[name] + "\n\nprint('now it works'", 0.0)


@kind("missing-import", "one cell imports a module that is not there")
def missing_import(work: Work) -> None:
    name = work.detail = work.pick().name
    work.solve(name, "import a_module_of_my_own\n\n" + work.sources[name], 0.0)


@kind("format-4.2", "an older notebook format, whose cells have no ids")
def format_4_2(work: Work) -> None:
    work.notebook.nbformat_minor = 2
    for cell in work.notebook.cells:
        del cell["id"]
    work.flags = ("old-format",)


@kind("format-3", "a notebook of format 3, with worksheets")
def format_3(work: Work) -> None:
    older = nbformat.convert(work.notebook, 3)
    older.nbformat_minor = 0
    for name in ("orig_nbformat", "orig_nbformat_minor"):
        older.pop(name, None)
    work.notebook = older
    work.flags = ("old-format",)


@kind("byte-order-mark", "the file begins with a byte order mark")
def byte_order_mark(work: Work) -> None:
    text = "\ufeff" + work.text()
    work.put = lambda path: _write(path, text)


@kind("windows-lines", "Windows line ends, in the file and in its cells")
def windows_lines(work: Work) -> None:
    changed = copy.deepcopy(work.notebook)
    for cell in changed.cells:
        if notebook.is_exercise(cell):
            cell.source = cell.source.replace("\n", "\r\n")
    text = as_text(changed).replace("\n", "\r\n")
    work.put = lambda path: _write(path, text)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


@kind("locked-cell-changed", "a given cell and a test cell were edited")
def locked_cell_changed(work: Work) -> None:
    for cell in work.notebook.cells:
        if notebook.is_given(cell):
            cell.source += "\nprint('my own line')"
            break
    work.cell(work.pick().name).source = "pass"
    work.flags = ("locked-cell-changed",)


@kind("tests-deleted", "every test cell is gone")
def tests_deleted(work: Work) -> None:
    for cell in [cell for cell in work.notebook.cells if notebook.is_test(cell)]:
        work.remove(cell)
    work.flags = ("cell-missing",)


@kind("test-cell-flipped", "a test cell became markdown")
def test_cell_flipped(work: Work) -> None:
    cell = work.cell(work.pick().name)
    work.detail = str(notebook.grade_id(cell))
    cell.cell_type = "markdown"
    for key in ("outputs", "execution_count"):
        del cell[key]
    work.flags = ("locked-cell-changed",)


@kind("points-raised", "a test cell claims a thousand points more")
def points_raised(work: Work) -> None:
    name = work.detail = work.pick().name
    work.cell(name).metadata.nbgrader.points += 1000
    work.stub(name)
    work.flags = ("metadata-changed",)


@kind("grade-switched-off", "a test cell says that it is not graded, not locked and a solution")
def grade_switched_off(work: Work) -> None:
    name = work.detail = work.pick().name
    work.cell(name).metadata.nbgrader.update(grade=False, locked=False, solution=True)
    work.stub(name)
    work.flags = ("metadata-changed",)


@kind("ids-swapped", "two exercises' cells have exchanged their ids")
def ids_swapped(work: Work) -> None:
    if len(work.subject.names) < 2:
        return
    first, second = work.rng.sample(work.subject.names, k=2)
    one, other = work.solution(first).metadata.nbgrader, work.solution(second).metadata.nbgrader
    one.grade_id, other.grade_id = other.grade_id, one.grade_id
    work.detail = f"{first}, {second}"
    work.flags = ("function-elsewhere",)


@kind("ids-removed", "no cell has any nbgrader metadata, as after a copy into a new notebook")
def ids_removed(work: Work) -> None:
    for cell in work.notebook.cells:
        cell.metadata.pop("nbgrader", None)
    work.flags = ("metadata-lost",)


@kind("magics", "own cells with magics and shell lines")
def magics(work: Work) -> None:
    work.insert_first("%matplotlib inline\n%timeit -n 1 -r 1 sum(range(10))")
    work.insert_first("%%bash\nls -la\necho done")
    work.insert_last("!ls\nfiles = !pwd\n%load_ext autoreload\n%autoreload 2")
    work.insert_last("%%time\ntotal = sum(range(1000))\ntotal?")


@kind("magic-in-exercise", "an exercise's cell begins with a magic")
def magic_in_exercise(work: Work) -> None:
    name = work.detail = work.pick().name
    work.solution(name).source = "%matplotlib inline\n" + work.sources[name]


@kind("helper-cell", "an exercise calls a function in a cell of the student's own")
def helper_cell(work: Work) -> None:
    name = work.detail = work.pick().name
    own = work.position(work.solution(name))
    work.insert(own, rename(work.sources[name], name, f"{name}_in_my_words"))
    work.solution(name).source = f"def {name}(*args, **kwargs):\n    return {name}_in_my_words(*args, **kwargs)\n"


@kind("kernel-swapped", "the notebook's metadata names another kernel, with a command")
def kernel_swapped(work: Work) -> None:
    work.notebook.metadata.kernelspec = nbformat.from_dict(
        {"name": "sh -c 'touch kernel-swapped'", "display_name": "Mine", "language": "bash", "argv": ["sh"]}
    )
    work.notebook.metadata.language_info = nbformat.from_dict({"name": "bash"})


@kind("other-student", "the notebook's metadata claims another student's id", needs_right=True)
def other_student(work: Work) -> None:
    claimed: dict[str, Any] = {"student": work.peers.right, "student_id": work.peers.right, "id": "../../gradebook"}
    work.notebook.metadata.nbgrader = nbformat.from_dict(claimed)


@kind("old-timestamp", "a timestamp of 1999, which is not the student's to set")
def old_timestamp(work: Work) -> None:
    work.timestamp = "1999-01-01 00:00:00 UTC"


@kind("old-release", "the work was done on an earlier release")
def old_release(work: Work) -> None:
    work.notebook.metadata.course = nbformat.from_dict(
        {**work.notebook.metadata.get("course", {}), "release": "0" * 16}
    )
    work.flags = ("old-release",)


@kind("big-outputs", "the notebook still holds a megabyte of outputs")
def big_outputs(work: Work) -> None:
    output = nbformat.v4.new_output("stream", name="stdout", text="step 1: loss 0.693\n" * 50_000)
    work.solution(work.pick().name).outputs = [output]
