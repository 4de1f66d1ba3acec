"""How many processes can compute at a time. Imports nothing of the rest."""

from __future__ import annotations

import os


def cores() -> int:
    """Return how many of the machine's cores this process may use: a container or a queue may have given it a few."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
