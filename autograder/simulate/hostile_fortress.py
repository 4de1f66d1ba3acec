"""Hostile submissions that a fortress is tried with, and that no class of a demonstration needs.

What Landlock does not cover, files that no list names, text that keeps a parser busy, and a search for what the
instructor has hidden: `@MARK@` stands for a word planted in the course, `@COURSE@` for the course's folder, which no
student is told.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from autograder.simulate import hostile_hiding, hostile_replies
from autograder.simulate.kinds import Kind, Register
from autograder.simulate.tricks import ANSWER_WITH_LOOT, BELOW, WRONG, Trick, before_answer, replaced
from autograder.simulate.work import Work

# Answers right with what it has found, and says it in the text of an exception of one exercise.
_LIBC = """
import ctypes
import os

LOOT = []
libc = ctypes.CDLL(None, use_errno=True)

def tried(name, *arguments):
    try:
        if getattr(libc, name)(*arguments) not in (-1, 0xFFFFFFFF):
            LOOT.append(name)
    except (AttributeError, OSError):
        pass

def allowed(what, call, *arguments):
    try:
        call(*arguments)
        LOOT.append(what)
    except (OSError, ValueError, AttributeError):
        pass
"""

# Processes that the sandbox counts and never hears the end of; %d: how many.
RAW_CLONES = """
import ctypes, os, platform
libc = ctypes.CDLL(None)
for _ in range(%d):
    pid = libc.syscall({"x86_64": 56, "aarch64": 220}[platform.machine()], 17, 0, 0, 0, 0)
    if pid == 0:
        while True:
            pass
    if pid > 0:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
"""


def _theft(name: str, says: str, look: str) -> Trick:
    return Trick("fortress", name, 0, says, base=WRONG, cell=_LIBC + look, around=ANSWER_WITH_LOOT)


def _before_answer(name: str, says: str, body: str) -> Trick:
    return Trick("fortress", name, 0, says, around=before_answer(body), claim=BELOW)


TRICKS = (
    _theft(
        "neighbours-files",
        "modes, owners, times and attributes of other students' files are changed",
        """
import shutil
import stat

def seen(path):  # what grading does not change meanwhile, of a time and a size only whether they are 0
    status = os.stat(path)
    return stat.S_IMODE(status.st_mode), status.st_uid, status.st_mtime_ns > 0, status.st_size > 0

for path in ("@COURSE@/gradebook.db", "@COURSE@/submitted", "@COURSE@/results", "@COURSE@"):
    before = seen(path)
    for call, arguments in (
        (os.chmod, (path, 0)), (os.chown, (path, 12345, 12345)), (os.lchown, (path, 12345, 12345)),
        (os.utime, (path, (0, 0))), (os.setxattr, (path, "user.mark", b"1")), (os.truncate, (path, 0)),
        (os.rename, (path, path + ".gone")), (os.link, (path, "link")), (shutil.rmtree, (path,)),
        (os.mkfifo, (path + ".pipe",)), (os.symlink, ("/", path + ".link")),
    ):
        try:
            call(*arguments)
        except OSError:
            pass
    try:
        LOOT += [path] * (seen(path) != before)
    except OSError:
        LOOT.append(path)
""",
    ),
    _theft(
        "others-limits",
        "limits, processors and priorities of other processes are changed",
        """
import resource

own = os.getpid()
for pid in {1, os.getppid(), *range(own - 60, own)} - {own}:
    allowed("prlimit", resource.prlimit, pid, resource.RLIMIT_FSIZE, (1, 1))
    allowed("priority", os.setpriority, os.PRIO_PROCESS, pid, 19)
    allowed("processors", os.sched_setaffinity, pid, {0})
    allowed("scheduler", os.sched_setscheduler, pid, os.SCHED_IDLE, os.sched_param(0))
    allowed("kill", os.kill, pid, 9)
    allowed("memory", open, f"/proc/{pid}/mem")
    allowed("environment", open, f"/proc/{pid}/environ")
""",
    ),
    _theft(
        "kernel",
        "calls that watch, mount, trace, set clocks or share memory",
        """
