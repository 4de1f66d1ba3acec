"""Results are written as nbgrader's own converter writes them; where a course asks for more, the converter is run."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, nullcontext

import pytest
from nbgrader.api import GradeCell, SourceCell

from autograder.course.paths import Course
from autograder.gradebook import gradebook, writer

from .conftest import ASSIGNMENT as TINY
from .conftest import Desk


def rows(course):
    """All rows of a gradebook; an id that chance has made is replaced by what it stands for."""
    with closing(sqlite3.connect(course.gradebook)) as opened:
        tables = [name for (name,) in opened.execute("select name from sqlite_master where type='table'")]
        content = {table: [list(row) for row in opened.execute(f"select * from {table}")] for table in tables}
    names: dict[str, str] = {}
    for table in ("assignment", "notebook", "base_cell", "submitted_assignment", "submitted_notebook"):
        for row in content.get(table, []):
            names[row[0]] = f"{table} {[names.get(value, value) for value in row[1:]]}"
    return {
        table: sorted(
            repr([names.get(value, value) for value in row[table in ("grade", "comment") :]]) for row in found
        )
        for table, found in content.items()
    }


def files(course):
    """What stands in autograded/, with its rights."""
    found = (path for path in course.autograded.rglob("*") if path.is_file())
    return {str(path.relative_to(course.autograded)): (path.read_bytes(), path.stat().st_mode) for path in found}


@pytest.mark.parametrize("way", ["writer", "converter"])
def test_the_rows_and_the_files_are_those_of_nbgraders_own_way(desk, made, tmp_path, monkeypatch, way):
    """Of the writer, and of the converter with a gradebook that reads each table once."""
    with desk.gradebook() as opened:
        opened.update_or_create_assignment(TINY, duedate="2026-01-01 12:00:00 UTC")
    desk.configure("c.LateSubmissionPlugin.penalty_method = 'zero'")
    desk.submit("s1")
    desk.submit("late", stamp="2026-01-01 14:00:00 UTC")
    desk.submit("untouched", {})
    desk.submit("unreadable").write_text("no notebook")
    desk.submit("foreign", change=lambda data: data["cells"].pop(2))
    shutil.copytree(desk.course.root, tmp_path / "other" / desk.course.root.name)
    other = Desk(Course(tmp_path / "other" / desk.course.root.name), desk.repository)
    config = other.course.config_file
    config.write_text(config.read_text().replace(str(desk.course.root), str(other.course.root)))
    unreadable = made("unreadable", 0.0, 0.0, status="unreadable", reason="the file is not JSON")
    first = [made("s1"), made("late", negate=2.5), made("untouched", 0.0, 0.0), made("foreign"), unreadable]
    again = [made("s1", double=1.0), made("late"), made("untouched"), made("foreign"), unreadable]
    for round_, results in enumerate((first, again, again)):
        with monkeypatch.context() as chosen:
            if way == "converter":
                chosen.setattr(gradebook, "writer_for", lambda *_: None)
            else:
                chosen.setattr(gradebook, "_Recorder", lambda *_, **__: pytest.fail("the converter was run"))
            desk.record(*results)
        with monkeypatch.context() as stock:
            stock.setattr(gradebook, "writer_for", lambda *_: None)
            stock.setattr(gradebook, "read_once", nullcontext)
            other.record(*results)
        assert rows(desk.course) == rows(other.course)
        assert len(rows(desk.course)["grade"]) == 15
        assert files(desk.course) == files(other.course)
        assert len(files(desk.course)) == 6
        for one in (desk, other):
            if round_ == 0:
                one.grade_by_hand("s1", "why", 7.5, "Good.")
                one.submit("untouched")
            else:
                one.submit("s1", {"why": "Another answer."})


MORE = (
    "c.OverwriteCells.add_missing_cells = True",
    "c.NbGraderPreprocessor.enabled = False",
    "c.Autograde.pre_convert_hook = print",
    "c.Autograde.create_student = False",
    "c.CourseDirectory.groupshared = True",
    "c.LimitOutput.max_lines = 3",
    "c.AssignLatePenalties.plugin_class = 'nbgrader.plugins.LateSubmissionPlugin'",
    "c.Autograde.autograde_preprocessors.append('nbgrader.preprocessors.LockCells')",
    "c.Autograde.autograde_preprocessors.remove('nbgrader.preprocessors.SaveAutoGrades')",
    "a = c.Autograde; del a.sanitize_preprocessors; a.sanitize_preprocessors.append('nbgrader.preprocessors.Execute')",
)


@pytest.fixture
def converted(monkeypatch):
    """The students whose results nbgrader's converter took."""
    noted = []

    class Noting(gradebook._Recorder):
        def run(self, opened):
            noted.append(self.result.student)
            return super().run(opened)

    monkeypatch.setattr(gradebook, "_Recorder", Noting)
    return noted


