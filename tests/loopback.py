"""A Dask cluster on this machine that shares no folder with the instructor: `make cluster` grades a class on it.

python -m tests.loopback [--students N] [--assignment NAME]

The class is graded locally and then on two ordinary workers. Meanwhile one of them is killed, a third comes, and the
instructor's process and the scheduler are killed and started again. Where the user is root, the course belongs to
another user and the workers go without the capabilities that pass over modes, so that they may not enter it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder import simulate
from autograder.author.build import build
from autograder.course.paths import Course, Repository
from autograder.sandbox.processes import children_of

ROOT = Path(__file__).parents[1]
FAMILIES = ("right", "alternative", "wrong", "unfinished")  # what time limits end, another clock may end elsewhere
_NOBODY = 65534
_PASSING_OVER_MODES = "-dac_override,-dac_read_search"
_PATIENCE = 120.0


class Loopback:
    """A scheduler and workers that are processes of their own, each in its own folder below `folder`.

    The workers import the grader from a copy of its packages and find nothing else of the repository there.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = _free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.stranger = os.getuid() == 0 and shutil.which("setpriv") is not None
        self.workers: list[subprocess.Popen] = []
        self.scheduler: subprocess.Popen | None = None
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "autograder", folder / "code" / "autograder", ignore=ignore)
        shutil.copytree(ROOT / "assignments" / "selfcheck", folder / "code" / "selfcheck", ignore=ignore)

    def start_scheduler(self) -> None:
        """Start it at the same address as before."""
        self.scheduler = self._dask("scheduler", "--port", str(self.port))
        until(lambda: _answers(self.port), "the scheduler answers")

    def restart_scheduler(self) -> None:
        """Kill it, and start it anew at the same address with as many workers: those that were there end with it."""
        assert self.scheduler is not None
        self.scheduler.kill()
        self.scheduler.wait()
        self.start_scheduler()
        for worker in self.workers:
            worker.wait(60)
        for _ in range(len(self.workers)):
            self.add_worker()

    def registered(self) -> int:
        """Return how many workers have come so far."""
        return (self.folder / "dask.log").read_text().count("Register worker")

    def add_worker(self, threads: int = 1, code: Path | None = None) -> subprocess.Popen:
        """Start a worker with its nanny."""
        number = str(threads)
        self.workers.append(self._dask("worker", self.address, "--nthreads", number, "--memory-limit", "0", code=code))
        return self.workers[-1]

    def kill_worker(self, nanny: subprocess.Popen) -> None:
        """Kill the process below a nanny that does its work; the nanny will start another."""
        until(lambda: bool(_spawned(nanny.pid)), "a nanny has a worker")
        os.kill(_spawned(nanny.pid)[0], signal.SIGKILL)

    def private_folders(self) -> list[Path]:
        """Return what the workers keep of an assignment."""
        folders = [Path(place, name) for place, names, _ in os.walk(self.folder) for name in names]
        return [path for path in folders if path.name.startswith("grading-")]

    def lock(self, path: Path) -> None:
        """Keep the workers out of a folder, where that can be done."""
        path.chmod(0o700)
        if self.stranger:
            os.chown(path, _NOBODY, _NOBODY)

    @contextmanager
    def locked(self, *paths: Path) -> Iterator[None]:
        """Keep the workers out of folders in this block; other tests need some of them afterwards."""
        before = [path.stat() for path in paths]
        try:
            for path in paths:
                self.lock(path)
            yield
        finally:
            for path, status in zip(paths, before, strict=True):
                os.chown(path, status.st_uid, status.st_gid)
                path.chmod(status.st_mode & 0o7777)

    def may_enter(self, path: Path) -> bool:
        """Return whether the workers may list a folder."""
        return subprocess.run([*self._as_worker(), "ls", str(path)], capture_output=True, check=False).returncode == 0

    def _as_worker(self) -> list[str]:
        dropped = ["--bounding-set", _PASSING_OVER_MODES, "--inh-caps", _PASSING_OVER_MODES]
        return ["setpriv", *dropped] if self.stranger else []

    def _dask(self, *arguments: str, code: Path | None = None) -> subprocess.Popen:
        own = Path(tempfile.mkdtemp(prefix=f"{arguments[0]}-", dir=self.folder))
        command = [*self._as_worker(), sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
        command += ["--host", "127.0.0.1", "--no-dashboard"]
        command += ["--local-directory", str(own)] if arguments[0] == "worker" else []
        environment = {**os.environ, "HOME": str(own), "PYTHONPATH": str(code or self.folder / "code")}
        with (self.folder / "dask.log").open("a") as log:
            return subprocess.Popen(command, cwd=own, env=environment, stdout=log, stderr=log)

    def close(self) -> None:
        """End all of it."""
        processes = [process for process in (*self.workers, self.scheduler) if process is not None]
        for process in processes:  # the scheduler last: workers that have lost it take their time
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def loopback(folder: Path, *threads: int) -> Iterator[Loopback]:
    """Start a scheduler and a worker for each number of threads; end them with the block."""
    cluster = Loopback(folder)
    try:
        cluster.start_scheduler()
        for number in threads:
            cluster.add_worker(number)
        yield cluster
    finally:
        cluster.close()


def _spawned(nanny: int) -> list[int]:
    """Return the children of a nanny that do its work: all but what multiprocessing keeps beside them."""
    return [pid for pid in children_of(nanny) if "resource_tracker" not in _command_of(pid)]


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _answers(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def until(true: Callable[[], bool], what: str, seconds: float = _PATIENCE) -> None:
    """Wait until something is true; TimeoutError if it never is."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"in {seconds:.0f} s it never came about that {what}")
        time.sleep(0.05)


def results_in(folder: Path) -> dict[str, bytes]:
    """Return the result files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*/*.json"))}


def graded_twice(folder: Path) -> list[str]:
    """Return the students whose result was written more than once, by the log of times."""
    (log,) = folder.glob("*/times.log")
    times = Counter(json.loads(line)["student"] for line in log.read_text().splitlines())
    return sorted(student for student, number in times.items() if number > 1)


class Grading:
    """`autograder grade` as a process of its own."""

    def __init__(self, course: Course, assignment: str, results: Path, cluster: str = "") -> None:
        command = [sys.executable, "-m", "autograder.cli", "grade", assignment, "--course", str(course.root)]
        command += ["--no-gradebook", "--results", str(results), *(["--cluster", cluster] if cluster else [])]
        self.results = results
        self.begin = time.monotonic()
        self.process = subprocess.Popen(command)

    def done(self) -> int:
        """Return how many results there are."""
        return len(list(self.results.glob("*/*.json")))

    def until_done(self, number: int) -> None:
        """Wait until there are that many results."""
        until(lambda: self.done() >= number or self.process.poll() is not None, f"{number} results are there", 3600.0)

    def end(self) -> float:
        """Wait for the end; return the seconds it took. SystemExit if it failed."""
        if self.process.wait() != 0:
            raise SystemExit(f"autograder grade ended with {self.process.returncode}")
        return time.monotonic() - self.begin


def main() -> int:
    """Print what happens, and last how many results are byte-identical. Exit code 1 if one is not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--assignment", default=Repository.default().names()[0])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loopback-") as name:
        folder, count = Path(name), arguments.students
        course, repository = Course(folder / "course"), Repository.default()
        build(repository, course, arguments.assignment)
        simulate.simulate(repository, course, arguments.assignment, count, 11, course.submitted, kinds=FAMILIES)
        seconds = Grading(course, arguments.assignment, course.root / "here").end()
        print(f"locally: {count} submissions in {seconds:.0f} s", flush=True)
        there = course.root / "there"
        with loopback(folder / "cluster", 1, 1) as cluster:
            cluster.lock(course.root)
            print(f"may the workers enter the course folder? {'yes' if cluster.may_enter(course.root) else 'no'}")
            begin = time.monotonic()
            grading = Grading(course, arguments.assignment, there, cluster.address)
            grading.until_done(count // 4)
            cluster.kill_worker(cluster.workers[0])
            print(f"after {grading.done()} results: one worker was killed with SIGKILL", flush=True)
            grading.until_done(count // 2)
            cluster.add_worker()
            print(f"after {grading.done()} results: a third worker came", flush=True)
            grading.until_done(count * 5 // 8)
            grading.process.kill()
            grading.process.wait()
            print(f"after {grading.done()} results: the instructor's process was killed with SIGKILL", flush=True)
            grading = Grading(course, arguments.assignment, there, cluster.address)
            grading.until_done(count * 3 // 4)
            cluster.restart_scheduler()
            print(f"after {grading.done()} results: the scheduler was killed with SIGKILL and started anew", flush=True)
            grading.end()
            print(f"on the cluster: {count} submissions in {time.monotonic() - begin:.0f} s")
            until(lambda: not cluster.private_folders(), "the workers have removed the assignment")
            print("the workers keep nothing of the assignment")
        mine, theirs = results_in(course.root / "here"), results_in(there)
        twice = graded_twice(there)
    print(f"results written twice: {len(twice)}")
    same = sum(mine[student] == theirs.get(student) for student in mine)
    print(f"cluster: {same} of {count} results byte-identical")
    return 0 if same == count == len(mine) and not twice else 1


if __name__ == "__main__":
    sys.exit(main())
