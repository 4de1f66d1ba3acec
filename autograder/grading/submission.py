"""Reads a submitted notebook: with size limits, matched against the instructor's source, turned into cells to run."""

from __future__ import annotations

import ast
import json
import os
import re
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from autograder.course.notebook import DEMO, EXERCISE, GIVEN, PROSE, TEST, WRITTEN
from autograder.grading.assignment import Assignment, Cell, file_hash
from autograder.grading.result import Flag

if TYPE_CHECKING:
    from selfcheck.handed_in import NotHandedIn

MAX_BYTES = 20 * 2**20
MAX_CELLS = 2000
MAX_NESTING = 200
STUDENT_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
_IGNORED = re.compile(  # .pt: weights that a notebook has trained and keeps
    r"(timestamp\.txt|.*\.pt|\.ipynb_checkpoints|__pycache__|\.pytest_cache|\.DS_Store|desktop\.ini|Thumbs\.db)"
)

# Shown to the instructor, without effect on points: none of it can reach the tests.
_SUSPICIOUS = {
    "changes IPython itself": r"ast_transformers|input_transformers|\.run_cell\b|run_cell_async|showtraceback"
    r"|displayhook",
    "changes a testing library": r"numpy\.testing|np\.testing|_pytest|unittest|pytest\.(skip|exit|xfail|fail)"
    r"|TestReport",
    "changes builtins": r"\bbuiltins\b|__builtins__|__import__\s*\(",
    "inspects the interpreter": r"gc\.get_objects|inspect\.(stack|currentframe)|sys\._getframe"
    r"|sys\.(settrace|setprofile|meta_path|path_hooks)",
    "uses ctypes": r"\bctypes\b",
    "starts processes or signals them": r"os\.(fork|kill|killpg|setsid|system|popen|exec\w*|posix_spawn)"
    r"|subprocess|multiprocessing",
    "ends its process": r"os\._exit|sys\.exit|SystemExit|os\.abort",
    "opens the network": r"\bsocket\b|urllib|requests\.(get|post)|http\.client",
    "looks for the grader's files": r"gradebook|\.\./source|/proc/|hidden_|results\.json|junit|solutions/"
    r"|nbgrader_config",
    "reads the environment": r"os\.environ|getenv",
    "redefines comparison or type": r"__eq__|__array_ufunc__|__array_function__"
    r"|__class__\s*=|def\s+__class__|__reduce__",
}


class Unreadable(Exception):
    """The submission cannot be graded; the text tells student and instructor why."""


@dataclass
class Submission:
    """Holds the cells to run in order, as (id, source), the flags, and by exercise what is wrong with its cell, if
    anything. handed_in: files beside the notebook by name, each its text or why there is none.
    """

    cells: list[tuple[str, str]]
    flags: list[Flag] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    handed_in: dict[str, str | NotHandedIn] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """What a student's folder holds, read once: plain data, for the key of the result and for the grader.

    content: the notebook's bytes, or none, and `refusal` says why. foreign: what foreign_files flags. handed_in: files
    beside the notebook by name, each its text or why there is none.
    """

    content: bytes
    refusal: str = ""
    foreign: tuple[Flag, ...] = ()
    handed_in: Mapping[str, str | NotHandedIn] = field(default_factory=dict)


def check_student_id(student: str, roster: Collection[str] | None) -> None:
    """Raise Unreadable if the id is not on the roster, or, without a roster, does not look like an id."""
    if not STUDENT_ID.fullmatch(student):
        raise Unreadable("the folder's name is not a valid student id: use letters, digits and . _ @ -")
    if roster is not None and student not in roster:
        raise Unreadable("this student is not on the roster")


