"""The filter of system calls: what it refuses, what honest code on its own files does all the same."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course.paths import Repository
from autograder.sandbox import syscalls
from autograder.sandbox.host import ForkServer
from autograder.sandbox.limits import Limits
from autograder.sandbox.remote import RemoteProvider
from autograder.sandbox.student import Forks, Notebook, StudentProcesses
from selfcheck.target import StudentError

LIMITS = Limits(patience=60.0, processes=16)
TOOLS = """
import ctypes, errno, os, signal
libc = ctypes.CDLL(None, use_errno=True)
def error_of(number, *arguments):
    arguments = [a.encode() if type(a) is str else ctypes.c_long(a) for a in arguments]
    ctypes.set_errno(0)
    made = libc.syscall(ctypes.c_long(number), *arguments)
    return ctypes.get_errno() if made < 0 else 0
def errors_of(numbers):
    return [error_of(number, *[-1] * 6) for number in numbers]  # of no file, no address: harmless if it is made
def own_id():
    return os.getpid()
"""


@pytest.fixture(scope="module")
def fork_server():
    made = ForkServer(Repository.default().selfcheck, wall="sandlock", limits=LIMITS, preload=("numpy",))
    yield made
    made.close()


@pytest.fixture
def student(fork_server):
    """student(source): calls of the functions in a notebook of the tools above and one more cell."""
    made = []

    def start(source=""):
        forks = Forks(fork_server.control, fork_server.pid, fork_server.scratch_root)
        cells = [("tools", TOOLS), ("cell", source)]
        provider = RemoteProvider(StudentProcesses(forks, LIMITS, Notebook(cells)), {}, {})
        made.append(provider)
        provider.begin()
        return lambda name, *arguments: provider.call(name, arguments, {})

    yield start
    for provider in made:
        provider.finish()


def number(name):
    return syscalls.denied(platform.machine())[name][0]


def test_every_call_of_the_list_is_refused_with_its_error(student):
    denied = syscalls.denied(platform.machine())
    found = student()("errors_of", [call for call, _ in denied.values()])
    expected = [error for _, error in denied.values()]
    assert dict(zip(denied, found, strict=True)) == dict(zip(denied, expected, strict=True))


CHANGES = {
    "mode": ("chmod", 0),
    "times": ("utimensat", None),
    "owner": ("chown", 12345, 12345),
}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="chmod and chown have no number of their own on aarch64")
@pytest.mark.parametrize("kind", CHANGES)
def test_a_neighbours_file_keeps_its_mode_owner_and_times(student, tmp_path, kind):
    file = tmp_path / "neighbour.ipynb"
    file.write_text("{}")
    before = file.stat()
    name, *arguments = CHANGES[kind]
    call = student("import os\ndef utime(path):\n    os.utime(path, (1, 1))")
    if kind == "times":
        call("utime", str(file))
    else:
        call("error_of", number(name), str(file), *arguments)
    assert file.stat() == before


@pytest.mark.parametrize("target", ["fork server", "grader"])
def test_no_process_but_its_own_gets_other_limits_or_another_schedule(student, fork_server, target):
    pid = fork_server.pid if target == "fork server" else os.getpid()

    def state():
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return Path(f"/proc/{pid}/limits").read_text(), os.sched_getaffinity(pid), stat[15:17], stat[38:40]

    before = state()
    call = student(
        "import resource\ndef tried(pid):\n    done = []\n"
        "    for name, change in (('prlimit', lambda: resource.prlimit(pid, resource.RLIMIT_DATA, (2**40, 2**40))),\n"
        "                         ('affinity', lambda: os.sched_setaffinity(pid, {0})),\n"
        "                         ('scheduler', lambda: os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))),"
        "\n                         ('priority', lambda: os.setpriority(os.PRIO_PROCESS, pid, 19))):\n"
        "        try:\n            change()\n            done.append(name)\n"
        "        except OSError:\n            pass\n    return done"
    )
    assert call("tried", pid) == []
    assert state() == before


def test_a_process_may_lower_its_own_limits_and_never_raise_them(student):
    call = student(
        "import resource\ndef lower():\n    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "    return resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "def higher():\n    try:\n        resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))\n"
        "    except (ValueError, OSError):\n        return 'refused'"
    )
    assert call("lower") == (64, 64)
    assert call("higher") == "refused"


def test_a_new_process_gets_no_namespace_and_no_other_parent(student):
    call = student("import os\ndef spawn():\n    return os.waitpid(os.posix_spawn('/none', ['x'], {}), 0)")
    clone = {"x86_64": 56, "aarch64": 220}[platform.machine()]
    for flags in (0x1000_0000, 0x2000_0000, 0x2_0000, 0x4000_0000, 0x8000, 0x80_0000):
        assert call("error_of", clone, flags | 17, 0, 0, 0, 0) == errno.EPERM, hex(flags)


ROADS = """
import os, socket
def told(road, port):
    family = socket.AF_UNIX if road == "of_unix" else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, 262 if road == "multipath" else 0) as made:
        made.settimeout(5)
        if road == "listening":
            made.listen()
            return "listens"
        if road == "in_the_first_message":  # MSG_FASTOPEN
            made.sendto(b"told", 0x20000000, ("127.0.0.1", port))
        else:
            made.connect(("127.0.0.1", port))
            made.send(b"told")
