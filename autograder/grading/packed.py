"""An assignment as other machines get it: the files that grading reads and its seed, in one archive.

The course's secret stays where it is: the seed that follows from it tells of this one assignment. So do the gradebook,
the results and the submissions; each of those travels alone, in its own job.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course.paths import Course, Repository
from autograder.grading.assignment import CODE_SUFFIXES, Assignment

_COURSE, _REPOSITORY = Path("course"), Path("repository")


@dataclass(frozen=True)
class Packed:
    """An assignment's archive. name: the assignment's; fingerprint: what `Assignment.fingerprint` must be there too."""

    name: str
    fingerprint: str
    archive: bytes


def pack(assignment: Assignment) -> Packed:
    """Put all that grading reads of the assignment into one archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, content in sorted(_contents(assignment)):
            archive.writestr(zipfile.ZipInfo(place.as_posix()), content, zipfile.ZIP_DEFLATED)
    return Packed(assignment.name, assignment.fingerprint(), buffer.getvalue())


def _contents(assignment: Assignment) -> Iterator[tuple[Path, bytes]]:
    course, files, name = assignment.course, assignment.repository, assignment.name
    source = course.source_notebook(name)
    yield _COURSE / source.relative_to(course.root), source.read_bytes()
    yield _COURSE / course.seed_file(name).relative_to(course.root), assignment.seed
    code = (path for path in files.selfcheck.rglob("*") if path.suffix in CODE_SUFFIXES)
    paths = {*assignment.files, *code}
    for path in filter(Path.is_file, paths):
        yield _REPOSITORY / path.relative_to(files.root), path.read_bytes()


def unpack(packed: Packed, folder: Path) -> Assignment:
    """Write the archive's files below `folder`, and read the assignment there. ValueError if it is another one."""
    with zipfile.ZipFile(io.BytesIO(packed.archive)) as archive:
        archive.extractall(folder)
    repository = Repository(folder / _REPOSITORY)
    repository.data.mkdir(exist_ok=True)
    assignment = Assignment.load(Course(folder / _COURSE), repository, packed.name)
    if assignment.fingerprint() != packed.fingerprint:
        raise ValueError(f"{packed.name} has changed on its way to this machine: run the command again")
    return assignment
