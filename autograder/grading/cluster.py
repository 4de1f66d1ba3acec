"""A Dask cluster as places to grade: one for each worker, with as many jobs at a time as the worker has threads.

Each worker gets the assignment once (`autograder.grading.packed`) and then one submission at a time. What the tasks
call is of the standard library, so the scheduler needs no part of the grader. Which worker does which job, and what
becomes of it when a worker is lost, is decided in `autograder.grading.queue`; Dask carries, and tells who is there.
"""

from __future__ import annotations

import logging
import operator
import pickle
import pkgutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future, wait
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import dask
from distributed import Client, KilledWorker

from autograder.grading import machine, packed
from autograder.grading.assignment import Assignment
from autograder.grading.forks import imports_of
from autograder.grading.grader import Graded, Job
from autograder.grading.installed import installed_versions
from autograder.grading.options import Options
from autograder.grading.queue import ClusterError, Ended, Place

_CONNECTING_SECONDS = 10
_READY_SECONDS = 120

Asked = tuple[str, bytes, bytes, tuple[str, ...]]  # what `machine.start` takes


class Worker:
    """A place: one worker of the cluster."""

    def __init__(self, client: Client, address: str, threads: int, asked: Asked) -> None:
        self.address = address
        self.host = urlsplit(address).hostname or address
        self.threads = threads
        self.lost = self.died = self.left = False
        self.executor = client.get_executor(pure=False, workers=[address])
        place = {"workers": [address], "pure": False}
        start = client.submit(pkgutil.resolve_name, "autograder.grading.machine:start", **place)
        self.machine = client.submit(operator.call, start, *asked, **place)
        self.refusal: Future[str] = self.executor.submit(operator.attrgetter("refusal"), self.machine)
        self.since = time.monotonic()
        self.tasks: set[Future[tuple]] = set()

    def submit(self, job: Job) -> Future[Graded]:
        """Give it a job."""
        outcome: Future[Graded] = Future()
        try:
            task = self.executor.submit(operator.methodcaller("grade", pickle.dumps(job)), self.machine)
        except Exception:  # whatever Dask raises where its client has lost the scheduler
            self.lost = True
            outcome.set_exception(CancelledError())
        else:
            self.tasks.add(task)
            task.add_done_callback(partial(self._answered, outcome))
        return outcome

    def leave(self) -> None:
        """Take back what it has not done: Dask would wait for a worker of this address."""
        self.left = True
        waiting: list[Future[Any]] = [self.refusal, *self.tasks]
        for task in waiting:
            task.cancel()

    def _answered(self, outcome: Future[Graded], task: Future[tuple]) -> None:
        """Say in the queue's words what became of a task."""
        self.tasks.discard(task)
        try:
            kind, *answer = task.result()
        except CancelledError:
            kind, answer = machine.GONE, []
        except KilledWorker as error:
            kind, answer = machine.ENDED, [str(error)]
        except Exception as error:
            kind, answer = machine.FAULT, [f"{type(error).__name__}: {error}"]
        if kind == machine.GRADED:
            outcome.set_result(Graded(*answer))
        elif kind == machine.ENDED:
            outcome.set_exception(Ended(*answer))
        elif kind == machine.FAULT:
            outcome.set_exception(RuntimeError(*answer))
        elif self.left:
            outcome.set_exception(CancelledError())
        else:
            self.lost, self.died = True, kind == machine.DIED
            outcome.set_exception(BrokenExecutor(*answer) if self.died else CancelledError())

    def refuses(self) -> str | None:
        """Return why it cannot grade, '' if it can; None while it has not answered."""
        if not self.refusal.done():
            late = time.monotonic() - self.since > _READY_SECONDS
            return f"it did not answer in {_READY_SECONDS} s: start it anew" if late else None
        if self.refusal.cancelled():
            self.lost = True
            return None
        error = self.refusal.exception()
        if isinstance(error, ImportError | AttributeError | TypeError):  # the last one: `start` takes other arguments
            return "it has no autograder, or another version of it: install there what is installed here"
        return self.refusal.result() if error is None else f"{type(error).__name__}: {error}"


