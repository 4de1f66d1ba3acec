"""author/variants.py: own numbers drawn, told, kept, and what their author must mend."""

from __future__ import annotations

import csv
import io
import json
import shutil
import stat
import unicodedata
import zipfile

import nbformat
import pytest

from autograder.author import check as checking
from autograder.author.build import read_source
from autograder.author.bundle import bundle
from autograder.author.leaks import LeakFound
from autograder.author.own_numbers import read_questions
from autograder.author.variants import NoNumbers, check_questions, give, sheets
from autograder.course import notebook as cells
from autograder.course import variants as told
from autograder.course.paths import Course, Repository
from autograder.course.source import SourceError
from autograder.course.variants import course_variants
from autograder.gradebook import lms
from autograder.gradebook.publish import hand_pages
from autograder.grading.assignment import Assignment
from autograder.grading.batch import grade_one
from autograder.grading.options import Options
from sample import NAME, build_sample

VARIANTS = """
NUMBERS = {"why": {"N": range(2, 40), "D": (3, 5, 7)}}

def why(N, D):
    return {
        "asks": f"How many numbers has a matrix of $N = {N}$ rows and $D = {D}$ columns?",
        "expects": f"The product of both is {N * D}, for whatever is in them.",
        "marks": "5 of the 20 points are for this student's own number.",
    }
"""
ROSTER = "id,first_name,last_name,email\ns1,Ana,=Cruz,ana@uni.edu\ns2,山田,太郎,\na.b+c@uni.edu,A,B,\n"
OWN = f'[assignments.{NAME}.written]\nnumbers = "own"\n'
IDS = ["s1", "s2", "a.b-c@uni.edu"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return build_sample(tmp_path_factory.mktemp("variants"))


@pytest.fixture
def own(made, tmp_path):
    """A copy of the sample, with questions that have numbers, a class, and rules that give each student own ones."""
    shutil.copytree(made[0].root.parent, tmp_path / "own")
    repository, course = Repository(tmp_path / "own" / "repository"), Course(tmp_path / "own" / "course")
    repository.variants(NAME).write_text(VARIANTS)
    (course.root / "roster.csv").write_text(ROSTER)
    (course.root / "course.toml").write_text(OWN)
    return repository, course


def asked_of(course):
    return json.loads(told.record(course, NAME).read_text())


def test_numbers_follow_from_secret_student_and_question(own):
    repository, _ = own
    source = read_source(repository, NAME)
    (question,) = read_questions(repository, source)

    def drawn(secret=b"one", assignment=NAME, student="s1"):
        return question.drawn(secret, assignment, student)

    assert drawn() == drawn()
    assert all(drawn()[name] in options for name, options in question.choices.items())
    for other in ({"secret": b"two"}, {"assignment": "a2_other"}):
        assert [drawn(student=f"s{n}", **other) for n in range(9)] != [drawn(student=f"s{n}") for n in range(9)]
    assert len({tuple(drawn(student=f"s{number}").items()) for number in range(60)}) > 30
    decomposed = unicodedata.normalize("NFD", "José")
    assert drawn(student=decomposed) == drawn(student="José")


def test_each_student_on_the_roster_is_told_and_nobody_reads_anothers(own):
    repository, course = own
    given = give(repository, course, NAME)
    assert (given.new, given.questions, given.roster.ids()) == (3, ("why",), IDS)
    asked = asked_of(course)
    assert sorted(asked) == sorted(IDS)
    assert stat.S_IMODE(told.record(course, NAME).stat().st_mode) == 0o600
    for student in IDS:
        numbers = asked[student]["why"]["numbers"]
        page = sheets(course, NAME, given.roster)[student].read_text()
        assert f">{numbers['N']}<" in page.replace(" ", "")  # the formula as MathML
        assert "product of both" not in page
        assert "own number." not in page
        assert student in page
    rows = list(csv.DictReader(io.StringIO(given.table.read_text("utf-8-sig"))))
    assert [row["id"] for row in rows] == IDS
    assert rows[0]["last_name"] == "'=Cruz"
    assert [row["why N"] for row in rows] == [str(asked[student]["why"]["numbers"]["N"]) for student in IDS]
    assert rows[1]["why text"] == asked["s2"]["why"]["asks"]
    assert "product" not in given.table.read_text("utf-8-sig")
    by = course_variants(course, NAME)
    assert by.of("s1")["why"].expects == asked["s1"]["why"]["expects"]
    assert by.of("a.b+c@uni.edu") == by.of("a.b-c@uni.edu") != {}
    assert by.of("nobody") == {}


def test_what_was_told_stays_and_who_comes_later_is_told_too(own):
    repository, course = own
    give(repository, course, NAME)
    before = asked_of(course)
    text = VARIANTS.replace("range(2, 40)", "range(100, 140)").replace("How many", "Say how many")
    repository.variants(NAME).write_text(text.replace("The product of both", "The size"))
    (course.root / "roster.csv").write_text(ROSTER + "s9,New,Student,\n")
    assert give(repository, course, NAME).new == 1
    after = asked_of(course)
    for student in IDS:
        old, new = before[student]["why"], after[student]["why"]
        assert (new["numbers"], new["asks"]) == (old["numbers"], old["asks"])
        assert new["expects"] == old["expects"].replace("The product of both", "The size")
    assert after["s9"]["why"]["numbers"]["N"] >= 100
    assert after["s9"]["why"]["asks"].startswith("Say how many")


def test_numbers_that_were_told_and_fit_no_more_are_refused_and_nothing_is_written(own):
    repository, course = own
    give(repository, course, NAME)
    before = told.record(course, NAME).read_bytes()
    repository.variants(NAME).write_text(VARIANTS.replace("D", "E"))
    with pytest.raises(NoNumbers, match=r"was told numbers that variants.py no longer takes: why with N = \d+, D"):
        give(repository, course, NAME)
    assert told.record(course, NAME).read_bytes() == before


def test_the_same_numbers_for_all_unless_the_course_says_otherwise(own):
    repository, course = own
    give(repository, course, NAME)
    (course.root / "course.toml").unlink()
    assert course_variants(course, NAME).of("s1") == {}
    with pytest.raises(NoNumbers, match=r'asks all the same: write numbers = "own"'):
        give(repository, course, NAME)


def test_without_a_class_or_without_questions_nobody_is_told(own):
    repository, course = own
    (course.root / "roster.csv").unlink()
    with pytest.raises(NoNumbers, match="autograder roster"):
        give(repository, course, NAME)
    repository.variants(NAME).unlink()
    with pytest.raises(NoNumbers, match=r"no variants.py"):
        give(repository, course, NAME)
    assert not told.folder(course, NAME).exists()


def test_a_students_own_zip_is_the_release_with_the_numbers_below_the_question(own):
    repository, course = own
    give(repository, course, NAME, zips=True)
    common = bundle(repository, course, NAME, course.root)
    name = f"{NAME}/{NAME}.ipynb"
    with zipfile.ZipFile(common) as one, zipfile.ZipFile(told.folder(course, NAME) / "s1" / f"{NAME}.zip") as other:
        assert one.namelist() == other.namelist()
        assert [place for place in one.namelist() if one.read(place) != other.read(place)] == [name]
        notebook = nbformat.reads(other.read(name).decode(), as_version=4)
    ids = [cell.id for cell in notebook.cells]
    assert ids[ids.index("why-question") : ids.index("why") + 1] == ["why-question", "why-numbers", "why"]
    asks = asked_of(course)["s1"]["why"]["asks"]
    assert cells.read(repository.notebook(NAME)).cells == [cell for cell in notebook.cells if cell.id != "why-numbers"]
    assert next(cell for cell in notebook.cells if cell.id == "why-numbers").source == f"**Your own numbers.** {asks}"


def test_work_in_a_students_own_notebook_is_graded_without_a_flag(own):
    repository, course = own
    give(repository, course, NAME, zips=True)
    with zipfile.ZipFile(told.folder(course, NAME) / "s1" / f"{NAME}.zip") as content:
        notebook = nbformat.reads(content.read(f"{NAME}/{NAME}.ipynb").decode(), as_version=4)
    cells.find(
        notebook, "scaled-solution"
    ).source = 'def scaled(x, factor):\n    return factor * x, {"factor": factor}\n'
    cells.write(course.submission("s1", NAME), notebook)
    result = grade_one(course, repository, NAME, "s1", Options())
    assert (result.status, result.points, result.flags) == ("graded", 40.0, [])


def test_numbers_change_no_result(own):
    repository, course = own
    before = Assignment.load(course, repository, NAME).fingerprint()
    repository.variants(NAME).unlink()
    assert Assignment.load(course, repository, NAME).fingerprint() == before


def test_moodles_bulk_upload_gets_a_page_for_each_student(own, tmp_path):
    repository, course = own
    given = give(repository, course, NAME)
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_text(
        "Identifier,Full name,Email address,Status,Grade\nParticipant 7,Ana =Cruz,ana@uni.edu,,\nParticipant 8,X,,,\n"
    )
    people = [lms.Person(student.id, student.name, student.email) for student in given.roster]
    out = tmp_path / "out.zip"
    handed = hand_pages(people, worksheet, sheets(course, NAME, given.roster), out)
    with zipfile.ZipFile(out) as content:
        assert content.namelist() == ["Ana =Cruz_7_assignfeedback_file_/your-numbers.html"]
    assert [remark.split(":")[0] for remark in handed.remarks] == ["s2 (山田 太郎)", "a.b-c@uni.edu (A B)"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('{"why":', '{"how":', "'how' is no written question"),
        ("NUMBERS =", "NONE =", "no dictionary called NUMBERS"),
        ("def why", "def because", "write def why(N, D)"),
        ("range(2, 40)", "(2,)", "two choices or more"),
        ("range(2, 40)", "(2, 2)", "a choice is there twice"),
        ("range(2, 40)", "(2, None)", "a whole number, a float or a text"),
        ('{"N": range(2, 40), "D": (3, 5, 7)}', "3", "no dictionary of choices"),
        ("range(2, 40)", "range(2, 5)", "9 sets of numbers: give it 20 or more"),
        ("{N * D}", "{N // 0}", "ZeroDivisionError"),
        ('"marks"', '"mark"', "does not return a dict of asks, expects, marks"),
        ('"5 of the 20 points are for this student\'s own number."', "5", "marks is no text"),
        (" and $D = {D}$ columns", "", "asks does not say all the numbers"),
        ("columns?", "columns? The product of both is {N * D}, for whatever is in them.", "gives away"),
        ("is {N * D}", "is large", "does not depend on the numbers"),
    ],
)
def test_what_an_author_must_mend_is_told(own, old, new, says):
    repository, course = own
    assert VARIANTS.count(old) == 1
    repository.variants(NAME).write_text(VARIANTS.replace(old, new))
    with pytest.raises(SourceError) as refused:
        give(repository, course, NAME)
    assert says in str(refused.value)
    assert f"solutions/{NAME}/variants.py" in str(refused.value)
    assert not told.folder(course, NAME).exists()


