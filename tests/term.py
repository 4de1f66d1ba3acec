"""A term on a simulated class, played with real commands and programs: `make term`.

python -m tests.term [--students 40] [--no-browser] [--folder DIR]

The repository is copied, so that a test of it can be changed in the middle of the term. Each step is a command, shown
with its time; what must be true after it is checked. The last line is `term: N steps, 0 failed`.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course.paths import Course, Repository
from autograder.course.variants import read_record, record
from autograder.gradebook.nbgrader_course import existing_gradebook

if TYPE_CHECKING:
    from tests.term_class import (
        Class,
        Member,
        canvas_archive,
        canvas_gradebook,
        make_class,
        moodle_worksheet,
        times_table,
    )
elif __package__:
    from tests.term_class import canvas_archive, canvas_gradebook, make_class, moodle_worksheet, times_table
else:  # in the suite, where the folder of the tests is on the path
    from term_class import canvas_archive, canvas_gradebook, make_class, moodle_worksheet, times_table

Program = Callable[[Sequence[str], Path], tuple[int, str]]
Grader = Callable[["Term"], None]

_RULES = """timezone = "Europe/Berlin"

[late]
grace = "15 minutes"
penalty_percent_per_day = 10
penalty_cap_percent = 50

[assignments.{assignment}]
due = "2026-10-13 00:00"
written.numbers = "own"
"""
_EXTENSION = """
[assignments.{assignment}.extensions]
{student} = "2 days"
"""


class Failed(AssertionError):
    """What must be true after a step is not."""


@dataclass
class Term:
    """A term that is being played. program: runs a command in a folder; returns its exit code and what it printed."""

    folder: Path
    repository: Repository
    course: Course
    assignment: str
    program: Program
    say: Callable[[str], None] = print
    steps: int = 0
    failed: list[str] = field(default_factory=list)
    said: str = ""

    def run(self, *command: str, shows: Sequence[str] = (), code: int = 0, where: Path | None = None) -> str:
        """Run one step's command; check its exit code and that it prints each of `shows`. Return what it printed."""
        begin = time.monotonic()
        exit_code, self.said = self.program(command, where or self.folder)
        self._done(" ".join(self._short(word) for word in command), time.monotonic() - begin)
        flat = " ".join(self.said.split())
        self.check(exit_code == code, f"exit code {exit_code}, not {code}: {self.said[-600:]}")
        for text in shows:
            self.check(text in flat, f"{text!r} is not in what it says: {self.said[-600:]}")
        return flat

    def autograder(self, *arguments: str, **expected: Any) -> str:
        """Run a command of ours on the course."""
        return self.run("autograder", *arguments, "--course", self.course.root.name, **expected)

    def act(self, what: str, do: Callable[[], Any]) -> None:
        """Do a step that is no command, such as a person's work in a browser."""
        begin = time.monotonic()
        try:
            do()
        finally:
            self._done(f"({what})", time.monotonic() - begin)

    def check(self, true: bool, sentence: str) -> None:
        """Note that the last step failed unless `true`."""
        if not true:
            raise Failed(sentence)

    def play(self, *scenes: Callable[[], None]) -> bool:
        """Play scene after scene; what fails ends its scene. Return whether nothing failed."""
        for scene in scenes:
            try:
                scene()
            except Exception as error:
                self.failed.append(f"step {self.steps}: {error}")
                self.say(f"        FAILED: {type(error).__name__}: {error}")
        self.say(f"term: {self.steps} steps, {len(self.failed)} failed")
        return not self.failed

    def file(self, name: str, text: str) -> str:
        """Write a file as a platform exports it; return its name."""
        (self.folder / name).write_bytes(text.encode("utf-8"))
        return name

    def grades(self) -> dict[str, dict[str, str]]:
        """Return the exported table by student."""
        with (self.course.root / f"{self.assignment}.csv").open(encoding="utf-8-sig", newline="") as file:
            return {row["student"]: row for row in csv.DictReader(file)}

    def _short(self, word: str) -> str:
        return word.replace(f"{self.folder}{os.sep}", "")

    def _done(self, what: str, seconds: float) -> None:
        self.steps += 1
        self.say(f"{self.steps:3}  {seconds:6.1f} s  {what}")


