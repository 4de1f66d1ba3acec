"""Make emoji.npz: emoji pictures in two styles with their English names, split for captioning; hidden names apart.

Run `python solutions/a6_captioning/make_emoji.py` (10 s, needs the network, Node's npm and Pillow), then `python
data/registry.py`. It stands with the solutions since it writes the hidden pictures' names, hidden_names.json.
`--archives FOLDER` takes the four archives from a folder instead. Each is verified by its sha256, all arithmetic is in
integers and every choice is the rank of a hash, so that the same arrays come out everywhere.

The splits are of emoji, not of pictures: an emoji stands in the same split in both styles.
    concepts      families of emoji (a role with all its genders and skin tones) held out whole; every word is trained
    combinations  a skin tone of a role, while that role in other tones and that tone on other roles are trained
    validation    more such combinations, of other roles than the hidden ones
    hidden        combinations and concepts, in one style each, whose names only the instructors' file holds
    train         everything else
"""

import argparse
import hashlib
import io
import json
import re
import subprocess
import tarfile
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent
EMOJI = FOLDER.parents[1] / "data" / "emoji.npz"
HIDDEN_NAMES = FOLDER / "hidden_names.json"

STYLES = {"noto": "emoji-datasource-google", "twemoji": "emoji-datasource-twitter"}
ARCHIVES = {  # what `npm pack NAME@VERSION` writes: NAME-VERSION.tgz
    "emoji-datasource-google@16.0.0": "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
    "emoji-datasource-twitter@16.0.0": "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
    "cldr-annotations-full@48.2.0": "28576e51225deb51e3ddd734b0f824a0079682cb5d8c27faa9f68149317a14d1",
    "cldr-annotations-derived-full@48.2.0": "4be946ff5815f806ec78b50363d577a769f2fbfb90c6380a44e161a92436996e",
}
NAMES = {  # the archives' English names: {package: (file, its outer key)}
    "cldr-annotations-full": ("package/annotations/en/annotations.json", "annotations"),
    "cldr-annotations-derived-full": ("package/annotationsDerived/en/annotations.json", "annotationsDerived"),
}

CONCEPTS, HIDDEN_CONCEPTS = 80, 30  # families held out
LARGEST_FAMILY = 18  # forms: three genders in six tones; couples have a hundred and more and stay in training
TONES_PER_SHARE = 5  # of every five tones of a concept one is tested, one is validated or hidden, three are trained
VALIDATED = 3  # one concept in three gives its second share to validation, the others to the hidden set

PERSONS = {"1F468": "1F9D1", "1F469": "1F9D1"}  # man, woman -> person
ENDINGS = {"2640", "2642", "27A1"}  # female, male, facing right
JOINERS = {"FE0F", "200D"}  # how the picture is asked for, and the glue of a sequence
COUPLES = {  # code points of their own for what the other couples spell out
    "1F46B": "1F9D1-1F91D-1F9D1",
    "1F46C": "1F9D1-1F91D-1F9D1",
    "1F46D": "1F9D1-1F91D-1F9D1",
    "1F491": "1F9D1-2764-1F9D1",
    "1F48F": "1F9D1-2764-1F48B-1F9D1",
}


@dataclass(frozen=True)
class Emoji:
    """One emoji: its code points, those without skin tone (the concept), the tone or "", its name and its place."""

    codepoints: str
    concept: str
    tone: str
    name: str
    group: str
    subgroup: str


def sentence(text: str) -> str:
    """The words of a text in lower case, one space between them; apostrophes inside words stay."""
    return " ".join(re.findall(r"\w+(?:'\w+)*", text.lower().replace("’", "'")))


def rank(text: str) -> int:
    """A number that orders texts as if at random and the same way everywhere."""
    return int(hashlib.sha256(f"a picture in, a sentence out: {text}".encode()).hexdigest(), 16)


def family(concept: str) -> str:
    """The code points of a concept with person for man and woman, without gender and direction: what a role shares."""
    codes = [PERSONS.get(code, code) for code in concept.split("-") if code not in JOINERS]
    while len(codes) > 1 and codes[-1] in ENDINGS:
        codes.pop()
    return COUPLES.get("-".join(codes), "-".join(codes))


