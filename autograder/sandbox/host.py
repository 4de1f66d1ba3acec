"""A fork server in the sandbox (Landlock and seccomp, through sandlock), seen from the process that owns it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
import sysconfig
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.sandbox.limits import Limits
from autograder.sandbox.processes import (
    buffers_of,
    condition_of,
    descendants_of,
    kill,
    memory_of,
    threads_of,
    unlinked_space,
)
from autograder.sandbox.scratch import make_scratch_root, remove_folder, space_used

if TYPE_CHECKING:
    import pwd

_FIRST_USER, _USERS = 61184, 4096  # ids that distributions give to no user
# The limit holds for code that asks for more as well, as by torch.set_num_threads: a fork has none of torch's threads,
# and waits without end for those that its parent has used.
_THREADS = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
# Which kernels NumPy, torch and their libraries use decides the last bits of a result: the same on both sides.
_KEPT = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "ATEN_CPU_CAPABILITY", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS",
         "NPY_DISABLE_CPU_FEATURES")  # fmt: skip
_MODULES = tuple(
    f"autograder.sandbox.{name}" for name in ("limits", "pages", "preload", "syscalls", "wire", "worker", "forkserver")
)
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

OTHER_USERS = ("course-student", "nobody")  # the first that this machine has


class WallError(Exception):
    """The sandbox cannot run on this machine, or it failed; the text says why and what to do."""


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


def other_user() -> pwd.struct_passwd:
    """Return the user that students' code runs as behind the wall `user`. Raises WallError if it cannot."""
    import pwd  # which Windows lacks

    if os.geteuid() != 0:
        raise WallError("only root can run students' code under another user: run this as root")
    for name in OTHER_USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise WallError(f"there is no user {' or '.join(OTHER_USERS)}: make one with `useradd --system {OTHER_USERS[0]}`")


class ForkServer:
    """A fork server inside the wall, seen from the process that owns it.

    `control` is the trusted end of the control socket; hand it to the process that asks for forks.
    """

    def __init__(
        self, selfcheck: Path, *, wall: str, limits: Limits, preload: tuple[str, ...], cases: str = ""
    ) -> None:
        self.limits = limits
        user = own_user(selfcheck.resolve()) if wall == "sandlock" else None
        self.scratch_root = make_scratch_root(user)
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
            "user": user,
            "filtered": wall in ("sandlock", "user"),
            "readable": readable,
            "limits": asdict(limits),
        }
        try:
            if wall == "sandlock":
                check_wall()
                self._start_confined(child_end, readable)
            else:
                as_whom: dict[str, Any] = {}
                if wall == "user":
                    other = other_user()
                    os.chown(self.scratch_root, other.pw_uid, other.pw_gid)
                    as_whom = {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}
                self._process = subprocess.Popen(
                    _command(),
                    stdin=child_end.fileno(),
                    env=_environment(str(self.scratch_root)),
                    cwd=self.scratch_root,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    **as_whom,
                )
            child_end.close()
            self._send_modules(settings)
            self._wait_until_ready()
            self._condition = condition_of(self.pid)
        except PermissionError as error:
            child_end.close()
            self.close()
            raise WallError(
                f"another user may not run {sys.executable}: use a Python that every user can run"
            ) from error
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
        with contextlib.suppress(PermissionError), open(f"/proc/{self.pid}/maps", "rb") as maps:
            socket.send_fds(self.control, [b"M"], [maps.fileno()])
            if self.control.recv(64) != b"done\n":
                raise WallError("the sandboxed process ended while it was starting. Run `autograder doctor`")
        self.control.settimeout(None)

    def unchanged(self, seconds: float = 2.0) -> bool:
        """Return whether the fork server is as it was when it had started, for the next submission.

        Its limits, signal masks and scheduling are the same, no process is left below it, and the sandbox lets it fork:
        a process that ends before the sandbox has heard of it is counted in it to the end.
        """
        end = time.monotonic() + seconds
        while descendants_of(self.pid) or condition_of(self.pid) != self._condition:
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        try:
            self.control.settimeout(60)
            self.control.sendall(b"C")
            return self.control.recv(64) == b"room\n"
        except OSError:
            return False

    def memory(self) -> int:
        """Return the bytes of memory that the student's processes use together, with what their sockets may hold."""
        students = descendants_of(self.pid)
        buffers = buffers_of(students)
        return buffers + memory_of(students, enough=self.limits.memory - buffers)

    def scratch(self) -> int:
        """Return the bytes of the scratch folders' files, also of those that were deleted while they were open.

        A folder of very many files counts as over any limit.
        """
        unlinked = unlinked_space(descendants_of(self.pid), str(self.scratch_root))
        return space_used(self.scratch_root) + unlinked

    def enforce(self, seconds: float = 1.0) -> None:
        """Kill the student's processes, from outside, if together they use too much; the fork server lives on.

        Processes started during the measurement are spared: they did not cause it. Where it stays too much, because a
        process got away, the next round finds it.
        """
        end = time.monotonic() + seconds
        while True:
            students = descendants_of(self.pid)
            if (
                threads_of(students) <= self.limits.threads  # first: of very many the others would take long
                and self.memory() <= self.limits.memory
                and self.scratch() <= self.limits.scratch
            ):
                return
            kill(students)
            if time.monotonic() > end:
                return
            time.sleep(0.001)

    def close(self) -> None:
        """End the fork server, every process in it, and its scratch folder."""
        students = descendants_of(self.pid) if self._process is not None and self.pid else []
        self.control.close()
        kill(students)
        if self._process is not None:
            try:
                self._process.kill()
                self._process.wait(timeout=10)
            except (RuntimeError, OSError, subprocess.TimeoutExpired):
                pass  # already gone: killing was all we wanted
            self._process = None
        remove_folder(self.scratch_root)


def own_user(selfcheck: Path) -> int | None:
    """Return the id of a user for student code where this process is root, and that user can read what it needs.

    Students' processes of another grader have another user. None for an ordinary grader, and where Python, its packages
    or selfcheck lie in folders that are not everyone's to read.
    """
    if os.geteuid() != 0:
        return None
    user = _FIRST_USER + os.getpid() % _USERS
    python = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sys.executable)
    needed = [selfcheck, *(Path(path).resolve() for path in python)]
    mapped = all(_is_mapped(user, Path(f"/proc/self/{kind}_map")) for kind in ("uid", "gid"))
    return user if mapped and all(map(_everyones, needed)) else None


def _is_mapped(number: int, table: Path) -> bool:
    """Return whether the id exists in this process's user namespace."""
    rows = [[int(word) for word in line.split()] for line in table.read_text().splitlines()]
    return any(first <= number < first + count for first, _, count in rows)


def _everyones(path: Path) -> bool:
    """Return whether everyone may read a file or folder, and reach it."""
    read = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
    return path.stat().st_mode & read == read and all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)


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
