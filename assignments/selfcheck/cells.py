"""How a notebook's cells are run outside of a kernel, by the self-check and when it is graded: the rules of both.

- A function counts as it was when its own `check` cell was reached. What changes it later, or something that it uses,
  is noted (`AtCheck`); where it was missing or not started at its check, the state after the last cell counts.
- An exercise's cell that was split into pieces counts as a whole; of several copies that each define the function, the
  last one that is more than the stub counts (`one_source`).
- Commands that start programs or install packages, and those that clear the namespace, do nothing (`COMMANDS`).
- Figure cells do not run. Definitions and imports in them do, where the other cells use them (`needed_definitions`).
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import dis
import functools
import itertools
import re
import symtable
import types
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

STUB = "NotImplementedError"
MOST_PIECES = 6  # of a cell, up to which it is tried where the pieces were cut
CHECK = "check:"  # begins the id of a plan's entry for an exercise's check cell; so in the sandbox
JOINED, SEVERAL = "joined", "several"  # how an exercise's text was found among more than one cell
# Commands that do nothing outside of a kernel: they start programs, install packages, or clear the namespace.
LINE_COMMANDS = ("pip", "conda", "mamba", "micromamba", "uv", "system", "sx", "sc", "reset", "reset_selective")
CELL_COMMANDS = ("!", "bash", "sh", "script", "system", "sx", "perl", "ruby", "pypy", "cmd")
COMMANDS = frozenset({"!", *(f"%{name}" for name in LINE_COMMANDS), *(f"%%{name}" for name in CELL_COMMANDS)})
_MAGIC = re.compile(r"(?m)^([^\S\n]*)[%!?].*$")


def one_source(name: str, texts: Sequence[str]) -> tuple[str, str]:
    """Return the text that counts of cells that all claim to be the exercise `name`, and JOINED, SEVERAL or ''.

    Pieces of one cell, of which at most one defines the function, are joined in their order. Of copies that each define
    it, the last one counts that does not hold the stub.
    """
    if len(texts) == 1:
        return texts[0], ""
    defining = [text for text in texts if name in defined_names(text)]
    if len(defining) < 2:
        pieces = [text for text in texts if text.strip()]
        return joined(pieces), JOINED if len(pieces) > 1 else SEVERAL
    started = [text for text in defining if STUB not in text]
    return (started or defining)[-1], SEVERAL


def joined(pieces: Sequence[str]) -> str:
    """Return the text of a cell that was split into pieces, at the ends of lines or within them.

    An editor drops the end of the line where it splits, and nothing where it splits a line: then a piece that begins
    with the rest of a line, such as all that follows its indentation, is Python only behind the piece before.
    """
    text = "\n".join(pieces)
    if 1 < len(pieces) <= MOST_PIECES and not stands_alone(text):
        for seams in itertools.product(("\n", ""), repeat=len(pieces) - 1):
            whole = pieces[0] + "".join(seam + piece for seam, piece in zip(seams, pieces[1:], strict=True))
            if stands_alone(whole):
                return whole
    return text


def defined_names(source: str) -> list[str]:
    """Return the functions, classes and simple assignments at the top level of a cell, without magics."""
    return list(_defined_names(source))


@functools.lru_cache(maxsize=4096)  # the same cells are looked at once for every exercise
def _defined_names(source: str) -> tuple[str, ...]:
    tree = parsed(source)
    if tree is None:
        return tuple(re.findall(r"^(?:def|class)\s+([A-Za-z_]\w*)", source, flags=re.MULTILINE))
    names = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return tuple(names)


def parsed(source: str) -> ast.Module | None:
    """Return a cell as Python, lines of IPython's commands left out; None if it is not Python."""
    for text in (source, _MAGIC.sub(r"\1pass", source)):  # a line of plain Python may begin with % too
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.parse(text)
    return None


def syntax_error(source: str) -> str:
    """Return the line at which a cell does not compile, such as "line 15: while True (expected ':')"; '' if it does."""
    if stands_alone(source):
        return ""
    try:
        compile(_MAGIC.sub(r"\1pass", source), "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError as error:
        line = source.splitlines()[error.lineno - 1].strip() if error.lineno else ""
        return f"line {error.lineno}: {line[:160]} ({error.msg})"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error)
    return ""


def does_not_compile(name: str, where: str) -> str:
    """Return the sentence about an exercise whose cell does not compile. where: see `syntax_error`."""
    return f"The cell of {name} does not compile: {where}."


