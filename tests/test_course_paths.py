"""paths.py: where things are."""

import stat

import pytest

from autograder.course.paths import Course, Repository


def test_the_default_repository_is_the_one_this_package_lies_in():
    assert (Repository.default().root / "autograder" / "course" / "paths.py").is_file()


def test_assignments_come_in_the_order_of_the_course(tmp_path):
    (tmp_path / "solutions" / "a3_without_a_chapter").mkdir(parents=True)
    for name in ("a10_last", "a2_second", "a1_first"):
        (tmp_path / "solutions" / name).mkdir()
        (tmp_path / "solutions" / name / "chapter.py").touch()
    assert Repository(tmp_path).names() == ["a1_first", "a2_second", "a10_last"]


def test_making_a_course_twice_keeps_its_secret_and_its_configuration(tmp_path):
    course = Course(tmp_path / "course")
    course.create()
    secret = course.secret()
    assert not course.config_file.exists()
    course.create("first")
    assert course.config_file.read_text() == "first"
    course.config_file.write_text("mine")
    course.create("second")
    assert course.secret() == secret
    assert len(secret) == 32
    assert course.config_file.read_text() == "mine"
    assert course.results.is_dir()


def test_nobody_else_may_read_the_secret(tmp_path):
    course = Course(tmp_path)
    course.create()
    assert stat.S_IMODE(course.secret_file.stat().st_mode) == 0o600


def test_two_courses_have_two_secrets(tmp_path):
    first, second = Course(tmp_path / "1"), Course(tmp_path / "2")
    first.create()
    second.create()
    assert first.secret() != second.secret()


def test_a_missing_secret_says_to_build_first(tmp_path):
    with pytest.raises(FileNotFoundError, match="autograder build"):
        Course(tmp_path).secret()


@pytest.mark.parametrize("text", ["", "12", "no digits"])
def test_a_damaged_secret_is_refused(tmp_path, text):
    course = Course(tmp_path)
    course.secret_file.write_text(text)
    with pytest.raises(ValueError, match="32 bytes"):
        course.secret()
