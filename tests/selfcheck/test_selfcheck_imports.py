"""The self-checker's modules import each other one way, and importing them starts nothing."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import selfcheck

FOLDER = Path(selfcheck.__file__).parent


def imports_of(path: Path, modules: set[str]) -> set[str]:
    """Return the modules of selfcheck that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            named = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = f"selfcheck.{node.module or ''}".rstrip(".") if node.level else node.module or ""
            named = {base, *(f"{base}.{alias.name}" for alias in node.names)}
        else:
            continue
        inside = {name.removeprefix("selfcheck.") for name in named if name.startswith("selfcheck.")}
        found |= inside & modules
        if "selfcheck" in named and not inside & modules:
            found.add("__init__")
    return found


def graph(folder: Path) -> dict[str, set[str]]:
    """Return what each module of a folder imports from it."""
    modules = {path.stem for path in folder.glob("*.py")}
    return {path.stem: imports_of(path, modules) for path in folder.glob("*.py")}


def test_no_module_imports_one_that_imports_it_not_even_inside_a_function():
    found = graph(FOLDER)
    assert found["harness"] >= {"plugin", "target"}
    assert found["__init__"] >= {"expect", "notebook"}
    order = list(TopologicalSorter(found).static_order())
    assert order.index("plugin") < order.index("harness") < order.index("notebook")


def test_a_circle_through_a_function_would_be_found(tmp_path):
    (tmp_path / "one.py").write_text("from selfcheck.two import value\n")
    (tmp_path / "two.py").write_text("def value():\n    from selfcheck import one\n    return one\n")
    with pytest.raises(CycleError):
        list(TopologicalSorter(graph(tmp_path)).static_order())


IMPORT = """
import sys
import pytest

calls = []
pytest.main = lambda *args, **kwargs: calls.append(args) or 0


class FakeShell:
    user_ns = {}


import IPython

IPython.get_ipython = FakeShell
import selfcheck

assert sys.modules["IPython"].get_ipython().user_ns == {}
tests = [name for name in sys.modules if name.rpartition(".")[2].startswith(("test_", "hidden_"))]
print(calls, tests, "torch" in sys.modules)
selfcheck.prepare()
selfcheck.quiet()
selfcheck.prepare()
print([[argument for argument in args[0] if argument.endswith(".py")] for args in calls])
"""


def test_importing_it_in_a_kernel_starts_no_pytest_and_loads_no_test(toy):
    done = toy.run("-c", IMPORT)
    first, second = done.stdout.splitlines()
    assert first == "[] [] False", done.stderr
    assert second == str([[str(toy.folder / "test_toy.py")]])  # prepare() collects once, and not when a program runs it
