"""Turns a submitted notebook into the cells that run: matched against the instructor's, with flags for what differs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import nbformat

from autograder.grading.assignment import Assignment
from autograder.grading.result import Flag
from autograder.grading.submission import MAX_CELLS, Received, Unreadable, cell_count, printable
from selfcheck.cells import defined_names
from selfcheck.handed_in import NotHandedIn
from selfcheck.merging import StudentCell, merge

MAX_NESTING = 200

# Shown to the instructor, without effect on points: none of it can reach the tests.
_SUSPICIOUS = {
    "changes IPython itself": r"ast_transformers|input_transformers|\.run_cell\b|run_cell_async|showtraceback"
    r"|displayhook",
    "changes a testing library": r"(numpy|np)\.testing(?!\.assert_\w+\s*\(|\s+import\b)|_pytest"
    r"|unittest\.(mock|case|result|runner|SkipTest)|unittest\s+import\b.*\b(mock|case|SkipTest)\b"
    r"|unittest[.\w]*\s*=(?!=)|\b(\w+attr|dir|vars)\(\s*unittest"
    r"|pytest\.(skip|exit|xfail|fail)|TestReport",
    "names builtins or __import__": r"\bbuiltins\b|__builtins__|__import__\s*\(",
    "inspects the interpreter": r"gc\.get_objects|inspect\.(stack|currentframe)|sys\._getframe"
    r"|sys\.(settrace|setprofile|meta_path|path_hooks)",
    "uses ctypes": r"\bctypes\b",
    "starts processes or signals them": r"os\.(fork|kill|killpg|setsid|system|popen|exec\w*|posix_spawn)"
    r"|subprocess|multiprocessing",
    "ends its process": r"os\._exit|sys\.exit|SystemExit|os\.abort",
    "opens the network": r"\bsocket\b|urllib|requests\.(get|post)|http\.client",
    "looks for the grader's files": r"gradebook|\.\./source|/proc/|results\.json|junit|solutions/|nbgrader_config"
    r"|hidden_tests?\b|[\"'/]hidden_[\"'*{]",
    "reads the environment": r"os\.environ(?!\[[^\]\n]*\]\s*=[^=]|\.setdefault\b)|getenv",
    "redefines comparison or type": r"__eq__|__array_ufunc__|__array_function__"
    r"|__class__\s*=|def\s+__class__|__reduce__",
}


@dataclass
class Submission:
    """Holds the cells to run in order, as (id, source), the flags, and by exercise what is wrong with its cell, if
    anything. handed_in: files beside the notebook by name, each its text or why there is none. plain: by source, cells
    with their magics turned into calls. slow: modules that it imports and that take long to import.
    """

    cells: list[tuple[str, str]]
    flags: list[Flag] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    handed_in: dict[str, str | NotHandedIn] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)


def read_submission(received: Received, assignment: Assignment) -> Submission:
    """Return the submission as it will be run. Raises Unreadable with the reason if it cannot be graded."""
    if received.refusal:
        raise Unreadable(received.refusal)
    data, flags = _parse(received.content)
    cells = _student_cells(data)
    _check_assignment(data, cells, assignment)
    course = data.get("metadata", {}).get("course")
    if isinstance(course, dict) and course.get("release", assignment.release) != assignment.release:
        flags.append(
            Flag("old-release", "the notebook comes from an earlier release; it was graded against the current one")
        )
    merged = merge(cells, assignment.cells)
    flags += [*received.foreign, *(Flag(*flag) for flag in merged.flags), *_suspicious(merged.cells, assignment)]
    return Submission(merged.cells, flags, merged.problems, dict(received.handed_in))


def _parse(content: bytes) -> tuple[dict[str, Any], list[Flag]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("the file is not UTF-8 text, so it is not a notebook") from error
    if not text.strip():
        raise Unreadable("the file is empty")
    if _nesting(text) > MAX_NESTING:
        raise Unreadable("the file is nested too deeply for a notebook")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the file is not JSON, so Jupyter cannot open it either: {str(error)[:100]}") from error
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise Unreadable("the file is JSON, but not a notebook: it has no nbformat")
    if not isinstance(data.get("metadata", {}), dict):
        raise Unreadable("the notebook's metadata is damaged")
    flags = []
    major, minor = data["nbformat"], data.get("nbformat_minor", 0)
    if major < 4 or (major == 4 and isinstance(minor, int) and minor < 5):
        flags.append(Flag("old-format", f"notebook format {major}.{minor}, upgraded"))
    if major < 4:
        if cell_count(data) > MAX_CELLS:
            raise Unreadable(f"the notebook has more than {MAX_CELLS} cells")
        try:
            data = dict(nbformat.reads(text, as_version=4))
        except Exception as error:  # a converter given a student's data may raise any error; each means unreadable
            raise Unreadable(
                f"the notebook has format {major} and cannot be upgraded: {type(error).__name__}"
            ) from error
    elif major > 4:
        raise Unreadable(f"the notebook has format {major}, which is newer than the grader supports")
    if not isinstance(data.get("cells"), list):
        raise Unreadable("the notebook has no list of cells")
    if len(data["cells"]) > MAX_CELLS:
        raise Unreadable(f"the notebook has more than {MAX_CELLS} cells")
    return data, flags


def _nesting(text: str) -> int:
    """Return how deeply brackets nest outside strings."""
    depth = deepest = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        token = match.group()
        if token in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in "]}":
            depth -= 1
    return deepest


def _student_cells(data: dict[str, Any]) -> list[StudentCell]:
    found = []
    for cell in data["cells"]:
        if not isinstance(cell, dict):
            raise Unreadable("a cell of the notebook is damaged")
        source = cell.get("source", "")
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if not isinstance(source, str):
            raise Unreadable("a cell of the notebook has no text")
        source = source.encode("utf-8", "replace").decode()  # half a surrogate pair can go nowhere
        metadata = cell.get("metadata", {})
        metadata = metadata if isinstance(metadata, dict) else {}
        nbgrader = metadata.get("nbgrader", {})
        tags = metadata.get("tags", [])
        demo = isinstance(tags, list) and "demo" in tags
        found.append(
            StudentCell(str(cell.get("cell_type", "")), source, nbgrader if isinstance(nbgrader, dict) else {}, demo)
        )
    return found


def _check_assignment(data: dict[str, Any], cells: list[StudentCell], assignment: Assignment) -> None:
    course = data.get("metadata", {}).get("course", {})
    named = course.get("assignment") if isinstance(course, dict) else None
    if isinstance(named, str) and named != assignment.name:
        raise Unreadable(f"this is the notebook of {printable(named)}, not of {assignment.name}")
    known = {cell.grade_id for cell in assignment.cells if cell.grade_id}
    defined = {name for cell in cells if cell.kind == "code" for name in defined_names(cell.source)}
    if not any(cell.grade_id in known for cell in cells) and not defined & set(assignment.points):
        raise Unreadable(f"the notebook contains no cell and no function of {assignment.name}")


def _suspicious(cells: list[tuple[str, str]], assignment: Assignment) -> list[Flag]:
    given = {cell.source for cell in assignment.cells}
    flags = []
    for identity, source in cells:
        if source in given:
            continue
        found = [what for what, pattern in _SUSPICIOUS.items() if re.search(pattern, source)]
        if found:
            flags.append(Flag("suspicious-code", f"cell {identity}: {', '.join(found)}"))
    return flags
