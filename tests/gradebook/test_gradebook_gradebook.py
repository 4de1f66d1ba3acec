"""Results in nbgrader's gradebook and autograded notebooks."""

import os

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI
from nbgrader.nbgraderformat import MetadataValidator
from sqlalchemy import Engine, event
from traitlets.config import PyFileConfigLoader

from autograder.course import notebook as cells
from autograder.gradebook import gradebook as module
from autograder.gradebook.database import GradebookFault, check_file
from autograder.gradebook.gradebook import record
from autograder.grading.assignment import NotBuilt

TINY = "a0_tiny"


def reasons(recorded):
    return {one.student: one.reason for one in recorded}


def course_api(desk):
    """nbgrader with the course's own configuration, as its commands read it."""
    config = PyFileConfigLoader(desk.course.config_file.name, path=str(desk.course.root)).load_config()
    return NbGraderAPI(config=config)


def test_full_partial_and_no_points_reach_the_gradebook(desk, made):
    desk.submit("s1")
    assert reasons(desk.record(made("s1", double=4.0, negate=1.3333))) == {"s1": ""}
    assert desk.grades("s1") == {"double": 4.0, "negate": 1.3333, "why": None}
    desk.record(made("s1", double=0.0))
    assert desk.grades("s1") == {"double": 0.0, "negate": 6.0, "why": None}


def test_points_above_the_cells_points_are_cut_to_them(desk, made):
    desk.submit("s1")
    desk.record(made("s1", double=4.3))
    assert desk.grades("s1")["double"] == 4.0


def test_a_test_cell_holds_the_points_as_text_and_the_tests_as_a_table(desk, made):
    desk.submit("s1")
    desk.record(made("s1", negate=1.5))
    (output,) = cells.find(desk.autograded("s1"), "negate").outputs
    assert float(output.data["text/plain"]) == 1.5
    table = output.data["text/html"]
    assert "1.5 of 6 points" in table
    assert "negate takes a float" in table
    assert "negate of other sizes (3-5)" in table
    assert "result[0] differs: 3e-1" in table


def test_what_tests_say_is_escaped_and_has_no_terminal_codes(desk, made):
    desk.submit("s1")
    result = made("s1", negate=0.0)
    result.exercises[1].tests[0].outcome = "error"
    result.exercises[1].tests[0].message = "\x1b[31mValueError\x1b[0m: <script>alert(1)</script>\x07\ud800" + "x" * 9000
    desk.record(result)
    table = cells.find(desk.autograded("s1"), "negate").outputs[0].data["text/html"]
    assert "ValueError: &lt;script&gt;alert(1)&lt;/script&gt;xxx" in table
    assert "\x1b" not in table
    assert "\x07" not in table
    assert len(table) < 5000


def test_a_note_is_for_the_instructor_alone(desk, made):
    desk.submit("s1")
    result = made("s1", negate=0.0)
    result.exercises[1].tests[1].note = "17 of 20 words are right"
    desk.record(result)
    assert "17 of 20" not in nbformat.writes(desk.autograded("s1"))


def test_a_recognised_mistake_is_said_and_flags_are_not(desk, made):
    desk.submit("s1")
    result = made("s1", negate=0.0)
    result.exercises[1].mistake = "forgets_the_sign"
    desk.record(result)
    text = nbformat.writes(desk.autograded("s1"))
    assert "forgets the sign" in text
    assert "locked-cell-changed" not in text


def test_a_failed_result_makes_no_row_and_leaves_an_earlier_one(desk, made):
    failed = made("s1", status="failed", exercises=[], reason="the grader died")
    desk.submit("s1")
    assert "the grader died" in reasons(desk.record(failed))["s1"]
    assert desk.grades("s1") == {}
    desk.record(made("s1", double=3.0))
    desk.record(failed)
    assert desk.grades("s1") == {"double": 3.0, "negate": 6.0, "why": None}


