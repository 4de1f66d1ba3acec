"""author/build.py and handout.py: script to source notebook, through nbgrader to the student's."""

import contextlib
import errno
import os
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from nbgrader.api import Gradebook, get_alembic_version
from nbgrader.preprocessors import ClearMarkScheme
from sqlalchemy import Connection

from autograder.author import build as building
from autograder.author import release
from autograder.author.build import BuildError, build, release_hash, source_notebook
from autograder.author.handout import data_names, excerpt, handout
from autograder.author.release import Release
from autograder.course import notebook as notebooks
from autograder.course.paths import Course, Repository
from autograder.course.source import Problem, SourceError, parse

NAME = "a1_sample"


@pytest.fixture
def student(built: tuple[Repository, Course]):
    return notebooks.read(built[0].notebook(NAME))


def test_the_students_notebook_has_a_card_a_cell_and_a_test_per_exercise(student):
    assert [cell.id for cell in student.cells] == [
        *("prose-1", "prose-2", "given-1", "prepare"),
        *("scaled_sum-card", "scaled_sum-solution", "scaled_sum", "given-plotted", "demo-1"),
        *("running_mean-card", "running_mean-solution", "running_mean"),
        *("why_means_forget-question", "why_means_forget", "ready-text", "ready"),
    ]
    assert notebooks.exercise_points(student) == {"scaled_sum": 50, "running_mean": 30}
    assert notebooks.find(student, "scaled_sum").source == 'check("scaled_sum")'
    assert student.cells[4].source == (
        "### Exercise 1: `scaled_sum`\n\n50 points · difficulty ●●○○○ · about 15 minutes"
    )
    assert student.metadata.kernelspec.name == "python3"
    assert notebooks.release(student)["assignment"] == NAME


def test_given_and_test_cells_are_locked_and_the_others_are_not(student):
    for cell in student.cells:
        locked = notebooks.is_given(cell) or notebooks.is_test(cell)
        assert bool(notebooks.part(cell).get("locked")) == locked
        assert cell.metadata.get("editable", True) == (not locked)
    assert [cell.id for cell in student.cells if notebooks.is_demo(cell)] == ["prepare", "demo-1", "ready"]


def test_a_written_question_is_asked_and_its_answer_is_empty(student):
    question, answer = student.cells[-4:-2]
    assert question.source == (
        "### Question: `why_means_forget`\n\n"
        "**Question: `why_means_forget`** · 20 points · about 10 minutes · graded by a person\n\n"
        "Why does a running mean forget slowly?"
    )
    assert answer.source == "YOUR ANSWER HERE"
    assert notebooks.is_written(answer)
    assert notebooks.points(answer) == 20


def test_the_notation_is_included(student):
    assert student.cells[1].source.startswith("## Notation")


def test_nothing_of_solution_model_answer_or_mark_scheme_reaches_the_release(built):
    repository, course = built
    source = parse(repository.source(NAME))
    secret = [line.strip() for exercise in source.exercises for text in exercise.solutions for line in text.split("\n")]
    secret += [line for question in source.written for line in (question.answer + "\n" + question.scheme).split("\n")]
    for path in [repository.notebook(NAME), *course.release.rglob("*")]:
        if path.is_file():
            text = path.read_text(encoding="latin-1")
            assert not [line for line in secret if line and line in text], path
            assert "SOLUTION" not in text
            assert "MARK SCHEME" not in text


def test_the_instructor_finds_answer_and_mark_scheme_in_the_source_notebook(built):
    answer = notebooks.find(notebooks.read(built[1].source_notebook(NAME)), "why_means_forget").source
    assert "**Model answer**\n\nEach new value" in answer
    assert "**Mark scheme**\n\n- 10 points" in answer
    assert answer.count("###") == 2


def test_the_release_holds_what_a_student_needs_and_nothing_else(built):
    repository, course = built
    release = course.release / NAME
    found = sorted(path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file())
    assert found == [
        *("NOTATION.md", "README.md", "a1_sample.ipynb", "cases.py", "conftest.py"),
        *("data/README.md", "data/words/LICENSE-words", "data/words/names.txt"),
        *("mistakes.json", "release.json", "requirements.txt"),
        *("selfcheck/__init__.py", "selfcheck/table.css", "test_a1_sample.py"),
    ]
    assert course.release_notebook(NAME).read_bytes() == repository.notebook(NAME).read_bytes()
    assert list((course.source / NAME).iterdir()) == [course.source_notebook(NAME)]


