"""Memory in large pages: a fork copies the table of its parent's pages, so that few large ones are forked faster."""

from __future__ import annotations

import contextlib
import ctypes

_LARGE = 2 * 2**20  # bytes; where a kernel's large pages have another size it refuses, and nothing changes
_MADV_COLLAPSE = 25  # Linux 6.1


def collapse(maps: int | str = "/proc/self/maps") -> None:
    """Have the kernel gather this process's private memory in large pages, at once, where it can.

    A process that has imported torch holds forty thousand pages: its fork and the fork's end then take a quarter of the
    time. For a process that forks often, when it has imported all. maps: its own /proc/PID/maps, which it may not be
    able to open itself.
    """
    with contextlib.suppress(OSError, AttributeError):  # no Linux
        madvise = ctypes.CDLL(None).madvise
        madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        with open(maps) as file:
            mapped = [line.split() for line in file]
        for span, rights, _, _, inode, *name in mapped:
            if rights != "rw-p" or inode != "0" or name == ["[stack]"]:
                continue
            begin, end = (int(part, 16) for part in span.split("-"))
            for address in range(-(-begin // _LARGE) * _LARGE, end - _LARGE + 1, _LARGE):
                madvise(address, _LARGE, _MADV_COLLAPSE)  # refused where nothing is: each by itself
