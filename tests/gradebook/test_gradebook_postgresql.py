"""A gradebook on a real PostgreSQL server, started here: the same rows as in SQLite, and sentences where it is away."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy
from nbgrader.api import Gradebook

from autograder import doctor
from autograder.author.release import BuildError, generated
from autograder.course.paths import Course, Repository
from autograder.gradebook import database, feedback, nbgrader_course
from autograder.gradebook.course_config import database_url
from autograder.gradebook.current import states
from autograder.gradebook.database import GradebookFault
from autograder.gradebook.export import export_csv
from autograder.gradebook.nbgrader_course import existing_gradebook, opened, rolled_back
from autograder.gradebook.schema import known_schema

from .conftest import ASSIGNMENT, Desk, source_notebook

PASSWORD = "geheim"


@dataclass
class Server:
    """PostgreSQL in a folder of its own, on a socket in it alone. It refuses root: `user` runs it."""

    programs: Path
    folder: Path
    user: str | None

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs; CalledProcessError with what it said if it fails."""
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        log = self.folder / "said.txt"
        with log.open("a") as said:
            subprocess.run(command, user=self.user, cwd=self.folder, stdout=said, stderr=said, check=True, timeout=60)

    def start(self) -> None:
        self.run("pg_ctl", "-w", "-o", f"-c listen_addresses='' -c unix_socket_directories='{self.folder}'", "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-w", "-m", "fast", "stop")

    def url(self, name: str) -> str:
        return f"postgresql://nbgrader:{PASSWORD}@/{name}?host={self.folder}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    pytest.importorskip("psycopg", reason="SQLAlchemy needs psycopg to speak to PostgreSQL")
    found = [Path(path).resolve().parent for path in filter(None, [shutil.which("initdb")])]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not found:
        pytest.skip("there is no PostgreSQL on this machine (Debian: apt-get install postgresql)")
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = None if os.getuid() != 0 else "postgres" if "postgres" in known else "nobody"
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:  # a socket's path has room for 107 letters
        if user is not None:
            shutil.chown(folder, user)
        one = Server(found[0], Path(folder), user)
        one.run("initdb", "--auth=trust", "--username=nbgrader", "--no-sync")
        one.start()
        yield one
        one.stop()


@pytest.fixture
def there(server: Server, desk: Desk) -> Desk:
    """A course whose gradebook is an empty database of the server, into which the assignment was built."""
    name = f"course_{os.urandom(4).hex()}"
    engine = sqlalchemy.create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    desk.configure(f"c.CourseDirectory.db_url = {server.url(name)!r}")
    desk.course.gradebook.unlink()
    with generated(desk.course, ASSIGNMENT, source_notebook()) as release:
        release.commit()
    return desk


def rows(desk: Desk) -> list:
    """All that the gradebook holds of the class, but for the numbers of its rows."""
    hexadecimal = re.compile(r"[0-9a-f]{32}")
    with opened(desk.course, ASSIGNMENT) as (config, _):
        found = sorted(states(config.CourseDirectory.db_url, ASSIGNMENT).items())
    return [(student, sorted(hexadecimal.sub("id", repr(row)) for row in held)) for student, held in found]


def of_a_class(desk: Desk, made) -> tuple[list, str, list[Path]]:
    """Record three results, one of them late; return the rows, the grades as CSV and the pages."""
    for student in ("s1", "s2", "s3"):
        desk.submit(student, stamp="2026-01-01 14:00:00 UTC")
    results = [made("s1"), made("s2", double=1.0), made("s3", negate=2.0)]
    assert all(one.recorded for one in desk.record(*results))
    assert all(one.recorded for one in desk.record(*results))
    pages = feedback.write_feedback(desk.course, ASSIGNMENT)
    export_csv(desk.course, ASSIGNMENT, desk.course.root / "out.csv")
    return (
        rows(desk),
        (desk.course.root / "out.csv").read_text(),
        [path.relative_to(desk.course.root) for path in pages],
    )


@pytest.fixture
def beside(desk: Desk, tmp_path: Path) -> Desk:
    """The same course with a gradebook of its own in SQLite."""
    shutil.copytree(desk.course.root, tmp_path / "beside" / "course")
    return Desk(Course(tmp_path / "beside" / "course"), desk.repository)


def test_a_class_comes_to_the_same_rows_grades_and_pages_as_in_sqlite(beside, there, made):
    held, expected = of_a_class(there, made), of_a_class(beside, made)
    assert len(held[0]) == 3
    assert held == expected
    assert not there.course.gradebook.exists()


def test_what_has_not_changed_is_not_written_again(there, made, monkeypatch):
    there.submit("s1")
    there.record(made("s1"))
    monkeypatch.setattr("autograder.gradebook.gradebook._recorded", lambda *_: pytest.fail("recorded again"))
    assert all(one.recorded for one in there.record(made("s1")))


DUE, LONGER = datetime(2025, 12, 24, 12, 0), timedelta(hours=1)


def late(url: str, course_id: str) -> tuple:
    with Gradebook(url, course_id) as gradebook:
        return gradebook.find_assignment(ASSIGNMENT).duedate, gradebook.find_submission(ASSIGNMENT, "s1").extension


def test_what_is_tried_is_seen_inside_and_rolled_back(there, made):
    there.submit("s1")
    there.record(made("s1"))
    before = rows(there)
    with opened(there.course, ASSIGNMENT) as (config, _):
        where = config.CourseDirectory.db_url, config.CourseDirectory.course_id
        with rolled_back(where[0]):
            with Gradebook(*where) as gradebook:
                gradebook.find_assignment(ASSIGNMENT).duedate = DUE
                gradebook.find_submission(ASSIGNMENT, "s1").extension = LONGER
                gradebook.db.commit()
            assert late(*where) == (DUE, LONGER)
        assert late(*where) == (None, None)
    assert rows(there) == before