class Cluster:
    """The workers of the scheduler at `address`, as they come and go.

    say: where a sentence goes about what happens there. patience: seconds to wait while there is no worker.
    """

    look_again: float | None = 0.5

    def __init__(self, address: str, *, say: Callable[[str], None] = print, patience: float = 300.0) -> None:
        self.address = address
        self.say = say
        self.patience = patience
        self.client: Client | None = None
        self.workers: dict[str, Worker] = {}
        self.refused: dict[str, str] = {}
        self.asked: Asked = ("", b"", b"", ())
        self._seen: dict[str, int] = {}
        self._closing = threading.Event()
        self._watching: threading.Thread | None = None
        self._none_since: float | None = None

    def prepare(self, assignment: Assignment, options: Options) -> None:
        """Put together what each worker gets."""
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "100MB"})  # a notebook may have 20
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is said by `say`
        asked = pickle.dumps(Options(wall=options.wall, limits=options.limits))
        self._let_go()  # of those that have another assignment
        modules = imports_of(assignment.repository, assignment.name)
        self.asked = (installed_versions(), asked, pickle.dumps(packed.pack(assignment)), modules)

    def start(self, jobs: int) -> None:
        """Connect, and have all workers that are there get ready. Raises ClusterError if one of them cannot grade."""
        if self._watching is None:
            self._connect()
            self._watching = threading.Thread(target=self._watch, daemon=True)
            self._watching.start()
        while not self.current() or any(worker.refuses() is None for worker in self.workers.values()):
            time.sleep(0.1)
            if self.refused:
                break
        if self.refused:
            said = "; ".join(f"worker {address}: {reason}" for address, reason in self.refused.items())
            raise ClusterError(f"nothing was graded on {self.address}: {said}")

    def current(self) -> Sequence[Worker]:
        """Return the workers that are ready. Raises ClusterError if there has been none for too long."""
        seen, client = self._seen, self.client
        for address, worker in list(self.workers.items()):
            if address not in seen or worker.lost:
                self.workers.pop(address).leave()
        for address in self.refused.keys() - seen.keys():
            del self.refused[address]  # who comes back there may have been mended
        for address, threads in seen.items():
            if client is not None and address not in self.workers and address not in self.refused:
                with suppress(Exception):  # the connection is lost: the next look will tell
                    self.workers[address] = Worker(client, address, threads, self.asked)
        for address, worker in list(self.workers.items()):
            if reason := worker.refuses():
                self.refused[address] = reason
                self.say(f"worker {address} is not used: {reason}")
                del self.workers[address]
        ready = [worker for worker in self.workers.values() if worker.refuses() == "" and not worker.lost]
        self._have_patience(bool(ready))
        return ready

    def _have_patience(self, ready: bool) -> None:
        if ready:
            self._none_since = None
            return
        if self._none_since is None:
            self._none_since = time.monotonic()
        elif time.monotonic() - self._none_since > self.patience:
            raise ClusterError(
                f"there was no worker at {self.address} for {self.patience:.0f} s. Start some: dask worker "
                f"{self.address}. Then run the command again: finished results are kept"
            )

    def died(self, place: Place) -> bool:
        """Whether a worker that is gone was killed, or the process of its graders was: not retired by the scheduler,
        nor cut off.
        """
        assert isinstance(place, Worker)
        if place.died or place.lost:
            return place.died
        try:
            assert self.client is not None
            events = self.client.get_events(place.address)
        except Exception:  # the scheduler is gone as well: nobody is to blame
            return False
        removed = [event for _, event in events if event.get("action") == "remove-worker"]
        return bool(removed) and not removed[-1].get("expected")

    def _connect(self) -> None:
        try:
            self.client = _connected(self.address)
        except (OSError, ValueError, TypeError, RuntimeError) as error:  # the last two: of what TLS needs
            raise ClusterError(_unreachable(self.address, error)) from error

    def _watch(self) -> None:
        """Look for workers until the end; connect anew to a scheduler that was gone."""
        while not self._closing.is_set():
            try:
                if self.client is None or self.client.status == "closed":
                    self._connect()
                assert self.client is not None
                self._seen = dict(self.client.nthreads())
            except Exception:  # whatever Dask raises where no scheduler answers
                self._seen = {}
            self._closing.wait(self.look_again)

    def close(self) -> None:
        """Let go of the workers, which then remove what they were given."""
        self._closing.set()
        self._let_go()
        if self._watching is not None:
            self._watching.join(timeout=_CONNECTING_SECONDS)
        if self.client is not None:
            with suppress(Exception):
                self.client.close(timeout=_CONNECTING_SECONDS)
            self.client = None

    def _let_go(self) -> None:
        for worker in self.workers.values():
            worker.leave()
        self.workers.clear()


def _unreachable(address: str, error: BaseException) -> str:
    """Say why there is no connection. With TLS a scheduler may be there, and the two not trust each other."""
    if address.startswith("tls:") or dask.config.get("distributed.comm.require-encryption", False):
        return (
            f"no connection to a Dask scheduler at {address} ({error}): check that it runs, that the address begins "
            "with tls://, and that it, its workers and this machine have the same TLS settings, whose files exist and "
            "have not expired"
        )
    return (
        f"no Dask scheduler answers at {address} ({error}): start one, or check the address, which begins with tls:// "
        "where the scheduler uses TLS"
    )


def _connected(address: str) -> Client:
    """Connect to the scheduler at an address. Raises OSError and others of Dask's if none answers there.

    Dask waits without end for the greeting of what listens there and is no scheduler, so it waits in a thread.
    """
    connecting: Future[Client] = Future()

    def connect() -> None:
        try:
            connecting.set_result(Client(address, timeout=_CONNECTING_SECONDS, set_as_default=False))
        except BaseException as error:
            connecting.set_exception(error)

    threading.Thread(target=connect, daemon=True).start()
    done, _ = wait([connecting], timeout=2 * _CONNECTING_SECONDS)
    if not done:
        raise OSError("something else listens there, or a scheduler that hangs")
    return connecting.result()
