"""The wall around student code: Landlock and seccomp through sandlock, limits, and a watcher that stands outside."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
# Which kernels NumPy, torch and their libraries use decides the last bits of a result: the same on both sides.
_KEPT = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "ATEN_CPU_CAPABILITY", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS",
         "NPY_DISABLE_CPU_FEATURES")  # fmt: skip
_MODULES = ("autograder.sandbox.wire", "autograder.sandbox.worker", "autograder.sandbox.forkserver")
_SYSTEM_FILES = (
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_DENIED = ("memfd_create", "memfd_secret", "io_uring_setup", "userfaultfd", "keyctl", "add_key", "request_key")

_SCRATCH_PREFIX = "course-scratch-"

# The fork server may read no folder of the repository, so its modules come to it as text, over its descriptor 0.
_BOOT = """
import json, os, sys, types
def line():
    text = b""
    while not text.endswith(b"\\n"):
        text += os.read(0, 1)
    return int(text)
def block(left):
    chunks = []
    while left:
        chunks.append(os.read(0, left)); left -= len(chunks[-1])
    return b"".join(chunks)
sources = json.loads(block(line()))
for name in ("autograder", "autograder.sandbox"):
    sys.modules[name] = types.ModuleType(name); sys.modules[name].__path__ = []
for name, text in sources.items():
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
    setattr(sys.modules["autograder.sandbox"], name.rpartition(".")[2], module)
sys.modules["autograder.sandbox.forkserver"].boot()
"""


class WallError(Exception):
    """The sandbox cannot run on this machine, or it failed; the text says why and what to do."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds for a call, a cell and the whole; bytes of memory and scratch space;
    processes.
    """

    call: float = 5.0
    cell: float = 10.0
    submission: float = 120.0
    memory: int = 2 * 2**30
    scratch: int = 64 * 2**20
    processes: int = 24


def check_wall() -> None:
    """Raise WallError if this machine cannot run the sandlock sandbox."""
    if sys.platform != "linux":
        raise WallError(
            "grading needs Linux with Landlock; this is " + sys.platform + ". Grade in a Linux virtual machine, "
            "or choose --wall none if you trust every submission"
        )
    try:
        import sandlock
    except ImportError as error:
        raise WallError(
            f"sandlock is not installed ({error}). Install the extra: pip install -e '.[instructor]'"
        ) from error
    have, need = sandlock.landlock_abi_version(), sandlock.min_landlock_abi()
    if have < need:
        raise WallError(
            f"this kernel ({os.uname().release}) has Landlock ABI {have}; grading needs {need} (Linux 6.12 or newer). "
            "Grade on a newer kernel, or choose --wall none if you trust every submission"
        )


class ForkServer:
    """A fork server inside the wall, seen from the process that owns it.

    `control` is the trusted end of the control socket; hand it to the process that asks for forks.
    """

    def __init__(
        self, selfcheck: Path, *, wall: str, limits: Limits, preload: tuple[str, ...], cases: str = ""
    ) -> None:
        self.limits = limits
        _remove_stale_scratch()
        self.scratch_root = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH_PREFIX}{os.getpid()}-"))
        os.chmod(self.scratch_root, stat.S_IRWXU)
        self.control, child_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sandbox: Any = None
        self._process: Any = None
        selfcheck = selfcheck.resolve()
        readable = _readable(selfcheck)
        settings = {
            "selfcheck": str(selfcheck),
            "cases": cases,
            "preload": list(preload),
            "confine": wall == "sandlock",
            "readable": readable,
            "limits": asdict(limits),
        }
        try:
            if wall == "sandlock":
                check_wall()
                self._start_confined(child_end, readable)
            else:
                self._process = subprocess.Popen(
                    _command(),
                    stdin=child_end.fileno(),
                    env=_environment(str(self.scratch_root)),
                    cwd=self.scratch_root,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            child_end.close()
            self._send_modules(settings)
            self._wait_until_ready()
        except BaseException:
            child_end.close()
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The fork server's process id."""
        return int(self._process.pid or 0)

    def _start_confined(self, child_end: socket.socket, readable: list[str]) -> None:
        import sandlock

        self._sandbox = sandlock.Sandbox(
            fs_readable=readable,
            fs_writable=[str(self.scratch_root), "/dev/null"],
            extra_deny_syscalls=list(_DENIED),
            max_processes=self.limits.processes,
            no_coredump=True,
            clean_env=True,
            env=_environment(str(self.scratch_root)),
            cwd=str(self.scratch_root),
        )
        saved = os.dup(0)
        try:
            os.dup2(child_end.fileno(), 0)
            self._process = self._sandbox.popen(
                _command(),
                stdin=sandlock.StdioMode.INHERIT,
                stdout=sandlock.StdioMode.NULL,
                stderr=sandlock.StdioMode.NULL,
            )
        except RuntimeError as error:
            raise WallError(f"the sandbox did not start: {error}. Run `autograder doctor`") from error
        finally:
            os.dup2(saved, 0)
            os.close(saved)

    def _send_modules(self, settings: dict[str, Any]) -> None:
        folder = Path(__file__).parent
        sources = {name: (folder / f"{name.rpartition('.')[2]}.py").read_text() for name in _MODULES}
        for text in (json.dumps(sources), json.dumps(settings)):
            body = text.encode()
            self.control.sendall(b"%d\n" % len(body) + body)

    def _wait_until_ready(self) -> None:
        self.control.settimeout(120)
        try:
            answer = self.control.recv(16)
        except OSError as error:
            raise WallError(f"the sandboxed process did not start: {error}. Run `autograder doctor`") from error
        if answer != b"ready\n":
            raise WallError("the sandboxed process ended while it was starting. Run `autograder doctor`")
        self.control.settimeout(None)

    def memory(self) -> int:
        """Bytes of memory that the student's processes use together; where it matters, shared pages count once."""
        students = descendants_of(self.pid)
        total = sum(_memory(pid, "statm") for pid in students)
        return total if total <= self.limits.memory else sum(_memory(pid, "smaps_rollup") for pid in students)

    def scratch(self) -> int:
        """Bytes in the scratch folders; a folder of very many files counts as over any limit."""
        return space_used(self.scratch_root)

    def enforce(self, seconds: float = 1.0) -> None:
        """Kill the student's processes, from outside, if together they use too much; the fork server lives on.

        Those that begin while we measure live on too: what was too much is not theirs. Where it stays too much, because
        somebody got away, the next round finds them.
        """
        end = time.monotonic() + seconds
        while True:
            students = descendants_of(self.pid)
            if self.memory() <= self.limits.memory and self.scratch() <= self.limits.scratch:
                return
            _kill(students)
            if time.monotonic() > end:
                return
            time.sleep(0.001)

    def close(self) -> None:
        """End the fork server, every process in it, and its scratch folder."""
        students = descendants_of(self.pid) if self._process is not None and self.pid else []
        self.control.close()
        _kill(students)
        if self._process is not None:
            try:
                self._process.kill()
                self._process.wait(timeout=10)
            except (RuntimeError, OSError, subprocess.TimeoutExpired):
                pass  # already gone: killing was all we wanted
            self._process = None
        remove_folder(self.scratch_root)


