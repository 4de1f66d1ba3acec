"""All benchmarks one after another, as `make bench` runs them; on two idle cores that takes an hour and more.

python -m benchmarks [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder.course.paths import Repository
from benchmarks import gradebook, growth, machines
from benchmarks.grading import compare_all

AT_LEAST = 8.0  # times as fast as nbgrader's kernel
AT_MOST = 1.5  # times as slow as torch's own cells


def main(given: Sequence[str] | None = None) -> int:
    """Print each benchmark's table, and last what they come to. Exit code 1 if one misses its mark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few submissions and small classes: does it all run?")
    quick = parser.parse_args(given).quick
    names = Repository.default().names()

    print("\n## Beside nbgrader\n", flush=True)
    found = compare_all(names[:1] if quick else names, 4 if quick else 20, 1 if quick else 2)
    ratio = statistics.median(one.ratio for one in found.values())
    print("\n## Beside otter\n", flush=True)
    passed = [_runs("otter", *(names[:1] if quick else names), "--students", "2" if quick else "6")]
    print("\n## Where the time goes\n", flush=True)
    overhead = _overhead(names[:1] if quick else names)
    print("\n## The gradebook\n", flush=True)
    gradebook.main(["--students", "4" if quick else "100"])
    print("\n## Growth\n", flush=True)
    grown = growth.growth(growth.grow(names[0], (4, 8) if quick else growth.SIZES, hostile=5))
    print("\n## A Dask cluster\n", flush=True)
    dask = machines.compare(names[0], 6 if quick else 120, 1 if quick else 2)
    print("\n## The student's side\n", flush=True)
    passed += [_runs("selfcheck"), _runs("cells", "--at-most", str(AT_MOST)), _runs("captioning")]
    beside = f"{ratio:.1f} times nbgrader (median over {len(found)} assignments)"
    print(f"bench: {beside}, {overhead} overhead per submission, growth {grown}, dask {dask:.2f} times local")
    return 0 if all(passed) and (quick or ratio >= AT_LEAST) and not any(one.differ for one in found.values()) else 1


def _runs(module: str, *arguments: str) -> bool:
    """Run another benchmark in a process of its own; return whether it keeps its marks."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    return subprocess.run(command, cwd=Path(__file__).parents[1], check=False).returncode == 0


def _overhead(names: Sequence[str]) -> str:
    """Return the milliseconds beyond the student's own computation; its clocks want a process of their own."""
    command = [sys.executable, "-m", "benchmarks.stages", *names]
    with tempfile.TemporaryFile("w+") as output:
        subprocess.run(command, stdout=output, cwd=Path(__file__).parents[1], check=True)
        output.seek(0)
        lines = output.read().strip().splitlines()
    print("\n".join(lines), flush=True)
    return lines[-1].removeprefix("overhead: ")


if __name__ == "__main__":
    sys.exit(main())
