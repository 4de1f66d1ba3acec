"""course_config.py: a course's nbgrader_config.py, read in one place."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from traitlets.config.loader import PyFileConfigLoader
from traitlets.utils.importstring import import_item

from autograder.author import release
from autograder.course.notebook import new
from autograder.course.paths import Course, Repository
from autograder.doctor import examine
from autograder.gradebook import nbgrader_course
from autograder.gradebook.course_config import OldConfig, config_text, outdated, read_config

OLD_PLACES = 4  # the import, the exporter, the preprocessor


@pytest.fixture
def course(tmp_path):
    course = Course(tmp_path / "course")
    course.create(config_text(course))
    return course


@pytest.fixture
def old(course):
    """A course whose configuration was written before the package `desk` became `gradebook`."""
    text = course.config_file.read_text("utf-8")
    assert text.count("autograder.gradebook.") == OLD_PLACES
    course.config_file.write_text(text.replace("autograder.gradebook.", "autograder.desk."), "utf-8")
    return course


def numbers_of_old_lines(course):
    lines = course.config_file.read_text("utf-8").splitlines()
    return [str(number) for number, line in enumerate(lines, start=1) if "autograder.desk" in line]


def test_a_new_course_is_read_and_not_called_old(course):
    assert outdated(course) == ""
    assert read_config(course).Autograde.exporter_class == "autograder.gradebook.gradebook.SubmissionExporter"


def test_a_path_that_would_end_within_the_gradebooks_url_is_refused(tmp_path, course):
    with pytest.raises(ValueError, match="cannot hold a question mark"):
        config_text(Course(tmp_path / "what now?"))
    moved = Course(course.root.rename(tmp_path / "what now?"))
    with pytest.raises(ValueError, match="cannot hold a question mark"):
        read_config(moved)


def test_a_course_without_a_configuration_is_not_called_old(tmp_path):
    assert outdated(Course(tmp_path)) == ""


def test_an_old_configuration_is_told_line_by_line(old):
    numbers = numbers_of_old_lines(old)
    assert len(numbers) == OLD_PLACES
    with pytest.raises(OldConfig) as told:
        read_config(old)
    assert f"in lines {', '.join(numbers)} write autograder.gradebook for autograder.desk" in str(told.value)
    assert str(old.config_file) in str(told.value)


def test_doing_what_the_sentence_says_mends_the_configuration(old):
    text = old.config_file.read_text("utf-8")
    old.config_file.write_text(text.replace("autograder.desk", "autograder.gradebook"), "utf-8")
    assert read_config(old).Autograde.autograde_preprocessors[0] == "autograder.gradebook.gradebook.GradeInSandbox"


def test_a_comment_and_a_longer_name_are_no_old_module(course):
    with course.config_file.open("a") as file:
        file.write("# it was autograder.desk\nc.Mine.plugin = 'autograder.desktop'\n")
    assert outdated(course) == ""


def test_the_build_and_the_gradebook_both_say_it(old):
    with pytest.raises(OldConfig), release.generated(old, "a1_any", new([])):
        pass
    with pytest.raises(OldConfig), nbgrader_course.opened(old, "a1_any"):
        pass


def test_the_doctor_gives_the_same_advice(old, monkeypatch):
    monkeypatch.setattr("autograder.doctor.check_wall", lambda: None)
    monkeypatch.setattr("autograder.doctor.ForkServer", lambda *args, **options: SimpleNamespace(close=lambda: None))
    (found,) = [one for one in examine(old, Repository.default()) if "nbgrader_config.py" in one.what]
    assert not found.ok
    assert found.advice.startswith(outdated(old))


def test_the_configuration_moves_with_its_folder_and_names_what_exists(tmp_path):
    course = Course(tmp_path / "made here")
    course.create(config_text(course))
    moved = (tmp_path / "made here").rename(tmp_path / "course")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(moved)).load_config()
    directory = CourseDirectory(config=config)
    assert Path(directory.root) == moved
    assert directory.db_url == f"sqlite:///{moved / 'gradebook.db'}"
    assert directory.course_id == "madehere"
    assert [item.rpartition(".")[2] for item in config.Autograde.sanitize_preprocessors] == [
        default.__name__ for default in Autograde.sanitize_preprocessors.default_args[0]
    ]
    ours, *others = config.Autograde.autograde_preprocessors
    execute, *defaults = Autograde.autograde_preprocessors.default_args[0]
    assert (ours, execute.__name__) == ("autograder.gradebook.gradebook.GradeInSandbox", "Execute")
    assert [import_item(item) for item in others] == defaults
