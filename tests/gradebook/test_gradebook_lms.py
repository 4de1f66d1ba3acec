"""Canvas and Moodle: whose line is whose, grades that they import, feedback that they take back."""

import csv
import io
import re
import zipfile

import pytest

from autograder.gradebook import lms
from autograder.gradebook.feedback import write_feedback
from autograder.gradebook.publish import final_grades, hand_feedback, hand_grades

TINY = "a0_tiny"
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,a0_tiny (4711),Quiz (12),Final Score\r\n"
    ",,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,20,10,(read only)\r\n"
    '"Müller, José",1001,0007,jmueller,"Sec 1, Mon",,9,1\r\n'
    "山田太郎,1002,0008,yamada,Sec 2,,,\r\n"
    '"O\'Brien, Ann",1003,0009,a.b+c@uni.edu,Sec 1,,,\r\n'
    '"Student, Test",1999,,a1b2c3,Sec 1,,,\r\n'
)
MOODLE = (
    "Identifier,Full name,ID number,Email address,Status,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    'Participant 501,José Müller,0007,jm@uni.edu,Submitted for grading,,20.00,Yes,"Monday, 1 June 2026, 10:00 AM",-,\n'
    "Participant 502,山田太郎,0008,yamada@uni.edu,No submission,,20.00,Yes,-,-,\n"
    'Participant 503,Ann O\'Brien,0009,a.b+c@uni.edu,Submitted for grading,,20.00,No,-,-,"kept, as it is"\n'
)


@pytest.fixture
def graded(desk, made):
    """Three students: by login, by name and by e-mail in the LMS; all answers graded but the third's."""
    with desk.gradebook() as gradebook:
        gradebook.add_student("jmueller", first_name="José", last_name="Müller", email="jm@uni.edu")
        gradebook.add_student("s2", last_name="山田太郎")
        gradebook.add_student("abc", first_name="Ann", last_name="Other", email="A.B+C@uni.edu")
    for student in ("jmueller", "s2", "abc"):
        desk.submit(student)
        desk.record(made(student, negate=1.25))
    desk.grade_by_hand("jmueller", "why", 7.5)
    desk.grade_by_hand("abc", "why", 3)
    return desk


def written(path, text):
    path.write_text(text, encoding="utf-8-sig")
    return path


def rows(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def test_canvas_gets_its_own_ids_and_names_back_with_the_final_grades(graded, tmp_path):
    out = tmp_path / "out.csv"
    handed = hand_grades(graded.course, TINY, "canvas", written(tmp_path / "canvas.csv", CANVAS), out)
    assert rows(out) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "a0_tiny (4711)"],
        ["    Points Possible", "", "", "", "", "20"],
        ["O'Brien, Ann", "1003", "0009", "a.b+c@uni.edu", "Sec 1", "8.25"],
        ["Müller, José", "1001", "0007", "jmueller", "Sec 1, Mon", "12.75"],
    ]
    assert handed.students == 2
    assert "s2: no grade in the file: to grade" in handed.remarks
    assert any("Student, Test" in remark and "nobody" in remark for remark in handed.remarks)


def test_what_a_setting_of_canvas_parts_by_semicolons_comes_back_so(graded, tmp_path):
    parted = io.StringIO(newline="")
    csv.writer(parted, delimiter=";").writerows(csv.reader(io.StringIO(CANVAS, newline="")))
    text = parted.getvalue().replace("Quiz (12)", "Quiz, 1, 2, 3, 4, 5, 6, 7, 8 (12)").replace(";20;", ";20,0;")
    out = tmp_path / "out.csv"
    handed = hand_grades(graded.course, TINY, "canvas", written(tmp_path / "canvas.csv", text), out)
    lines = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8"), newline=""), delimiter=";"))
    assert lines[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "a0_tiny (4711)"]
    assert ["Müller, José", "1001", "0007", "jmueller", "Sec 1, Mon", "12.75"] in lines
    assert not [remark for remark in handed.remarks if "is worth" in remark]


