"""Where the processes of grading and of a build come from: a fork server that has imported, once, what they all need.

Light to import, so that a command can start the server first and then do its own imports beside it.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import multiprocessing
import sys
from collections.abc import Collection, Iterable
from functools import cache
from importlib.machinery import PathFinder
from typing import Any

from autograder.course.paths import Repository

_SHAPES = "torch.fx.experimental.symbolic_shapes"
_LATE = {  # the first use of the one imports the other, and takes a tenth of a second to some seconds
    "torch.optim": "torch._dynamo",
    "torch.autograd.grad": _SHAPES,
    "sympy": "sympy.tensor.tensor",  # with the first sum
    "sympy.lambdify": "sympy.codegen.ast",
}


def context() -> Any:
    """Return the start method of every process of the grader."""
    return multiprocessing.get_context("forkserver")


def start_server(modules: Iterable[str] = ()) -> None:
    """Do as `import_once` with what every grader needs and these modules."""
    import_once(["autograder.grading.reader", "autograder.grading.session", *modules])


def import_once(modules: Iterable[str]) -> None:
    """Start the fork server, which imports the main program and of these modules those that are installed. Without
    effect once it runs, and on Windows, where there is none. Returns at once.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return
    from multiprocessing import forkserver

    context().set_forkserver_preload(["autograder.grading.start", *_main(), *modules])  # which passes over ImportError
    forkserver.ensure_running()


@cache
def imports_of(repository: Repository, *assignments: str) -> tuple[str, ...]:
    """Return the modules that the tests and cases of these assignments import, and those that the first calls of these
    and of their references would; read once in a process, as the fork server starts once.
    """
    places = (repository.visible, repository.hidden, repository.cases)
    tests = [place(name) for name in assignments for place in places]
    texts = [path.read_text("utf-8") for path in tests if path.is_file()]
    references = [path.read_text("utf-8") for path in map(repository.source, assignments) if path.is_file()]
    cells = [cell for reference in references for cell in reference.split("\n# %%")]
    exercises = (cell for cell in cells if "exercise=" in cell.partition("\n")[0])
    return tuple(dict.fromkeys(module_imports(*texts) + late_imports(*texts) + late_imports(*exercises)))


def _main() -> tuple[str, ...]:
    """What each process runs of the main program. Of `python -m NAME` that is NAME, which the server does not import
    for "__main__"; that of a package is not run.
    """
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return ("__main__",) if spec is None or spec.name.endswith("__main__") else ("__main__", spec.name)


def late_imports(*sources: str) -> tuple[str, ...]:
    """Modules that running the sources imports, though they do not say so."""
    found = [module for used, module in _LATE.items() if any(_refers(source, used) for source in sources)]
    if any("torch" in source and _sends_a_gradient_back(source) for source in sources):
        found.append(_SHAPES)
    return tuple(dict.fromkeys(found))


def _refers(source: str, dotted: str) -> bool:
    """Whether the code, not its docstrings and comments, refers to what is called so; a text that is no code may."""
    if dotted.rpartition(".")[2] not in source:
        return False
    nodes = _nodes(source)
    if nodes is None:
        return dotted in source
    named = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    named |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            named |= {f"{node.module}.{alias.name}" for alias in node.names}
    return any(f"{name}.".startswith(f"{dotted}.") for name in named)


def _sends_a_gradient_back(source: str) -> bool:
    """Whether the code calls a method `backward` with a gradient; without one torch takes a shorter way."""
    if ".backward(" not in source:
        return False
    calls = [node for node in _nodes(source) or [] if isinstance(node, ast.Call)]
    back = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "backward"]
    return any(call.args or "gradient" in {keyword.arg for keyword in call.keywords} for call in back)


def _nodes(source: str) -> list[ast.AST] | None:
    """Return the nodes of the code; None of what is none."""
    try:
        return list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def module_imports(*sources: str) -> tuple[str, ...]:
    """Modules that the sources import, selfcheck aside; a source with magics counts for nothing."""
    found: dict[str, None] = {}
    for source in sources:
        for node in _nodes(source) or []:
            if isinstance(node, ast.Import):
                found.update(dict.fromkeys(alias.name for alias in node.names))
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found[node.module] = None
    return tuple(name for name in found if name.partition(".")[0] != "selfcheck")


def imported_beyond(known: Collection[str]) -> list[str]:
    """Return the installed modules that this process has imported and that are not in `known`, in that order.

    A fork tells so what it had to import, and the process that it came from can import it for the forks to come: the
    first gradient that torch computes imports SymPy, for a second and a half.
    """
    return [name for name in list(sys.modules) if name not in known and _installed(name.partition(".")[0])]


def _installed(name: str) -> bool:
    """Return whether a module of that name was imported from where any process would import it from."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    if spec is None:
        return False
    found = PathFinder.find_spec(name)
    return found is not None and found.origin == spec.origin


def import_all(names: Iterable[str]) -> None:
    """Import modules by name; what cannot be imported is left out, since a fork can do without."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
