"""The wall: what student code can reach from inside, what is left of it afterwards, and what stops it from outside."""

from __future__ import annotations

import array
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.paths import Repository
from autograder.sandbox import host, processes, scratch, wire
from autograder.sandbox.limits import Limits

SELFCHECK = Repository.default().assignments / "selfcheck"
LIMITS = Limits(memory=300 * 2**20, scratch=8 * 2**20, processes=16)


@pytest.fixture(scope="module")
def fork_server():
    made = host.ForkServer(SELFCHECK, wall="sandlock", limits=LIMITS, preload=("numpy",))
    yield made
    made.close()
    assert not made.scratch_root.exists()


class Worker:
    """A forked student process, driven by hand."""

    def __init__(self, fork_server: host.ForkServer, folder: Path, cell: str) -> None:
        self.fork_server = fork_server
        self.channel, theirs = socket.socketpair()
        folder.mkdir(exist_ok=True)
        scratch.give_to_owner_of(fork_server.scratch_root, folder)
        in_use = processes.address_space(fork_server.pid)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))]
        fork_server.control.sendmsg([f"F{in_use} {folder}".encode()], rights)
        self.pid = int(fork_server.control.recv(64))
        theirs.close()
        self.ask({"op": "run", "cells": [("cell", cell, None)]})

    def ask(self, request, seconds=20.0):
        wire.send(self.channel.fileno(), wire.encode(request))
        while type(reply := wire.decode(wire.receive(self.channel.fileno(), time.monotonic() + seconds))) is int:
            pass  # the cell that it runs
        return reply

    def call(self, name, *args, seconds=20.0):
        return self.ask({"op": "call", "name": name, "calls": [(args, {})], "opaque": []}, seconds)["results"][0]

    def sweep(self) -> bool:
        self.channel.close()
        return processes.sweep(self.fork_server.pid, self.fork_server.control)


@pytest.fixture
def worker(fork_server):
    made = []

    def start(cell):
        made.append(Worker(fork_server, fork_server.scratch_root / f"w{len(made)}", cell))
        return made[-1]

    yield start
    for number, one in enumerate(made):
        assert one.sweep()
        scratch.remove_folder(fork_server.scratch_root / f"w{number}")
    assert processes.descendants_of(fork_server.pid) == []


