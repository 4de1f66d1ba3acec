"""The trusted pytest session of a slot: collects the tests once, then forks in pytest's run loop for each submission.

Started as `python -m autograder.grade.session JOB_FD CONTROL_FD` by the slot, which sends the setup and then jobs as
wire frames.
It holds the tests, the reference and the secret; student code runs elsewhere (autograder.run).
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autograder.grade.proxy import NurseryFault, RemoteProvider
from autograder.run import wire
from autograder.run.wall import Limits, sweep
from selfcheck.plugin import Recorder, exercise_of
from selfcheck.target import current

# Each costs time at every test, and none has anything to do here.
_UNUSED_PLUGINS = (
    "logging",
    "warnings",
    "unraisableexception",
    "threadexception",
    "faulthandler",
    "junitxml",
    "doctest",
)
_INI = Path(__file__).with_name("session.ini")


class Session:
    """Pytest plugin whose run loop serves jobs."""

    def __init__(self, jobs: int, control: socket.socket, setup: dict[str, Any], recorder: Recorder) -> None:
        self.jobs = jobs
        self.control = control
        self.setup = setup
        self.recorder = recorder
        self.limits = Limits(**setup["limits"])
        self.served = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Serve jobs until the slot closes; each in a fork, so that no submission meets what another left."""
        if session.testsfailed:
            raise session.Interrupted("the tests could not be collected")
        self.served = True
        wire.send(self.jobs, wire.encode({"ready": len(session.items)}))
        while True:
            try:
                job = wire.decode(wire.receive(self.jobs))
            except wire.Closed:
                with contextlib.suppress(OSError):  # the slot may have ended the nursery before us
                    sweep(self.setup["nursery"], self.control, seconds=1.0)
                return True
            pid = os.fork()
            if pid == 0:
                self._serve(session, job)
            _, status = os.waitpid(pid, 0)
            if status != 0:
                wire.send(self.jobs, wire.encode({"fault": f"the session's fork ended with status {status}"}))

    def _serve(self, session: pytest.Session, job: dict[str, Any]) -> None:
        status = 1
        try:
            reply = self._grade(session, job)
            wire.send(self.jobs, wire.encode(reply))
            status = 0
        finally:
            os._exit(status)

    def _grade(self, session: pytest.Session, job: dict[str, Any]) -> dict[str, Any]:
        provider = RemoteProvider(
            self.control,
            self.setup["nursery"],
            Path(self.setup["scratch_root"]),
            self.limits,
            [tuple(cell) for cell in job["cells"]],
            job["problems"],
            getattr(current.cases, "OPAQUE", {}),
        )
        current.provider = provider
        self.recorder.records.clear()
        try:
            self._run(session.items, provider)
            provider.finish()
        except NurseryFault as error:
            return {"fault": str(error)}
        except Exception:
            return {"fault": traceback.format_exc(limit=8)}
        records = [vars(record) | {"output": ""} for record in self.recorder.records]
        return {"records": records, "left_out": provider.left_out}

    def _run(self, items: list[pytest.Item], provider: RemoteProvider) -> None:
        last = None
        for index, item in enumerate(items):
            if exercise_of(item) != last:
                provider.begin()
                last = exercise_of(item)
            following = items[index + 1] if index + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def load_module(name: str, path: Path) -> ModuleType:
    """Import a file by its path, leaving no bytecode behind."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Read the setup, collect, serve. Exit code 0 after a clean end, 3 when the tests could not be collected."""
    sys.dont_write_bytecode = True
    jobs = int(sys.argv[1])
    control = socket.socket(fileno=int(sys.argv[2]))
    setup = wire.decode(wire.receive(jobs))
    current.seed = setup["seed"]
    current.cases = load_module("cases", Path(setup["cases"]))
    current.reference = load_module("reference", Path(setup["reference"]))
    recorder = Recorder()
    session = Session(jobs, control, setup, recorder)
    arguments = ["-c", str(_INI), "--rootdir", str(_INI.parent), "-p", "selfcheck.plugin", "-p", "no:cacheprovider"]
    arguments += [part for name in _UNUSED_PLUGINS for part in ("-p", f"no:{name}")]
    arguments += [
        "-s",
        "-q",
        "--tb=native",
        "--noconftest",
        "--import-mode=importlib",
        "--assert=plain",
        "-W",
        "ignore",
    ]
    pytest.main([*arguments, setup["visible"], setup["hidden"]], plugins=[session, _Registered(recorder)])
    return 0 if session.served else 3


class _Registered:
    """Registers the recorder under the plugin's own name, so that there is one."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self.recorder, "selfcheck-recorder")


if __name__ == "__main__":
    sys.exit(main())