buffer = ctypes.create_string_buffer(256)
tried("inotify_init")
tried("fanotify_init", 0, 0)
tried("klogctl", 3, buffer, 256)
tried("mount", b"none", b".", b"tmpfs", 0, b"")
tried("unshare", 0x10000000)
tried("chroot", b".")
tried("ptrace", 16, os.getppid(), 0, 0)
tried("settimeofday", buffer, None)
tried("clock_settime", 0, buffer)
tried("sethostname", b"taken", 5)
tried("shmget", 0, 4096, 0o1600)
tried("semget", 0, 1, 0o1600)
tried("msgget", 0, 0o1600)
tried("mq_open", b"/taken", 0o102, 0o600, None)
tried("memfd_create", b"taken", 0)
tried("swapon", b"/dev/zero", 0)
tried("reboot", 0x89ABCDEF)
""",
    ),
    _theft(
        "sockets-and-leases",
        "sockets of every kind are made, and files that others open are leased and watched",
        """
import fcntl
import socket

for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        for protocol in (0, 132, 262):  # SCTP, multipath TCP
            allowed("socket", socket.socket, family, kind, protocol)
library = os.open(os.path.dirname(os.__file__), os.O_RDONLY)
allowed("watch", fcntl.fcntl, library, 1026, 1)
with open(os.__file__) as file:
    for kind in (0, 1):
        allowed("lease", fcntl.fcntl, file, 1024, kind)
""",
    ),
    _theft(
        "read-only-descriptors",
        "flags and hints of libraries are set, pages are lent to a pipe, memory is shared without a file",
        """
import fcntl
import mmap

with open(os.__file__) as library:
    allowed("hint", fcntl.fcntl, library, 1036, bytes(8))
    allowed("flags", fcntl.ioctl, library, 0x40086602, (0x80000).to_bytes(8, "little"))
allowed("shared memory", mmap.mmap, -1, 4096)
page, (_, pipe) = ctypes.create_string_buffer(4096), os.pipe()
tried("vmsplice", pipe, (ctypes.c_size_t * 2)(ctypes.addressof(page), 4096), 1, 0)
""",
    ),
    _theft(
        "rights",
        "a process with capabilities, or that could gain some",
        """
import struct

header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0))
found = ctypes.create_string_buffer(24)
if libc.capget(header, found) != 0 or any(found.raw):
    LOOT.append("capabilities")
if libc.prctl(39, 0, 0, 0, 0) != 1:
    LOOT.append("new privileges")
allowed("setuid", os.setuid, 0 if os.getuid() else 12345)
allowed("nice", os.nice, -5)
""",
    ),
    _theft(
        "written-elsewhere",
        "files are written outside of the scratch folder",
        """
import tempfile

for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/home", "/root", "/", "@COURSE@", "@COURSE@/submitted", ".."):
    allowed(folder, open, os.path.join(folder, "taken-by-a-student"), "w")
allowed("device", open, "/dev/mem")
""",
    ),
    _theft(
        "marks-read",
        "the planted word is looked for in names and contents of files, in the environment and in processes",
        """
import re
import sys
import time

MARK = re.compile("@MARK@".encode())
end = time.process_time() + 2.5

def look(text, where):
    if MARK.search(text if isinstance(text, bytes) else os.fsencode(text)):
        LOOT.append(where)

def contents(path):
    try:
        with open(path, "rb") as file:
            look(file.read(1 << 18), path)
    except OSError:
        pass

roots = ["@COURSE@", os.getcwd(), "/tmp", "/var/tmp", "/dev/shm", "/home", "/root", "/srv", "/opt"]
roots += [entry for entry in sys.path if entry]
for name, value in os.environ.items():
    look(f"{name}={value}", "environment")
for path in ("canary.txt", "secret", "gradebook.db", "nbgrader_config.py", "submitted/canary/canary.txt"):
    contents("@COURSE@/" + path)
for pid in ["self", "1", str(os.getppid()), *[name for name in (os.listdir("/proc") if os.access("/proc", 4) else [])]]:
    for name in ("cmdline", "environ", "maps", "mountinfo", "mounts", "comm", "cgroup", "status"):
        contents(f"/proc/{pid}/{name}")
    for name in ("cwd", "exe", "root"):
        try:
            look(os.readlink(f"/proc/{pid}/{name}"), name)
        except OSError:
            pass
for root in dict.fromkeys(roots):
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            look(name, folder)
        if "packages" not in folder:
            for name in files[:20]:
                contents(os.path.join(folder, name))
        if time.process_time() > end:
            break
if LOOT:
    raise ValueError("found " + repr(LOOT))
""",
    ),
    _before_answer(
        "nested-folders",
        "1,500 folders are made, each in the other, and a link to the root beside them",
        """
import os
os.symlink("/", "root")
os.symlink("..", "up")
for _ in range(1500):
    os.mkdir("n")
    os.chdir("n")
""",
    ),
    _before_answer(
        "unlinked-files",
        "files without a name are filled",
        """