def test_files_outside_the_list_cannot_be_read_or_written(worker, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("42")
    student = worker("def read(path):\n    return open(path).read()\ndef write(path):\n    open(path, 'w').write('x')")
    root = Repository.default().root
    for path in (
        secret,
        "/etc/passwd",
        "/etc/shadow",
        root / "pyproject.toml",
        root / "solutions",
        f"/proc/{os.getpid()}/environ",
    ):
        assert student.call("read", str(path))["error"]["names"][0] == "PermissionError", path
    for path in (secret, "/tmp/forged", root / "forged", SELFCHECK / "target.py"):
        assert student.call("write", str(path))["error"]["names"][0] == "PermissionError", path
    assert secret.read_text() == "42"


def test_only_the_own_scratch_folder_is_writable(worker, fork_server):
    first = worker("def write(path):\n    open(path, 'w').write('x')")
    second = worker("def write(path):\n    open(path, 'w').write('x')")
    assert "error" not in first.call("write", "note.txt")
    assert (
        second.call("write", str(fork_server.scratch_root / "w0" / "note.txt"))["error"]["names"][0]
        == "PermissionError"
    )


def test_temporary_files_go_to_the_scratch_folder(worker, fork_server):
    student = worker(
        "import tempfile\ndef name():\n    with tempfile.NamedTemporaryFile() as file:\n        return file.name"
    )
    assert student.call("name")["value"].startswith(str(fork_server.scratch_root / "w0"))


def test_the_environment_holds_nothing_of_the_graders(worker, monkeypatch):
    student = worker("import os\ndef names():\n    return sorted(os.environ)")
    names = student.call("names")["value"]
    assert not [n for n in names if n.startswith(("PYTEST", "NBGRADER", "SECRET", "VIRTUAL", "MAKE"))]
    assert set(names) <= {
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
        "FORCE_COLOR",
        "GIT_PAGER",
        "HOME",
        "IPYTHONDIR",
        "KMP_DUPLICATE_LIB_OK",
        "KMP_INIT_AT_FORK",
        "LANG",
        "LC_CTYPE",
        "LINES",
        "MKL_NUM_THREADS",
        "MPLBACKEND",
        "MPLCONFIGDIR",
        "NUMEXPR_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OMP_THREAD_LIMIT",
        "OPENBLAS_CORETYPE",
        "OPENBLAS_L2_SIZE",
        "OPENBLAS_NUM_THREADS",
        "PAGER",
        "PATH",
        "PWD",
        "SHELL",
        "TERM",
        "TMPDIR",
        "USER",
    }


def test_network_parents_siblings_and_memfd_are_out_of_reach(worker, fork_server):
    code = """
import os, signal, socket
def connect():
    socket.create_connection(("127.0.0.1", 9), timeout=1)
def kill(pid):
    os.kill(pid, signal.SIGTERM)
def memfd():
    os.memfd_create("x")
"""
    student, sibling = worker(code), worker(code)
    for name, *args in (
        ("connect",),
        ("kill", fork_server.pid),
        ("kill", os.getpid()),
        ("kill", sibling.pid),
        ("memfd",),
    ):
        assert student.call(name, *args)["error"]["names"][0] in ("PermissionError", "ProcessLookupError"), (name, args)
    assert processes.alive(sibling.pid)


def test_no_process_can_be_seen_or_looked_into(worker, fork_server):
    code = """
import os
def listed(path):
    return os.listdir(path)
def read(path):
    with open(path, "rb") as file:
        return len(file.read(64))
"""
    student, sibling = worker(code), worker(code)
    assert student.call("listed", "/proc")["error"]["names"][0] == "PermissionError"
    for pid in (fork_server.pid, sibling.pid, student.pid, os.getpid(), 1):
        for name in ("environ", "maps", "mem", "cmdline"):
            assert "error" in student.call("read", f"/proc/{pid}/{name}"), (pid, name)


def test_a_detached_grandchild_does_not_outlive_the_exercise(worker):
    student = worker(
        "import os, time\ndef detach():\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n"
        "            time.sleep(600)\n        os._exit(0)\n    return 1"
    )
    assert student.call("detach") == {"value": 1}


def test_a_fork_bomb_meets_the_process_cap_and_is_swept_away(worker):
    student = worker(
        "import os, time\ndef bomb():\n    made = 0\n    try:\n        for _ in range(200):\n"
        "            if os.fork() == 0:\n"
        "                time.sleep(600)\n            made += 1\n    except OSError:\n        pass\n    return made"
    )
    assert student.call("bomb")["value"] <= LIMITS.processes


def test_a_fork_bomb_takes_no_process_from_who_comes_after(worker):
    bomb = (
        "import os, time\ndef bomb():\n    made = 0\n    try:\n        while True:\n"
        "            if os.fork() == 0:\n"
        "                time.sleep(600)\n            made += 1\n    except OSError:\n        return made"
    )
    found = []
    for _ in range(3):
        student = worker(bomb)
        found.append(student.call("bomb")["value"])
        assert student.sweep()
        time.sleep(0.2)  # the supervisor takes a moment to notice who has ended
    assert min(found) >= LIMITS.processes - 4, found


def test_too_much_memory_is_an_error_of_the_student_alone(worker, fork_server):
    student = worker("import numpy as np\ndef hungry():\n    return np.ones(10**9).sum()\ndef fine():\n    return 1")
    assert student.call("hungry")["error"]["names"][0] in ("MemoryError", "_ArrayMemoryError")
    assert student.call("fine") == {"value": 1}


def test_files_cannot_grow_beyond_the_scratch_limit(worker, fork_server):
    student = worker(
        "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\ndef fill():\n    with open('big', 'wb') as f:\n"
        "        while True:\n            f.write(bytes(2**20))"
    )
    assert student.call("fill")["error"]["names"][0] == "OSError"
    assert fork_server.scratch() <= LIMITS.scratch + 2**20


def full(folder):
    """More in a scratch folder than there may be, and what makes room again."""
    for number in range(3):
        (folder / f"full-{number}").write_bytes(bytes(LIMITS.scratch // 2))
    return lambda: [path.unlink() for path in folder.glob("full-*")]


def test_students_are_killed_from_outside_and_the_fork_server_lives(worker, fork_server):
    student = worker("def fine():\n    return 1")
    fork_server.enforce()
    assert student.call("fine") == {"value": 1}
    make_room = full(fork_server.scratch_root)
    fork_server.enforce(0.0)
    make_room()
    with pytest.raises((wire.Closed, BrokenPipeError, wire.TimedOut)):
        student.call("fine", seconds=5)
    assert worker("def fine():\n    return 2").call("fine") == {"value": 2}


def test_who_begins_while_the_others_use_is_measured_is_not_killed_for_it(worker, fork_server, monkeypatch):
    guilty, measure = worker("def fine():\n    return 1"), fork_server.scratch
    make_room, began = full(fork_server.scratch_root), []

    def scratch():
        found = measure()
        make_room()
        began.append(worker("def fine():\n    return 2"))
        return found

    monkeypatch.setattr(fork_server, "scratch", scratch)
    fork_server.enforce()
    assert len(began) == 2
    assert [one.call("fine") for one in began] == [{"value": 2}] * 2
    with pytest.raises((wire.Closed, BrokenPipeError, wire.TimedOut)):
        guilty.call("fine", seconds=5)


HIDDEN_FILES = """
import mmap, os, tempfile
kept = []
def fill(how, size):
    file = tempfile.TemporaryFile() if how == "temporary" else open("gone", "wb+")
    file.write(bytes(size))
    file.flush()
    if how != "temporary":
        os.unlink("gone")
    kept.append(file)
    if how == "mapped":
        kept[-1] = mmap.mmap(file.fileno(), size)
        file.close()
    if how == "mapped in part":  # mmap.mmap would hold the file open
        import ctypes
        libc, address, number = ctypes.CDLL(None), ctypes.c_void_p, ctypes.c_size_t
        libc.mmap.restype = address
        begin = libc.mmap(None, number(size), 3, 1, file.fileno(), number(0))
        libc.munmap(address(begin + 4096), number(size - 4096))
        kept.pop().close()
def undumpable():
    import ctypes
    return ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
def deep(size):
    for _ in range(25):
        os.mkdir("n" * 200)
        os.chdir("n" * 200)
    kept.append(os.open("gone", os.O_RDWR | os.O_CREAT))
    os.unlink("gone")
    os.write(kept[-1], bytes(size))
    for _ in range(25):
        os.chdir("..")
        os.rmdir("n" * 200)
def thread(size):
    import ctypes, threading, time
    read, write = os.pipe()
    if os.fork() == 0:
        def hold():
            fill("open", 1)
            time.sleep(0.5)
            held = bytearray(size)
            held[::4096] = bytes([1]) * len(held[::4096])
            os.write(kept[-1].fileno(), bytes(LEFT))
            os.write(write, b"x")
            time.sleep(100)
        threading.Thread(target=hold).start()
        time.sleep(0.3)
        ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)
    os.read(read, 1)
def send():
    import socket
    ours, theirs = socket.socketpair()
    kept.append(ours)
    with tempfile.TemporaryFile() as file:
        socket.send_fds(ours, [b"x"], [file.fileno()])
LEFT = 2**20
"""


def test_memory_that_was_moved_to_swap_counts(monkeypatch):
    shown = {
        "status": b"VmPeak:\t9000 kB\nVmRSS:\t   40 kB\nVmPTE:\t   0 kB\nVmSwap:\t   2 kB\n",
        "smaps_rollup": b"Rss:  40 kB\nPss:  20 kB\nPss_Dirty:  9 kB\nSwap:  2 kB\nSwapPss:  1 kB\n",
    }
    monkeypatch.setattr(processes, "_of_a_thread", lambda pid, file: shown[file])
    assert processes.memory_of([1, 2], enough=84 * 1024) == 84 * 1024
    assert processes.memory_of([1, 2], enough=83 * 1024) == 42 * 1024


IN_THE_KERNEL = """
import ctypes, socket, threading
kept = []
def pairs(count):
    for _ in range(count):
        for end in (made := socket.socketpair()):
            end.setblocking(False)
            try:
                while True:
                    end.send(bytes(2**15))
            except BlockingIOError:
                pass
        kept.append(made)
def wider():
    socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**30)
def tables(count):  # a page in each GiB takes two tables; one that is only read is no memory of the process
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    for number in range(1, count + 1):
        address = libc.mmap(ctypes.c_void_p(number << 30), ctypes.c_size_t(4096), 1, 0x22, -1, ctypes.c_size_t(0))
        ctypes.c_char.from_address(address).value
def threads(count):
    threading.stack_size(2**15)
    for _ in range(count):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    return count
"""


@pytest.mark.parametrize(("what", "count", "each"), [("pairs", 20, 2 * 2**17), ("tables", 2000, 2 * 4096)])
def test_what_the_kernel_holds_for_a_process_counts_as_its_memory(worker, fork_server, what, count, each):
    student = worker(IN_THE_KERNEL)
    before = fork_server.memory()
    assert "error" not in student.call(what, count)
    assert fork_server.memory() - before > 0.9 * count * each


def test_no_socket_gets_a_larger_buffer(worker):
    assert worker(IN_THE_KERNEL).call("wider")["error"]["names"][0] == "PermissionError"


def test_a_bomb_of_threads_is_ended_from_outside(worker, fork_server, monkeypatch):
    student = worker(IN_THE_KERNEL)
    assert student.call("threads", 50) == {"value": 50}
    fork_server.enforce()
    assert student.call("threads", 50) == {"value": 50}
    monkeypatch.setattr(fork_server, "limits", replace(LIMITS, threads=100))
    fork_server.enforce()
    with pytest.raises((wire.Closed, BrokenPipeError, wire.TimedOut)):
        student.call("threads", 1, seconds=5)


def test_the_kernel_refuses_a_bomb_of_threads_to_a_user_of_its_own(worker):
    student = worker(IN_THE_KERNEL)
    if os.stat(f"/proc/{student.pid}").st_uid == os.getuid():
        pytest.skip("students have the grader's user here")
    assert student.call("threads", LIMITS.threads)["error"]["names"][0] == "RuntimeError"


@pytest.mark.parametrize("may_look", [True, False])
def test_a_file_without_a_name_counts_whole_when_a_page_of_it_is_mapped(worker, fork_server, monkeypatch, may_look):
    student, size = worker(HIDDEN_FILES), LIMITS.scratch // 4
    before, look = fork_server.scratch(), os.stat
    assert "error" not in student.call("fill", "mapped in part", size)
    if not may_look:

        def refused(path, **options):
            if "map_files" in str(path):
                raise PermissionError
            return look(path, **options)

        monkeypatch.setattr(os, "stat", refused)
    found = fork_server.scratch() - before
    most = 2 * size if may_look else LIMITS.scratch + size
    assert (size if may_look else LIMITS.scratch) <= found < most


def test_files_without_a_name_count_however_long_their_path_was(worker, fork_server):
    student, size = worker(HIDDEN_FILES), LIMITS.scratch // 4
    before = fork_server.scratch()
    assert "error" not in student.call("deep", size)
    assert size <= fork_server.scratch() - before < 2 * size


def test_what_a_thread_holds_counts_when_the_first_one_has_ended(worker, fork_server):
    student, size = worker(HIDDEN_FILES), LIMITS.memory // 4
    memory, space = fork_server.memory(), fork_server.scratch()
    assert "error" not in student.call("thread", size)
    (ended,) = [pid for pid in processes.descendants_of(fork_server.pid) if pid != student.pid]
    assert Path(f"/proc/{ended}/statm").read_text().split()[0] == "0"
    assert not processes._ended(ended)
    assert fork_server.memory() - memory > size
    assert fork_server.scratch() - space >= 2**20


def test_no_file_can_be_left_in_a_message(worker):
    student = worker(HIDDEN_FILES)
    assert student.call("send")["error"]["names"][0] == "PermissionError"


@pytest.mark.parametrize("how", ["open", "mapped", "temporary"])
def test_files_without_a_name_count_as_scratch_space(worker, fork_server, how):
    student, size = worker(HIDDEN_FILES), LIMITS.scratch // 4
    before = fork_server.scratch()
    assert "error" not in student.call("fill", how, size)
    assert size <= fork_server.scratch() - before < 2 * size
    for _ in range(4):
        student.call("fill", how, size)
    fork_server.enforce()
    with pytest.raises((wire.Closed, BrokenPipeError, wire.TimedOut)):
        student.call("fill", "open", 1, seconds=5)
    assert fork_server.scratch() <= before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every process")
def test_a_process_that_cannot_be_looked_into_counts_as_over_the_limit(worker, fork_server):
    student = worker(HIDDEN_FILES)
    assert student.call("undumpable") == {"value": 0}
    assert fork_server.scratch() > LIMITS.scratch


def test_an_unreadable_scratch_folder_is_removed_all_the_same(tmp_path):
    folder = tmp_path / "scratch"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "file").write_text("x")
    (folder / "a" / "b").chmod(0)
    (folder / "a").chmod(0)
    scratch.remove_folder(folder)
    assert not folder.exists()


LEAK = """
import ctypes, os, platform
libc = ctypes.CDLL(None)
def leak(count):
    for _ in range(count):
        pid = libc.syscall({"x86_64": 56, "aarch64": 220}[platform.machine()], 17, 0, 0, 0, 0)
        if pid == 0:
            while True:
                pass
        os.kill(pid, 9)
        os.waitpid(pid, 0)
"""


@pytest.fixture
def own_fork_server():
    made = host.ForkServer(SELFCHECK, wall="sandlock", limits=LIMITS, preload=("numpy",))
    yield made
    made.close()


def test_a_fork_server_is_unchanged_after_an_honest_submission(own_fork_server):
    for _ in range(3):
        student = Worker(own_fork_server, own_fork_server.scratch_root / "w", "def fine():\n    return 1")
        assert student.call("fine") == {"value": 1}
        assert student.sweep()
        assert own_fork_server.unchanged()


def test_processes_that_the_sandbox_counts_to_its_end_change_a_fork_server(own_fork_server):
    student = Worker(own_fork_server, own_fork_server.scratch_root / "w", LEAK)
    assert "error" not in student.call("leak", LIMITS.processes - 3)
    assert student.sweep()
    assert not own_fork_server.unchanged()


CHANGED = {
    "limits": lambda pid: resource.prlimit(pid, resource.RLIMIT_DATA, (2**40, 2**40)),
    "processors": lambda pid: os.sched_setaffinity(pid, {min(os.sched_getaffinity(pid))}),
    "policy": lambda pid: os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0)),
    "priority": lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 5),
    "stopped": lambda pid: os.kill(pid, signal.SIGSTOP),
    "ended": lambda pid: os.kill(pid, signal.SIGKILL),
}


