"""The repository's own promises: lists that agree, a lock that names no address, rooms that import one way."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from autograder.course.paths import Repository

ROOT = Repository.default().root
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CORE, EXTRAS = PROJECT["dependencies"], PROJECT["optional-dependencies"]
LOCK = [line for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines() if not line.startswith("#")]
LOCKED = {canonicalize_name(Requirement(line).name): Requirement(line) for line in LOCK}
PYTHONS = ("3.11.2", "3.12.3", "3.13.0")  # Debian 12, Ubuntu 24.04, and the newest that is promised
SYSTEMS = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}


def requirements(lines):
    return sorted(line.replace(" ", "") for line in lines)


def installed(name: str) -> importlib.metadata.Distribution | None:
    """Return the locked package as it is installed; None for one that another system or Python needs."""
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    assert found.version.partition("+")[0] == pinned(name), f"{name} {found.version} is installed: run make"
    return found


def pinned(name: str) -> str:
    (pin,) = LOCKED[canonicalize_name(name)].specifier
    return pin.version


def machines(*pythons: str) -> Iterator[dict[str, str]]:
    """Yield what a requirement's marker can ask about, on each system and each Python, all promised ones by default."""
    for (system, (os_name, platform)), python in product(SYSTEMS.items(), pythons or PYTHONS):
        yield {
            "sys_platform": system,
            "os_name": os_name,
            "platform_system": platform,
            "python_full_version": python,
            "python_version": python.rpartition(".")[0],
            "extra": "",
        }


