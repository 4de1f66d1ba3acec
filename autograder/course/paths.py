"""Where things are: the folders of the repository and of a course directory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECRET_BYTES = 32
LONGEST_ID = 128  # bytes


@dataclass(frozen=True)
class Repository:
    """The instructor's repository: `assignments/` is public, `solutions/` is not, `data/` is shared by both."""

    root: Path

    @classmethod
    def default(cls) -> Repository:
        """Return the repository this package lies in."""
        return cls(Path(__file__).resolve().parents[2])

    @property
    def assignments(self) -> Path:
        return self.root / "assignments"

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def selfcheck(self) -> Path:
        """The package that students check themselves with."""
        return self.assignments / "selfcheck"

    def names(self) -> list[str]:
        """Return all assignments in the order of the course: the folders of solutions/ that hold a chapter."""
        return sorted((path.parent.name for path in self.solutions.glob("*/chapter.py")), key=_by_number)

    def secret(self, assignment: str) -> Path:
        """Return the folder of the assignment that instructors alone may see."""
        return self.solutions / assignment

    def source(self, assignment: str) -> Path:
        """Return the percent script that is the assignment's source of truth."""
        return self.secret(assignment) / "chapter.py"

    def hidden(self, assignment: str) -> Path:
        """Return the hidden tests."""
        return self.secret(assignment) / "hidden_tests.py"

    def right(self, assignment: str) -> Path:
        """Other right solutions of each exercise."""
        return self.secret(assignment) / "right.py"

    def mistakes(self, assignment: str) -> Path:
        """Return the catalogue of mistakes."""
        return self.secret(assignment) / "mistakes.toml"

    def mutants(self, assignment: str) -> Path:
        """Return the mutants of the reference that are equivalent to it, with reasons."""
        return self.secret(assignment) / "mutants.toml"

    def variants(self, assignment: str) -> Path:
        """Return what gives each student own numbers in written questions; not every assignment has it."""
        return self.secret(assignment) / "variants.py"

    def notes(self, assignment: str) -> Path:
        """Return what instructors should know, a page in Markdown."""
        return self.secret(assignment) / "notes.md"

    def handed_in(self, assignment: str) -> Path:
        """Return the files that the reference hands in beside its notebook, made by running it."""
        return self.secret(assignment) / "handed_in"

    def handed_in_texts(self, assignment: str) -> dict[str, str]:
        """Return those files by name, each its text."""
        found = sorted(self.handed_in(assignment).glob("*"))
        return {path.name: path.read_text(encoding="utf-8") for path in found if path.is_file()}

    def public(self, assignment: str) -> Path:
        """Return the folder of the assignment that everyone may see."""
        return self.assignments / assignment

    def notebook(self, assignment: str) -> Path:
        """Return the student's notebook: generated, and committed without outputs."""
        return self.public(assignment) / f"{assignment}.ipynb"

    def visible(self, assignment: str) -> Path:
        """Return the visible tests."""
        return self.public(assignment) / f"test_{assignment}.py"

    def cases(self, assignment: str) -> Path:
        """Return the random inputs of each exercise."""
        return self.public(assignment) / "cases.py"

    def outline(self, assignment: str) -> Path:
        """Return what the build tells of the release: its cells, and the names of axes that messages use."""
        return self.public(assignment) / "release.json"

    def figures(self, assignment: str) -> Path:
        """Return the module that draws the notebook's figures; not every assignment has one."""
        return self.public(assignment) / "figures.py"


