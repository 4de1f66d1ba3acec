"""The exchange, whole: release, fetch, work, validate, submit, collect, grade, release feedback, fetch it.

What a JupyterHub sets for the instructor and for each student is what the fixtures write here; docs/jupyterhub.md says
the same in words. The instructor types commands; the student uses JupyterLab alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from autograder.course.paths import Repository
from browsing import PATIENCE
from lab_page import Lab, all_cells
from sample import NAME, build_sample

STUDENT = "ada"
# nbgrader_config.py in the image of all students' servers; on a JupyterHub it lies in /etc/jupyter.
STUDENTS = """import os

c = get_config()
c.CourseDirectory.course_id = "rnn"
c.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]
c.Exchange.root = {exchange!r}
c.Execute.timeout = 120  # seconds for a cell under Validate; nbgrader's own 30 are few for cells that train
"""


@pytest.fixture
def exchange(tmp_path):
    """The folder that everybody may write to."""
    folder = tmp_path / "exchange"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def instructor(tmp_path, exchange):
    """Run a command of the instructor's on the course, on a repository of the sample assignment."""
    repository, course = build_sample(tmp_path)
    (repository.root / "autograder").symlink_to(Repository.default().root / "autograder")
    with course.config_file.open("a") as file:
        file.write(f'c.CourseDirectory.course_id = "rnn"\nc.Exchange.root = {str(exchange)!r}\n')

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", _COMMAND, str(repository.root), *command],
            cwd=course.root,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run.course = course
    return run


# `autograder` and `nbgrader` as they are typed, on another repository than this one.
_COMMAND = """
import sys
from pathlib import Path

root, name, *arguments = sys.argv[1:]
sys.argv = [name, *arguments]
if name == "nbgrader":
    from nbgrader.apps.nbgraderapp import main
    main()
else:
    from autograder import cli
    cli.Repository.default = classmethod(lambda cls: cls(Path(root)))
    cli.main()
"""


def test_an_assignment_goes_out_and_comes_back_with_feedback(page, jupyter_server, instructor, exchange, tmp_path):
    instructor("nbgrader", "release_assignment", NAME)

    home = tmp_path / STUDENT
    home.mkdir()
    (home / "nbgrader_config.py").write_text(STUDENTS.format(exchange=str(exchange)))
    settings = {"JUPYTERLAB_SETTINGS_DIR": str(all_cells(tmp_path / "settings")), "JUPYTERHUB_USER": STUDENT}
    server = jupyter_server(home, **settings)
    lab = Lab(page)
    page.goto(server.at("lab"))
    lab.menu("Nbgrader", "Assignment List")
    released, fetched, submitted = (
        page.locator(f"#{part}_assignments_list") for part in ("released", "fetched", "submitted")
    )
    page.locator("#course_list_dropdown").click()
    page.locator("#course_list").get_by_text("rnn").click()
    released.get_by_role("button", name="Fetch").click(timeout=PATIENCE)

    expect(fetched.get_by_role("button", name="Submit")).to_be_visible(timeout=PATIENCE)
    fetched.locator(".assignment-notebooks-link").click()
    fetched.get_by_text(NAME, exact=True).last.click()
    lab.wait_for_kernel()
    lab.write("def scaled", "def scaled(x, factor):\n    return factor * x, {'factor': factor}")
    lab.save()
    page.locator(".validate-button").click()
    results = page.locator(".jp-Dialog", has_text="Validation Results")
    expect(results).to_contain_text("total is not started yet", timeout=PATIENCE)
    expect(results).not_to_contain_text("scaled")
    results.locator(".jp-mod-accept").click()

    page.locator(".lm-TabBar-tab", has_text="Assignments").click()
    fetched.get_by_role("button", name="Submit").click()
    expect(submitted.get_by_text(NAME)).to_be_visible(timeout=PATIENCE)
    assert re.fullmatch(rf"{STUDENT}\+{NAME}\+.* UTC\+.*", next((exchange / "rnn" / "inbound").iterdir()).name)

    course = str(instructor.course.root)
    (tmp_path / "class.csv").write_text(f"id,name\n{STUDENT},Ada Abara\nbo,Bo Berg\n")
    instructor("autograder", "roster", str(tmp_path / "class.csv"), "--course", course)
    said = instructor("autograder", "collect", str(exchange / "rnn" / "inbound"), "--course", course)
    assert "exchange: 1 submission collected, 0 to look at" in said
    instructor("autograder", "grade", NAME, "--course", course)
    instructor("autograder", "publish", NAME, "--course", course)
    instructor("nbgrader", "release_feedback", NAME)

    page.locator("#refresh_assignments_list").click()
    submitted.get_by_role("button", name="Fetch Feedback").click(timeout=PATIENCE)
    expect(submitted.get_by_text("(view feedback)")).to_be_attached(timeout=PATIENCE)
    (feedback,) = (home / NAME / "feedback").glob(f"*/{NAME}.html")
    page.goto(f"file://{feedback}")
    expect(page.locator("body")).to_contain_text("scaled agrees with the reference")
    expect(page.locator("body")).to_contain_text(re.compile(r"scaled\s+40 / 40"))