def in_pieces(name: str, count: int) -> str:
    """Return the sentence about an exercise whose cell is split, without its full stop."""
    return f"The cell of {name} is split into {count} pieces: the grade joins them"


def stands_alone(source: str) -> bool:
    """Whether a cell is Python by itself, and not the rest of a function that was cut in two."""
    tree = parsed(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return tree is not None and bool(compile(tree, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def needed_definitions(figures: Sequence[str], run: Sequence[str]) -> list[str]:
    """Return, for each figure cell, its definitions and imports that the cells which run use; '' if there are none.

    figures, run: the texts of both kinds of cells. What a cell that runs defines itself is not looked for. A definition
    may use another one, of any figure cell.
    """
    if not figures:
        return []
    wanted, there = set[str](), set(dir(builtins))
    for text in run:
        tree = parsed(text)
        if tree is not None:
            wanted |= _global_names(tree)
            there |= {name for node in tree.body for name in bound(node)}
    found = [list(_definitions(text)) for text in figures]
    chosen: set[ast.stmt] = set()
    while True:
        more = [
            node
            for definitions in found
            for node in definitions
            if node not in chosen and not wanted.isdisjoint(set(bound(node)) - there)
        ]
        if not more:
            break
        chosen.update(more)
        wanted |= _global_names(ast.Module(more, []))
    return ["\n".join(ast.unparse(node) for node in definitions if node in chosen) for definitions in found]


def _definitions(source: str) -> Iterator[ast.stmt]:
    """Imports, functions, classes and constants at the top level of a cell."""
    tree = parsed(source)
    for node in tree.body if tree is not None else []:
        constant = isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
        if isinstance(node, kinds) or constant:
            yield node


def bound(node: ast.stmt) -> list[str]:
    """The names that a statement at the top level binds."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    return [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)]


def _global_names(tree: ast.Module) -> set[str]:
    """The names of the notebook's namespace that code reads, at its top level or inside of functions."""
    names, waiting = set(), [symtable.symtable(ast.unparse(tree), "cell", "exec")]
    while waiting:
        table = waiting.pop()
        top = table.get_type() == "module"
        names |= {one.get_name() for one in table.get_symbols() if one.is_referenced() and (top or one.is_global())}
        waiting += table.get_children()
    return names


class AtCheck:
    """Remembers the exercises as they are when their check cells are reached, to tell what changes afterwards."""

    def __init__(self) -> None:
        self._noted: dict[str, tuple[Any, dict[str, Any]]] = {}

    def note(self, name: str, namespace: Mapping[str, Any]) -> None:
        """Remember the exercise `name`, and what of the namespace it uses, unless it is missing or not started."""
        found = namespace.get(name)
        if found is not None and not _is_stub(found):
            self._noted[name] = found, _used(found, namespace)

    def changed(self, namespace: Mapping[str, Any]) -> list[str]:
        """Return the exercises that are no longer what they were at their check, in themselves or in what they use."""
        return [
            name
            for name, (found, used) in self._noted.items()
            if any(_looked_up(key, namespace) is not value for key, value in {**used, name: found}.items())
        ]


def _looked_up(name: str, namespace: Mapping[str, Any]) -> Any:
    """What a function of the notebook finds under a name: Python's own, such as sum, where no cell has made one."""
    return namespace.get(name, vars(builtins).get(name))


def _is_stub(value: Any) -> bool:
    return any(STUB in code.co_names for code in function_codes(value))


def _used(value: Any, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """What a function or class refers to by name, directly or by functions of the namespace, builtins included."""
    used: dict[str, Any] = {}
    waiting = [value]
    while waiting:
        for name in global_names(waiting.pop()):
            if name not in used and (name in namespace or hasattr(builtins, name)):
                used[name] = _looked_up(name, namespace)
                waiting.append(used[name])
    return used


def global_names(value: Any) -> list[str]:
    """The names that a function, or the methods of a class, look up in the notebook's namespace."""
    return [
        str(step.argval)
        for code in function_codes(value)
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and code.co_name != "<module>"
    ]


def function_codes(value: Any) -> Iterator[types.CodeType]:
    """The code of a function, or of a class's methods, with all functions inside; of a library's function none."""
    members = list(vars(value).values()) if isinstance(value, type) else [value]
    waiting = [member.__code__ for member in members if type(member) is types.FunctionType]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
