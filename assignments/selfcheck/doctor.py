"""`python -m selfcheck --doctor`: is all there that the assignment in this folder needs?"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from selfcheck.folder import visible_tests
from selfcheck.release import release_beside

PYTHON = (3, 11), (3, 14)
REQUIREMENTS = "requirements.txt"
INSTALL = "python -m pip install -r requirements.txt"
FINE, MEND = "ok", "MEND"


def examine(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield FINE or MEND and a sentence for each thing that an assignment in a folder needs."""
    yield _python()
    yield from _packages(folder)
    yield from _files(folder)
    yield _writable(folder)


def _python() -> tuple[str, str]:
    version = sys.version_info
    told = f"Python {version.major}.{version.minor}.{version.micro} in {sys.prefix}"
    if version < PYTHON[0]:
        return MEND, f"{told}: Python 3.11 or newer is needed. Install it, and make the environment anew with it."
    if version >= PYTHON[1]:
        return FINE, f"{told}; the course is tried with Python 3.11 to 3.13: take one of these if something fails."
    return FINE, told


def _packages(folder: Path) -> Iterator[tuple[str, str]]:
    path = folder / REQUIREMENTS
    if not path.is_file():
        yield MEND, f"{REQUIREMENTS} is not in {folder}: unpack the assignment again, and call this in its folder."
        return
    for line in path.read_text("utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text:
            yield _package(text)


def _package(line: str) -> tuple[str, str]:
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        return MEND, f"{REQUIREMENTS} has a line that is no requirement, {line!r}: unpack the assignment again."
    if wanted.marker is not None and not wanted.marker.evaluate():
        return FINE, f"{wanted.name} is not needed on this system"
    try:
        distribution = importlib.metadata.distribution(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return MEND, f"{wanted.name} is not installed in this environment: {INSTALL}"
    found = distribution.version
    if not wanted.specifier.contains(found, prereleases=True):
        return MEND, f"{wanted.name} {found} is installed, {wanted.specifier} is needed: {INSTALL}"
    try:
        __import__((distribution.read_text("top_level.txt") or wanted.name).split()[0])  # ipython is IPython
    except Exception as error:  # a library that is damaged may raise anything
        return MEND, f"{wanted.name} {found} cannot be imported ({type(error).__name__}: {str(error)[:200]}): {INSTALL}"
    return FINE, f"{wanted.name} {found}"


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    tests = visible_tests(folder)
    if not tests:
        yield MEND, f"no visible tests in {folder}: call this in the folder that the assignment's zip makes."
        return
    release = release_beside(tests[0])
    if release is None:
        yield MEND, "release.json is missing or damaged: unpack the assignment again."
    else:
        yield FINE, f"{release.assignment}, release {release.version}"
    name = tests[0].stem.removeprefix("test_")
    for file in (f"{name}.ipynb", "cases.py", "conftest.py", "mistakes.json"):
        path = folder / file
        try:
            content = path.read_text("utf-8")
            if path.suffix != ".py":
                json.loads(content)
        except FileNotFoundError:
            yield MEND, f"{file} is missing: {_put_back(file)}"
        except (OSError, ValueError):
            yield MEND, f"{file} is damaged: {_put_back(file)}"
        else:
            yield FINE, file


def _put_back(file: str) -> str:
    if file.endswith(".ipynb"):
        return f"if you renamed it, call it {file} again; else unpack the assignment into another folder and copy it."
    return "unpack the assignment into another folder and copy it from there."


def _writable(folder: Path) -> tuple[str, str]:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return FINE, f"{folder} can be written"
    except OSError:
        return MEND, f"{folder} cannot be written: move the assignment's folder to where your own documents are."


def main(folder: Path) -> int:
    """Print what was found; the exit code is 1 if something must be mended."""
    os.environ.setdefault("MPLBACKEND", "agg")
    wrong = 0
    for state, sentence in examine(folder):
        wrong += state == MEND
        print(f"  {state:<5} {sentence}", flush=True)
    print("Everything is there." if not wrong else f"{wrong} to mend, in the order above.")
    return 1 if wrong else 0
