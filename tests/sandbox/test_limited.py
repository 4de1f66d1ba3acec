"""A process with limits that looks at strangers' text."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from autograder.sandbox import limited as module
from autograder.sandbox.limited import Fault, Limited, Stopped, TooMuch, at_most


def answered(request):
    kind, value = request
    if kind == "loop":
        while True:
            pass
    if kind == "hold":
        return len(bytearray(value))
    if kind == "end":
        os._exit(value)
    if kind == "kill":
        path, number = value
        if not path.exists() or number == 2:
            path.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    if kind == "sleep":
        time.sleep(value)
    if kind == "raise":
        raise RecursionError
    return {"said": value if isinstance(value, str) else "", "by": os.getpid()}


@pytest.fixture(params=[True, False], ids=["fork", "server"])
def limited(request):
    made = Limited(answered, seconds=0.5, memory=200 * 2**20, fork=request.param)
    yield made
    made.close()


def test_one_process_answers_all_and_a_new_one_what_comes_after_its_end(limited, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 60)  # the limit of processor time comes long before it
    first, second = limited.ask(("say", "a")), limited.ask(("say", "b"))
    assert (first["said"], second["said"]) == ("a", "b")
    assert first["by"] == second["by"] != os.getpid()
    begin = time.monotonic()
    with pytest.raises(TooMuch, match=r"more than 0.5 s of processor time or 200 MiB"):
        limited.ask(("loop", None))
    assert time.monotonic() - begin < 20
    third = limited.ask(("say", "c"))
    assert third["said"] == "c"
    assert third["by"] != first["by"]
    with pytest.raises(TooMuch, match="200 MiB"):
        limited.ask(("hold", 300 * 2**20))
    assert limited.ask(("hold", 50 * 2**20)) == 50 * 2**20
    with pytest.raises(Fault, match="RecursionError"):
        limited.ask(("raise", None))
    assert limited.ask(("say", "d"))["by"] == third["by"]


def test_a_process_that_ends_is_noticed_at_once():
    limited = Limited(answered, seconds=20)
    with pytest.raises(TooMuch):
        limited.ask(("end", 1))
    limited.close()


def test_a_process_that_cannot_start_is_no_texts_fault(monkeypatch):
    def no_memory(memory):
        raise MemoryError

    monkeypatch.setattr(module, "limit_memory", no_memory)
    with pytest.raises(Stopped, match="ended as it started"):
        Limited(answered, fork=True).ask(("say", "a"))


def test_what_ends_the_process_from_outside_is_tried_again_and_is_no_texts_fault(limited, tmp_path):
    assert limited.ask(("kill", (tmp_path / "once", 1)))["by"]
    with pytest.raises(Stopped, match="ended from outside"):
        limited.ask(("kill", (tmp_path / "twice", 2)))
    assert limited.ask(("say", "a"))["said"] == "a"


def test_a_process_that_gets_no_processor_time_is_no_texts_fault(monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 0.5)
    limited = Limited(answered, seconds=0.5)
    with pytest.raises(Stopped, match="no processor time"):
        limited.ask(("sleep", 60))
    limited.close()


def test_a_fork_holds_no_file_of_its_parents(tmp_path):
    with (tmp_path / "kept").open("w") as kept:
        limited = Limited(lambda descriptor: os.path.exists(f"/proc/self/fd/{descriptor}"), fork=True)
        assert not limited.ask(kept.fileno())
        limited.close()


def test_beside_a_thread_nothing_is_forked():
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        limited = Limited(answered)
        assert limited.ask(("say", "1"))["said"] == "1"
        assert type(limited._process).__name__ == "ForkServerProcess"
        limited.close()
    finally:
        end.set()
        thread.join()


def test_a_block_ends_when_its_time_is_used_up():
    with pytest.raises(TooMuch, match=r"0.1 s"), at_most(0.1):
        answered(("loop", None))
    with at_most(0.1):
        pass
    begin = time.process_time()
    while time.process_time() - begin < 0.2:  # no timer is left
        pass