def download(folder: Path) -> None:
    """Fetch the four archives into a folder; npm names the place they come from."""
    for package in ARCHIVES:
        command = ["npm", "pack", "--silent", "--pack-destination", str(folder), package]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def read_archives(folder: Path) -> dict[str, dict[str, bytes]]:
    """The files wanted of each package, {package: {path: bytes}}; ValueError if an archive has another sha256."""
    contents = {}
    for package, digest in ARCHIVES.items():
        name, _, version = package.partition("@")
        archive = (folder / f"{name}-{version}.tgz").read_bytes()
        if hashlib.sha256(archive).hexdigest() != digest:
            raise ValueError(f"{name}-{version}.tgz is not the archive that emoji.npz is made from: its sha256 differs")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            wanted = re.compile(r"package/(img/\w+/64/.*\.png|emoji\.json|annotations(Derived)?/en/annotations\.json)")
            contents[name] = {
                member.name: file.read()
                for member in tar
                if wanted.fullmatch(member.name) and (file := tar.extractfile(member))
            }
    return contents


def read_names(contents: dict[str, dict[str, bytes]]) -> dict[str, str]:
    """English text-to-speech names by the characters themselves."""
    names = {}
    for package, (path, outer) in NAMES.items():
        annotations = json.loads(contents[package][path])[outer]["annotations"]
        names.update({characters: entry["tts"][0] for characters, entry in annotations.items() if "tts" in entry})
    return names


def read_emoji(listed: bytes, names: dict[str, str]) -> list[Emoji]:
    """Every emoji of emoji.json, skin tones after their concept, in Unicode's order."""
    found = []
    for entry in sorted(json.loads(listed), key=lambda entry: entry["sort_order"]):
        toned = {tone: variant["unified"] for tone, variant in entry.get("skin_variations", {}).items()}
        for tone, codepoints in {"": entry["unified"], **toned}.items():
            characters = "".join(chr(int(code, 16)) for code in codepoints.split("-"))
            name = names.get(characters) or names[characters.replace("\ufe0f", "")]
            place = (entry["category"], entry["subcategory"])
            found.append(Emoji(codepoints, entry["unified"], tone, name, *place))
    return found