def test_canvas_with_last_and_first_names_in_two_columns_gets_them_back(graded, tmp_path):
    text = (
        "LastName,FirstName,ID,SIS Login ID,Section,a0_tiny (4711)\r\n    Points Possible,,,,,20,\r\n"
        "Müller,José,1001,x,A,\r\nOther,Ann,1003,y,A,\r\n"
    )
    handed = hand_grades(graded.course, TINY, "canvas", written(tmp_path / "c.csv", text), tmp_path / "o")
    assert rows(tmp_path / "o") == [
        ["LastName", "FirstName", "ID", "SIS Login ID", "Section", "a0_tiny (4711)"],
        ["    Points Possible", "", "", "", "", "20"],
        ["Other", "Ann", "1003", "y", "A", "8.25"],
        ["Müller", "José", "1001", "x", "A", "12.75"],
    ]
    assert not [remark for remark in handed.remarks if remark.startswith("line of")]


def test_a_column_of_canvas_may_be_named_with_its_number(graded, tmp_path):
    listing = written(tmp_path / "c.csv", CANVAS.replace("a0_tiny (4711)", "Recurrence (2) (4711)"))
    for column in ("Recurrence (2) (4711)", "recurrence (2)"):
        handed = hand_grades(graded.course, TINY, "canvas", listing, tmp_path / "o", column)
        assert rows(tmp_path / "o")[0][-1] == "Recurrence (2) (4711)"
        assert not [remark for remark in handed.remarks if "lists no assignment" in remark]


def test_another_person_of_the_same_name_gets_no_grade(graded, tmp_path):
    """On Canvas's roster José was 1001; he has left, and somebody else of his name is in the class."""
    (graded.course.root / "roster.csv").write_text(
        'id,Student,ID,SIS Login ID\njmueller,"Müller, José",1001,jmueller\n', encoding="utf-8"
    )
    for number, lines in (("1001", 1), ("2001", 0)):
        text = f'Student,ID,SIS Login ID,Section,a0_tiny (1)\n"Müller, José",{number},other,A,\n'
        handed = hand_grades(graded.course, TINY, "canvas", written(tmp_path / "c.csv", text), tmp_path / "o")
        assert handed.students == lines
    assert "line of Müller, José: it has the name of jmueller, whose ID there is 1001" in handed.remarks


def test_the_points_of_a_notebook_that_cannot_be_read_are_said(graded, made, tmp_path):
    unreadable = made("jmueller", 0.0, 0.0, status="unreadable", reason="not JSON")
    for one in (unreadable, made("ghost", 0.0, 0.0, status="unreadable", reason="not on the roster")):
        one.write(graded.course.result(one.student, TINY))
    graded.record(unreadable)
    handed = hand_grades(graded.course, TINY, "canvas", written(tmp_path / "c.csv", CANVAS), tmp_path / "o")
    assert "jmueller: unreadable: 7.5 points in the file" in handed.remarks
    assert not [remark for remark in handed.remarks if remark.startswith("ghost")]


def test_moodle_gets_its_worksheet_back(graded, tmp_path):
    out = tmp_path / "out.csv"
    handed = hand_grades(graded.course, TINY, "moodle", written(tmp_path / "moodle.csv", MOODLE), out)
    given = list(csv.reader(io.StringIO(MOODLE)))
    found = rows(out)
    assert found[0] == given[0]
    assert [row[0] for row in found[1:]] == ["Participant 503", "Participant 501"]
    assert [row[5] for row in found[1:]] == ["8.25", "12.75"]
    assert [row[:5] + row[6:] for row in found[1:]] == [given[3][:5] + given[3][6:], given[1][:5] + given[1][6:]]
    assert any("cannot be changed" in remark for remark in handed.remarks)


def test_points_that_differ_and_a_column_that_is_missing_are_said(graded, tmp_path):
    other = CANVAS.replace(",20,10,", ",100,10,")
    handed = hand_grades(graded.course, TINY, "canvas", written(tmp_path / "c.csv", other), tmp_path / "o")
    assert "in Canvas a0_tiny is worth 100 points, in the gradebook 20: change one of them" in handed.remarks
    handed = hand_grades(
        graded.course, TINY, "canvas", written(tmp_path / "c.csv", CANVAS), tmp_path / "o", "Recurrence"
    )
    assert rows(tmp_path / "o")[0][-1] == "Recurrence"
    assert "Canvas lists no assignment 'Recurrence': it will offer to make a new one" in handed.remarks


def test_the_totals_are_those_of_the_export(graded):
    grades = final_grades(graded.course, TINY)
    assert grades.totals == {"jmueller": 12.75, "abc": 8.25}
    assert (grades.most, grades.waiting) == (20.0, {"s2": "to grade"})