def space_used(folder: Path) -> int:
    """Bytes that a folder takes on disk; one of very many files counts as over any limit."""
    total = files = 0
    for inner, _, names in os.walk(folder):
        files += len(names) + 1
        if files > 5000:
            return sys.maxsize
        for name in names:
            try:
                total += os.lstat(os.path.join(inner, name)).st_blocks * 512
            except OSError:
                continue
    return total


def _remove_stale_scratch() -> None:
    """Remove the scratch folders of graders that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_SCRATCH_PREFIX}*"):
        owner = folder.name.removeprefix(_SCRATCH_PREFIX).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            remove_folder(folder)


def children_of(pid: int) -> list[int]:
    """Ids of the processes whose parent is `pid`; orphans of a subreaper's descendants are among its own."""
    found: list[int] = []
    with contextlib.suppress(OSError):  # the process may end while we look
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += [int(child) for child in file.read().split()]
    return found


def descendants_of(pid: int) -> list[int]:
    """Ids of the children of `pid`, of theirs, and so on."""
    found: list[int] = []
    waiting = children_of(pid)
    while waiting:
        found.append(waiting.pop())
        waiting += children_of(found[-1])
    return found


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _ended(pid: int) -> bool:
    """Whether a process has ended, waited for or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def address_space(pid: int) -> int:
    """Bytes of address space that a process uses."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * mmap.PAGESIZE


def sweep(pid: int, control: socket.socket, seconds: float = 5.0, *, spare: int = 0) -> bool:
    """Kill everything a fork server has forked, from outside, and have it reaped; False if something is left.

    spare: a child of the fork server that lives on; its own children are killed, and left to it to be waited for. A
    child's orphans become the fork server's children, so this repeats until there is none.
    """
    end = time.monotonic() + seconds
    clear = False  # the look before found nothing; a single one may miss a process whose sibling just ends
    while time.monotonic() < end:
        children = children_of(pid)
        grandchildren = [child for child in children_of(spare) if not _ended(child)] if spare else []
        was_clear, clear = clear, bool(spare) and children == [spare] and not grandchildren
        if clear and was_clear:
            return True
        if clear:
            continue
        _kill([child for child in children if child != spare] + grandchildren)
        if not spare or children != [spare]:
            control.sendall(b"R")
            if control.recv(64) == b"none\n":
                return True
        time.sleep(0.0005)
    return False


def remove_folder(folder: Path) -> None:
    """Remove a folder that a stranger has written to, whatever modes its folders have."""

    def make_writable(function: Any, path: str, error: Any) -> None:
        try:
            os.chmod(os.path.dirname(path), stat.S_IRWXU)
            if os.path.isdir(path) and not os.path.islink(path):
                os.chmod(path, stat.S_IRWXU)
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)
        except OSError:
            pass  # the folder is in the system's temporary directory; what cannot be removed harms nobody

    shutil.rmtree(folder, onerror=make_writable)


def _command() -> list[str]:
    return [sys.executable, "-I", "-B", "-c", _BOOT]


def _environment(home: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    fixed = {"PATH": "/usr/bin:/bin", "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "MPLBACKEND": "Agg",
             "MPLCONFIGDIR": home, "IPYTHONDIR": home, "USER": "student", "TERM": "dumb"}  # fmt: skip
    return {**fixed, **dict.fromkeys(_THREADS, "1"), **kept}


def _readable(selfcheck: Path) -> list[str]:
    """Python with its packages, the system's libraries, and selfcheck: nothing else of this machine."""
    python = [sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    python += [os.path.join(sys.prefix, name) for name in ("lib", "lib64", "pyvenv.cfg")]
    python += [os.path.join(sys.base_prefix, name) for name in ("lib", "lib64", "bin")]
    python += [os.path.realpath(path) for path in (*python, sys.executable)]
    candidates = [*python, *_SYSTEM_FILES, *_DEVICES, str(selfcheck)]
    return [path for path in dict.fromkeys(candidates) if os.path.exists(path)]


def _memory(pid: int, file: str) -> int:
    """Bytes that a process holds: resident in all (statm), or its share of shared pages (smaps_rollup, slower)."""
    try:
        text = Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return 0
    if file == "statm":
        return int(text.split()[1]) * mmap.PAGESIZE
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0)