def term(play: Term, students: int, grade_essays: Grader, exchange: int = 2) -> bool:
    """Play the whole term. grade_essays: how a person gives points for two answers. exchange: who uses nbgrader's."""
    name, course = play.assignment, play.course
    klass: list[Class] = []

    def released() -> None:
        play.autograder("build", name, shows=[f"built {name}"])
        play.act("the class works", lambda: klass.append(
            make_class(play.repository, course, name, students, play.folder, exchange)))  # fmt: skip
        play.file("canvas.csv", canvas_gradebook(klass[0]))
        play.autograder(
            "roster", "canvas.csv", "--id", "SIS Login ID",
            shows=["Canvas's row of points", "Canvas's test student", f"wrote {len(klass[0].members)} students"],
        )  # fmt: skip
        play.autograder("course", shows=["with every value at its default"])
        (course.root / "course.toml").write_text(_RULES.format(assignment=name), encoding="utf-8")
        play.autograder("course", "--check", shows=["in order"])
        play.autograder("bundle", name, shows=["wrote"])

    def numbered() -> None:
        play.file("worksheet.csv", moodle_worksheet(klass[0]))
        everybody = len(klass[0].members)
        play.autograder(
            "variants", name, "--zips", "--moodle", "worksheet.csv",
            shows=[f"{everybody} students, {everybody} of them new", f"{everybody} pages"],
        )  # fmt: skip
        asked = record(course, name).read_bytes()
        play.autograder("variants", name, shows=["0 of them new"])
        play.check(record(course, name).read_bytes() == asked, "students were told other numbers the second time")

    def exchanged() -> None:
        with course.config_file.open("a") as file:
            file.write(f"c.Exchange.root = {str(play.folder / 'exchange')!r}\n")
        (play.folder / "exchange").mkdir(mode=0o777)
        (play.folder / "exchange").chmod(0o777)
        play.run("nbgrader", "release_assignment", name, where=course.root)
        for member in klass[0].by("exchange"):
            home = _home(play, member)
            play.run("nbgrader", "fetch_assignment", name, where=home)
            shutil.copyfile(member.work, home / name / f"{name}.ipynb")
            play.run("nbgrader", "submit", name, where=home)

    def collected() -> None:
        parts, by = klass[0].parts, klass[0].by
        canvas_archive(klass[0], play.folder / "submissions.zip")
        play.file("times.csv", times_table(klass[0]))
        archive = ("collect", "submissions.zip", "--times", "times.csv")
        unclear = ["strangeradam_9999: nobody on the roster", "Choose one with --take PATH"]
        play.autograder(*archive, "--dry-run", shows=[*unclear, f"{len(by('canvas')) - 1} submissions would be"])
        play.check(not list(course.submitted.glob(f"*/{name}")), "--dry-run wrote something")
        (label,) = re.findall(r"not collected: (\S+): 2 different notebooks", play.said)
        play.autograder(
            *archive, "--take", f"{label}/final.ipynb", shows=[f"{len(by('canvas'))} submissions collected"]
        )
        play.check("notebook-renamed" in play.said, "the renamed notebook has no flag")
        chosen = course.submission(parts["two"].id, name).read_bytes()
        play.check(chosen == parts["two"].work.read_bytes(), "--take took the other notebook")
        if exchange:
            inbound = next((play.folder / "exchange").glob("*/inbound"))
            play.autograder("collect", str(inbound), shows=[f"exchange: {len(by('exchange'))} submissions collected"])
            play.check("several-notebooks" not in play.said, "one notebook was taken for several")

    def graded() -> None:
        play.autograder("grade", name)
        play.autograder("export", name, shows=["wrote"])
        wrong = [
            f"{member.id} {total} for {member.expected}"
            for member in klass[0].members
            if member.way != "nothing" and member.work.is_file() and member.expected is not None
            and abs((total := _code_points(play.grades()[member.id])) - member.expected) > 0.01
        ]  # fmt: skip
        play.check(not wrong, f"not as the simulation expects: {'; '.join(wrong)}")
        play.check(
            play.grades()[klass[0].parts["absent"].id]["status"] == "missing", "the absent student is not listed"
        )
        play.autograder("grade", name, "--students", klass[0].parts["two"].id)  # nothing has changed

    def essays() -> None:
        play.act("a person gives points for two answers", lambda: grade_essays(play))
        play.act("and for all others", lambda: _grade_the_rest(play))
        play.autograder("export", name)
        given = {points for row in play.grades().values() for points in row.values()} & {"7.5", "4"}
        play.check(len(given) == 2, "the points that a person gave are not in the export")

    def policy() -> None:
        late, extended = (klass[0].parts[part].id for part in ("late", "extended"))
        before = play.grades()
        play.check(
            float(before[late]["late_penalty"]) > 0 < float(before[extended]["late_penalty"]), "late work costs nothing"
        )
        with (course.root / "course.toml").open("a", encoding="utf-8") as file:
            file.write(_EXTENSION.format(assignment=name, student=extended))
        play.autograder("course", shows=[extended])
        play.autograder("export", name)
        after = play.grades()
        play.check(float(after[extended]["late_penalty"] or 0) == 0, "the extension did not end the penalty")
        play.check(after[late]["late_penalty"] == before[late]["late_penalty"], "somebody else's penalty has changed")

    def regraded() -> None:
        hidden = play.repository.hidden(name)
        before = play.grades()
        text = hidden.read_text(encoding="utf-8")
        hidden.write_text(re.sub(r"points=(\d+)", lambda m: f"points={int(m[1]) + 3}", text, count=2), encoding="utf-8")
        play.autograder("regrade", name, shows=["nothing was written"])
        moved = re.findall(r"^(\S+): [+-][\d.]+ points$", play.said, re.MULTILINE)
        play.check(bool(moved), f"nobody's points move: {play.said[-400:]}")
        play.autograder("export", name)
        play.check(play.grades() == before, "regrade without --apply changed grades")
        play.autograder("regrade", name, "--apply", shows=["written, and added to"])
        play.autograder("export", name)
        after = play.grades()
        changed = {student for student in after if after[student] != before[student]}
        play.check(changed == set(moved), f"other grades changed than was shown: {changed} for {moved}")
        play.check(any("7.5" in row.values() for row in after.values()), "the points that a person gave are gone")

    def looked_at() -> None:
        student = next(m.id for m in klass[0].by("canvas") if not m.full)
        play.autograder("appeal", name, student, shows=["wrote", "points"])
        play.autograder("report", name, shows=["wrote"])
        page = (course.results / f"{name}.html").read_text(encoding="utf-8")
        play.check(klass[0].parts["absent"].id in page, "the report does not list who is missing")
        play.autograder("similar", name, shows=["to look at"])

    def published() -> None:
        play.autograder("publish", name, shows=["feedback pages"])
        asked = read_record(record(course, name))
        for page in course.feedback.glob(f"*/{name}/{name}.md"):
            text, own = page.read_text(encoding="utf-8"), asked[page.parts[-3]].values()
            play.check(all(one.asks in text for one in own), f"{page} does not say this student's numbers")
        for member in klass[0].by("exchange"):
            if member is klass[0].by("exchange")[0]:
                play.run("nbgrader", "release_feedback", name, where=course.root)
            play.run("nbgrader", "fetch_feedback", name, where=_home(play, member))
            pages = list(_home(play, member).glob(f"{name}/feedback/*/{name}.html"))
            own = course.feedback / member.id / name / f"{name}.html"
            play.check(
                [page.read_bytes() for page in pages] == [own.read_bytes()], f"{member.id} has not got the feedback"
            )

    def out() -> None:
        final = [row["student"] for row in play.grades().values() if row["status"] in ("graded", "unreadable")]
        play.autograder("export", name, "--canvas", "canvas.csv", shows=[f"{len(final)} grades"])
        play.autograder("export", name, "--moodle", "worksheet.csv", shows=[f"{len(final)} grades"])
        play.autograder("publish", name, "--canvas", "canvas.csv", "--archive", "submissions.zip", shows=["pages"])
        play.autograder("publish", name, "--moodle", "worksheet.csv", shows=["pages"])
        play.autograder("gradescope", name, shows=["upload it to Gradescope alone"])

    scenes = [released, numbered, exchanged, collected, graded, essays, policy, regraded, looked_at, published, out]
    return play.play(*(scene for scene in scenes if exchange or scene is not exchanged))