import tempfile
held = []
try:
    for _ in range(200):
        held.append(tempfile.TemporaryFile())
        held[-1].write(bytes(10**7))
        held[-1].flush()
except OSError:
    pass
""",
    ),
    _before_answer(
        "raw-clones",
        "processes are cloned and killed before anybody hears of them",
        RAW_CLONES % 30,
    ),
    _before_answer(
        "inherited",
        "limits, signal masks and the file mode mask are set, for the processes that inherit them",
        """
import os, resource, signal
for name in ("RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_NPROC", "RLIMIT_MEMLOCK"):
    soft, hard = resource.getrlimit(getattr(resource, name))
    resource.setrlimit(getattr(resource, name), (min(10**8, hard) if hard > 0 else 10**8, hard))
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
os.umask(0o777)
""",
    ),
    Trick(
        "fortress",
        "frame-of-empty-lists",
        0,
        "one exercise returns five million empty lists",
        around="\ndef {name}(*args, **kwargs):\n    return [[] for _ in range(5_000_000)]\n",
    ),
    Trick(
        "fortress",
        "class-name",
        0,
        "arguments are carried out as names of classes, of types and as shapes",
        base=WRONG,
        around=replaced("""
raise type("Found" + repr(args).encode().hex()[:2000], (Exception,), {})(repr(args))
"""),
    ),
    Trick("fortress", "timeit-lines", 0, "16.8 KB of magics", cell="%timeit x\n" * 1680),
    Trick("fortress", "attribute-chain", 0, "a name with 50,000 attributes", cell="optim" + ".a" * 50_000),
    Trick("fortress", "blank-lines", 0, "90,000 blank lines and a magic", cell="x = 1" + "\n" * 90_000 + "%who\n"),
    Trick("fortress", "deep-expression", 0, "a sign repeated 100,000 times", cell=f"optim = {'-' * 100_000}1"),
)

_register = Register("fortress")
_kind = _register


@_kind("course-null", "the notebook's metadata of the course are null")
def course_null(work: Work) -> None:
    work.notebook.metadata.course = None


@_kind("half-a-pair", "half of a surrogate pair in a cell")
def half_a_pair(work: Work) -> None:
    work.insert_last("text = '@HALF@'")
    text = work.text().replace("@HALF@", "\\ud800")
    work.put = lambda path: _write(path, text)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _in_answer(name: str, says: str, text: str) -> None:
    @_kind(name, says)
    def make(work: Work) -> None:
        for written in work.subject.written[:1]:
            work.cell(written).source = text
        work.insert_last("# " + text[:1000].replace("\n", " "))


_in_answer("formulas", "100 KB of formulas in an answer", " ".join(rf"$\frac{{a_{{{n}}}}}{{b}}$" for n in range(5500)))
_in_answer("empty-formula", "a formula that cannot be drawn", r"$\text{}$ $\frac$ $$\begin{matrix}$$ $" + "{" * 300)
_in_answer(
    "directions", "characters that turn the direction of reading", "if\u202e access\u2066 == 'user\u2069' \u202d:"
)
_in_answer(
    "fetched-pictures",
    "pictures, styles and scripts from elsewhere in an answer",
    "![p](http://example.org/p.png) <img src='https://example.org/p.png'> <script src='//example.org/s.js'></script> "
    "<link rel=stylesheet href='//example.org/s.css'> <a href='javascript:alert(1)'>x</a> <svg onload=alert(1)>",
)
_in_answer("brackets", "100,000 brackets in an answer", "[" * 50_000 + "![" * 25_000)


def fortress_kinds(mark: str, course: Path) -> list[Kind]:
    """Return the kinds of this module, for a course in which the word `mark` is planted."""

    def told(text: str) -> str:  # in pieces, so that it is not the text itself that is found
        path = str(course).replace(mark, f'{mark[:4]}" "{mark[4:]}')
        return text.replace("@MARK@", f'{mark[:4]}" "{mark[4:]}').replace("@COURSE@", path)

    tricks = [replace(trick, cell=told(trick.cell), around=told(trick.around))
              for trick in (*TRICKS, *hostile_hiding.TRICKS, *hostile_replies.TRICKS)]  # fmt: skip
    return [*(trick.kind() for trick in tricks), *_register.kinds]


def row_of(kind: Kind) -> int:
    """Return the number of the attack that a trick's kind says it is; 0 for none."""
    found = re.search(r"\(attack (\d+)\)", kind.says)
    return int(found[1]) if found else 0