"""


@pytest.mark.parametrize("road", ["connected", "multipath", "in_the_first_message", "listening", "of_unix"])
def test_no_road_leads_to_the_network(student, road):
    with socket.create_server(("127.0.0.1", 0)) as outside:
        outside.setblocking(False)
        with pytest.raises(StudentError, match="PermissionError"):
            student(ROADS)("told", road, outside.getsockname()[1])
        with pytest.raises(BlockingIOError):  # nobody has come
            outside.accept()


def test_what_others_open_is_neither_leased_nor_watched(student):
    call = student(
        "import fcntl\ndef refused(request, argument, path):\n    with open(os.open(path, os.O_RDONLY)) as file:\n"
        "        try:\n            fcntl.fcntl(file, request, argument)\n"
        "        except PermissionError:\n            return True"
    )
    lease, watch = 1024, 1026
    assert call("refused", lease, 0, os.__file__)  # F_RDLCK
    assert call("refused", lease, 1, os.__file__)  # F_WRLCK: whoever opens the file waits 45 s
    assert call("refused", watch, 1, os.__file__)
    assert call("refused", fcntl.F_GETFD, 0, os.__file__) is None


def test_a_lock_of_a_library_tells_no_process_of_another(student):
    call = student(
        "import fcntl\ndef free():\n    with open(os.__file__) as file:\n"
        "        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n    return True"
    )
    with open(os.__file__) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert call("free")


LOCKS = """
import fcntl, struct
def lock(way):
    global held
    held = os.open(os.__file__, os.O_RDONLY)
    of_file = 37 if way == "of the open file" else fcntl.F_SETLK
    fcntl.fcntl(held, of_file, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 12345, 678, 0))
def seen():
    with open(os.__file__) as file:
        asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
        return struct.unpack("hhqqi4x", fcntl.fcntl(file, fcntl.F_GETLK, asked))[0] != fcntl.F_UNLCK