def _code_points(row: dict[str, str]) -> float:
    return float(row["auto_total"] or 0)


def _grade_the_rest(play: Term) -> None:
    """Give points for all answers that still wait, as formgrader's page does when one leaves a field."""
    with existing_gradebook(Course(play.course.root.resolve())) as gradebook:
        assert gradebook is not None
        for submission in gradebook.assignment_submissions(play.assignment):
            for grade in (grade for notebook in submission.notebooks for grade in notebook.grades):
                if grade.needs_manual_grade:
                    grade.manual_score, grade.needs_manual_grade = 0.6 * grade.max_score, False
        gradebook.db.commit()


def _home(play: Term, member: Member) -> Path:
    """Return a student's own folder, with what a JupyterHub's image sets for all students and one's name."""
    home = play.folder / "home" / member.id
    home.mkdir(parents=True, exist_ok=True)
    course_id = re.search(r'course_id = "(.*)"', play.course.config_file.read_text())
    assert course_id is not None
    (home / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        f"c.CourseDirectory.course_id = {course_id[1]!r}\n"
        f"c.CourseDirectory.student_id = {member.id!r}\n"
        f"c.Exchange.root = {str(play.folder / 'exchange')!r}\n"
        f"c.Exchange.cache = {str(home / '.cache')!r}\n"
    )
    return home