def test_a_folded_demo_shows_its_output_alone_and_its_figures_come_along(sample, edit, tmp_path):
    edit(sample.source(NAME), "# %%\nif __name__", "# %% folded=true\nif __name__")
    sample.figures(NAME).write_text('from selfcheck import data_path\n\nNAMES = data_path("words/names.txt")\n')
    course = Course(tmp_path / "course")
    build(sample, course, NAME)
    demos = filter(notebooks.is_demo, notebooks.read(course.release_notebook(NAME)).cells)
    assert {"source_hidden": True} in [demo.metadata.get("jupyter") for demo in demos]
    assert (course.release / NAME / "figures.py").read_bytes() == sample.figures(NAME).read_bytes()


def test_the_gradebook_knows_exercises_and_questions(built):
    course = built[1]
    with Gradebook(f"sqlite:///{course.gradebook}", "course") as gradebook:
        cells = gradebook.find_notebook(NAME, NAME).grade_cells
        assert {cell.name: cell.max_score for cell in cells} == {
            "scaled_sum": 50,
            "running_mean": 30,
            "why_means_forget": 20,
        }


def test_a_build_elsewhere_and_later_gives_the_same_bytes(built, tmp_path):
    repository, course = built
    shutil.copytree(repository.root, tmp_path / "b", ignore=shutil.ignore_patterns("course", "*.ipynb"))
    other = Repository(tmp_path / "b")
    elsewhere = Course(tmp_path / "another course")
    made = build(other, elsewhere, NAME)
    assert made.notebook.read_bytes() == repository.notebook(NAME).read_bytes()
    for path in [*course.source.rglob("*"), *course.release.rglob("*")]:
        if path.is_file():
            assert (elsewhere.root / path.relative_to(course.root)).read_bytes() == path.read_bytes(), path
    build(other, elsewhere, NAME)
    assert made.notebook.read_bytes() == repository.notebook(NAME).read_bytes()
    assert (made.exercises, made.written) == (2, 1)


def test_a_new_gradebook_has_the_version_that_alembic_names_and_no_program_is_started_for_it(
    sample, tmp_path, monkeypatch
):
    course = Course(tmp_path / "course")
    monkeypatch.setenv("PATH", "/nowhere")
    build(sample, course, NAME)
    with closing(sqlite3.connect(course.gradebook)) as database:
        ((version,),) = database.execute("SELECT version_num FROM alembic_version")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert version == get_alembic_version()  # nbgrader's own way


def test_the_release_hash_follows_what_students_see_and_nothing_else(own, edit):
    repository, _ = own
    script = repository.source(NAME)

    def digest():
        return release_hash(source_notebook(repository, parse(script)))

    before = digest()
    edit(script, "total = np.einsum", "total = 1.0 * np.einsum")
    edit(script, "# - 10 points: the answer names", "# - 10 points: it names")
    assert digest() == before
    edit(script, "# Text with", "# A text with")
    assert digest() != before


def test_a_release_that_nbgrader_made_otherwise_is_refused_and_the_old_one_stays(own):
    repository, course = own
    before = course.release_notebook(NAME).read_bytes()
    with course.config_file.open("a") as file:
        file.write('c.ClearSolutions.code_stub = {"python": "pass"}\n')
    with pytest.raises(BuildError, match="ClearSolutions"):
        build(repository, course, NAME)
    assert course.release_notebook(NAME).read_bytes() == before


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own, of adding a submission
def test_cells_of_an_assignment_with_submissions_stay_and_so_does_its_release(own, edit):
    repository, course = own
    with Gradebook(f"sqlite:///{course.gradebook}", "course") as gradebook:
        gradebook.add_student("s1")
        gradebook.add_submission(NAME, "s1")
    before = {path: path.read_bytes() for path in course.root.rglob("*.ipynb")}
    edit(repository.source(NAME), "def plotted", "def drawn")
    with pytest.raises(BuildError, match="holds submissions of a1_sample"):
        build(repository, course, NAME)
    assert {path: path.read_bytes() for path in course.root.rglob("*.ipynb")} == before
    assert (course.release / NAME / "cases.py").is_file()


def interrupt(*arguments, **options):
    raise KeyboardInterrupt


def refuse(repository, source):
    raise SourceError([Problem("solutions/a1_sample/mistakes.toml", "a mistake cannot be recognised.")])


def full(*arguments, **options):
    raise OSError(errno.ENOSPC, "No space left on device")


def without_cases(repository, course, monkeypatch):
    repository.cases(NAME).unlink()


def with_other_stubs(repository, course, monkeypatch):
    with course.config_file.open("a") as file:
        file.write('c.ClearSolutions.code_stub = {"python": "pass"}\n')


