"""The processes below a fork server, seen from outside: which there are, what memory they use, how they are ended."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import socket
import stat
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path


def alive(pid: int) -> bool:
    """Return whether there is a process of this id, of any user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def children_of(pid: int) -> list[int]:
    """Return the ids of the processes whose parent is `pid`; orphans of a subreaper's descendants are among its own."""
    found: list[int] = []
    with contextlib.suppress(OSError):  # the process may end while we look
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += [int(child) for child in file.read().split()]
    return found


def descendants_of(pid: int) -> list[int]:
    """Return the ids of the children of `pid`, of theirs, and so on."""
    found: list[int] = []
    waiting = children_of(pid)
    while waiting:
        found.append(waiting.pop())
        waiting += children_of(found[-1])
    return found


_STATUS = ("Uid", "Gid", "Threads", "SigBlk", "SigIgn", "SigCgt", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp_filters",
           "Cpus_allowed", "Mems_allowed", "Umask")  # fmt: skip


def condition_of(pid: int) -> dict[str, str]:
    """Return what others could have changed of a process: limits, users, signal masks, processors, scheduling.

    Return {} if there is no such process.
    """
    folder = Path(f"/proc/{pid}")
    try:
        found = {name: (folder / name).read_text() for name in ("limits", "oom_score_adj", "timerslack_ns")}
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return {}
    found |= {name: status.get(name, "") for name in _STATUS}
    found |= {"schedule": " ".join(fields[15:17] + fields[38:40])}  # priority, niceness, real-time priority, policy
    return found if fields[0] not in "TtZX" else {}


def kill(pids: Iterable[int]) -> None:
    """End these processes; one that has ended already is passed over."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def sweep(pid: int, control: socket.socket, seconds: float = 5.0, *, spare: int = 0) -> bool:
    """Kill everything a fork server has forked, from outside, and have it reaped. Return False if something is left.

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
        kill([child for child in children if child != spare] + grandchildren)
        if not spare or children != [spare]:
            control.sendall(b"R")
            if control.recv(64) == b"none\n":
                return True
        time.sleep(0.0005)
    return False


def processor_seconds(pid: int) -> float:
    """Return the processor time that everything below `pid` has used, what has ended and been waited for included.

    A process is read before its children: one that ends in between is missed until the next look, never counted twice.
    (Linux forgets what a process has used that ends while its parent ignores SIGCHLD.)
    """
    *_, children, of_system = _ticks(pid)
    ticks, seen, waiting = children + of_system, {pid}, children_of(pid)
    while waiting:
        if (child := waiting.pop()) not in seen:
            seen.add(child)
            ticks += sum(_ticks(child))
            waiting += children_of(child)
    return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> tuple[int, int, int, int]:
    """Return a process's own time as a user and in the kernel, and the same of the children that it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0, 0, 0
    own, own_system, children, of_system = map(int, fields[11:15])
    return own, own_system, children, of_system


def address_space(pid: int) -> int:
    """Return the bytes of address space that a process uses."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * mmap.PAGESIZE


def memory_of(pids: Iterable[int], enough: int) -> int:
    """Return the bytes of memory that processes use together, the kernel's tables of their pages included; shared pages
    count once if it would exceed `enough`.
    """
    pids = list(pids)
    total = sum(_memory(pid, "status", "VmRSS VmSwap VmPTE") for pid in pids)
    if total <= enough:
        return total
    return sum(_memory(pid, "smaps_rollup", "Pss SwapPss") + _memory(pid, "status", "VmPTE") for pid in pids)


def threads_of(pids: Iterable[int]) -> int:
    """Return how many threads processes have together."""
    found = 0
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended
            found += len(os.listdir(f"/proc/{pid}/task"))
    return found


def buffers_of(pids: Iterable[int]) -> int:
    """Return the bytes that the sockets of processes may hold: the kernel keeps them, and counts them as nobody's."""
    found: set[tuple[int, int]] = set()
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended, or lets nobody look: `unlinked_space` counts that
            for file in _open_files(pid):
                if stat.S_ISSOCK(file.st_mode):
                    found.add((file.st_dev, file.st_ino))
    return len(found) * _socket_buffer()