def test_build_check_tries_the_questions(own, monkeypatch):
    repository, _ = own
    committed = repository.notebook(NAME).read_bytes()
    monkeypatch.setattr(checking, "student_notebook", lambda *_: committed)  # what is generated is not concerned
    monkeypatch.setattr(checking, "GENERATED", {})
    assert checking.check(repository) == []
    repository.variants(NAME).write_text(VARIANTS.replace("range(2, 40)", "range(2, 5)"))
    assert [problem.where for problem in checking.check(repository)] == [f"solutions/{NAME}/variants.py"]


def test_the_repositorys_own_questions_are_in_order():
    repository = Repository.default()
    sources = [read_source(repository, name) for name in repository.names() if repository.variants(name).is_file()]
    assert sources
    assert [problem for source in sources for problem in check_questions(repository, source)] == []


@pytest.mark.parametrize(
    "leak",
    [
        "5 of the 20 points are for this student's own number.",
        'x = {"expects": f"The product of both is {N * D}, for whatever is in them.", "marks": 0}',
    ],
)
def test_the_bundle_may_not_hold_what_is_expected(own, leak):
    repository, course = own
    path = repository.assignments / "NOTATION.md"
    if leak.startswith("x"):
        statement = VARIANTS[VARIANTS.index("return {") :].strip()
        leak = f"```\ndef f(N, D):\n    {statement}\n```"
    path.write_text(path.read_text() + leak)
    with pytest.raises(LeakFound, match="variants"):
        bundle(repository, course, NAME, course.root)
