"""The appeal view, and Gradescope's container: one submission of the sample, graded by itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

import pytest

from autograder.author import gradescope as author
from autograder.course import notebook as cells
from autograder.course.variants import Asked, record, write_record
from autograder.gradebook import gradescope
from autograder.gradebook.appeal import write_appeal
from autograder.grading.batch import grade_one
from autograder.grading.options import Options
from autograder.sandbox.host import OTHER_USERS
from sample import NAME, build_sample

# Says in a visible test's message whether the code could read the hidden tests, or speak to the network.
SPY = """def scaled(x, factor):
    import glob, os, socket
    said = []
    for pattern in {patterns}:
        for path in glob.glob(pattern, recursive=True):
            try:
                open(path).read()
                said.append("read " + path)
            except OSError:
                pass
    try:
        socket.socket()
        said.append("has a socket")
    except OSError:
        pass
    raise RuntimeError(f"uid {{os.getuid()}}: {{said or 'nothing'}}")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build_sample(tmp_path_factory.mktemp("appeal"))


def submission(course, student, **sources):
    notebook = cells.read(course.source_notebook(NAME))
    for name, source in sources.items():
        cells.find(notebook, f"{name}-solution").source = source
    cells.write(course.submission(student, NAME), notebook)


def test_the_view_shows_calls_with_arguments_what_came_back_and_where_points_moved(built, tmp_path):
    repository, course = built
    submission(course, "adds", scaled="def scaled(x, factor):\n    return factor + x, {}\n")
    stored = grade_one(course, repository, NAME, "adds", Options())
    page = tmp_path / "page.html"
    result = write_appeal(course, repository, NAME, "adds", page, Options(), hidden=False)
    text = page.read_text()
    assert result.points == stored.points
    assert "The stored result has the same points." in text
    assert "scaled(array (3, 4) float64 [[" in text  # a visible test's arguments
    assert "→ (array (3, 4) float64 [[" in text
    assert "The factor is added." in text
    assert "1 call, hidden" in text
    assert "array (1, 7)" not in text  # a hidden test's
    assert "ms)" in text

    write_appeal(course, repository, NAME, "adds", page, Options(), hidden=True)
    assert "scaled(array (1, 7) float64" in page.read_text()
    stored.exercises[0].tests[2].points += 1
    stored.points += 1
    stored.write(course.result("adds", NAME))
    write_appeal(course, repository, NAME, "adds", page, Options(), hidden=False)
    assert "Tests that differ are marked." in page.read_text()
    assert page.read_text().count("stored: ") == 1


def test_the_view_shows_what_was_asked_of_this_student(built, tmp_path):
    repository, course = built
    submission(course, "own")
    page = tmp_path / "page.html"
    write_record(record(course, NAME), {"own": {"why": Asked({"N": 3}, "Take **3** rows.", "It is 21.", "2 points.")}})
    write_appeal(course, repository, NAME, "own", page, Options(), hidden=False)
    assert "Take" not in page.read_text()
    (course.root / "course.toml").write_text('[written]\nnumbers = "own"\n')
    write_appeal(course, repository, NAME, "own", page, Options(), hidden=False)
    (course.root / "course.toml").unlink()
    assert "Take <strong>3</strong> rows." in page.read_text()
    assert "It is 21." in page.read_text()


@pytest.fixture(scope="module")
def container(built, tmp_path_factory):
    """A folder laid out as Gradescope's /autograder, with the zip unpacked in it; other users may look into it, which
    they may not in pytest's own folders.
    """
    repository, course = built
    path = author.gradescope(repository, course, NAME, tmp_path_factory.mktemp("zip"), "after_due_date")
    root = Path(tempfile.mkdtemp(prefix="gradescope-"))
    root.chmod(0o755)
    for name in ("source", "submission", "results"):
        (root / name).mkdir()
    with zipfile.ZipFile(path) as content:
        content.extractall(root / "source")
    yield root
    shutil.rmtree(root)


def upload(root: Path, notebook, name: str = f"{NAME}.ipynb"):
    for path in (root / "submission").iterdir():
        path.unlink()
    cells.write(root / "submission" / name, notebook)


