"""The student's zip of one assignment: what the allowlist names, the same bytes each time, or nothing if it leaks."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from autograder import atomic
from autograder.author.build import BuildError, read_source, release_hash, source_notebook
from autograder.author.confidential import confidential
from autograder.author.handout import handout
from autograder.author.leaks import LeakFound, scan
from autograder.course import notebook as notebooks
from autograder.course.paths import Course, Repository
from autograder.course.source import Source

SELF_CHECK_SEED = b"public"
_TIME = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16
_UNIX = 3


def bundle(repository: Repository, course: Course, assignment: str, out: Path) -> Path:
    """Write the zip that students of `assignment` unpack, with one folder in it; returns its path.

    out: the zip's path, or a folder for ASSIGNMENT.zip. Raises LeakFound, listing every finding, if students would
    see what they must not; BuildError if notebook or release are not those of the script; SourceError if a file is
    missing. Nothing is written then.
    """
    source = read_source(repository, assignment)
    files = bundle_files(repository, course, source)
    path = out if out.suffix == ".zip" else out / f"{assignment}.zip"
    atomic.replace(path, zipped(assignment, files), mode=0o644)
    return path


def bundle_files(repository: Repository, course: Course, source: Source) -> dict[str, bytes]:
    """The bundle's files by their path in the assignment's folder, searched for leaks and known to be up to date."""
    name = f"{source.name}.ipynb"
    committed, released = repository.notebook(source.name), course.release_notebook(source.name)
    for path in (committed, released):
        if not path.is_file():
            raise BuildError(f"{path} is missing: run `autograder build` first.")
    files = handout(repository, source) | {name: committed.read_bytes()}
    secrets = confidential(repository, source, [SELF_CHECK_SEED, course.secret()])
    findings = scan(files | {f"release/{name}": released.read_bytes()}, secrets)
    if findings:
        raise LeakFound(findings)
    wanted = release_hash(source_notebook(repository, source))
    for path in (committed, released):
        notebook = notebooks.read(path)
        if wanted != release_hash(notebook) or path.read_bytes() != committed.read_bytes():
            raise BuildError(f"{path} is not what {source.path.name} says: run `autograder build` again.")
    return files


def zipped(folder: str, files: dict[str, bytes]) -> bytes:
    """Return a zip of the files under one folder: sorted, with fixed times and modes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for place in sorted(files):
            entry = zipfile.ZipInfo(f"{folder}/{place}", date_time=_TIME)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, _REGULAR_FILE, _UNIX
            archive.writestr(entry, files[place], compresslevel=9)
    return content.getvalue()
