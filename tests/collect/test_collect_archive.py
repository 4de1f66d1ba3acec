"""An archive that cannot be trusted is refused in a sentence, and nothing of it is written."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
import zlib

import pytest

from archives import ONE, TWO, notebook
from autograder.collect import archive as reading
from autograder.collect.archive import SourceProblem, open_source, safe_path
from autograder.collect.identify import plain_name

CANVAS = "müllerjosé_1001_1_a1_one.ipynb"


def made(desk, name="bad.zip", **files):
    path = desk.folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(CANVAS, notebook())
        for info, content in files.get("entries", ()):
            archive.writestr(info, content)
    return path


def refused(desk, path, says):
    with pytest.raises(SourceProblem, match=says) as problem:
        desk.collect(path)
    assert desk.there() == []
    assert len(str(problem.value)) < 500
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("name", ["../x.ipynb", "a/../../x", "/etc/passwd", "C:\\x", "..\\x", "a/..", "\\\\host\\x"])
def test_a_place_outside_itself(desk, name):
    refused(desk, made(desk, entries=[(name, b"x")]), "outside itself")
    assert safe_path(name) is None


def test_a_link(desk):
    link = zipfile.ZipInfo("doe_1005_2_a1_one.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(desk, made(desk, entries=[(link, b"/etc/passwd")]), "a link")


def test_too_much_of_everything(desk, monkeypatch):
    with open_source(made(desk)) as source:
        assert len(source.items) == 1
    small = reading.Limits(files=3, total=4000)
    many = made(desk, entries=[(f"x{number}", b"") for number in range(5)])
    large = made(desk, "large.zip", entries=[("x", os.urandom(5000))])
    for path, says in ((many, "6 files"), (large, "unpack to more than")):
        with pytest.raises(SourceProblem, match=says), open_source(path, small):
            pass


def test_a_bomb_is_its_students_and_the_others_are_collected(desk):
    done = desk.collect(made(desk, entries=[("obrienann_1003_2_a1_one.ipynb", b"0" * 30_000_000)]))
    assert desk.there() == [f"1001/{ONE}"]
    (reason,) = [reason for _, reason in done.listed]
    assert "larger than 20 MiB, and would grow more than 200 times: nothing of it was read" in reason


def test_a_large_notebook_of_little_text_is_for_the_grader_to_judge(desk):
    desk.collect(desk.zip({CANVAS: notebook() + b" " * 5_000_000}))
    assert desk.there() == [f"1001/{ONE}"]


def test_a_size_that_lies_is_not_believed(desk, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FILE", 1000)
    path = made(desk, entries=[("obrienann_1003_2_a1_one.ipynb", os.urandom(5000))])
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", 5000), struct.pack("<I", 500)))
    done = desk.collect(path)
    assert [reason for name, reason in done.listed if name.startswith("obrien")]
    assert not (desk.course.submitted / "1003").exists()


def test_an_encrypted_one(desk):
    path = made(desk)
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(bytes(content))
    refused(desk, path, "is encrypted")


def test_a_damaged_one_and_one_that_is_none(desk):
    path = made(desk)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    refused(desk, path, "not complete")
    others = {
        "x.tar.gz": gzip.compress(b"x"), "x.rar": b"Rar!\x1a\x07", "x.7z": b"7z\xbc\xaf\x27\x1c", "x.pdf": b"%PDF",
        "empty.zip": b"",
    }  # fmt: skip
    for name, text in others.items():
        other = desk.folder / name
        other.write_bytes(text)
        refused(desk, other, "unpack it|neither")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("x"))
    (desk.folder / "x.tar").write_bytes(buffer.getvalue())
    refused(desk, desk.folder / "x.tar", "tar archive")
    refused(desk, desk.folder / "nowhere.zip", "there is no")
    with zipfile.ZipFile(desk.folder / "nothing.zip", "w"):
        pass
    refused(desk, desk.folder / "nothing.zip", "no file")


def test_a_damaged_file_is_its_students_and_the_others_are_collected(desk):
    path = desk.zip({CANVAS: notebook(), "obrienann_1003_2_a1_one.ipynb": os.urandom(3000)})
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("obrienann_1003_2_a1_one.ipynb").header_offset
    content[start + 500] ^= 0xFF
    path.write_bytes(bytes(content))
    done = desk.collect(path)
    assert desk.there() == [f"1001/{ONE}"]
    assert "damaged in the archive" in done.listed[0][1]


def test_a_damaged_file_beside_a_notebook_is_its_students_and_a_dry_run_says_so_too(desk):
    files = {
        "müllerjosé_1001_1_a2_two.ipynb": notebook(TWO), "müllerjosé_1001_2_captions.json": b"[1, 2, 3]" * 400,
        "obrienann_1003_3_a1_one.ipynb": notebook(),
    }  # fmt: skip
    path = desk.zip(files)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("müllerjosé_1001_2_captions.json")
    start = entry.header_offset + 30 + len(entry.filename.encode())
    content[start : start + entry.compress_size] = bytes(entry.compress_size)
    path.write_bytes(content)
    for done in (desk.plan(path), desk.collect(path)):
        assert [one.student for one in done.taken] == ["1003", "1001"]
        assert "captions.json, a file beside the notebook, was left out: " in done.listed[0][1]
        assert "is damaged in the archive" in done.listed[0][1]
    assert desk.there() == [f"1001/{TWO}", f"1003/{ONE}"]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_whatever_way_a_damaged_file_is_packed_the_others_are_collected(desk, method):
    name = "obrienann_1003_2_a1_one.ipynb"
    path = desk.zip({CANVAS: notebook()})
    with zipfile.ZipFile(path, "a", method) as archive:
        archive.writestr(name, notebook() * 20)
        entry = archive.getinfo(name)
    content = bytearray(path.read_bytes())
    start = entry.header_offset + 30 + len(name) + 10
    content[start : start + 40] = bytes(range(40))
    path.write_bytes(bytes(content))
    done = desk.collect(path)
    assert desk.there() == [f"1001/{ONE}"]
    assert "damaged in the archive" in done.listed[0][1]


def test_a_file_without_a_name_is_its_students_and_the_others_are_collected(desk):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x", notebook())
    content = bytearray(inner.getvalue())
    for signature, lengths in ((b"PK\x03\x04", 26), (b"PK\x01\x02", 28)):  # what was its name is extra data
        struct.pack_into("<HH", content, content.index(signature) + lengths, 0, 1)
    path = desk.zip({CANVAS: notebook(), "obrienann_1003_2_work.zip": bytes(content)})
    done = desk.collect(path)
    assert desk.there() == [f"1001/{ONE}"]
    assert "a file without a name" in done.listed[0][1]


def test_a_path_that_takes_long_to_look_at_is_its_students_and_the_others_are_collected(desk):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a1_one.ipynb", notebook())
        archive.writestr("-1" * 30_000 + ".x", b"")
    done = desk.collect(desk.zip({CANVAS: notebook(), "obrienann_1003_2_work.zip": inner.getvalue()}))
    assert desk.there() == [f"1001/{ONE}"]
    assert "a path of 60002 characters" in done.listed[0][1]
    assert len(done.listed[0][1]) < 500
    assert plain_name("x-1 (2).ipynb") == "x.ipynb"
    assert plain_name(name := "-1" * 30_000 + ".x") == name


def test_a_students_zip_is_opened_once_however_many_files_it_holds(desk, monkeypatch):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for number in range(50):
            archive.writestr(f"{number}/a1_one.ipynb", notebook(mark=str(number)))
    path = desk.zip({CANVAS: notebook(), "obrienann_1003_2_work.zip": inner.getvalue()})
    opened = []
    monkeypatch.setattr(reading, "zip_in", lambda *args, real=reading.zip_in: opened.append(args[1]) or real(*args))
    done = desk.collect(path)
    assert desk.there() == [f"1001/{ONE}"]
    assert "50 different notebooks" in done.listed[0][1]
    assert len(opened) == 2, opened


def test_a_name_that_is_damaged_in_one_of_its_two_places(desk):
    path = desk.zip({CANVAS: notebook()})
    path.write_bytes(path.read_bytes().replace("ü".encode(), b"\xff\xff", 1))
    done = desk.collect(path)
    assert (done.taken, "damaged in the archive" in done.listed[0][1]) == ([], True)


def test_a_file_twice(desk):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = made(desk, entries=[(CANVAS, b"other")])
    refused(desk, path, "twice")


def test_links_in_a_folder_are_listed_and_not_followed(desk):
    root = desk.folder / "plain"
    (root / "1001").mkdir(parents=True)
    (root / "1001" / "a1_one.ipynb").symlink_to(desk.course.release_notebook(ONE))
    (root / "1003").symlink_to(desk.folder)
    (root / "1004").mkdir()
    os.mkfifo(root / "1004" / "a1_one.ipynb")
    (root / "1005").mkdir()
    (root / "1005" / "a1_one.ipynb").write_bytes(notebook())
    done = desk.collect(root)
    assert desk.there() == [f"1005/{ONE}"]
    assert dict(done.listed) == {
        "1001/a1_one.ipynb": "it is a link; links are not followed",
        "1003": "it is a link; links are not followed",
        "1004/a1_one.ipynb": "it is no regular file",
    }


def test_what_systems_leave_behind_is_no_submission(desk):
    files = {CANVAS: notebook(), f"__MACOSX/._{CANVAS}": b"x", ".DS_Store": b"x"}
    files["x/.ipynb_checkpoints/a1_one-checkpoint.ipynb"] = files["repo/.venv/lib/x.ipynb"] = notebook()
    assert desk.collect(desk.zip(files)).listed == []


def test_unix_times_are_in_utc_and_the_default_of_zips_is_no_time(desk):
    exact = zipfile.ZipInfo("a", (2026, 10, 6, 13, 30, 0))
    exact.extra = struct.pack("<HHBI", 0x5455, 5, 1, 1_791_286_200)
    local, unknown, nonsense = (zipfile.ZipInfo(name) for name in "bcd")
    local.date_time = (2026, 10, 6, 13, 30, 0)
    nonsense.date_time = (2026, 0, 0, 0, 0, 0)
    path = desk.folder / "times.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for info in (exact, local, unknown, nonsense):
            archive.writestr(info, b"x")
    with open_source(path) as source:
        times = {item.path: item.time and item.time.isoformat() for item in source.items}
    assert times == {"a": "2026-10-06T11:30:00+00:00", "b": "2026-10-06T13:30:00", "c": None, "d": None}


def test_a_name_in_the_unicode_field_is_believed(desk):
    info = zipfile.ZipInfo("x.ipynb")
    name = "山田.ipynb".encode()
    info.extra = struct.pack("<HHBI", 0x7075, 5 + len(name), 1, zlib.crc32(b"x.ipynb")) + name
    path = desk.folder / "unicode.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, b"x")
    with open_source(path) as source:
        assert [item.path for item in source.items] == ["山田.ipynb"]