@pytest.mark.parametrize("line", MORE)
def test_a_course_that_sets_more_of_nbgraders_steps_has_its_converter(desk, made, converted, line):
    desk.submit("s1")
    desk.configure(line)
    desk.record(made("s1"))
    assert converted == ["s1"]


@pytest.mark.parametrize("line", ["c.LateSubmissionPlugin.penalty_method = 'zero'", "c.ExchangeSubmit.strict = True"])
def test_what_concerns_other_programs_leaves_the_quick_way(desk, made, converted, line):
    desk.submit("s1")
    desk.configure(line)
    desk.record(made("s1"))
    assert converted == []
    assert desk.grades("s1") == {"double": 4.0, "negate": 6.0, "why": None}


def test_a_gradebook_that_knows_another_release_has_nbgraders_converter(desk, made, converted):
    desk.submit("s1")
    with desk.gradebook() as opened:
        opened.db.query(SourceCell).filter(SourceCell.name == "why").one().checksum = "another"
        opened.db.commit()
    desk.record(made("s1"))
    assert converted == ["s1"]


def test_a_gradebook_without_a_graded_cell_has_nbgraders_converter(desk, made, converted):
    desk.submit("s1")
    with desk.gradebook() as opened:
        opened.db.delete(opened.db.query(GradeCell).filter(GradeCell.name == "negate").one())
        opened.db.commit()
    (recorded,) = desk.record(made("s1"))
    assert converted == ["s1"]
    assert "negate" in recorded.reason


def test_a_row_that_is_missing_stops_no_other_student(desk, made):
    for student in ("s1", "s2"):
        desk.submit(student)
    desk.record(made("s1"), made("s2"))
    with desk.gradebook() as opened:
        opened.db.delete(opened.find_grade("double", TINY, TINY, "s1"))
        opened.db.commit()
    first, second = desk.record(made("s1", negate=1.0), made("s2", negate=1.0))
    assert "the gradebook has no grade of the cell" in first.reason
    assert second.recorded
    assert (desk.grades("s1")["negate"], desk.grades("s2")["negate"]) == (6.0, 1.0)


def test_steps_that_are_not_there_are_nbgraders_to_tell(desk, made, converted):
    desk.submit("s1")
    desk.configure("c.Autograde.autograde_preprocessors = ['no.such.Step']")
    (recorded,) = desk.record(made("s1"))
    assert converted == ["s1"]
    assert not recorded.recorded
    assert recorded.reason


@pytest.mark.parametrize("fails", ["written", "commit"])
def test_what_goes_wrong_leaves_rows_and_files_as_they_were(desk, made, monkeypatch, fails):
    desk.submit("s1")
    desk.record(made("s1", double=3.0))
    before = rows(desk.course), files(desk.course)

    def broken(*_):
        raise OSError(28, "No space left on device")

    class Full(writer.Session):
        commit = broken

    with monkeypatch.context() as patch:
        patch.setattr(writer, *{"written": ("written", broken), "commit": ("Session", Full)}[fails])
        (recorded,) = desk.record(made("s1"))
    assert not recorded.recorded
    assert "the disk is full" in recorded.reason
    assert (rows(desk.course), files(desk.course)) == before
    assert desk.record(made("s1"))[0].recorded
    assert desk.grades("s1")["double"] == 4.0
