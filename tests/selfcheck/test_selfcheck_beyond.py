"""What the grade's sandbox may refuse is noted where the notebook's own code does it, and told."""

import json
import sys

import pytest

from selfcheck.beyond import NETWORK, PROCESSES, Beyond, noted
from selfcheck.readiness import ReadyReport

FORKS = """
import multiprocessing
def act():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.map(abs, [-1])
"""
THREADS = """
from concurrent.futures import ThreadPoolExecutor
def act():
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(abs, [-1]))
"""
ADDRESS = "import socket\ndef act():\n    socket.getaddrinfo('127.0.0.1', 80)"
LOOP = """
import asyncio
def act():
    loop = asyncio.new_event_loop()
    loop.close()
"""
WRITES = """
def act():
    with open("kept.txt", "w") as file:
        file.write("1")
    with open("kept.txt") as file:
        return file.read()
"""


def acts(code, folder):
    namespace, beyond = {"__name__": "__main__"}, Beyond()
    exec(code, namespace)
    with noted("act", namespace, beyond):
        namespace["act"]()
    return [what for _, what in beyond.told(folder)]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (f"import subprocess\ndef act():\n    subprocess.run([{sys.executable!r}, '-c', ''])", [PROCESSES]),
        pytest.param(FORKS, [PROCESSES], marks=pytest.mark.skipif(sys.platform != "linux", reason="forks")),
        ("import os\ndef act():\n    os.system('exit 0')", [PROCESSES]),
        (ADDRESS, [NETWORK]),
        ("import socket\ndef act():\n    socket.socket().close()", [NETWORK]),
        (LOOP, []),
        (THREADS, []),
        (WRITES, []),
        ("def act():\n    import colorsys\n    open(colorsys.__file__).close()", []),
        (
            "def act():\n    open('data/words.txt').close()",
            ["reads data/words.txt from this folder: the grade has only the notebook's own cells."],
        ),
    ],
)
def test_what_the_grade_may_refuse_is_told_and_nothing_else(code, told, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "words.txt").write_text("one")
    monkeypatch.chdir(tmp_path)
    assert acts(code, tmp_path) == told


def test_what_others_do_meanwhile_is_not_noted(tmp_path):
    beyond = Beyond()
    with noted("act", {}, beyond):
        open(__file__).close()
    assert beyond.acts == {}


READS = "from pathlib import Path\nwords = Path('words.txt').read_text()"
ASKS = "import os\n\n\ndef total(values):\n    os.system('exit 0')\n    return sum(values)"
TOLD = f"total {PROCESSES}"


def test_a_check_and_a_clean_run_tell_it(toy):
    (toy.folder / "words.txt").write_text("one")
    toy.write(READS, total=ASKS)
    report = ReadyReport.from_data(json.loads(toy.run("-m", "selfcheck", "--ready", "--json").stdout))
    said = "The cell number 2 reads words.txt from this folder: the grade has only the notebook's own cells."
    assert report.mend == [said, TOLD]
    done = toy.run("-c", f"from selfcheck import check\n{ASKS}\ncheck('total')")
    assert done.stdout.splitlines()[:2] == ["total: the visible tests passed", TOLD]
    done = toy.run("-m", "selfcheck", "toy.ipynb", "total")
    assert TOLD in done.stdout.splitlines()
