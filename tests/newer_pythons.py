"""Runs the tests that need no torch on each newer Python found on the PATH: `make compat`.

A virtual environment for each stands in build/. More arguments go to pytest.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
NEWER = ("3.12", "3.13", "3.14")


def find_pythons(folders: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Yield (version, interpreter) for each newer Python that really starts: a version manager's stand-in may not."""
    for version in NEWER:
        candidates = [Path(folder) / f"python{version}" for folder in folders]
        found = next(filter(starts, candidates), None)
        if found is not None:
            yield version, found


def starts(python: Path) -> bool:
    """Return whether this interpreter runs and can make virtual environments."""
    try:
        return (
            subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


def without_torch(lock: str) -> str:
    """Return the lock without torch, whose builds are large and made for few Pythons at a time."""
    return re.sub(r"^torch==.*\n", "", lock, flags=re.MULTILINE)


def environment(version: str, python: Path) -> Path:
    """Return the virtual environment of this version, with everything locked but torch; it is made anew when stale."""
    folder = ROOT / "build" / f"python{version}"
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    ready = folder / ".ready"
    if not ready.is_file() or ready.read_text("utf-8") != wanted:
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        lock = folder / LOCK.name
        lock.write_text(without_torch(LOCK.read_text("utf-8")), "utf-8")
        install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", lock], check=True)
        subprocess.run([*install, "--no-deps", "--no-build-isolation", "-e", ROOT], check=True)
        ready.write_text(wanted, "utf-8")
    return folder


def main() -> int:
    """Run the tests on each newer Python; the exit code is 1 if a test failed on any."""
    outcomes = {}
    for version, python in find_pythons(os.get_exec_path()):
        print(f"compat: Python {version}, {python}", flush=True)
        folder = environment(version, python)
        path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
        command = [folder / "bin" / "python", "-m", "pytest", "-p", "tests.without_torch", "-p", "no:cacheprovider"]
        tested = subprocess.run([*command, *sys.argv[1:]], cwd=ROOT, env={**os.environ, "PATH": path}, check=False)
        outcomes[version] = tested.returncode
    for version, code in outcomes.items():
        print(f"compat: Python {version}: {'green' if code == 0 else 'RED'}")
    if not outcomes:
        print(f"compat: none of Python {', '.join(NEWER)} on the PATH starts")
    return int(any(outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