@cache
def _socket_buffer() -> int:
    """Return how much a socket holds whose buffer is as it was made: that is full, and a message came on top."""
    try:
        return 2 * int(Path("/proc/sys/net/core/wmem_default").read_text())
    except OSError:  # a container may lack it
        return 2 * 212_992


def unlinked_space(pids: Iterable[int], folder: str) -> int:
    """Return the bytes on disk of files that have no name any more, and that processes hold open or mapped.

    folder: the only one in which they can make files. A process that does not let its owner look counts as over any
    limit: only one that hides something asks for that.
    """
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        try:
            for file in _open_files(pid):
                if stat.S_ISREG(file.st_mode) and file.st_nlink == 0:
                    found[file.st_dev, file.st_ino] = file.st_blocks * 512
            found |= _mapped_unlinked(pid, folder, found)
        except PermissionError:
            if not _ended(pid):
                return sys.maxsize
        except OSError:  # it has ended
            continue
    return sum(found.values())


def _open_files(pid: int) -> Iterator[os.stat_result]:
    """Yield what `stat` says of each open file of a process. Raises OSError."""
    ended = (FileNotFoundError, ProcessLookupError)
    for thread in _threads(pid):  # each may have descriptors of its own
        with contextlib.suppress(*ended):  # it may end while we look
            for number in os.listdir(f"{thread}/fd"):
                with contextlib.suppress(*ended):  # it may be closed while we look
                    yield os.stat(f"{thread}/fd/{number}")  # no path is read: it may be too long to be


def _threads(pid: int) -> list[str]:
    """Return the folders of a process's threads that have not ended: the first one may have, and the others live on."""
    folder = f"/proc/{pid}/task"
    found = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(folder):
            if _state(f"{folder}/{thread}") not in "ZX":
                found.append(f"{folder}/{thread}")
    return found


def _mapped_unlinked(pid: int, folder: str, known: Collection[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """By device and number, the bytes on disk of each file that has no name, is mapped, and is not open either.

    Where only a privileged process may look at what is mapped, that is as much as the process may write to a file: it
    may have given up all but a page of it.
    """
    found: dict[tuple[int, int], int] = {}
    for line in _of_a_thread(pid, "maps").split(b"\n"):
        if line.endswith(b" (deleted)") and os.fsencode(folder) in line:
            span, _, _, device, number, _ = line.split(None, 5)
            major, minor = (int(part, 16) for part in device.split(b":"))
            begin, end = (int(part, 16) for part in span.split(b"-"))
            file = os.makedev(major, minor), int(number)
            if file not in known and file not in found:
                try:
                    found[file] = os.stat(f"/proc/{pid}/map_files/{begin:x}-{end:x}").st_blocks * 512
                except PermissionError:
                    found[file] = _longest_file(pid)
    return found


def _longest_file(pid: int) -> int:
    """Return how many bytes a process may write to a file."""
    lines = _of_a_thread(pid, "limits").decode().splitlines()
    words = next((line.split() for line in lines if line.startswith("Max file size")), [])
    return int(words[3]) if len(words) > 3 and words[3].isdigit() else sys.maxsize


def _memory(pid: int, file: str, kinds: str) -> int:
    """Bytes of these kinds that a process holds: in all (status), or its share of shared pages (smaps_rollup)."""
    try:
        text = _of_a_thread(pid, file).decode()
    except OSError:
        return 0
    counted = tuple(f"{kind}:" for kind in kinds.split())
    return sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(counted))


def _of_a_thread(pid: int, file: str) -> bytes:
    """A file of /proc about a process's memory, which all its threads share; empty if none lives. Raises OSError."""
    if _state(f"/proc/{pid}") not in "ZX":
        return Path(f"/proc/{pid}/{file}").read_bytes()
    return next((Path(thread, file).read_bytes() for thread in _threads(pid)), b"")


def _ended(pid: int) -> bool:
    """Return whether a process has ended with all its threads, waited for or not."""
    return _state(f"/proc/{pid}") in "ZX" and not _threads(pid)


def _state(folder: str) -> str:
    """Return the letter that /proc gives a process or a thread: Z or X once it has ended."""
    try:
        return Path(folder, "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"
