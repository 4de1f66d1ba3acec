"""Students and authors work on any system: their commands run where what only POSIX or Linux has is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
modules, commands = json.load(sys.stdin)
for name in modules:
    importlib.import_module(name)
from autograder import cli
from autograder.course.paths import Repository
from autograder.sandbox import host
host.sys = SimpleNamespace(platform="win32")
done = []
for root, *arguments in commands:
    sys.argv = ["autograder", *arguments]
    cli.Repository.default = classmethod(lambda cls: Repository(Path(root)))
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        cli.output.file, cli.errors.file = sys.stdout, sys.stderr
        try:
            cli.main()
        except SystemExit as stop:
            done.append([stop.code, out.getvalue(), err.getvalue()])
json.dump(done, sys.stdout)
"""


MODULES = (  # which students' and authors' commands begin with
    *("selfcheck", "selfcheck.execute", "selfcheck.plugin", "selfcheck.__main__"),
    *("autograder.author.trial", "autograder.author.mutants", "autograder.author.proof"),
    *("autograder.doctor", "autograder.grading.batch"),
)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """What each command returned and said, in a process that is as on another system and imports all MODULES first."""
    folder = tmp_path_factory.mktemp("elsewhere")
    repository, damaged = (write_sample(folder / name) for name in ("repository", "damaged"))
    text = damaged.source(NAME).read_text("utf-8")
    damaged.source(NAME).write_text(text.replace("### END SOLUTION", "### END SOLUTOIN", 1), "utf-8")
    submission = folder / "submitted" / "s1" / NAME / f"{NAME}.ipynb"
    submission.parent.mkdir(parents=True)
    submission.write_bytes(b"{}")
    course = ("--course", str(folder))
    commands = {
        "help": (repository.root, "build", "--help"),
        "build": (repository.root, "build", *course),
        "check": (repository.root, "build", "--check", *course),
        "bundle": (repository.root, "bundle", NAME, *course),
        "grade": (repository.root, "grade", NAME, *course),
        "build what is damaged": (damaged.root, "build", "--course", str(folder / "other")),
    }
    command = [sys.executable, "-X", "warn_default_encoding", "-W", "ignore::EncodingWarning", "-c", ELSEWHERE]
    done = subprocess.run(
        command,
        input=json.dumps([MODULES, [[str(part) for part in one] for one in commands.values()]]),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [SimpleNamespace(code=code, out=out, err=err) for code, out, err in json.loads(done.stdout)]
    return dict(zip(commands, answers, strict=True))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("help", "solutions"),
        ("build", f"built {NAME}"),
        ("check", "complete and up to date"),
        ("bundle", f"{NAME}.zip"),
    ],
)
def test_an_author_builds_checks_and_bundles_on_any_system(elsewhere, command, said):
    done = elsewhere[command]
    assert (done.code, done.err) == (0, ""), done.err
    assert said in done.out


def test_grading_asks_for_linux(elsewhere):
    assert elsewhere["grade"].code == 3
    assert "grading needs Linux" in elsewhere["grade"].err


def test_an_authors_error_is_a_sentence_on_any_system(elsewhere):
    built = elsewhere["build what is damaged"]
    assert built.code == 1
    assert built.err.startswith("error: ")