def test_who_writes_already_is_waited_for_and_told_of(there, made, monkeypatch):
    monkeypatch.setattr(nbgrader_course, "LOCK_SECONDS", 1)
    there.submit("s1")
    there.record(made("s1"))
    with pytest.raises(GradebookFault, match="another program is writing to it"), writing(there):
        try_a_date(there)


def try_a_date(desk: Desk) -> None:
    with (
        opened(desk.course, ASSIGNMENT) as (config, _),
        rolled_back(config.CourseDirectory.db_url),
        Gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id) as gradebook,
    ):
        gradebook.find_assignment(ASSIGNMENT).duedate = DUE
        gradebook.db.commit()


@contextmanager
def writing(desk: Desk) -> Iterator[None]:
    """Another program has changed the assignment's row and goes on."""
    engine = sqlalchemy.create_engine(database_url(desk.course))
    try:
        with engine.connect() as other:
            other.execute(sqlalchemy.text("UPDATE assignment SET name = name"))
            yield
    finally:
        engine.dispose()


def test_a_server_lost_in_the_middle_is_told(there, server, made):
    there.submit("s1")
    there.record(made("s1"))
    with pytest.raises(GradebookFault, match="see that the server runs"):
        lose_while_open(there, server)


def lose_while_open(desk: Desk, server: Server) -> None:
    engine = sqlalchemy.create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    with (
        opened(desk.course, ASSIGNMENT) as (config, _),
        Gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id) as gradebook,
    ):
        with engine.connect() as other:
            lost = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'course_%'"
            other.execute(sqlalchemy.text(lost))
        engine.dispose()
        gradebook.find_assignment(ASSIGNMENT)


def test_the_doctor_asks_the_server(there):
    (finding,) = [one for one in doctor.examine(there.course, Repository.default()) if "gradebook" in one.what]
    assert finding.ok
    assert "postgresql://nbgrader:***@/course_" in finding.what


def test_a_server_that_is_away_is_told_without_the_password(there, server, made):
    there.submit("s1")
    server.stop()
    try:
        said = []
        for attempt in (lambda: there.record(made("s1")), lambda: existing_gradebook(there.course).__enter__()):
            with pytest.raises(GradebookFault) as fault:
                attempt()
            said.append(str(fault.value))
        with pytest.raises(BuildError) as refused, generated(there.course, ASSIGNMENT, source_notebook()):
            pass
        (finding,) = [one for one in doctor.examine(there.course, Repository.default()) if "gradebook" in one.what]
        assert not finding.ok
    finally:
        server.start()
    for sentence in (*said, str(refused.value), finding.advice):
        assert "see that the server runs, and that c.CourseDirectory.db_url" in sentence
        assert "postgresql://nbgrader:***@/course_" in sentence
        assert PASSWORD not in sentence


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("mysql+nodriver://who:geheim@localhost/course", "correct it in nbgrader_config.py"),
        ("who:geheim@localhost", "correct it in nbgrader_config.py"),
        ("postgresql://who:geheim@localhost:port/course", "correct it in nbgrader_config.py"),
        ("postgresql://who:ge@geheim@localhost/course", "a password's @ : / are written %40 %3A %2F"),
        ("postgresql://who:ge@geheim:word@localhost/course", "a password's @ : / are written %40 %3A %2F"),
        ("postgresql://who@/course?host=/nowhere&password=geheim", "see that the server runs"),
    ],
)
def test_a_url_that_names_no_database_is_told_without_the_password(desk, url, advice):
    desk.configure(f"c.CourseDirectory.db_url = {url!r}")
    said = []
    with known_schema(), pytest.raises(GradebookFault) as fault, opened(desk.course, ASSIGNMENT):
        pass
    said.append(str(fault.value))
    with pytest.raises(BuildError) as refused, generated(desk.course, ASSIGNMENT, source_notebook()):
        pass
    said.append(str(refused.value))
    finding = doctor._gradebook(desk.course)
    said.append(f"{finding.what} {finding.advice}")
    for sentence in said:
        assert advice in sentence
        assert PASSWORD not in sentence


@pytest.mark.parametrize(("name", "user"), [("nowhere", "nbgrader"), ("postgres", "nobody_here")])
def test_what_is_not_on_the_server_is_told(desk, server, name, user):
    desk.configure(f"c.CourseDirectory.db_url = {server.url(name).replace('nbgrader:', f'{user}:')!r}")
    with pytest.raises(GradebookFault, match="create it on the server"), opened(desk.course, ASSIGNMENT):
        pass


def test_the_doctor_makes_no_file_and_looks_where_build_would(desk, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    desk.configure("c.CourseDirectory.db_url = 'sqlite:///other.db'")
    assert doctor._gradebook(desk.course).what == "no gradebook yet"
    assert not list(tmp_path.glob("*.db"))
    shutil.copy(desk.course.gradebook, desk.course.root / "other.db")
    assert doctor._gradebook(desk.course).what.endswith("/course/other.db")


def test_a_missing_driver_is_told():
    said = database.sentence(ModuleNotFoundError("No module named 'psycopg2'"), "postgresql://a:geheim@h/c")
    assert "(No module named 'psycopg2'): install this driver" in said
    assert PASSWORD not in said


def test_an_error_without_words_is_told():
    assert "(RuntimeError)" in database.sentence(RuntimeError(""), "/course/gradebook.db")
