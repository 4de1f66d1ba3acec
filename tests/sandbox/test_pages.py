"""Memory in large pages: nothing in it changes, and a process that forks often holds it so."""

from __future__ import annotations

import mmap
from pathlib import Path

from autograder.course.paths import Repository
from autograder.sandbox import host
from autograder.sandbox.limits import Limits
from autograder.sandbox.pages import collapse

# Where the kernel has no pages of 2 MiB, nothing is gathered.
THERE_ARE = Path("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")
GATHERS = THERE_ARE.is_file() and int(THERE_ARE.read_text()) == 2 * 2**20


def in_large_pages(pid: int | str) -> int:
    """Bytes of a process's private memory that lie in large pages."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("AnonHugePages:")) * 1024


def test_memory_is_gathered_and_holds_what_it_held():
    with mmap.mmap(-1, 64 * 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        content = bytes(range(256)) * (2**20 // 256) * 64
        memory.write(content)
        before = in_large_pages("self")
        collapse()
        assert (in_large_pages("self") > before) == GATHERS
        assert memory[:] == content


def test_where_the_list_of_memory_cannot_be_read_nothing_happens(tmp_path):
    collapse(str(tmp_path / "maps"))


def test_a_fork_server_lies_in_large_pages():
    selfcheck = Repository.default().selfcheck
    made = host.ForkServer(selfcheck, wall="sandlock", limits=Limits(), preload=("numpy", "matplotlib.pyplot"))
    try:
        assert (in_large_pages(made.pid) > 0) == GATHERS
    finally:
        made.close()