@pytest.mark.parametrize("kind", CHANGED)
def test_a_fork_server_that_was_changed_is_told(own_fork_server, kind):
    if kind == "processors" and os.cpu_count() == 1:
        pytest.skip("there is one processor: no other set of them to allow")
    try:
        CHANGED[kind](own_fork_server.pid)
    except PermissionError:
        pytest.skip("this machine's root may not do that to another user's process")
    assert not own_fork_server.unchanged(seconds=0.3)


def test_a_process_left_behind_changes_a_fork_server(own_fork_server):
    student = Worker(own_fork_server, own_fork_server.scratch_root / "w", "def fine():\n    return 1")
    assert not own_fork_server.unchanged(seconds=0.3)
    assert student.sweep()
    assert own_fork_server.unchanged()


@pytest.fixture
def open_folder():
    """A folder that all may enter, as pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_path_is_everyones_if_all_may_reach_and_read_it(open_folder):
    inner = open_folder / "outer" / "inner"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    for path, mode, expected in (
        (inner, 0o755, True),
        (inner / "file", 0o644, True),
        (inner / "file", 0o600, False),
        (inner.parent, 0o711, False),
        (inner.parent, 0o700, False),
    ):
        path.chmod(mode)
        assert host._everyones(path) is expected, (path, oct(mode))
    assert not host._everyones(inner)  # for the folder above it


def test_an_id_is_mapped_if_a_row_of_the_table_holds_it(tmp_path):
    table = tmp_path / "map"
    table.write_text("         0     100000       1000\n      5000          1          1\n")
    assert [host._is_mapped(number, table) for number in (0, 999, 1000, 5000, 5001)] == [True, True, False, True, False]


WHO = """
import os
def who():
    return [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()]