def python_for_others(folder: Path) -> Path:
    """A virtual environment with this one's packages whose Python every user may run."""
    system = "/usr/bin/python3"
    version = subprocess.run([system, "-V"], capture_output=True, text=True, check=False).stdout.split()[-1:]
    if not version or version[0].rpartition(".")[0] != sysconfig.get_python_version():
        pytest.skip(
            f"{system} is not Python {sysconfig.get_python_version()}, and another user cannot run {sys.executable}"
        )
    subprocess.run([system, "-m", "venv", "--without-pip", folder], check=True)
    places = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (places / "all.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def run_autograder(root: Path, packages: Path, *arguments: str):
    environment = {"PATH": os.environ["PATH"], "AUTOGRADER_ROOT": str(root), "COURSE_PACKAGES": str(packages)}
    command = ["bash", str(root / "source" / "run_autograder"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def check_schema(results):
    """What Gradescope's specification says of results.json."""
    assert set(results) <= {
        *("score", "execution_time", "output", "output_format", "test_output_format", "test_name_format"),
        *("visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"),
    }
    levels = {"hidden", "after_due_date", "after_published", "visible"}
    assert {results["visibility"], results["stdout_visibility"]} <= levels
    for test in results["tests"]:
        assert set(test) <= {
            *("score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags"),
            *("visibility", "extra_data"),
        }
        assert test["status"] in ("passed", "failed")
        assert test["visibility"] in levels
        assert 0 <= test["score"] <= test["max_score"]
    assert results["score"] == pytest.approx(sum(test["score"] for test in results["tests"]), abs=1e-3)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="Gradescope runs run_autograder as root")
def test_a_spy_in_the_container_reads_no_test_and_has_no_network(built, container):
    patterns = [str(container / "**" / name) for name in ("hidden_tests.py", "chapter.py", "secret", "results.json")]
    notebook = cells.read(built[1].source_notebook(NAME))
    cells.find(notebook, "scaled-solution").source = SPY.format(patterns=patterns)
    upload(container, notebook)
    done = run_autograder(container, python_for_others(container / "python"), "--wall", "user")
    assert done.returncode == 0, done.stderr
    results = json.loads((container / "results" / "results.json").read_text())
    check_schema(results)
    assert results["extra_data"]["wall"] == "user"
    said = [test["output"] for test in results["tests"] if "RuntimeError" in test["output"]]
    import pwd

    other = next(pwd.getpwnam(name) for name in OTHER_USERS if name in {entry.pw_name for entry in pwd.getpwall()})
    assert said
    assert all(f"uid {other.pw_uid}: nothing" in text for text in said if "uid" in text)
    assert any("uid" in text for text in said)
    assert results["score"] == 40  # the other exercise


def test_the_container_gives_the_courses_points_with_visibilities(built, container):
    upload(container, cells.read(built[1].source_notebook(NAME)), "renamed.ipynb")
    results = gradescope.grade(container, NAME, "after_due_date", "sandlock")
    check_schema(results)
    assert results["score"] == 80
    assert "renamed.ipynb was graded; its name should be a1_sample.ipynb." in results["output"]
    hidden = {test["name"] for test in results["tests"] if test["visibility"] == "after_due_date"}
    assert len(hidden) == 3
    assert "scaled: scaled agrees with the reference" in hidden


@pytest.mark.parametrize("names", [(), ("one.ipynb", "two.ipynb")])
def test_an_upload_without_the_notebook_is_told_what_to_do(built, container, names):
    for path in (container / "submission").iterdir():
        path.unlink()
    for name in names:
        cells.write(container / "submission" / name, cells.read(built[1].source_notebook(NAME)))
    results = gradescope.grade(container, NAME, "hidden", "sandlock")
    assert results["score"] == 0
    assert "Upload one notebook called a1_sample.ipynb: there " in results["output"]


def test_the_zip_holds_another_secret_and_no_notes(built, tmp_path):
    repository, course = built
    path = author.gradescope(repository, course, NAME, tmp_path, "hidden")
    with zipfile.ZipFile(path) as content:
        names = set(content.namelist())
        assert content.read("repository/course/secret").strip() != course.secret_file.read_bytes().strip()
        listed = content.read("requirements.txt").decode().splitlines()
    assert {"setup.sh", "run_autograder", f"repository/solutions/{NAME}/hidden_tests.py"} <= names
    assert not [name for name in names if name.endswith(("notes.md", "gradebook.db")) or "submitted" in name]
    assert any(line.startswith("msgpack==") for line in listed)
    assert not any(line.startswith(("nbgrader", "ruff", "jupyterlab")) for line in listed)
    for script in ("setup.sh", "run_autograder"):
        with zipfile.ZipFile(path) as content:
            text = content.read(script)
        assert subprocess.run(["bash", "-n"], input=text, check=False).returncode == 0
    with pytest.raises(ValueError, match="is no visibility"):
        author.gradescope(repository, course, NAME, tmp_path, "never")