def subprocesses(repository: Repository) -> Program:
    """Return what runs commands as programs of their own, on this copy of the repository."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(repository.root), str(repository.assignments)]),
        "COLUMNS": "200",
        "TERM": "dumb",
    }
    modules = {"autograder": "autograder.cli", "nbgrader": "nbgrader"}

    def program(command: Sequence[str], where: Path) -> tuple[int, str]:
        whole = [sys.executable, "-m", modules[command[0]], *command[1:]]
        home = {"HOME": str(where)} if command[0] == "nbgrader" else {}
        done = subprocess.run(whole, cwd=where, env=environment | home, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return program


def copied(repository: Repository, assignment: str, root: Path) -> Repository:
    """Copy what one assignment needs of the repository, and the code of the machine."""
    ignore = shutil.ignore_patterns("__pycache__")
    parts = ("autograder", "data", "assignments/selfcheck", f"assignments/{assignment}", f"solutions/{assignment}")
    for part in parts:
        shutil.copytree(repository.root / part, root / part, ignore=ignore)
    for name in ("assignments/README.md", "assignments/NOTATION.md", "requirements.lock", "pyproject.toml"):
        shutil.copy(repository.root / name, root / name)
    return Repository(root)


def in_formgrader(play: Term) -> None:
    """Give points and a comment for two students' answers, in formgrader, in a headless Chromium."""
    from playwright.sync_api import sync_playwright

    from tests import headless

    with sync_playwright() as playwright, serving(play.course, play.folder) as address:
        browser = playwright.chromium.launch(executable_path=headless.program(), args=list(headless.FLAGS))
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("link", name="Manual Grading").click()
        page.get_by_role("link", name=play.assignment).click()
        page.get_by_role("link", name=play.assignment).last.click()
        with page.expect_navigation():
            page.get_by_role("link", name="Submission #1", exact=True).click()
        for points in ("7.5", "4"):
            page.wait_for_load_state("networkidle")  # the page has asked for its grades and comments
            answer = page.locator(
                "div.nbgrader_cell", has=page.locator("input.score"), has_text="Student's answer"
            ).first
            for field, text, kind in (
                ("input.score", points, "grade"),
                ("textarea.comment", "Say **which**.", "comment"),
            ):
                with page.expect_response(lambda got, kind=kind: f"/api/{kind}/" in got.url and got.ok):
                    answer.locator(field).fill(text)
                    answer.locator(field).press("Tab")
            with page.expect_navigation():
                page.get_by_role("link", name="Next").click()
        browser.close()


@contextmanager
def serving(course: Course, folder: Path) -> Iterator[str]:
    """Run `autograder serve`; give the address that it prints, and end it. folder: where its log is written."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "autograder.cli", "serve", "--no-browser", "--port", str(port)]
    log = folder / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--course", str(course.root.resolve())],
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + 60
        while not (found := re.search(rf"http://127.0.0.1:{port}/formgrader\?token=\w+", log.read_text())):
            if process.poll() is not None or time.monotonic() > end:
                raise Failed(f"autograder serve has not started: {log.read_text()[-600:]}")
            time.sleep(0.2)
        yield found[0]
    finally:
        os.killpg(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> int:
    """Exit code 0 if no step failed, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--assignment", default="a1_recurrence")
    parser.add_argument("--folder", type=Path, help="where to play; a temporary folder, removed at the end, by default")
    parser.add_argument("--no-browser", action="store_true", help="give all points without formgrader")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="term-") as temporary:
        folder = (arguments.folder or Path(temporary)).resolve()
        repository = copied(Repository.default(), arguments.assignment, folder / "repository")
        play = Term(folder, repository, Course(folder / "course"), arguments.assignment, subprocesses(repository))
        essays = without_a_browser if arguments.no_browser else in_formgrader
        return 0 if term(play, arguments.students, essays) else 1


def without_a_browser(play: Term) -> None:
    """Give points for two students' answers in the gradebook itself."""
    with existing_gradebook(Course(play.course.root.resolve())) as gradebook:
        assert gradebook is not None
        waiting = [
            grade
            for submission in gradebook.assignment_submissions(play.assignment)
            for grade in submission.notebooks[0].grades
            if grade.needs_manual_grade
        ]
        for grade, points in zip(waiting[:2], (7.5, 4.0), strict=True):
            grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


if __name__ == "__main__":
    sys.exit(main())
