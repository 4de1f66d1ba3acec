"""Which notebook is taken, what is put beside it, and that nothing of an earlier collecting is lost."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from archives import ONE, TWO, notebook
from autograder.collect import collect as collecting
from autograder.collect import places
from autograder.collect.archive import SourceProblem
from autograder.collect.plan import ASIDE, NEW, REPLACES, UNCHANGED, WAS_ASIDE, Options
from autograder.course.collected import read_collected
from autograder.course.paths import Course


def canvas(name="a1_one.ipynb", number=1, student="müllerjosé_1001"):
    return f"{student}_{number}_{name}"


def inner(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def reasons(done):
    return " | ".join(reason for _, reason in done.listed)


@pytest.mark.parametrize(
    "name", ["homework final.ipynb", "Untitled.ipynb", "a1_one.ipynb.txt", "a1_one.json", "a2_two.ipynb"]
)
def test_a_renamed_notebook_is_known_by_its_cells_and_flagged(desk, name):
    done = desk.collect(desk.zip({canvas(name): notebook()}))
    assert [(one.student, one.assignment, one.noted.flags) for one in done.taken] == [
        ("1001", ONE, (("notebook-renamed", name),))
    ]
    assert read_collected(desk.course.submitted / "1001" / ONE).flags == (("notebook-renamed", name),)
    assert desk.content("1001") == notebook()


@pytest.mark.parametrize("name", ["a1_one-1.ipynb", "a1_one (2).ipynb", "a1_one-Copy1.ipynb", "a1_one.IPYNB"])
def test_what_browsers_and_platforms_add_to_a_name_is_no_flag(desk, name):
    assert desk.plan(desk.zip({canvas(name): notebook()})).taken[0].noted.flags == ()


def test_each_notebook_goes_to_its_assignment_and_one_assignment_may_be_asked_for(desk):
    path = desk.zip({canvas(): notebook(), canvas("a2_two.ipynb", 2): notebook(TWO)})
    assert [one.assignment for one in desk.plan(path).taken] == [ONE, TWO]
    done = desk.plan(path, assignment=TWO)
    assert [one.assignment for one in done.taken] == [TWO]
    done = desk.plan(desk.zip({canvas("a2_two.ipynb"): notebook(ONE)}, name="w.zip"), assignment=TWO)
    assert (done.taken, "is the notebook of a1_one" in reasons(done)) == ([], True)
    with pytest.raises(SourceProblem, match="autograder build a9_x"):
        desk.plan(path, assignment="a9_x")


def test_a_notebook_of_nothing_and_one_of_two_assignments_are_listed(desk):
    both = json.loads(notebook(ONE))
    both["cells"] += json.loads(notebook(TWO))["cells"]
    empty = {**json.loads(notebook(ONE)), "cells": [], "metadata": {}}
    files = {
        canvas(): json.dumps(both).encode(),
        canvas("x.ipynb", 2, "obrienann_1003"): json.dumps(empty).encode(),
        canvas("a1.pdf", 3, "doejane_1005"): b"%PDF",
        canvas("work.ipynb", 4, "doejane_1006"): b"not json",
    }
    done = desk.collect(desk.zip(files))
    assert desk.there() == []
    assert "cells of a1_one" in reasons(done)
    assert "none of its cells belongs" in reasons(done)
    assert "there is no notebook among: a1.pdf" in reasons(done)
    assert "work.ipynb: it is no notebook that can be read" in reasons(done)


def test_one_copied_cell_does_not_make_it_another_assignments_and_lost_metadata_does_not_hide_it(desk):
    work = json.loads(notebook(TWO))
    copied = json.loads(notebook(ONE))["cells"][-1]
    bare = json.loads(notebook(TWO))
    for cell in bare["cells"]:
        cell["metadata"] = {}
    new = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    files = {
        canvas("x.ipynb"): json.dumps(work | {"cells": [*work["cells"], copied]}).encode(),
        canvas("y.ipynb", 2, "obrienann_1003"): json.dumps(bare | {"metadata": {}}).encode(),
        canvas("a2_two.ipynb", 3, "smith_jonesal_1007"): json.dumps(new).encode(),
    }
    done = desk.plan(desk.zip(files))
    assert [(one.student, one.assignment) for one in done.taken] == [("1001", TWO), ("1003", TWO), ("1007", TWO)]


def test_a_damaged_notebook_of_the_right_name_is_collected_as_it_is(desk):
    done = desk.collect(desk.zip({canvas(): b"{ broken"}))
    assert desk.content("1001") == b"{ broken"
    assert done.taken[0].noted.flags == ()


def test_of_two_different_notebooks_the_one_of_the_name_or_none(desk):
    files = {canvas(): notebook(mark="1"), canvas("old.ipynb", 2): notebook(mark="2")}
    done = desk.collect(desk.zip(files))
    assert [kind for kind, _ in done.taken[0].noted.flags] == ["several-notebooks"]
    assert desk.content("1001") == notebook(mark="1")
    path = desk.zip({canvas("x.ipynb"): notebook(mark="1"), canvas("y.ipynb", 2): notebook(mark="2")}, name="two.zip")
    done = desk.plan(path)
    assert (done.taken, "Choose one with --take" in reasons(done)) == ([], True)
    desk.collect(path, take=("y.ipynb",))
    assert desk.content("1001") == notebook(mark="2")
    path = desk.zip({canvas("x.ipynb"): notebook(), canvas("y.ipynb", 2): notebook()}, name="same.zip")
    assert len(desk.plan(path).taken) == 1


def test_a_notebook_as_it_was_released_does_not_count_beside_work(desk):
    blank = desk.course.release_notebook(ONE).read_bytes()
    spaced = json.dumps(json.loads(blank), indent=4).encode()  # saved by another program
    files = {"1001/a1_one.ipynb": spaced, "1001/my a1.ipynb": notebook(mark="1"), "1002/a1_one.ipynb": blank}
    done = desk.collect(desk.zip(files))
    assert {one.student: [kind for kind, _ in one.noted.flags] for one in done.taken} == {
        "1001": ["several-notebooks", "notebook-renamed"], "1002": [],
    }  # fmt: skip
    assert desk.content("1001") == notebook(mark="1")
    assert desk.content("1002") == blank


def test_of_files_of_one_name_canvas_newest_counts(desk):
    files = {canvas(number=9): notebook(mark="9"), canvas(number=10): notebook(mark="10")}
    done = desk.collect(desk.zip(files))
    assert desk.content("1001") == notebook(mark="10")
    assert done.listed == [(canvas(number=9), "left out: a newer file of this name is there")]


def test_of_what_canvas_has_numbered_the_newest_counts_with_a_flag(desk):
    front = "müllerjosé_1001"
    files = {
        f"{front}_{number}_a1_one{end}.ipynb": notebook(ONE, end) for number, end in ((9, "-2"), (5, ""), (7, "-1"))
    }
    (taken,) = desk.collect(desk.zip(files)).taken
    assert desk.content("1001") == notebook(ONE, "-2")
    assert [kind for kind, _ in taken.noted.flags] == ["several-notebooks"]


def test_a_students_zip_is_opened_and_one_that_cannot_be_trusted_is_listed(desk):
    work = inner({"hw/a2_two.ipynb": notebook(TWO), "hw/captions.json": b"[]"})
    files = {
        canvas("work.zip"): work,
        canvas("w.zip", 2, "obrienann_1003"): inner({"../../a1_one.ipynb": notebook()}),
        canvas("w.zip", 3, "doejane_1005"): inner({"a1_one.ipynb": b"0" * 30_000_000}),
        canvas("w.zip", 4, "doejane_1006"): b"PK\x03\x04 cut",
        canvas("w.7z", 5, "smith_jonesal_1007"): b"7z",
    }
    done = desk.collect(desk.zip(files))
    assert desk.there() == [f"1001/{TWO}"]
    assert desk.beside("1001", "captions.json", TWO) == "[]"
    for says in (
        "outside itself",
        "grow more than 200 times",
        "not complete",
        "no notebook among: w.7z. Unpack w.7z into",
    ):
        assert says in reasons(done)
    assert len(done.listed) == 4


def test_an_environment_in_a_students_zip_is_not_looked_at(desk):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("hw/a1_one.ipynb", notebook())
        for number in range(2_001):
            archive.writestr(f"hw/.venv/lib/{number}.py", b"")
        link = zipfile.ZipInfo("hw/.venv/bin/python")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/usr/bin/python3")
    done = desk.collect(desk.zip({canvas("hw.zip"): content.getvalue()}))
    assert (desk.content("1001"), done.listed) == (notebook(), [])


def test_two_zips_of_one_student_are_told_apart_and_one_without_a_file_is_told(desk):
    files = {f"1001/{name}.zip": inner({"a1_one.ipynb": notebook(mark=name)}) for name in "xy"}
    path = desk.zip(files | {"1003/empty.zip": inner({})})
    done = desk.plan(path)
    assert done.taken == []
    assert dict(done.listed) == {
        "1001": "2 different notebooks of a1_one: x.zip/a1_one.ipynb, y.zip/a1_one.ipynb. Choose one with --take PATH",
        "1003": "empty.zip contains no file",
    }
    for take in ("1001/y.zip/a1_one.ipynb", "y.zip/a1_one.ipynb"):
        assert [one.noted.flags[0][1] for one in desk.plan(path, take=(take,)).taken] == ["a1_one.ipynb was taken of 2"]
    desk.collect(path, take=("1001/y.zip/a1_one.ipynb",))
    assert desk.content("1001") == notebook(mark="y")


def test_submissions_that_no_time_tells_apart_are_listed_and_one_may_be_chosen(desk):
    from datetime import UTC, datetime

    path = desk.zip({f"{name}/a1_one.ipynb": notebook(mark=name) for name in ("1001", "jmueller")})
    for times in ({}, {"1001": datetime(2026, 10, 6, tzinfo=UTC)}):
        done = desk.plan(path, times=times)
        assert done.taken == []
        assert done.listed == [
            ("1001", "2 submissions of a1_one, and no times say which is the newest: 1001/a1_one.ipynb, "
                     "jmueller/a1_one.ipynb. Choose one with --take PATH"),
        ]  # fmt: skip
        (taken,) = desk.plan(path, times=times, take=("jmueller/a1_one.ipynb",)).taken
        assert taken.label == "jmueller"


def test_the_same_notebook_with_another_file_beside_it_is_another_submission(desk):
    files = {}
    for day, captions in (("06", b"[1]"), ("07", b"[2]")):
        front = f"a2_jmueller_attempt_2026-10-{day}-13-30-00"
        files |= {f"{front}_a2_two.ipynb": notebook(TWO), f"{front}_captions.json": captions}
    desk.collect(desk.zip(files))
    assert desk.beside("1001", "captions.json", TWO) == "[2]"
    again = {name: notebook(TWO) for name in reversed(files) if name.endswith(".ipynb")}
    (taken,) = desk.plan(desk.zip(again, name="again.zip")).taken
    assert taken.noted.time == "2026-10-06T13:30:00+00:00"  # the same work twice was there the first time


def test_files_beside_the_notebook_keep_the_names_that_the_assignment_asks_for(desk):
    files = {
        canvas("a2_two.ipynb"): notebook(TWO), canvas("captions-1.json", 2): b"[1]", canvas("notes.txt", 3): b"n",
        canvas("timestamp.txt", 4): b"1990-01-01 00:00 UTC", canvas("collected.json", 5): b'{"flags": []}',
        canvas("submission_secret.txt", 6): b"s",
    }  # fmt: skip
    done = desk.collect(desk.zip(files))
    place = desk.course.submitted / "1001" / TWO
    assert sorted(path.name for path in place.iterdir()) == [
        "a2_two.ipynb", "captions.json", "collected.json", "notes.txt",
    ]  # fmt: skip
    assert (place / "captions.json").read_bytes() == b"[1]"
    assert read_collected(place).source == "canvas"
    assert done.listed == []


def test_what_the_release_has_beside_the_notebook_is_no_second_notebook(desk):
    ours = json.dumps({"cells": [{"id": cell["id"]} for cell in json.loads(notebook())["cells"]]}).encode()
    (desk.course.release / ONE / "release.json").write_bytes(ours)
    done = desk.collect(
        desk.zip({"1001/my work.ipynb": notebook(), "1001/release.json": ours, "1002/release.json": ours})
    )
    assert [(one.student, [kind for kind, _ in one.noted.flags]) for one in done.taken] == [
        ("1001", ["notebook-renamed"])
    ]
    assert done.listed == [("1002", "there is no notebook among: release.json")]
    kept = desk.zip({"1003/a1_one.ipynb.json": notebook(mark="k")}, name="kept.zip")
    assert [one.student for one in desk.plan(kept).taken] == ["1003"]


def test_a_dry_run_writes_nothing(desk):
    before = sorted(desk.folder.rglob("*"))
    path = desk.zip({canvas(): notebook()})
    assert len(desk.plan(path).taken) == 1
    assert sorted(desk.folder.rglob("*")) == sorted([*before, path])


def kept(desk):
    root = desk.course.root / "collected"
    return {str(path.parent.relative_to(root)): path.read_bytes() for path in sorted(root.rglob(f"{ONE}.ipynb"))}


def states(done):
    return [one.state for one in done.taken]


def test_a_resubmission_replaces_and_the_older_is_kept(desk):
    first, second = (desk.zip({canvas(): notebook(mark=m)}, name=f"{m}.zip") for m in "12")
    assert states(desk.collect(first)) == [NEW]
    assert states(desk.collect(first)) == [UNCHANGED]
    assert states(desk.collect(second)) == [REPLACES]
    assert desk.content("1001") == notebook(mark="2")
    assert kept(desk) == {f"{ONE}/1001/001": notebook(mark="1")}
    assert states(desk.collect(first)) == [WAS_ASIDE]
    assert desk.content("1001") == notebook(mark="2")
    assert len(kept(desk)) == 1


def test_by_time_the_newest_counts_whatever_the_order(desk):
    def at(mark, day, name):
        return desk.zip({canvas(): notebook(mark=mark)}, {canvas(): (2026, 10, day, 12, 0, 0)}, name)

    old, new, again = at("old", 5, "o.zip"), at("new", 7, "n.zip"), at("old", 9, "a.zip")
    desk.collect(new)
    assert states(desk.collect(old)) == [ASIDE]
    assert desk.content("1001") == notebook(mark="new")
    assert kept(desk) == {f"{ONE}/1001/001": notebook(mark="old")}
    assert states(desk.collect(old)) == [WAS_ASIDE]
    assert states(desk.collect(again)) == [REPLACES]
    assert desk.beside("1001", "timestamp.txt") == "2026-10-09 12:00:00.000000 UTC"


def test_attempts_beyond_those_allowed_are_kept_and_not_graded(desk):
    desk.rules("[attempts]\nallowed = 2")
    first, second, third = (desk.zip({canvas(): notebook(mark=m)}, name=f"{m}.zip") for m in "123")
    assert states(desk.collect(first)) + states(desk.collect(second)) == [NEW, REPLACES]
    done = desk.collect(third)
    assert (states(done), done.taken[0].reason) == ([ASIDE], "2 attempts are allowed, and 2 were taken")
    assert desk.content("1001") == notebook(mark="2")
    assert len(kept(desk)) == 2


def test_what_was_put_there_by_hand_is_kept_as_well(desk):
    place = desk.course.submitted / "1001" / ONE
    place.mkdir(parents=True)
    (place / "a1_one.ipynb").write_bytes(notebook(mark="hand"))
    (place / "timestamp.txt").write_text("2026-10-08 12:00:00 UTC")
    old = desk.zip({canvas(): notebook(mark="x")}, {canvas(): (2026, 10, 7, 12, 0, 0)})
    assert states(desk.collect(old)) == [ASIDE]
    desk.collect(desk.zip({canvas(): notebook(mark="y")}, {canvas(): (2026, 10, 9, 12, 0, 0)}, "y.zip"))
    assert notebook(mark="hand") in kept(desk).values()


def test_a_time_that_is_told_later_is_noted_and_another_is_not_changed(desk):
    from datetime import UTC, datetime

    path = desk.zip({canvas(): notebook()})
    desk.collect(path)
    assert states(desk.collect(path, times={"1001": datetime(2026, 10, 6, 12, tzinfo=UTC)})) == [UNCHANGED]
    assert desk.beside("1001", "timestamp.txt") == "2026-10-06 12:00:00.000000 UTC"
    desk.collect(desk.zip({canvas(): notebook()}, {canvas(): (2026, 10, 9, 12, 0, 0)}, "later.zip"))
    assert desk.beside("1001", "timestamp.txt") == "2026-10-06 12:00:00.000000 UTC"


def test_an_interrupted_run_leaves_the_earlier_submission(desk, monkeypatch):
    desk.collect(desk.zip({canvas(): notebook(mark="1")}))

    def full(folder, files):
        folder.mkdir(parents=True)
        raise OSError("no space left")

    monkeypatch.setattr(places, "_write", full)
    with pytest.raises(OSError, match="space"):
        desk.collect(desk.zip({canvas(): notebook(mark="2")}, name="2.zip"))
    assert desk.content("1001") == notebook(mark="1")
    assert desk.there() == [f"1001/{ONE}"]


def test_a_link_in_the_place_of_a_submission_is_not_followed(desk):
    elsewhere = desk.folder / "elsewhere"
    elsewhere.mkdir()
    (desk.course.submitted / "1001").symlink_to(elsewhere)
    assert states(desk.collect(desk.zip({canvas(): notebook()}))) == [ASIDE]
    assert list(elsewhere.iterdir()) == []


def test_who_has_handed_in_nothing_is_listed(desk):
    from autograder.course.roster import course_roster

    done = desk.collect(desk.zip({canvas(): notebook()}))
    (line,) = collecting.missing(desk.course, course_roster(desk.course), [ONE], done.taken)
    assert line.startswith("a1_one: 6 of 7 have handed in nothing: 1002 (山田 太郎), 1003 (Ann O'Brien)")


def test_a_course_without_assignments_says_build(desk, tmp_path):
    from autograder.collect.archive import open_source
    from autograder.course.policies import course_policies

    course = Course(tmp_path / "empty")
    course.create()
    with (
        open_source(desk.zip({canvas(): notebook()})) as source,
        pytest.raises(SourceProblem, match="autograder build"),
    ):
        collecting.plan(course, source, None, course_policies(course), Options())
