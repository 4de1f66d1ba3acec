"""The fork server of commands: what it imports once, and the main program of those started as `python -m NAME`."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import autograder.grading.start
from autograder.grading.forks import context, start_server

print("imported", flush=True)
if __name__ == "__main__":
    start_server()
    process = context().Process(target=print, args=("done",))
    process.start()
    process.join()
"""


def test_its_processes_run_the_main_module_without_a_warning(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "package" / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "package.program"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == ["imported"] * 3 + ["done"]  # the command, the server, and the process


IMPORTS = """
import sys
import autograder.grading.start
from autograder.grading.forks import context, import_once


def look():
    print(*(name in sys.modules for name in ("tabnanny", "nowhere")))


if __name__ == "__main__":
    import_once(["tabnanny", "nowhere.at_all"])
    look()
    process = context().Process(target=look)
    process.start()
    process.join()
"""


def test_its_processes_have_what_it_imported_and_it_passes_over_what_is_not_installed(tmp_path):
    (tmp_path / "program.py").write_text(IMPORTS)
    command = [sys.executable, "program.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["False False", "True False"]


ENDING = """
import atexit, gc
atexit.register(lambda: print(gc.get_freeze_count() > 0))  # runs after what was registered later
import autograder.grading.start
"""


def test_no_collection_looks_at_what_there_is_as_the_interpreter_ends():
    done = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")