def read_bytes(path: Path, submitted: Path) -> bytes:
    """Return the bytes of a regular file of limited size, not reached through a link. Raises Unreadable."""
    relative = path.relative_to(submitted)
    for folder in list(relative.parents)[:-1]:
        if (submitted / folder).is_symlink():
            raise Unreadable(f"the folder {folder.name} is a symbolic link; submit the folder itself")
    if path.is_symlink():
        raise Unreadable("the notebook is a symbolic link; submit the file itself")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        others = sorted(p.name for p in path.parent.glob("*.ipynb"))[:5] if path.parent.is_dir() else []
        hint = f"; found instead: {', '.join(map(_printable, others))}" if others else ""
        raise Unreadable(f"there is no {path.name}{hint}") from error
    except OSError as error:
        raise Unreadable(f"the notebook cannot be opened: {error.strerror}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Unreadable("the notebook is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        if status.st_size > MAX_BYTES:
            raise Unreadable(
                f"the notebook is larger than {MAX_BYTES // 2**20} MiB; clear its outputs and submit again"
            )
        return file.read(MAX_BYTES + 1)


def receive(path: Path, submitted: Path, assignment: Assignment) -> Received:
    """Read the notebook `path` and what is beside it; whatever is wrong with them is in what is returned."""
    content, refusal = b"", ""
    try:
        content = read_bytes(path, submitted)
    except Unreadable as error:
        refusal = str(error)
    if not path.parent.is_dir():
        return Received(content, refusal)
    return Received(content, refusal, tuple(foreign_files(path, assignment)), read_beside(path, assignment))


def read_submission(received: Received, assignment: Assignment) -> Submission:
    """Return the submission as it will be run. Raises Unreadable with the reason if it cannot be graded."""
    if received.refusal:
        raise Unreadable(received.refusal)
    data, flags = _parse(received.content)
    cells = _student_cells(data)
    _check_assignment(data, cells, assignment)
    if data.get("metadata", {}).get("course", {}).get("release", assignment.release) != assignment.release:
        flags.append(
            Flag("old-release", "the notebook comes from an earlier release; it was graded against the current one")
        )
    submission = _merge(cells, assignment)
    submission.flags = [*flags, *received.foreign, *submission.flags, *_suspicious(submission.cells, assignment)]
    submission.handed_in = dict(received.handed_in)
    return submission


def read_beside(path: Path, assignment: Assignment) -> dict[str, str | NotHandedIn]:
    """Read the files that the assignment requires beside the notebook `path`: each its text or why there is none."""
    found: dict[str, str | NotHandedIn] = {}
    if not assignment.handed_in:
        return found
    from selfcheck.handed_in import NotHandedIn, read_handed_in  # selfcheck takes half a second to import

    for name in assignment.handed_in:
        try:
            found[name] = read_handed_in(path.with_name(name))
        except NotHandedIn as reason:
            found[name] = reason
    return found


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


@dataclass
class _StudentCell:
    kind: str
    source: str
    nbgrader: dict[str, Any]
    demo: bool

    @property
    def grade_id(self) -> str:
        identity = self.nbgrader.get("grade_id", "")
        return identity if isinstance(identity, str) else ""


def _student_cells(data: dict[str, Any]) -> list[_StudentCell]:
    found = []
    for cell in data["cells"]:
        if not isinstance(cell, dict):
            raise Unreadable("a cell of the notebook is damaged")
        source = cell.get("source", "")
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if not isinstance(source, str):
            raise Unreadable("a cell of the notebook has no text")
        metadata = cell.get("metadata", {})
        metadata = metadata if isinstance(metadata, dict) else {}
        nbgrader = metadata.get("nbgrader", {})
        tags = metadata.get("tags", [])
        demo = isinstance(tags, list) and "demo" in tags
        found.append(
            _StudentCell(str(cell.get("cell_type", "")), source, nbgrader if isinstance(nbgrader, dict) else {}, demo)
        )
    return found


def _check_assignment(data: dict[str, Any], cells: list[_StudentCell], assignment: Assignment) -> None:
    course = data.get("metadata", {}).get("course", {})
    named = course.get("assignment") if isinstance(course, dict) else None
    if isinstance(named, str) and named != assignment.name:
        raise Unreadable(f"this is the notebook of {_printable(named)}, not of {assignment.name}")
    known = {cell.grade_id for cell in assignment.cells if cell.grade_id}
    defined = {name for cell in cells if cell.kind == "code" for name in _definitions(cell.source)}
    if not any(cell.grade_id in known for cell in cells) and not defined & set(assignment.points):
        raise Unreadable(f"the notebook contains no cell and no function of {assignment.name}")


def _merge(cells: list[_StudentCell], assignment: Assignment) -> Submission:
    """Follow the instructor's cells; replace exercise cells by the student's, and keep the student's own cells after
    their neighbour.
    """
    flags: list[Flag] = []
    problems: dict[str, str] = {}
    known = {cell.grade_id: cell for cell in assignment.cells if cell.grade_id}
    by_id: dict[str, list[_StudentCell]] = {}
    followers: dict[str, list[_StudentCell]] = {}
    demos = {cell.source.strip() for cell in assignment.cells if cell.role == DEMO}
    anchor = ""
    for cell in cells:
        if cell.grade_id in known:
            anchor = cell.grade_id
            if known[anchor].role == EXERCISE and cell.kind != "code":
                flags.append(Flag("metadata-changed", f"{anchor} is no longer a code cell"))
                continue
            by_id.setdefault(anchor, []).append(cell)
        elif cell.kind == "code" and not cell.demo and cell.source.strip() not in demos:
            followers.setdefault(anchor, []).append(cell)
    plan: list[tuple[str, str]] = []
    _append(plan, followers.get("", []), "start")
    for expected in assignment.cells:
        copies = by_id.get(expected.grade_id, []) if expected.grade_id else []
        if expected.role == GIVEN:
            plan.append((expected.grade_id or expected.id, expected.source))
        elif expected.role == EXERCISE and copies:
            plan.append((expected.grade_id, copies[-1].source))
        if expected.grade_id:
            flags += _flags_of(expected, copies)
            _append(plan, followers.get(expected.grade_id, []), expected.grade_id)
    for expected in assignment.cells:
        if expected.role == EXERCISE:
            flags += _find_function(expected, by_id.get(expected.grade_id, []), plan, problems)
    return Submission(plan, flags, problems)


def _append(plan: list[tuple[str, str]], cells: list[_StudentCell], anchor: str) -> None:
    plan.extend((f"free-{anchor}-{number}", cell.source) for number, cell in enumerate(cells) if cell.source.strip())


def _flags_of(expected: Cell, copies: list[_StudentCell]) -> list[Flag]:
    if expected.role in (PROSE, WRITTEN):
        return []
    if not copies:
        return [Flag("cell-missing", expected.grade_id)]
    flags = []
    if len(copies) > 1:
        flags.append(Flag("cell-duplicated", f"{expected.grade_id}: {len(copies)} copies; the last one was used"))
    last = copies[-1]
    if expected.role in (GIVEN, TEST) and (last.source.strip() != expected.source.strip() or last.kind != "code"):
        flags.append(Flag("locked-cell-changed", expected.grade_id))
    fields = ("points", "grade", "locked", "solution")
    if any(last.nbgrader.get(name, expected.metadata.get(name)) != expected.metadata.get(name) for name in fields):
        flags.append(Flag("metadata-changed", expected.grade_id))
    return flags


def _find_function(
    cell: Cell, copies: list[_StudentCell], plan: list[tuple[str, str]], problems: dict[str, str]
) -> list[Flag]:
    """Find an exercise's function if its own cell does not define it; put the sentence for the student into
    `problems`.
    """
    name = cell.exercise
    if copies and name in _definitions(copies[-1].source):
        return []
    elsewhere = [identity for identity, source in plan if identity != cell.grade_id and name in _definitions(source)]
    if elsewhere:
        return [Flag("function-elsewhere", f"{name} is defined in cell {elsewhere[-1]}")]
    if not copies:
        problems[name] = f"{name} is not defined: its cell is missing from the notebook"
        return []
    own = [other for other in _definitions(copies[-1].source) if not other.startswith("_")]
    if own:
        problems[name] = f"{name} is not defined: its cell defines {', '.join(own[:3])}. Keep the function's name"
        return [Flag("function-renamed", f"{name}: its cell defines {', '.join(own[:3])}")]
    return []


def _definitions(source: str) -> list[str]:
    """Return the functions, classes and simple assignments at the top level of a cell, without magics."""
    lines = [line if not line.lstrip().startswith(("%", "!")) else "pass" for line in source.splitlines()]
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return re.findall(r"^(?:def|class)\s+([A-Za-z_]\w*)", source, flags=re.MULTILINE)
    names = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return names


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


def foreign_files(path: Path, assignment: Assignment) -> list[Flag]:
    """Flag files beside the notebook that are not in the release, or differ from it. None of them is loaded."""
    names = []
    for entry in sorted(os.scandir(path.parent), key=lambda e: e.name):
        if entry.name in (path.name, *assignment.handed_in) or _IGNORED.fullmatch(entry.name):
            continue
        released = assignment.released_files.get(entry.name)
        if released is None or (released and not _same_file(entry, released)):
            names.append(_printable(entry.name))
    return [Flag("foreign-file", ", ".join(names[:10]))] if names else []


def _same_file(entry: os.DirEntry, released: str) -> bool:
    if not entry.is_file(follow_symlinks=False) or entry.stat(follow_symlinks=False).st_size > MAX_BYTES:
        return False
    return file_hash(Path(entry.path)) == released


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:80]
