"""Write registry.txt: one line `NAME sha256:HASH` for each data file, in the format that pooch reads.

Run after a script of this folder has made or changed a file: `python data/registry.py`.
"""

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent
NOT_DATA = {".py", ".md"}


def data_files() -> list[Path]:
    """Every file of this folder that a notebook may ask for: all but scripts, texts about the data and the registry."""
    return sorted(
        path
        for path in FOLDER.rglob("*")
        if path.is_file()
        and path.suffix not in NOT_DATA
        and path.name != "registry.txt"
        and not path.name.startswith(".")
        and "__pycache__" not in path.parts
    )


def sha256(path: Path) -> str:
    """The sha256 of a file's bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_registry() -> dict[str, str]:
    """The registered hashes: {name relative to this folder: 64 hexadecimal digits}."""
    lines = (FOLDER / "registry.txt").read_text(encoding="utf-8").splitlines()
    return {name: digest.removeprefix("sha256:") for name, digest in (line.split() for line in lines)}


def write_registry() -> None:
    """Write registry.txt anew from the files that stand here."""
    lines = [f"{path.relative_to(FOLDER).as_posix()} sha256:{sha256(path)}\n" for path in data_files()]
    (FOLDER / "registry.txt").write_text("".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_registry()
