"""The graders of one worker of a cluster: a process that owns them, and the object in the worker that hands it jobs.

Dask's workers are daemons of multiprocessing, which may have no children of its making. So the process that owns the
graders is started by `subprocess`: `python -m autograder.grading.machine`. It keeps the assignment in a folder that is
removed when it ends, and it ends when the worker does, however that happens.

The worker imports this module and needs little else of the grader: other imports are made where they are used.
"""

from __future__ import annotations

import itertools
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import faults

if TYPE_CHECKING:
    from autograder.grading.assignment import Assignment
    from autograder.grading.grader import Graded
    from autograder.grading.options import Options
    from autograder.grading.queue import Local, LocalProcess

# What became of a job: graded; its grader's process ended; an error of the way here and back; the process that owns
# the graders ended; it is not on this machine.
GRADED, ENDED, FAULT, DIED, GONE = "graded", "ended", "fault", "died", "gone"
_CLOSING_SECONDS = 20


def start(versions: str, options: bytes, packed: bytes, modules: Sequence[str]) -> Machine:
    """Start the graders of the worker that runs this, one for each of its threads."""
    from distributed import get_worker

    worker = get_worker()
    return Machine(versions, options, packed, modules, worker.state.nthreads, Path(worker.local_directory))


class Machine:
    """What the worker holds as long as the run lasts; when it lets go of it, the process ends.

    refusal: why this machine cannot grade what it was asked to; '' if it can.
    """

    def __init__(
        self, versions: str, options: bytes, packed: bytes, modules: Sequence[str], threads: int, folder: Path
    ) -> None:
        """Start the process, which imports those of `modules` that are installed; unless its versions are those given,
        it gets nothing else and ends.
        """
        self.refusal = ""
        self._numbers = itertools.count()
        self._waiting: dict[int, Future[tuple]] = {}
        self._sending = threading.Lock()
        private = ""
        try:
            private = tempfile.mkdtemp(prefix="grading-", dir=folder)  # nobody else may look into it
            self._process_end, theirs = Pipe()
            command = [sys.executable, "-P", "-m", __name__, str(theirs.fileno()), str(threads), private, *modules]
            process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd=private)
        except OSError as error:
            self.refusal = faults.sentence(error)
            shutil.rmtree(private, ignore_errors=True)
            return
        theirs.close()
        end = weakref.finalize(self, _end, self._process_end, self._sending, process, private)
        try:
            self.refusal = different(versions, self._process_end.recv())
            if not self.refusal:
                self._process_end.send_bytes(options)
                self._process_end.send_bytes(packed)
                self.refusal = self._process_end.recv()
        except (EOFError, OSError):
            self.refusal = "its grading process ended as it started: the worker's log says why"
        if self.refusal:
            end()
        else:
            reading = (self._process_end, self._waiting, self._sending)
            threading.Thread(target=_pass_on, args=reading, daemon=True).start()

    def grade(self, job: bytes) -> tuple:
        """Return (GRADED, text, seconds, out_of_time), or ENDED, FAULT or DIED with a reason."""
        number, answer = next(self._numbers), Future[tuple]()
        with self._sending:
            self._waiting[number] = answer
            try:
                self._process_end.send((number, job))
            except OSError:
                return DIED, "the process of the graders ended"
        return answer.result()

    def __reduce__(self) -> tuple[type, tuple]:
        """Let copies be made, by a worker that stores or moves its data, that know that they are elsewhere."""
        return _Elsewhere, ()


class _Elsewhere:
    """What arrives of a Machine that is copied."""

    refusal = ""

    def grade(self, job: bytes) -> tuple:
        return GONE, "the graders stayed where they were"


def _pass_on(process_end: Connection, waiting: dict[int, Future[tuple]], sending: threading.Lock) -> None:
    """Give answers to those who wait for them; if the process has ended, tell them all."""
    with suppress(EOFError, OSError):
        while True:
            number, answer = process_end.recv()
            waiting.pop(number).set_result(answer)
    with sending:
        process_end.close()
        for future in waiting.values():
            future.set_result((DIED, "the process of the graders ended"))
        waiting.clear()