@dataclass(frozen=True)
class Course:
    """nbgrader's course directory, plus `results/` and `secret`."""

    root: Path

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def release(self) -> Path:
        return self.root / "release"

    @property
    def submitted(self) -> Path:
        return self.root / "submitted"

    @property
    def autograded(self) -> Path:
        return self.root / "autograded"

    @property
    def feedback(self) -> Path:
        return self.root / "feedback"

    @property
    def results(self) -> Path:
        return self.root / "results"

    @property
    def attempts(self) -> Path:
        """What tells a student's attempts apart: see autograder.grading.attempts."""
        return self.root / "attempts"

    @property
    def rehearsed(self) -> Path:
        """What the graders keep of running the mistakes of each assignment; made anew where it is missing."""
        return self.root / "rehearsed"

    @property
    def gradebook(self) -> Path:
        return self.root / "gradebook.db"

    @property
    def secret_file(self) -> Path:
        return self.root / "secret"

    @property
    def config_file(self) -> Path:
        return self.root / "nbgrader_config.py"

    def create(self, config: str = "") -> None:
        """Make what is missing: the folders, and once the secret and nbgrader's configuration, if its text is given."""
        for folder in self._folders():
            folder.mkdir(parents=True, exist_ok=True)
        _write_once(self.secret_file, secrets.token_hex(SECRET_BYTES) + "\n", mode=0o600)
        if config:
            _write_once(self.config_file, config, mode=0o644)

    @contextlib.contextmanager
    def created(self, config: str = "") -> Iterator[None]:
        """Make what is missing, as `create` does, then run the block; if that fails, what was made is removed again."""
        made = [path for path in (*reversed(self.root.parents), self.root, *self._folders()) if not path.exists()]
        written = [path for path in (self.secret_file, self.config_file) if not path.exists()]
        try:
            self.create(config)
            yield
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            for path in reversed(made):
                with contextlib.suppress(OSError):  # it is not there, or something else is in it by now
                    path.rmdir()
            raise

    def secret(self) -> bytes:
        """Return the bytes that the seeds of hidden tests derive from.

        Raises FileNotFoundError if the course has not been made, ValueError if the file was damaged.
        """
        try:
            text = self.secret_file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise FileNotFoundError(
                f"{self.secret_file} is missing: make the course directory first with `autograder build`."
            ) from None
        try:
            secret = bytes.fromhex(text)
        except ValueError:
            secret = b""
        if len(secret) != SECRET_BYTES:
            raise ValueError(
                f"{self.secret_file} does not hold {SECRET_BYTES} bytes in hexadecimal: restore it from a backup, "
                "or delete it and build again (hidden inputs then change, and everything is graded again)."
            )
        return secret

    def seed(self, assignment: str) -> bytes:
        """The bytes that the inputs of an assignment's tests follow from: made from the secret, or, in a course that
        was carried to another machine without its secret, read from `seed_file`.
        """
        carried = self.seed_file(assignment)
        if carried.is_file():
            return carried.read_bytes()
        return hashlib.sha256(self.secret() + assignment.encode()).digest()

    def seed_file(self, assignment: str) -> Path:
        """Return where a course that was carried to another machine keeps an assignment's seed."""
        return self.root / "seeds" / assignment

    def _folders(self) -> tuple[Path, ...]:
        return self.source, self.release, self.submitted, self.autograded, self.feedback, self.results

    def source_notebook(self, assignment: str) -> Path:
        """Return the instructor's notebook, with solutions."""
        return self.source / assignment / f"{assignment}.ipynb"

    def release_notebook(self, assignment: str) -> Path:
        """Return the student's notebook as nbgrader generated it."""
        return self.release / assignment / f"{assignment}.ipynb"

    def submission(self, student: str, assignment: str) -> Path:
        """Return the notebook a student handed in."""
        return self.submitted / student / assignment / f"{assignment}.ipynb"

    def result(self, student: str, assignment: str) -> Path:
        """Return the result file of one submission."""
        return self.results / assignment / result_name(student)


def _by_number(name: str) -> tuple[int, str]:
    digits = "".join(character for character in name.split("_")[0] if character.isdigit())
    return int(digits or 0), name


def _write_once(path: Path, text: str, mode: int) -> None:
    """Write a file unless it is there; a reader never sees half of it, even when two processes make it at once."""
    if path.exists():
        return
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, mode)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def result_name(student: str) -> str:
    """Return the name of the file for a student's result: the id's, or a digest's where the id cannot name a file."""
    try:
        plain = len(student.encode()) <= LONGEST_ID
    except UnicodeEncodeError:  # a folder's name in another encoding
        plain = False
    return f"{student if plain else 'id-' + hashlib.sha256(os.fsencode(student)).hexdigest()[:16]}.json"
