"""A simulated class is the same for the same seed, holds every family, and never runs what it writes."""

from __future__ import annotations

import csv
import json
import os
import shutil
import stat
from collections import Counter
from pathlib import Path

import pytest

from autograder.course.paths import Course, Repository
from autograder.simulate import FAMILIES, KINDS, SimulationError, read_expected, simulate
from autograder.simulate.tricks import Trick
from autograder.simulate.work import Work


def tree(folder: Path) -> dict[str, object]:
    """Every file below a folder: its bytes, or where a link leads, or what else it is."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        found[str(path.relative_to(folder))] = (
            os.readlink(path) if stat.S_ISLNK(mode) else path.read_bytes() if stat.S_ISREG(mode) else stat.S_IFMT(mode)
        )
    return found


def test_the_same_seed_writes_the_same_class_and_another_one_another(
    rooms: tuple[Repository, Course], tmp_path: Path
) -> None:
    for name, seed in (("one", 5), ("again", 5), ("other", 6)):
        simulate(*rooms, "a0", 40, seed, tmp_path / name)
    assert tree(tmp_path / "one") == tree(tmp_path / "again")
    assert tree(tmp_path / "one") != tree(tmp_path / "other")


def test_a_class_that_could_not_be_finished_leaves_nothing_and_can_be_made_again(
    rooms: tuple[Repository, Course], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(*rooms, "a0", 3, 1, tmp_path)
    other = tmp_path / "s001" / "other"
    (tmp_path / "s001" / "a0").rename(other)
    for student in ("s002", "s003"):
        shutil.rmtree(tmp_path / student)
    before, write, written = tree(tmp_path), Work.write, []

    def interrupted(work: Work, folder: Path) -> None:
        written.append(work.student)
        if len(written) == len(KINDS) - 1:
            raise KeyboardInterrupt
        write(work, folder)

    monkeypatch.setattr(Work, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        simulate(*rooms, "a0", len(KINDS), 1, tmp_path)
    assert tree(tmp_path) == before
    monkeypatch.setattr(Work, "write", write)
    assert len(simulate(*rooms, "a0", len(KINDS), 1, tmp_path).expected) == len(KINDS)


def test_expectations_of_other_assignments_survive_a_full_disk(
    rooms: tuple[Repository, Course], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(*rooms, "a0", 3, 1, tmp_path)
    known = json.loads((tmp_path / "expected.json").read_text())
    (tmp_path / "expected.json").write_text(json.dumps({"a1": known["a0"]}))
    for student in ("s001", "s002", "s003"):
        shutil.rmtree(tmp_path / student)

    def full(descriptor: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        simulate(*rooms, "a0", 3, 1, tmp_path)
    assert json.loads((tmp_path / "expected.json").read_text()) == {"a1": known["a0"]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["expected.json", "roster.csv"]


@pytest.mark.parametrize("students", [1, 12, 30, 100, len(KINDS), len(KINDS) + 20])
def test_a_class_has_as_many_students_as_asked_for(
    rooms: tuple[Repository, Course], tmp_path: Path, students: int
) -> None:
    simulation = simulate(*rooms, "a0", students, 1, tmp_path)
    assert len(simulation.expected) == students
    assert read_expected(tmp_path) == simulation.expected
    with simulation.roster.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [one.student for one in simulation.expected]
    assert set(rows[0]) == {"id", "first_name", "last_name", "email"}


@pytest.mark.parametrize("seed", range(5))
def test_thirty_students_are_of_every_family_half_of_them_honest_and_few_of_them_slow(
    rooms: tuple[Repository, Course], tmp_path: Path, seed: int
) -> None:
    simulation = simulate(*rooms, "a0", 30, seed, tmp_path)
    families = Counter(one.kind.partition("/")[0] for one in simulation.expected)
    assert set(families) == set(FAMILIES)
    assert 12 <= sum(families[family] for family in ("right", "alternative", "wrong", "unfinished")) <= 18
    assert families["looping"] + families["greedy"] <= 3


def test_a_large_class_holds_every_kind(rooms: tuple[Repository, Course], tmp_path: Path) -> None:
    simulation = simulate(*rooms, "a0", len(KINDS) + 30, 1, tmp_path)
    assert {one.kind for one in simulation.expected} == {kind.title for kind in KINDS}


def test_kinds_have_names_of_their_own() -> None:
    assert max(Counter(kind.title for kind in KINDS).values()) == 1
    assert {kind.family for kind in KINDS} == set(FAMILIES)


@pytest.mark.parametrize(
    ("kind", "peer"), [("hostile/ast-strip", "wrong/everywhere"), ("unreadable/symlink", "right/reference")]
)
def test_kinds_that_need_a_peer_get_one(rooms: tuple[Repository, Course], tmp_path: Path, kind: str, peer: str) -> None:
    simulation = simulate(*rooms, "a0", 1, 1, tmp_path, kinds=[kind])
    assert {one.kind for one in simulation.expected} == {kind, peer}


def test_writing_a_class_runs_nothing_of_it(
    rooms: tuple[Repository, Course], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trick's text stays text: one that would leave a trace when compiled or run leaves none."""
    trap = f"open({str(tmp_path / 'trace')!r}, 'w').close()"
    trick = Trick("hostile", "trap", 0, "leaves a trace", cell=trap, around=f"\n{trap}\n", base="wrong")
    monkeypatch.setattr("autograder.simulate.classroom.KINDS", (*KINDS, trick.kind()))
    simulation = simulate(*rooms, "a0", 1, 1, tmp_path / "class", kinds=["hostile/trap"])
    assert any(one.kind == "hostile/trap" for one in simulation.expected)
    assert not (tmp_path / "trace").exists()


def test_what_cannot_be_simulated_is_said(rooms: tuple[Repository, Course], tmp_path: Path) -> None:
    repository, course = rooms
    with pytest.raises(SimulationError, match="autograder build a9"):
        simulate(repository, course, "a9", 3, 1, tmp_path)
    with pytest.raises(SimulationError, match="hostile/nothing"):
        simulate(repository, course, "a0", 3, 1, tmp_path, kinds=["hostile/nothing"])
    with pytest.raises(SimulationError, match="at least one"):
        simulate(repository, course, "a0", 0, 1, tmp_path)
    simulate(repository, course, "a0", 3, 1, tmp_path)
    with pytest.raises(SimulationError, match="already holds"):
        simulate(repository, course, "a0", 3, 1, tmp_path)


def test_names_of_the_roster_stay_the_same_over_a_term(rooms: tuple[Repository, Course], tmp_path: Path) -> None:
    first = simulate(*rooms, "a0", 30, 1, tmp_path / "first").roster.read_text(encoding="utf-8")
    second = simulate(*rooms, "a0", 30, 1, tmp_path / "second", kinds=["right", "wrong"]).roster.read_text(
        encoding="utf-8"
    )
    assert first == second
