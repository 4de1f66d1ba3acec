"""author/unchanged.py: a build of which nothing has changed is known, and anything that has is seen."""

import shutil

import pytest

from autograder.author import unchanged
from sample import NAME

OTHER = "a2_sample"


@pytest.fixture
def remembered(own):
    repository, course = own
    for folder in (repository.public, repository.secret):
        shutil.copytree(folder(NAME), folder(OTHER))
    assert not unchanged.is_built(repository, course, NAME)
    unchanged.remember(repository, course, NAME)
    assert unchanged.is_built(repository, course, NAME)
    return repository, course


CHANGES = {
    "the script": lambda repository, course: repository.source(NAME),
    "the hidden tests": lambda repository, course: repository.hidden(NAME),
    "the mistakes": lambda repository, course: repository.mistakes(NAME),
    "a visible test": lambda repository, course: repository.visible(NAME),
    "what is committed": lambda repository, course: repository.notebook(NAME),
    "a text that is included": lambda repository, course: repository.assignments / "NOTATION.md",
    "a new file of data": lambda repository, course: repository.data / "new.txt",
    "the source": lambda repository, course: course.source_notebook(NAME),
    "the release": lambda repository, course: course.release_notebook(NAME),
    "nbgrader's configuration": lambda repository, course: course.config_file,
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_built_again(remembered, change):
    path = CHANGES[change](*remembered)
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write("\n")
    assert not unchanged.is_built(*remembered, NAME)


@pytest.mark.parametrize("kind", ["another version", "no gradebook", "another gradebook", "a file of the release"])
def test_so_is_what_others_have_changed(remembered, monkeypatch, kind):
    _, course = remembered
    if kind == "another version":
        monkeypatch.setattr(unchanged, "version", lambda name: "0.1")
    elif kind == "a file of the release":
        next(course.release.rglob("*.py")).unlink()
    else:
        course.gradebook.unlink()
        if kind == "another gradebook":
            course.gradebook.write_text("no database")
    assert not unchanged.is_built(*remembered, NAME)


def test_another_assignment_and_another_course_are_their_own_matter(remembered, tmp_path):
    repository, course = remembered
    with repository.source(OTHER).open("a") as file:
        file.write("\n")
    assert unchanged.is_built(repository, course, NAME)
    assert not unchanged.is_built(repository, course, OTHER)
    shutil.copytree(course.root, tmp_path / "elsewhere")
    assert not unchanged.is_built(repository, type(course)(tmp_path / "elsewhere"), NAME)


def test_where_a_package_is_missing_a_build_is_remembered_until_it_is_there(remembered, monkeypatch):
    def missing(name):
        raise unchanged.PackageNotFoundError(name)

    with monkeypatch.context() as patch:
        patch.setattr(unchanged, "version", missing)
        assert not unchanged.is_built(*remembered, NAME)
        unchanged.remember(*remembered, NAME)
        assert unchanged.is_built(*remembered, NAME)
    assert not unchanged.is_built(*remembered, NAME)
