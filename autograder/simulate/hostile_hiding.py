"""Hostile submissions that hide from whoever looks from outside, and functions that know of each other.

The first kind holds memory or files where a look at a process does not find them: in a thread whose process seems to
have ended, at the end of a path too long to be read, behind a single page, in a message that nobody receives. Of the
second kind a wrong step helps the function that calls it, where that is judged beside the student's own step.
"""

from __future__ import annotations

from autograder.simulate.tricks import BELOW, WRONG, Trick, before_answer

_THREAD = """
import ctypes, os, threading, time

def _hold(megabytes):
    if os.fork() == 0:
        def hold():
            held = bytearray(megabytes * 2**20)
            held[::4096] = bytes(len(held[::4096])).replace(b"\\0", b"1")
            time.sleep(100)
        threading.Thread(target=hold).start()
        time.sleep(0.2)
        ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)
"""

_DEEP = """
import os

_held = []

def _fill(megabytes):
    name = "n" * 200
    for _ in range(25):
        os.mkdir(name)
        os.chdir(name)
    _held.append(os.open("file", os.O_RDWR | os.O_CREAT))
    os.unlink("file")
    for _ in range(25):
        os.chdir("..")
        os.rmdir(name)
    os.write(_held[-1], bytes(megabytes * 2**20))
"""

_MAPPED = """
import ctypes, os

_libc = ctypes.CDLL(None)
_libc.mmap.restype = ctypes.c_void_p

def _fill(megabytes):
    size = megabytes * 2**20
    file = os.open("file", os.O_RDWR | os.O_CREAT)
    os.unlink("file")
    os.write(file, bytes(size))
    begin = _libc.mmap(None, ctypes.c_size_t(size), 3, 1, file, ctypes.c_size_t(0))
    os.close(file)
    _libc.munmap(ctypes.c_void_p(begin + 4096), ctypes.c_size_t(size - 4096))
"""

_FLIGHT = """
import socket, tempfile

_held = []

def _fill(megabytes):
    ours, theirs = socket.socketpair()
    with tempfile.TemporaryFile() as file:
        file.write(bytes(megabytes * 2**20))
        file.flush()
        socket.send_fds(ours, [b"x"], [file.fileno()])
    _held.append((ours, theirs))
"""

_IN_A_CALL = before_answer("""
try:
    for _ in range(6):
        %s
except OSError:
    pass
time.sleep(2)
""")

_STEPS = """
_seen_{name} = {name}

def {name}(*args, **kwargs):
    value = _seen_{name}(*args, **kwargs)
    for other, seen in _SEEN:
        if other != "{name}" and seen and _alike(seen, value):
            return _alike(seen, value)
    _SEEN.append(("{name}", value))
    return value
"""

TRICKS = (
    Trick(
        "fortress",
        "thread-of-an-ended-process",
        54,
        "memory is held in threads whose processes seem to have ended",
        cell=_THREAD,
        around=_IN_A_CALL % "_hold(900)",
        claim=BELOW,
    ),
    Trick(
        "fortress",
        "end-of-a-long-path",
        55,
        "files without a name are filled at the end of paths that are too long to be read",
        cell="import time\n" + _DEEP,
        around=_IN_A_CALL % "_fill(40)",
        claim=BELOW,
    ),
    Trick(
        "fortress",
        "page-of-a-file",
        55,
        "files without a name are filled, of which one page stays mapped",
        cell="import time\n" + _MAPPED,
        around=_IN_A_CALL % "_fill(40)",
        claim=BELOW,
    ),
    Trick(
        "fortress",
        "files-in-flight",
        55,
        "files are filled and left in messages that nobody receives",
        cell="import time\n" + _FLIGHT,
        around=_IN_A_CALL % "_fill(40)",
        claim=BELOW,
    ),
    Trick(
        "fortress",
        "values-of-others",
        29,
        "wrong functions keep what the others were asked, and answer with that",
        base=WRONG,
        cell="""
import numpy as np

_SEEN = []

def _arrays(value):
    return [part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, np.ndarray)]

def _alike(seen, value):
    wanted, found = _arrays(value), _arrays(seen)
    return seen if wanted and [a.shape for a in wanted] == [a.shape for a in found] else None
""",
        around=_STEPS,
    ),
)