def picture(png: bytes) -> np.ndarray:
    """A picture of 64 pixels with transparency as 32 pixels on white: uint8 (32, 32, 3), rounded means of 2 x 2."""
    image = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(np.int64)  # (64, 64, 4)
    color, opacity = image[..., :3], image[..., 3:]
    on_white = color * opacity + 255 * (255 - opacity)  # 255 times the colour
    summed = on_white.reshape(32, 2, 32, 2, 3).sum(axis=(1, 3))
    return ((summed + 2 * 255) // (4 * 255)).astype(np.uint8)


def read_pictures(files: dict[str, bytes], emoji: list[Emoji]) -> np.ndarray:
    """One style's pictures of all emoji, uint8 (E, 32, 32, 3)."""
    by_name = {Path(path).stem.upper(): png for path, png in files.items() if path.endswith(".png")}
    return np.stack([picture(by_name[one.codepoints]) for one in emoji])


def drawn_alike(pictures: np.ndarray) -> set[int]:
    """The positions of those pictures (E, 32, 32, 3) that equal another one: two names for one picture."""
    same = defaultdict(list)
    for position, pixels in enumerate(pictures):
        same[pixels.tobytes()].append(position)
    return {position for positions in same.values() if len(positions) > 1 for position in positions}


def split_concepts(emoji: list[Emoji], alike: set[str]) -> dict[str, str]:
    """The split of each emoji of a family held out.

    A family is held out if its forms are few, have pictures and sentences of their own, and if each word of their names
    is a word of another family that stays; so that a captioner could name what it has never seen.
    """
    families = defaultdict(list)
    for one in emoji:
        families[family(one.concept)].append(one)
    words = {key: {word for one in forms for word in sentence(one.name).split()} for key, forms in families.items()}
    known = Counter(word for of_family in words.values() for word in of_family)
    said = Counter(sentence(one.name) for one in emoji)
    held_out: list[str] = []
    for key in sorted(families, key=rank):
        own = all(said[sentence(one.name)] == 1 and one.codepoints not in alike for one in families[key])
        if own and len(families[key]) <= LARGEST_FAMILY and all(known[word] > 1 for word in words[key]):
            known.subtract(words[key])
            held_out.append(key)
        if len(held_out) == CONCEPTS + HIDDEN_CONCEPTS:
            break
    return {
        one.codepoints: "concepts" if position < CONCEPTS else "hidden"
        for position, key in enumerate(held_out)
        for one in families[key]
    }


def split_combinations(emoji: list[Emoji], alike: set[str]) -> dict[str, str]:
    """The split of each skin tone held out: of every five tones of a concept one is tested and a second one kept back.

    The second is for validation or hidden. Tones that a style draws alike stay in training: no picture could tell them.
    """
    tones = defaultdict(list)
    for one in emoji:
        if one.tone and one.codepoints not in alike:
            tones[one.concept].append(one.codepoints)
    split = {}
    for concept, members in tones.items():
        share = -(-len(members) // TONES_PER_SHARE)
        second = "hidden" if rank(concept) % VALIDATED else "validation"
        for position, codepoints in enumerate(sorted(members, key=rank)[: 2 * share]):
            split[codepoints] = "combinations" if position < share else second
    return split


def split_emoji(emoji: list[Emoji], alike: set[str]) -> dict[str, str]:
    """The split of every emoji by its code points."""
    concepts = split_concepts(emoji, alike)
    combinations = split_combinations([one for one in emoji if one.codepoints not in concepts], alike)
    return {one.codepoints: "train" for one in emoji} | combinations | concepts


def tables(
    emoji: list[Emoji], pictures: dict[str, np.ndarray], split: dict[str, str]
) -> tuple[dict[str, np.ndarray], dict[str, dict[str, str]]]:
    """The arrays that students get, and the instructors' names of the hidden pictures by their ids."""
    shown = [position for position, one in enumerate(emoji) if split[one.codepoints] != "hidden"]
    rows = [(style, emoji[position]) for style in pictures for position in shown]
    arrays = {
        "ids": np.array([f"{style}-{one.codepoints.lower()}" for style, one in rows]),
        "captions": np.array([[sentence(one.name)] for _, one in rows]),
        "split": np.array([split[one.codepoints] for _, one in rows]),
        "pictures": np.concatenate([pictures[style][shown] for style in pictures]),
        "names": np.array([one.name for _, one in rows]),
        "styles": np.array([style for style, _ in rows]),
        "codepoints": np.array([one.codepoints for _, one in rows]),
        "concepts": np.array([one.concept for _, one in rows]),
        "tones": np.array([one.tone for _, one in rows]),
        "groups": np.array([one.group for _, one in rows]),
        "subgroups": np.array([one.subgroup for _, one in rows]),
    }
    hidden = sorted((p for p in range(len(emoji)) if p not in set(shown)), key=lambda p: rank(emoji[p].codepoints))
    names, kept = {}, []
    for number, position in enumerate(hidden):
        one = emoji[position]
        style = list(pictures)[rank(f"style of {one.codepoints}") % len(pictures)]
        kind = "combinations" if one.concept in arrays["concepts"] else "concepts"
        told = {"caption": sentence(one.name), "kind": kind, "style": style}
        names[f"hidden-{number:03d}"] = told | {"codepoints": one.codepoints, "concept": one.concept}
        kept.append(pictures[style][position])
    return arrays | {"hidden_ids": np.array(list(names)), "hidden_pictures": np.stack(kept)}, names


def make(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, dict[str, str]]]:
    """Both tables from the archives of a folder."""
    contents = read_archives(folder)
    emoji = read_emoji(contents[STYLES["noto"]]["package/emoji.json"], read_names(contents))
    pictures = {style: read_pictures(contents[package], emoji) for style, package in STYLES.items()}
    alike = {emoji[position].codepoints for style in STYLES for position in drawn_alike(pictures[style])}
    return tables(emoji, pictures, split_emoji(emoji, alike))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--archives", type=Path, help="folder with the four archives, instead of fetching them")
    given = parser.parse_args().archives
    with tempfile.TemporaryDirectory() as temporary:
        if given is None:
            download(Path(temporary))
        arrays, names = make(given or Path(temporary))
    np.savez_compressed(EMOJI, **arrays)
    HIDDEN_NAMES.write_text(json.dumps(names, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    print(dict(Counter(arrays["split"].tolist())), {"hidden": len(names)}, f"{EMOJI.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