FAILURES = {
    "a missing file": (SourceError, without_cases),
    "nbgrader set up otherwise": (BuildError, with_other_stubs),
    "a mistake that cannot be recognised": (
        SourceError,
        lambda repository, course, monkeypatch: monkeypatch.setitem(building.GENERATED, "mistakes.json", refuse),
    ),
    "Ctrl-C while nbgrader records cells": (
        KeyboardInterrupt,
        lambda repository, course, monkeypatch: monkeypatch.setattr(
            Gradebook, "update_or_create_solution_cell", interrupt
        ),
    ),
    "Ctrl-C after nbgrader has recorded all": (
        KeyboardInterrupt,
        lambda repository, course, monkeypatch: monkeypatch.setattr(ClearMarkScheme, "preprocess", interrupt),
    ),
    "a full disk": (OSError, lambda repository, course, monkeypatch: monkeypatch.setattr(shutil, "copy2", full)),
    "a gradebook that cannot be written": (
        BuildError,
        lambda repository, course, monkeypatch: monkeypatch.setattr(
            Connection, "commit", lambda self: self.exec_driver_sql("COMMIT of nothing")
        ),
    ),
    "Ctrl-C at the last moment": (
        KeyboardInterrupt,
        lambda repository, course, monkeypatch: monkeypatch.setattr(Release, "commit", interrupt),
    ),
}


def everything(*folders: Path) -> dict[Path, bytes | None]:
    found = [path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts]
    return {path: path.read_bytes() if path.is_file() else None for path in found}


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own, when it is interrupted
@pytest.mark.parametrize(("error", "fail"), FAILURES.values(), ids=FAILURES)
def test_a_failed_build_leaves_everything_as_it_was(own, edit, monkeypatch, error, fail):
    repository, course = own
    edit(repository.source(NAME), 'exercise="scaled_sum" points=50', 'exercise="scaled_sum" points=45')
    edit(repository.source(NAME), 'exercise="running_mean" points=30', 'exercise="running_means" points=35')
    edit(repository.source(NAME), "def running_mean(", "def running_means(")
    edit(repository.mistakes(NAME), "over which axis does the time run?", "which axis is time?")
    edit(repository.mistakes(NAME), "[[running_mean]]", "[[running_means]]")
    edit(repository.cases(NAME), "def running_mean(", "def running_means(")
    edit(repository.right(NAME), '"running_mean"', '"running_means"')
    edit(repository.right(NAME), "def running_mean(", "def running_means(")
    (course.release / NAME / "mistakes.json").write_text("older")
    (course.release / NAME / "left over.txt").write_text("older")
    fail(repository, course, monkeypatch)
    before = everything(repository.root)
    with pytest.raises(error):
        build(repository, course, NAME)
    assert everything(repository.root) == before
    monkeypatch.undo()
    if error is not SourceError and fail is not with_other_stubs:
        build(repository, course, NAME)
        assert not {path for path, held in everything(repository.root).items() if before.get(path) == held} & {
            *(repository.notebook(NAME), repository.public(NAME) / "mistakes.json", course.source_notebook(NAME)),
            *(course.release_notebook(NAME), course.release / NAME / "left over.txt", course.gradebook),
        }


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("kind", ["a missing file", "a gradebook that cannot be written", "Ctrl-C at the last moment"])
def test_a_failed_first_build_leaves_no_course(sample, tmp_path, monkeypatch, kind):
    course = Course(tmp_path / "new" / "course")
    error, fail = FAILURES[kind]
    fail(sample, course, monkeypatch)
    before = everything(sample.root)
    with pytest.raises(error):
        build(sample, course, NAME)
    assert everything(sample.root) == before
    assert not (tmp_path / "new").exists()


def test_what_others_wrote_into_the_gradebook_meanwhile_stays(own, edit, monkeypatch):
    repository, course = own
    url = f"sqlite:///{course.gradebook}"

    def generated_beside_another(*arguments):
        with Gradebook(url, "course") as gradebook:
            gradebook.add_student("s1")
        return handout(*arguments)

    monkeypatch.setattr(building, "handout", generated_beside_another)
    monkeypatch.setattr(ClearMarkScheme, "preprocess", interrupt)
    with pytest.raises(KeyboardInterrupt):
        build(repository, course, NAME)
    with Gradebook(url, "course") as gradebook:
        assert [student.id for student in gradebook.students] == ["s1"]


def test_a_gradebook_that_another_program_has_made_meanwhile_stays(sample, tmp_path, monkeypatch):
    course = Course(tmp_path / "course")
    preprocess = ClearMarkScheme.preprocess

    def beside_another(*arguments):
        course.root.mkdir()
        course.gradebook.write_text("another's")
        return preprocess(*arguments)

    monkeypatch.setattr(ClearMarkScheme, "preprocess", beside_another)
    with pytest.raises(BuildError, match="run the build again"):
        build(sample, course, NAME)
    assert everything(course.root) == {course.gradebook: b"another's"}


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="needs a second file system")
def test_a_course_may_lie_on_another_disk_than_temporary_files(sample, monkeypatch):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        course = Course(Path(folder) / "course")
        build(sample, course, NAME)
        with Gradebook(f"sqlite:///{course.gradebook}", "course") as gradebook:
            assert gradebook.find_notebook(NAME, NAME)
        assert not list(course.root.glob(".*"))