"""


@pytest.mark.parametrize("way", ["of the process", "of the open file"])
def test_no_process_tells_another_by_the_range_that_it_locks(student, way):
    one, other = student(LOCKS), student(LOCKS)
    one("lock", way)
    assert other("seen") is False


def test_no_owner_changes_the_flags_and_hints_of_a_file_that_it_may_only_read(student):
    call = student(
        "import fcntl\ndef tried(how, request, argument):\n    with open(os.__file__) as file:\n"
        "        try:\n            return getattr(fcntl, how)(file, request, argument)\n"
        "        except OSError as error:\n            return error.errno"
    )
    write_hint, set_flags, get_flags = 1036, 0x4008_6602, 0x8008_6601
    with open(os.__file__) as file:
        kept = fcntl.fcntl(file, 1035, bytes(8))
        assert call("tried", "fcntl", write_hint, struct.pack("Q", kept[0])) == errno.EPERM  # as it is: changes nothing
    for request in (set_flags, get_flags):
        assert call("tried", "ioctl", request, bytes(8)) == errno.EOPNOTSUPP


def test_no_memory_is_shared_without_a_file(student):
    call = student("import mmap\ndef take():\n    mmap.mmap(-1, 8192)")
    with pytest.raises(StudentError, match="PermissionError"):
        call("take")


def test_no_page_is_lent_to_a_pipe(student):
    assert student()("error_of", number("vmsplice"), -1, 0, 0, 0) == errno.ENOSYS


def test_no_capability_is_left(student):
    call = student()
    status = dict(line.split(":") for line in Path(f"/proc/{call('own_id')}/status").read_text().splitlines())
    kinds = ["CapInh", "CapPrm", "CapEff", "CapAmb", *(["CapBnd"] if os.getuid() == 0 else [])]
    assert [int(status[kind], 16) for kind in kinds] == [0] * len(kinds)
    assert status["NoNewPrivs"].strip() == "1"


HONEST = {
    "shutil.copy": "open('a', 'w').write('x'); return open(shutil.copy('a', 'b')).read() == 'x'",
    "shutil.copy2": "open('a', 'w').write('x'); return open(shutil.copy2('a', 'b')).read() == 'x'",
    "shutil.copytree": "os.makedirs('t/u'); open('t/u/a', 'w').write('x'); shutil.copytree('t', 'v')\n"
    "    return open('v/u/a').read() == 'x'",
    "shutil.move": "open('a', 'w').write('x'); shutil.move('a', 'b'); return os.path.exists('b')",
    "shutil.rmtree": "os.makedirs('t/u'); shutil.rmtree('t'); return not os.path.exists('t')",
    "touch": "p = pathlib.Path('a'); p.touch(); p.touch(); return p.exists()",
    "os.utime": "open('a', 'w').close(); os.utime('a', (1, 1)); os.utime('a'); return True",
    "os.utime of nothing": "try:\n        os.utime('a')\n    except FileNotFoundError:\n        return True",
    "chmod": "open('a', 'w').close(); os.chmod('a', 0o600); pathlib.Path('a').chmod(0o644); return True",
    "temporary file": "with tempfile.NamedTemporaryFile('w') as f:\n        f.write('x'); return True",
    "temporary folder": "with tempfile.TemporaryDirectory() as d:\n        open(d + '/a', 'w').write('x')\n"
    "    return not os.path.exists(d)",
    "numpy files": "numpy.savez('a', x=numpy.ones(3)); return float(numpy.load('a.npz')['x'].sum()) == 3.0",
    "archive": "os.makedirs('t'); open('t/a', 'w').write('x'); shutil.make_archive('z', 'zip', 't')\n"
    "    shutil.unpack_archive('z.zip', 'out'); return open('out/a').read() == 'x'",
    "tar archive": "os.makedirs('t'); open('t/a', 'w').write('x'); shutil.make_archive('z', 'gztar', 't')\n"
    "    shutil.unpack_archive('z.tar.gz', 'out'); return open('out/a').read() == 'x'",
    "thread": "t = threading.Thread(target=int); t.start(); t.join(); return True",
    "fork": "pid = os.fork()\n    if pid == 0:\n        os._exit(3)\n    return os.waitpid(pid, 0)[1] >> 8 == 3",
    "threads": "import concurrent.futures\n    with concurrent.futures.ThreadPoolExecutor(100) as pool:\n"
    "        return sum(pool.map(int, '1' * 300)) == 300",
    "subprocess": "return subprocess.run([sys.executable, '-I', '-S', '-c', 'raise SystemExit(3)']).returncode == 3",
    "pair of sockets": "import socket\n    ours, theirs = socket.socketpair()\n    ours.send(b'x')\n"
    "    return theirs.recv(1) == b'x'",
    "sqlite": "import sqlite3\n    c = sqlite3.connect('a.db'); c.execute('create table t (x)')\n"
    "    c.execute('insert into t values (1)'); c.commit()\n    d = sqlite3.connect('a.db')\n"
    "    d.execute('insert into t values (2)'); d.commit()\n"
    "    return c.execute('select count(*) from t').fetchone() == (2,)",
    "locked file": "import fcntl\n    with open('a', 'w') as f:\n        fcntl.lockf(f, fcntl.LOCK_EX)\n"
    "        fcntl.lockf(f, fcntl.LOCK_UN)\n    return True",
    "terminal": "return not os.isatty(0) and shutil.get_terminal_size().columns > 0",
    "inheritable": "a, b = os.pipe(); os.set_inheritable(a, True); os.set_blocking(b, False)\n"
    "    return os.get_inheritable(a) and not os.get_blocking(b)",
    "synced file": "open('a', 'w').write('x'); os.sync()\n    with open('a', 'r+') as f:\n        os.fsync(f)\n"
    "    return True",
    "memory": "import mmap\n    m = mmap.mmap(-1, 8192, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS); m[:1] = b'x'\n"
    "    return m[:1] == b'x'",
    "mapped file": "import mmap\n    with open('a', 'wb+') as f:\n        f.truncate(8192)\n"
    "        m = mmap.mmap(f.fileno(), 8192)\n"
    "    m[:1] = b'x'; m.flush(); return open('a', 'rb').read(1) == b'x'",
    "numpy map": "numpy.save('a', numpy.ones(3)); return float(numpy.load('a.npy', mmap_mode='r+').sum()) == 3.0",
    "asyncio": "import asyncio\n    async def f():\n        await asyncio.sleep(0)\n        return True\n"
    "    return asyncio.run(f())",
}


@pytest.mark.parametrize("kind", HONEST)
def test_honest_code_works(student, kind):
    imports = "import numpy, os, pathlib, shutil, subprocess, sys, tempfile, threading"
    assert student(f"{imports}\ndef honest():\n    {HONEST[kind]}")("honest") is True


@pytest.mark.skipif(sys.byteorder != "little", reason="the machines of the table are little-endian")
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_of_each_machine_decides_by_the_machine_the_call_and_its_argument(machine):
    code, numbers = syscalls.program(machine), syscalls.denied(machine)
    architecture = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    clone, prlimit, read = {"x86_64": (56, 302, 0), "aarch64": (220, 261, 63)}[machine]
    allowed, refused = 0x7FFF0000, 0x50000 | errno.EPERM
    for call, error in numbers.values():
        assert decision(code, call, architecture) == 0x50000 | error
    for call, argument, expected in (
        (read, 1, allowed), (prlimit, 0, allowed), (prlimit, 1, refused), (prlimit, 2**32 - 1, refused),
        (clone, 0x1200011, allowed), (clone, 0x3D0F00, allowed), (clone, 0x10000011, refused),
    ):  # fmt: skip
        assert decision(code, call, architecture, argument) == expected, (call, hex(argument))
    fcntl_of = {"x86_64": 72, "aarch64": 25}[machine]
    for request, expected in (
        (1, allowed), (1024, refused), (1025, allowed), (1026, refused), (1031, allowed), (5, allowed), (8, allowed),
        (6, 0x50000), (7, 0x50000), (36, allowed), (37, 0x50000), (38, 0x50000), (1035, allowed), (1036, refused),
        (1038, refused),
    ):  # fmt: skip
        assert decision(code, fcntl_of, architecture, 5, request) == expected, request
    ioctl_of = {"x86_64": 16, "aarch64": 29}[machine]
    for request, expected in (
        (0x541B, allowed), (0x5401, allowed), (0x5413, allowed), (0x40086602, 0x50000 | errno.EOPNOTSUPP),
        (0x5412, 0x50000 | errno.EOPNOTSUPP),
    ):  # fmt: skip
        assert decision(code, ioctl_of, architecture, 5, request) == expected, hex(request)
    mmap_of = {"x86_64": 9, "aarch64": 222}[machine]
    for flags, expected in ((0x1, allowed), (0x2, allowed), (0x22, allowed), (0x21, refused), (0x23, refused)):
        assert decision(code, mmap_of, architecture, 0, 8192, 3, flags) == expected, hex(flags)
    prctl_of = {"x86_64": 157, "aarch64": 167}[machine]
    for option, expected in ((1, allowed), (15, allowed), (22, refused), (38, allowed)):
        assert decision(code, prctl_of, architecture, option) == expected, option
    socketpair_of = {"x86_64": 53, "aarch64": 199}[machine]
    for family, expected in ((1, allowed), (2, refused), (16, refused), (30, refused), (40, refused)):
        assert decision(code, socketpair_of, architecture, family) == expected, family
    assert decision(code, read, 0x40000003) == refused  # a call of 32-bit code
    if machine == "x86_64":
        assert decision(code, read | 0x40000000, architecture) == refused


def decision(code, call, architecture, *arguments):
    """What the kernel's BPF machine returns for a call."""
    data = struct.pack("<IIQ6Q", call, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    place = loaded = 0
    tests = {0x15: lambda v: loaded == v, 0x35: lambda v: loaded >= v, 0x45: lambda v: bool(loaded & v)}
    while True:
        kind, yes, no, value = struct.unpack_from("<HBBI", code, 8 * place)
        place += 1
        if kind == 0x06:
            return value
        if kind == 0x20:
            (loaded,) = struct.unpack_from("<I", data, value)
        else:
            place += yes if tests[kind](value) else no


@pytest.mark.skipif(platform.machine() != "x86_64", reason="compares with the numbers of this machine's headers")
def test_the_numbers_are_those_of_the_kernels_headers():
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if not header.is_file():
        pytest.skip("the kernel's headers are not installed")
    known = {}
    for line in header.read_text().splitlines():
        if line.startswith("#define __NR_"):
            _, name, value = line.split()
            known[name.removeprefix("__NR_")] = int(value)
    for name, (call, _) in syscalls.denied("x86_64").items():
        assert known.get(name, call) == call, name


def test_an_unknown_machine_is_refused(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(OSError, match="riscv64"):
        syscalls.SystemCallFilter()


def test_capabilities_are_dropped_in_a_process_without_a_wall():
    code = (
        "from autograder.sandbox.syscalls import drop_capabilities\ndrop_capabilities()\n"
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('CapEff')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['0000000000000000']"