def ended(pid):
    os.kill(pid, 0)
"""


@pytest.mark.skipif(host.own_user(SELFCHECK) is None, reason="not root, or Python is not everyone's to read")
def test_where_the_grader_is_root_students_are_another_user(worker):
    student = worker(WHO)
    user = host.own_user(SELFCHECK)
    assert user
    assert student.call("who") == {"value": [user, user, user, []]}
    assert student.call("ended", os.getpid())["error"]["names"][0] == "PermissionError"


def test_without_a_wall_the_fork_server_still_serves():
    made = host.ForkServer(SELFCHECK, wall="none", limits=LIMITS, preload=("numpy",))
    try:
        student = Worker(made, made.scratch_root / "w", "def fine():\n    return 1")
        assert student.call("fine") == {"value": 1}
        assert student.sweep()
    finally:
        made.close()


def test_an_old_kernel_is_refused_in_a_sentence_that_says_what_to_do(monkeypatch):
    import sandlock

    monkeypatch.setattr(sandlock, "landlock_abi_version", lambda: 3)
    with pytest.raises(host.WallError, match=r"6\.12 or newer.*--wall none"):
        host.check_wall()


def test_a_sweep_believes_that_nothing_is_left_only_when_it_has_seen_so_twice(monkeypatch):
    """/proc's list of children may miss one while its sibling ends: here the first look does."""
    orphan, spare, fork_server = subprocess.Popen(["sleep", "60"]), 10**8, 10**8 + 1
    looks = iter([[spare], [spare, orphan.pid]])
    monkeypatch.setattr(processes, "children_of", lambda pid: next(looks, [spare]) if pid == fork_server else [])
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"some\n")
        assert processes.sweep(fork_server, ours, spare=spare)
    assert orphan.wait(timeout=5) == -signal.SIGKILL


FOUR_THREADS = """
import os, signal, torch
torch.set_num_threads(4)
a = torch.ones(600, 600)
a @ a, a.tanh()
pid = os.fork()
if pid == 0:
    signal.alarm(10)
    a @ a, a.tanh()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
"""


def test_a_fork_computes_on_after_code_that_asks_torch_for_four_threads(tmp_path):
    environment = host._environment(str(tmp_path))
    subprocess.run([sys.executable, "-I", "-B", "-c", FOUR_THREADS], env=environment, check=True)
