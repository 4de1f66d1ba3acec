"""The zip that an instructor uploads to Gradescope for one assignment: how to set a container up, how to grade in it.

It holds the reference and the hidden tests, as any autograder there does. The secret in it is not the course's: another
one made from it, so that a container's files tell nothing about the inputs of the course's own grading.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.metadata
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder import atomic
from autograder.course.paths import Course, Repository
from autograder.gradebook.gradescope import VISIBILITIES
from autograder.grading.assignment import CODE_SUFFIXES, Assignment

MACHINE = Path(__file__).resolve().parents[1]  # the package autograder, in the repository
TEMPLATES = Path(__file__).parent / "templates" / "gradescope"
# What grading imports; what these require is added.
_NEEDED = (
    *("numpy", "torch", "sympy", "matplotlib", "pytest", "ipython", "nbformat"),
    *("msgpack", "sandlock", "jinja2", "bleach", "tinycss2"),
)
_LEFT_OUT = (
    "test_reference.py",
    "notes.md",
    "mutants.toml",
    "variants.py",
    "right.py",
)  # of solutions/aN/: grading reads none of them
_TIME = (1980, 1, 1, 0, 0, 0)


def gradescope(repository: Repository, course: Course, assignment: str, out: Path, hidden: str) -> Path:
    """Write the zip and return its path.

    out: the zip's path, or a folder for ASSIGNMENT-gradescope.zip. hidden: when students see the results of hidden
    tests, one of VISIBILITIES. Raises NotBuilt if the assignment was not built in this course.
    """
    if hidden not in VISIBILITIES:
        raise ValueError(f"{hidden!r} is no visibility: choose one of {', '.join(VISIBILITIES)}")
    loaded = Assignment.load(course, repository, assignment)
    files = {f"repository/{place}": content for place, content in _repository_files(loaded).items()}
    values = {"assignment": assignment, "hidden": hidden}
    pages = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True)
    for name in ("setup.sh", "run_autograder"):
        files[name] = pages.get_template(f"{name}.j2").render(values).encode()
    lock = MACHINE.parent / "requirements.lock"
    files["requirements.txt"] = "\n".join(requirements(lock.read_text(encoding="utf-8"))).encode() + b"\n"
    path = out if out.suffix == ".zip" else out / f"{assignment}-gradescope.zip"
    atomic.replace(path, _zipped(files), mode=0o600)
    return path


def _repository_files(loaded: Assignment) -> dict[str, bytes]:
    """Return, by place, what of the repository and of the course directory grading this assignment reads."""
    repository, course, name = loaded.repository, loaded.course, loaded.name
    folders = [repository.public(name), repository.secret(name), repository.selfcheck]
    paths = [path for folder in folders for path in folder.rglob("*") if path.name not in _LEFT_OUT]
    code = [path for path in MACHINE.rglob("*") if path.suffix in (*CODE_SUFFIXES, ".j2", ".css", ".js")]
    places = {path: path.relative_to(repository.root) for path in (*paths, *loaded.tests_data)}
    places |= {path: Path("autograder") / path.relative_to(MACHINE) for path in code}
    for folder in (course.source / name, course.release / name):
        places |= {path: Path("course") / path.relative_to(course.root) for path in folder.rglob("*")}
    kept = {path: place for path, place in places.items() if path.is_file() and "__pycache__" not in path.parts}
    own = hmac.new(course.secret(), b"gradescope", hashlib.sha256).hexdigest()
    return {place.as_posix(): path.read_bytes() for path, place in kept.items()} | {
        "course/secret": f"{own}\n".encode()
    }


def requirements(lock: str) -> list[str]:
    """Return the locked lines of what grading imports and of all that this requires, in the lock's order."""
    lines = {canonicalize_name(Requirement(line).name): line for line in lock.splitlines() if line[:1] not in ("", "#")}
    wanted, waiting = set(), list(_NEEDED)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in wanted or name not in lines:
            continue
        wanted.add(name)
        waiting += [Requirement(text).name for text in _requires(name)]
    return [line for name, line in lines.items() if name in wanted]


def _requires(name: str) -> Iterable[str]:
    """Return what an installed package requires, whatever the system, without its extras."""
    try:
        listed = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:  # locked for another system
        listed = []
    return [text for text in listed if "extra ==" not in text]


def _zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip of these files: sorted, with fixed times; scripts can be run, and others read what they may."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for place, data in sorted(files.items()):
            entry = zipfile.ZipInfo(place, date_time=_TIME)
            mode = 0o755 if place in ("setup.sh", "run_autograder") else 0o644
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, (0o100000 | mode) << 16
            entry.create_system = 3
            archive.writestr(entry, data, compresslevel=9)
    return content.getvalue()