def test_a_gradebook_in_use_is_named(own, monkeypatch):
    repository, course = own
    monkeypatch.setattr(release, "WAIT_SECONDS", 0.1)
    with contextlib.closing(sqlite3.connect(course.gradebook)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            BuildError, match=rf"{course.gradebook} cannot be used \(database is locked\): another program"
        ):
            build(repository, course, NAME)
    build(repository, course, NAME)


def test_files_that_are_no_longer_handed_out_leave_the_release(own, edit):
    repository, course = own
    edit(repository.source(NAME), 'data_path("words/names.txt").read_text().split()', '["ann"]')
    build(repository, course, NAME)
    assert not (course.release / NAME / "data").exists()


def test_an_unknown_assignment_is_named_with_those_there_are(built, tmp_path):
    with pytest.raises(SourceError, match=r"a9_nothing: .*there are: a1_sample"):
        build(built[0], Course(tmp_path), "a9_nothing")


@pytest.mark.parametrize(
    ("place", "old", "new", "message"),
    [
        (
            "solutions/a1_sample/chapter.py",
            "words/names.txt",
            "words/nobody.txt",
            "data/words/nobody.txt: a1_sample asks for it",
        ),
        (
            "solutions/a1_sample/chapter.py",
            '"words/names.txt"',
            "name",
            r"chapter\.py:\d+: data_path must be given a name",
        ),
        ("solutions/a1_sample/chapter.py", "NOTATION.md", "SIGNS.md", r"chapter\.py:\d+: include='SIGNS.md'"),
        (
            "solutions/a1_sample/chapter.py",
            "NOTATION.md",
            "../solutions/a1_sample/right.py",
            r"chapter\.py:\d+: include='../solutions/a1_sample/right.py'",
        ),
        (
            "solutions/a1_sample/chapter.py",
            "    for line in data_path",
            "    import figures\n\n    for line in data_path",
            "assignments/a1_sample/figures.py: students need this file",
        ),
        (
            "assignments/a1_sample/test_a1_sample.py",
            "import numpy as np",
            "x = (",
            r"test_a1_sample.py:1: it is not Python",
        ),
        ("solutions/a1_sample/chapter.py", "def plotted", "1 / 0\n\ndef plotted", r"chapter.py:\d+: ZeroDivisionError"),
        (
            "solutions/a1_sample/chapter.py",
            "words/names.txt",
            "../solutions/a1.py",
            "make it, or mend the name",
        ),
        (
            "data/README.md",
            "| `words/names.txt` | public domain, see `words/LICENSE-words` |",
            "",
            "does not say under which licence.*words/names.txt",
        ),
    ],
)
def test_what_a_release_cannot_do_without_is_named(sample, edit, tmp_path, place, old, new, message):
    edit(sample.root / place, old, new)
    with pytest.raises(SourceError, match=message):
        build(sample, Course(tmp_path / "course"), NAME)
    assert not (tmp_path / "course" / "release" / NAME).exists()


def test_a_missing_public_file_is_named(sample, tmp_path):
    sample.cases(NAME).unlink()
    (sample.assignments / "README.md").unlink()
    with pytest.raises(SourceError) as caught:
        build(sample, Course(tmp_path / "course"), NAME)
    assert [problem.where for problem in caught.value.problems] == [
        *("assignments/a1_sample/cases.py", "assignments/README.md"),
    ]


def test_the_excerpt_of_the_licences_speaks_of_the_files_that_are_handed_out(built):
    text = (built[1].release / NAME / "data" / "README.md").read_text()
    assert "# Data" in text
    assert "`words/names.txt`" in text
    assert "other.txt" not in text


def test_an_excerpt_keeps_the_headings_above_what_it_keeps():
    text = "# All\n\nIntro.\n\n## One\n\n- `a.txt`: free\n- `b.txt`: not\n\n## Two\n\nAbout `c.txt`.\n"
    assert excerpt(text, ["a.txt"]) == "# All\n\n## One\n\n- `a.txt`: free\n"
    assert excerpt(text, ["c.txt"]) == "# All\n\n## Two\n\nAbout `c.txt`.\n"
    assert excerpt(text, ["extra.txt", "xa.txt"]) == "\n"


def test_data_names_are_read_in_code_with_ipythons_commands():
    code = "%matplotlib inline\nif x:\n    !ls\nopen(selfcheck.data_path('a.txt'))\ny = data_path(\"b/c.npz\")"
    assert sorted(data_names(code, "here")) == ["a.txt", "b/c.npz"]