@pytest.mark.parametrize("twice", ["same", "Twin"])
def test_a_line_that_fits_two_people_and_two_lines_for_one_are_not_guessed(tmp_path, twice):
    text = "Student,ID,SIS User ID,SIS Login ID,Section\nAda Twin,1,,,\nAda Twin,2,,,\nBo Same,3,same,,\n"
    listing = lms.read_canvas(written(tmp_path / "c.csv", text))
    people = [lms.Person("t1", "Ada Twin"), lms.Person("same", "Somebody Else")]
    matched = lms.match(listing, people)
    assert list(matched.lines) == ["same"]  # an id goes before a name
    assert "t1 (Ada Twin): 2 lines fit" in matched.unclear
    matched = lms.match(listing, [lms.Person("t1", "Ada Twin"), lms.Person("t2", "Twin, Ada")])
    assert matched.lines == {}
    assert "line of Ada Twin: fits t1 and t2" in matched.unclear


def test_a_canvas_number_in_the_gradebook_goes_before_all_else(tmp_path):
    listing = lms.read_canvas(written(tmp_path / "c.csv", CANVAS))
    people = [lms.Person("x", lms_id="1001"), lms.Person("jmueller")]
    assert lms.match(listing, people).lines.keys() == {"x"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n", "export the gradebook from Canvas"),
        ("Student,ID\nJosé,1\n".encode("latin-1"), "not in UTF-8"),
    ],
)
def test_another_file_is_refused_with_what_to_do(tmp_path, content, said):
    path = tmp_path / "c.csv"
    path.write_bytes(content)
    with pytest.raises(lms.LmsFileError, match=said):
        lms.read_canvas(path)
    with pytest.raises(lms.LmsFileError, match="Offline grading worksheet"):
        lms.read_moodle(written(path, CANVAS))


def names(path):
    with zipfile.ZipFile(path) as content:
        return {name: content.read(name).decode() for name in content.namelist()}


def test_moodles_zip_names_each_page_as_moodle_parses_it(graded, tmp_path):
    write_feedback(graded.course, TINY)
    out = tmp_path / "out.zip"
    handed = hand_feedback(graded.course, TINY, "moodle", written(tmp_path / "m.csv", MOODLE), out)
    found = names(out)
    assert handed.students == 3
    assert found.keys() == {
        "José Müller_501_assignfeedback_file_/a0_tiny.html",
        "山田太郎_502_assignfeedback_file_/a0_tiny.html",
        "Ann O'Brien_503_assignfeedback_file_/a0_tiny.html",
    }
    assert "Feedback for jmueller" in found["José Müller_501_assignfeedback_file_/a0_tiny.html"]
    for name in found:  # as assignfeedback_file does: five parts at most, the second a number
        parts = name.split("/")[0].split("_", 4)
        assert (len(parts), parts[2], parts[3], parts[4]) == (5, "assignfeedback", "file", "")
        assert parts[1].isdigit()


def test_canvas_zip_keeps_the_numbers_of_the_person_and_of_the_file(graded, tmp_path):
    write_feedback(graded.course, TINY)
    archive = tmp_path / "submissions.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("müllerjosé_LATE_1001_88_a0_tiny-1.ipynb", "")
        made.writestr("müllerjosé_LATE_1001_99_notes.txt", "")
        made.writestr("obrienann_1003_77_a0_tiny.ipynb", "")
    out = tmp_path / "out.zip"
    listing = written(tmp_path / "c.csv", CANVAS)
    handed = hand_feedback(graded.course, TINY, "canvas", listing, out, archive)
    found = names(out)
    assert found.keys() == {"müllerjosé_LATE_1001_88_a0_tiny.html", "obrienann_1003_77_a0_tiny.html"}
    assert "Feedback for abc" in found["obrienann_1003_77_a0_tiny.html"]
    for name in found:  # as Canvas does: the first two numbers between underscores
        assert len(re.findall(r"(?<=_)\d+(?=_)", name)[:2]) == 2
    assert any("user 1002" in remark or "s2" in remark for remark in handed.remarks)
    with pytest.raises(lms.LmsFileError, match="--archive"):
        hand_feedback(graded.course, TINY, "canvas", listing, out)
    archive.write_bytes(archive.read_bytes().replace("ü".encode(), b"\xff\xff"))
    with pytest.raises(lms.LmsFileError, match="is not a zip"):
        hand_feedback(graded.course, TINY, "canvas", listing, out, archive)