@pytest.mark.parametrize("content", ["not json", '{"nbformat": 4, "cells": [1]}', "", None])
def test_an_unreadable_submission_has_zero_everywhere_and_its_reason_is_shown(desk, made, content):
    path = desk.submit("s1")
    path.unlink()
    if content is not None:
        path.write_text(content)
    result = made("s1", 0.0, 0.0, status="unreadable", reason="the file is not JSON <b>")
    assert reasons(desk.record(result)) == {"s1": ""}
    assert desk.grades("s1") == {"double": 0.0, "negate": 0.0, "why": 0.0}
    assert desk.grades("s1", "needs_manual_grade")["why"] is False
    notice = desk.autograded("s1").cells[0]
    assert "the file is not JSON <b>" in notice.source.split("\n    ")[1]


def test_a_notebook_refused_by_the_grader_is_not_copied_into_autograded(desk, made):
    path = desk.submit("s1", {"why": "the answer of another student"})
    path.rename(path.parent / "elsewhere.ipynb")
    path.symlink_to(path.parent / "elsewhere.ipynb")
    desk.record(made("s1", 0.0, 0.0, status="unreadable", reason="the notebook is a link"))
    assert "another student" not in nbformat.writes(desk.autograded("s1"))


def test_one_student_that_goes_wrong_stops_no_other(desk, made):
    for student in ("s1", "s2", "s3"):
        desk.submit(student)
    broken = made("s2")
    broken.exercises.pop()
    recorded = desk.record(made("s1"), broken, made("s3"))
    assert [one.recorded for one in recorded] == [True, False, True]
    assert "no exercise negate" in recorded[1].reason
    assert desk.grades("s2") == {}
    assert desk.grades("s3")["negate"] == 6.0


def test_a_student_is_written_to_disk_once(desk, made):
    for student in ("s1", "s2", "s3"):
        desk.submit(student)
    commits = []
    noted = commits.append
    event.listen(Engine, "commit", noted)
    try:
        desk.record(made("s1", double=3.0))
        one = len(commits)
        desk.record(made("s1", double=3.0), made("s2"), made("s3"))
    finally:
        event.remove(Engine, "commit", noted)
    assert len(commits) - 2 * one == 1  # once for each new student; the others look at the schema, once for a class
    assert (desk.grades("s1")["double"], desk.grades("s3")["negate"]) == (3.0, 6.0)


def test_a_conversion_that_goes_wrong_leaves_the_grades_of_an_earlier_run(desk, made):
    desk.submit("s1")
    desk.record(made("s1", double=3.0))
    assert "no exercise double" in reasons(desk.record(made("s1", exercises=[])))["s1"]
    assert desk.grades("s1")["double"] == 3.0


def test_a_person_s_grade_and_comment_survive_and_need_no_second_look(desk, made):
    desk.submit("s1")
    desk.record(made("s1"))
    desk.grade_by_hand("s1", "why", 7.5, "Good, but state the law.")
    desk.grade_by_hand("s1", "negate", 5.0)
    desk.record(made("s1"))
    assert desk.grades("s1", "manual_score") == {"double": None, "negate": 5.0, "why": 7.5}
    assert not any(desk.grades("s1", "needs_manual_grade").values())
    with desk.gradebook() as gradebook:
        assert gradebook.find_comment("why", TINY, TINY, "s1").comment == "Good, but state the law."


def test_a_person_looks_again_where_the_answer_or_the_points_changed(desk, made):
    desk.submit("s1")
    desk.record(made("s1", negate=2.0))
    desk.grade_by_hand("s1", "why", 7.5)
    desk.grade_by_hand("s1", "negate", 5.0)
    desk.submit("s1", {"why": "Another answer."})
    desk.record(made("s1", negate=3.0))
    assert desk.grades("s1", "needs_manual_grade") == {"double": False, "negate": True, "why": True}
    assert desk.grades("s1", "manual_score")["why"] == 7.5


def test_late_penalties_are_nbgraders(desk, made):
    desk.configure("c.LateSubmissionPlugin.penalty_method = 'zero'")
    with desk.gradebook() as gradebook:
        gradebook.update_or_create_assignment(TINY, duedate="2026-01-01 12:00:00 UTC")
    desk.submit("late", stamp="2026-01-01 14:00:00 UTC")
    desk.submit("early", stamp="2026-01-01 10:00:00 UTC")
    desk.submit("odd", stamp="yesterday\x00")
    recorded = desk.record(made("late"), made("early"), made("odd"))
    assert all(one.recorded for one in recorded), recorded
    with desk.gradebook() as gradebook:
        penalties = {s.student_id: s.late_submission_penalty for s in gradebook.assignment_submissions(TINY)}
    assert penalties == {"late": 10.0, "early": 0.0, "odd": 0.0}