def needed(requirement: Requirement, machine: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(machine)


def test_environment_yml_agrees_with_pyproject():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"][-1]["pip"]
    assert requirements(listed) == requirements(CORE + EXTRAS["instructor"])


def test_the_students_guide_installs_the_core_list():
    (file,) = re.findall(
        r"(?m)^python -m pip install -r (\S+)$", (ROOT / "assignments" / "README.md").read_text("utf-8")
    )
    listed = (ROOT / "assignments" / file).read_text("utf-8").splitlines()
    assert [line for line in listed if not line.startswith("#")] == CORE


def test_the_lock_holds_names_versions_and_markers_and_no_address():
    marker = r"(; (sys_platform|python_version) == '[a-z0-9.]+')?"
    for line in LOCK:
        assert re.fullmatch(rf"[A-Za-z0-9_.\-]+==[A-Za-z0-9_.]+{marker}", line), line
    assert len(LOCKED) == len(LOCK)


def test_the_lock_satisfies_pyproject():
    for requirement in map(Requirement, CORE + EXTRAS["instructor"] + EXTRAS["dev"]):
        assert requirement.specifier.contains(pinned(requirement.name)), requirement
        assert LOCKED[canonicalize_name(requirement.name)].marker == requirement.marker, requirement


def test_the_wall_is_for_linux_alone():
    assert str(LOCKED["sandlock"].marker) == 'sys_platform == "linux"'


@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_locked_installs_on_every_promised_python(python):
    for package in filter(None, map(installed, LOCKED)):
        wanted = package.metadata.get("Requires-Python", "")
        served = any(needed(LOCKED[canonicalize_name(package.name)], machine) for machine in machines(python))
        assert python in SpecifierSet(wanted) or not served, (package.name, wanted)


def test_the_lock_holds_what_its_packages_require_on_each_system():
    # torch's builds for graphics cards require packages that its build for processors does not
    for package in filter(None, map(installed, LOCKED.keys() - {"torch"})):
        for requirement in map(Requirement, package.requires or ()):
            for machine in filter(lambda machine: needed(requirement, machine), machines()):
                locked = LOCKED.get(canonicalize_name(requirement.name))
                assert locked, (package.name, str(requirement), machine)
                assert needed(locked, machine), (package.name, str(requirement), machine)
                assert requirement.specifier.contains(pinned(locked.name)), (package.name, str(requirement))


# folder -> what its files may import: students get the core list and nothing else
DECLARED = {
    "assignments": CORE,
    "solutions": CORE + EXTRAS["dev"],
    "autograder": CORE + EXTRAS["instructor"] + EXTRAS["cluster"],
    "autograder/author": CORE + EXTRAS["instructor"] + EXTRAS["dev"],
    "data": CORE + EXTRAS["photographs"],
    "benchmarks": CORE + EXTRAS["instructor"],
    "tests": CORE + EXTRAS["instructor"] + EXTRAS["cluster"] + EXTRAS["dev"],
}
PROVIDERS = importlib.metadata.packages_distributions()
OWN = {"autograder", "benchmarks", "selfcheck", "figures", "tests"} | {
    path.stem for folder in ("tests", "data") for path in (ROOT / folder).rglob("*.py")
}


def folder_of(path: Path) -> str:
    inside = path.relative_to(ROOT).as_posix()
    return max((folder for folder in DECLARED if inside.startswith(f"{folder}/")), key=len)


@pytest.mark.parametrize("folder", DECLARED)
def test_every_imported_package_is_declared(folder):
    declared = {canonicalize_name(Requirement(line).name) for line in DECLARED[folder]}
    files = [path for path in (ROOT / folder).rglob("*.py") if folder_of(path) == folder]
    assert files
    for path in files:
        for module in {name.partition(".")[0] for name in imported(path)} - OWN - sys.stdlib_module_names:
            packages = {canonicalize_name(name) for name in PROVIDERS.get(module, [module])}
            assert packages & declared, f"{path} imports {module}, which {folder}/ does not declare"


ORDER = {
    "atomic": 0,
    "console": 0,
    "cores": 0,
    "faults": 0,
    "course": 1,
    "sandbox": 2,
    "collect": 2,
    "grading": 3,
    "gradebook": 4,
    "simulate": 4,
    "author": 5,
    "fortress": 6,
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


@pytest.mark.parametrize(
    "path", sorted((ROOT / "autograder").glob("*/*.py")), ids=lambda p: f"{p.parent.name}/{p.name}"
)
def test_layers_import_one_way(path):
    layer = path.parent.name
    for name in imported(path):
        if name.startswith("autograder."):
            other = name.split(".")[1]
            assert other == layer or ORDER[other] < ORDER[layer], f"{layer} must not import {other}"


def test_selfcheck_imports_nothing_of_the_grader():
    for path in (ROOT / "assignments" / "selfcheck").glob("*.py"):
        assert not [name for name in imported(path) if name.startswith("autograder")], path


def test_the_machine_names_no_exercise_and_no_assignment():
    texts_of = {}
    for path in (ROOT / "autograder").rglob("*.py"):
        text = path.read_text("utf-8").replace("such as a1_recurrence", "")
        texts_of[path] = text, {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    for assignment in Repository.default().names():
        exercises = re.findall(r'exercise="(\w+)"', Repository.default().source(assignment).read_text("utf-8"))
        assert exercises
        everywhere = [name for name in [assignment, *exercises] if "_" in name]
        words = re.compile(rf"\b({'|'.join(everywhere)})\b")
        for path, (text, texts) in texts_of.items():
            assert not words.search(text), (path, words.search(text))
            assert not texts & set(exercises), path  # names of one word, such as encode, are Python's as well


def test_readme_and_make_help_name_the_same_commands():
    readme, makefile = (ROOT / "README.md").read_text("utf-8"), (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, flags=re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", readme)) <= targets


def test_the_sealed_mistakes_are_small_and_generated_files_are_marked():
    marked = [line.split() for line in (ROOT / ".gitattributes").read_text("utf-8").splitlines()]
    for kind in ("mistakes.json", "release.json", "*.ipynb"):
        assert [f"assignments/*/{kind}", "linguist-generated", "-diff"] in marked
    sizes = {path.parent.name: path.stat().st_size for path in ROOT.glob("assignments/*/mistakes.json")}
    assert sizes.keys() == {*Repository.default().names()}
    assert max(sizes.values()) < 150_000, sizes