def _end(process_end: Connection, sending: threading.Lock, process: subprocess.Popen, folder: str) -> None:
    """Tell the process to end, and see to it in a thread: the caller need not wait."""
    with sending, suppress(OSError):
        process_end.send(None)
    with suppress(RuntimeError):  # the worker's own process is ending: the other one sees that by itself
        threading.Thread(target=_wait_for, args=(process, folder), daemon=True).start()


def _wait_for(process: subprocess.Popen, folder: str) -> None:
    try:
        process.wait(_CLOSING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def different(here: str, there: str) -> str:
    """Return what another machine's `installed_versions` differ in from ours, as the end of a sentence about it."""
    ours, theirs = here.split(" | "), there.split(" | ")
    *pairs, code = list(itertools.zip_longest(ours, theirs, fillvalue=""))
    said = [f"{have or 'nothing'} in place of {want}" for want, have in pairs if want != have]
    if code[0] != code[1]:
        said.append("other code of the grader")
    return f"it has {', '.join(said)}: install there what is installed here" if said else ""


class _Graders:
    """Local processes, and which of them are at work."""

    def __init__(self, worker: Connection, local: Local, assignment: Assignment) -> None:
        self.worker = worker
        self.local = local
        self.assignment = assignment
        self.lock = threading.Lock()
        self.busy: set[LocalProcess] = set()
        self.heavy: set[LocalProcess] = set()  # have imported what is slow to import

    def serve(self) -> None:
        """Grade what comes, until nothing more does."""
        while (message := self.worker.recv()) is not None:
            number, content = message
            job = replace(pickle.loads(content), course=self.assignment.course, repository=self.assignment.repository)
            with self.lock:
                process = self._idle(job.slow)
                self.busy.add(process)
                if job.slow:
                    self.heavy.add(process)
            process.submit(job).add_done_callback(partial(self._finished, number, process))

    def _idle(self, slow: bool) -> LocalProcess:
        """Return a process without work, if there is a choice one that need not import, or need not have imported."""
        found = [process for process in self.local.current() if process not in self.busy]
        return min(found or self.local.current(), key=lambda process: (process in self.heavy) != slow)

    def _finished(self, number: int, process: LocalProcess, future: Future[Graded]) -> None:
        answer: tuple
        try:
            answer = (GRADED, *future.result())
        except BrokenExecutor:
            answer = (ENDED, "the grading process ended")
        except Exception as error:
            answer = (FAULT, f"{type(error).__name__}: {error}")
        with self.lock, suppress(OSError):
            self.busy.discard(process)
            self.worker.send((number, answer))


@contextmanager
def _graders(worker: Connection, threads: int, folder: Path) -> Iterator[_Graders]:
    """Take in what the worker sends first, and start the processes; in the end all of it is gone."""
    from autograder.grading import queue
    from autograder.grading.installed import installed_versions
    from autograder.grading.packed import unpack

    local = queue.Local()
    try:
        worker.send(installed_versions())
        options: Options = pickle.loads(worker.recv_bytes())
        try:
            assignment = unpack(pickle.loads(worker.recv_bytes()), folder)
            local.prepare(assignment, replace(options, jobs=threads))
            local.start(threads)
        except Exception as error:
            worker.send(faults.sentence(error))
            raise
        worker.send("")
        yield _Graders(worker, local, assignment)
    finally:
        local.close()
        shutil.rmtree(folder, ignore_errors=True)


def main(descriptor: int, threads: int, folder: Path, modules: Sequence[str]) -> None:
    """Own the graders of a worker, at the other end of a connection: DESCRIPTOR THREADS FOLDER MODULE..."""
    import autograder.grading.start  # noqa: F401, before NumPy and torch make their threads
    from autograder.grading.forks import start_server

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.set_inheritable(descriptor, False)
    with suppress(OSError):  # what hinders it is told when the graders start
        start_server(modules)  # it imports while we do, and while the assignment comes
    with suppress(EOFError, OSError), _graders(Connection(descriptor), threads, folder) as graders:
        graders.serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
