"""Students and authors work on any system: their commands run where what only POSIX or Linux has is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from sample import NAME, write_sample

# Packages come first: they ask sys.platform, which is that of the machine that runs this test. What our code does
# with a file's encoding must not depend on the system either.
ELSEWHERE = """
from types import SimpleNamespace
import importlib, io, json, multiprocessing, os, signal, socket, sys, warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
for name in ("IPython", "jupytext", "nbgrader.converters", "numpy", "pytest", "rich.progress", "typer"):
    importlib.import_module(name)
for name in ("fcntl", "grp", "multiprocessing.forkserver", "pwd", "resource", "sandlock", "termios"):
    sys.modules[name] = None
for module, names in {
    os: "fork geteuid getuid killpg mkfifo setsid sysconf uname",
    signal: "SIGALRM SIGHUP SIGKILL SIGPROF alarm setitimer",
    socket: "AF_UNIX SCM_RIGHTS send_fds recv_fds",
}.items():
    for name in names.split():
        delattr(module, name)
multiprocessing.get_all_start_methods = lambda: ["spawn"]
warnings.filterwarnings("error", category=EncodingWarning, module=r"autograder|selfcheck")
modules, root, commands = json.load(sys.stdin)
for name in modules:
    importlib.import_module(name)
from autograder import cli
from autograder.course.paths import Repository
cli.Repository.default = classmethod(lambda cls: Repository(Path(root)))
from autograder.sandbox import host
host.sys = SimpleNamespace(platform="win32")
done = []
for sys.argv in commands:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        cli.output.file, cli.errors.file = sys.stdout, sys.stderr
        try:
            cli.main()
        except SystemExit as stop:
            done.append([stop.code, out.getvalue(), err.getvalue()])
json.dump(done, sys.stdout)
"""


def elsewhere(root: Path, *commands: list[str], modules: tuple[str, ...] = ()) -> list[SimpleNamespace]:
    """Import the modules and run the commands of `autograder` as on another system; what each returned and said."""
    command = [sys.executable, "-X", "warn_default_encoding", "-W", "ignore::EncodingWarning", "-c", ELSEWHERE]
    done = subprocess.run(
        command,
        input=json.dumps([modules, str(root), [["autograder", *arguments] for arguments in commands]]),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [SimpleNamespace(code=code, out=out, err=err) for code, out, err in json.loads(done.stdout)]


@pytest.fixture
def repository(tmp_path):
    return write_sample(tmp_path / "repository")


def test_modules_import_without_what_only_posix_has(repository):
    student = ("selfcheck", "selfcheck.execute", "selfcheck.plugin", "selfcheck.__main__")
    author = ("autograder.author.trial", "autograder.author.mutants", "autograder.author.proof")
    elsewhere(repository.root, modules=(*student, *author, "autograder.doctor", "autograder.grading.batch"))


def test_an_author_builds_checks_and_bundles_on_any_system_and_grading_asks_for_linux(repository, tmp_path):
    course = ["--course", str(tmp_path)]
    submission = tmp_path / "submitted" / "s1" / NAME / f"{NAME}.ipynb"
    submission.parent.mkdir(parents=True)
    submission.write_bytes(b"{}")
    helped, built, checked, bundled, graded = elsewhere(
        repository.root,
        ["build", "--help"],
        ["build", *course],
        ["build", "--check", *course],
        ["bundle", NAME, *course],
        ["grade", NAME, *course],
    )
    for done, said in (
        (helped, "solutions"),
        (built, f"built {NAME}"),
        (checked, "complete and up to date"),
        (bundled, f"{NAME}.zip"),
    ):
        assert (done.code, done.err) == (0, ""), done.err
        assert said in done.out
    assert graded.code == 3
    assert "grading needs Linux" in graded.err


def test_an_authors_error_is_a_sentence_on_any_system(repository, tmp_path):
    text = repository.source(NAME).read_text("utf-8")
    repository.source(NAME).write_text(text.replace("### END SOLUTION", "### END SOLUTOIN", 1), "utf-8")
    (built,) = elsewhere(repository.root, ["build", "--course", str(tmp_path / "course")])
    assert built.code == 1
    assert built.err.startswith("error: ")