def test_an_answer_untouched_or_gone_has_zero(desk, made):
    desk.submit("untouched", {})

    def without_answer(data):
        data["cells"] = [cell for cell in data["cells"] if cell["id"] != "why"]

    desk.submit("gone", change=without_answer)
    desk.record(made("untouched"), made("gone"))
    assert desk.grades("untouched")["why"] == 0.0
    assert desk.grades("gone")["why"] == 0.0


def _each_cell(data):
    return [cell["metadata"].setdefault("nbgrader", {}) for cell in data["cells"]]


DAMAGE = {
    "locked cells without an id": lambda data: [part.pop("grade_id", None) for part in _each_cell(data)],
    "an unknown id": lambda data: _each_cell(data)[0].update(grade_id="x y", locked=True, solution=True),
    "metadata that is no mapping": lambda data: data["cells"][3]["metadata"].update(nbgrader="double"),
    "points that are no number": lambda data: [part.update(points="many") for part in _each_cell(data)],
    "a cell of another kind": lambda data: data["cells"][3].update(cell_type="markdown"),
    "an unknown kind": lambda data: data["cells"][0].update(cell_type="heading"),
    "every cell twice": lambda data: data["cells"].extend(data["cells"][:]),
    "all test cells gone": lambda data: data.update(
        cells=[c for c in data["cells"] if "check" not in str(c["source"])]
    ),
    "every cell gone": lambda data: data.update(cells=[]),
    "a lone surrogate": lambda data: data["cells"][2].update(source="s = '\ud800'"),
    "sources that hold numbers": lambda data: [c.update(source=[*c["source"], 7]) for c in data["cells"]],
    "an old schema": lambda data: [part.update(schema_version=1) for part in _each_cell(data)],
    "no ids": lambda data: [c.pop("id") for c in data["cells"]],
    "a list for cell metadata": lambda data: data["cells"][1].update(metadata=[]),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_notebook_has_the_points_of_its_result(desk, made, damage):
    desk.submit("s1", change=DAMAGE[damage])
    assert reasons(desk.record(made("s1", negate=2.5))) == {"s1": ""}
    scores = desk.grades("s1")
    assert (scores["double"], scores["negate"]) == (4.0, 2.5)
    autograded = desk.autograded("s1")
    nbformat.validate(autograded)
    MetadataValidator().validate_nb(autograded)


def test_given_cells_and_points_come_from_the_release_and_answers_from_the_student(desk, made):
    def change(data):
        for cell in data["cells"]:
            cell["metadata"].get("nbgrader", {}).update(points=1000)
            if cell["id"] == "given-1" or "import math" in cell["source"]:
                cell["source"] = "import os"

    desk.submit("s1", change=change)
    desk.record(made("s1"))
    autograded = desk.autograded("s1")
    assert cells.find(autograded, "given-setup").source == "import math"
    assert cells.points(cells.find(autograded, "double")) == 4
    assert cells.find(autograded, "negate-solution").source == "def negate(x):\n    return -x"


def test_a_students_markdown_cannot_run_or_fetch_in_formgrader(desk, made):
    evil = "$a<b$ <script>alert(1)</script> <img src=x onerror=alert(1)> ![p](http://evil.example/p.png) <br>"
    desk.submit("s1", {"why": evil})
    desk.record(made("s1"))
    answer = cells.find(desk.autograded("s1"), "why").source
    assert "<script" not in answer
    assert "<img" not in answer
    assert "![" not in answer
    assert "<br>" in answer


def test_files_beside_a_submission_are_not_copied(desk, made, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("not yours")
    folder = desk.submit("s1", stamp="2026-01-01 10:00:00 UTC").parent
    (folder / "leak.txt").symlink_to(secret)
    (folder / "conftest.py").write_text("raise SystemExit")
    os.mkfifo(folder / "pipe")
    assert reasons(desk.record(made("s1"))) == {"s1": ""}
    kept = sorted(path.name for path in (desk.course.autograded / "s1" / TINY).iterdir())
    assert kept == [f"{TINY}.ipynb", "timestamp.txt"]


def test_a_configuration_with_execute_runs_no_students_code(desk, made, tmp_path):
    desk.configure("c.Autograde.autograde_preprocessors[0] = 'nbgrader.preprocessors.Execute'")
    ran = tmp_path / "ran"
    desk.submit("s1", {"double-solution": f"open({str(ran)!r}, 'w')"})
    assert reasons(desk.record(made("s1", negate=1.0))) == {"s1": ""}
    assert desk.grades("s1")["negate"] == 1.0
    assert not ran.exists()


def test_ids_that_are_not_on_the_roster_or_no_ids_stay_out(desk, made):
    desk.submit("s1")
    recorded = desk.record(made("s1"), made("../s2", status="unreadable"), roster=["s3"])
    assert reasons(recorded) == {
        "s1": "this student is not on the roster",
        "../s2": "the folder's name is not a valid student id: use letters, digits, blanks and _ . , @ - + ' ( )",
    }
    assert desk.grades("s1") == {}


def test_submissions_may_lie_in_another_folder(desk, made, tmp_path):
    desk.submit("s1")
    elsewhere = tmp_path / "collected"
    desk.course.submitted.rename(elsewhere)
    assert reasons(desk.record(made("s1"), submitted=elsewhere)) == {"s1": ""}
    assert cells.find(desk.autograded("s1"), "negate-solution").source == "def negate(x):\n    return -x"


def test_a_path_too_long_for_the_database_needs_no_backup_but_a_shorter_one(tmp_path):
    folder = tmp_path / ("x" * 200) / ("y" * 200) / ("z" * 200)
    folder.mkdir(parents=True)
    (folder / "gradebook.db").touch()
    with pytest.raises(GradebookFault, match="no longer than 500 characters"):
        check_file(folder / "gradebook.db")


def test_an_assignment_that_was_not_built_is_a_sentence(desk, made, tmp_path):
    desk.repository.secret("a1_other").mkdir()
    desk.repository.source("a1_other").write_text("")
    with pytest.raises(NotBuilt, match="a1_other was not built"):
        record(desk.course, desk.repository, "a1_other", [made("s1")])
    with pytest.raises(NotBuilt, match="no assignment 'nothing'"):
        record(desk.course, desk.repository, "nothing", [made("s1")])


def test_the_process_is_left_as_it_was_and_the_log_cannot_be_forged(desk, made):
    before = dict(os.environ)
    desk.submit("s1")
    broken = made("s1", exercises=[])
    broken.student = "s1"
    desk.record(broken)
    assert dict(os.environ) == before
    log = (desk.course.root / "gradebook.log").read_text()
    assert "Traceback" in log
    assert all(line[:2] == "20" or line.startswith("    | ") for line in log.splitlines())


def test_nbgraders_own_command_gives_the_same_grades(desk, made, monkeypatch):
    results = {"s1": made("s1", negate=1.25), "s2": made("s2", 0.0, 0.0, status="unreadable", reason="not JSON")}
    desk.submit("s1")
    desk.submit("s2").write_text("not JSON")
    monkeypatch.setattr(module, "grade_one", lambda course, repository, assignment, student, options: results[student])
    answer = course_api(desk).autograde(TINY, "*")
    assert answer["success"], answer
    by_command = {student: desk.grades(student) for student in results}
    desk.record(*results.values())
    assert by_command == {student: desk.grades(student) for student in results}
    assert by_command["s1"] == {"double": 4.0, "negate": 1.25, "why": None}


def test_nbgraders_own_command_leaves_no_zero_behind_a_failure(desk, made, monkeypatch):
    desk.submit("s1")
    failed = made("s1", status="failed", exercises=[], reason="the grader died")
    monkeypatch.setattr(module, "grade_one", lambda *place, **settings: failed)
    answer = course_api(desk).autograde(TINY, "s1")
    assert not answer["success"]
    assert "the grader died" in answer["log"]
    assert desk.grades("s1") == {}
