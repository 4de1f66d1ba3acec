"""Each kind of submission is what it says, and expects what it must."""

from __future__ import annotations

import ast
import json
import stat
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course import notebook
from autograder.course.paths import Course, Repository
from autograder.simulate import KINDS, Expectation, Simulation, simulate
from autograder.simulate.subject import Subject
from autograder.simulate.tricks import ANSWER_WITH_LOOT
from autograder.simulate.work import rename


def of_kind(simulation: Simulation, title: str) -> tuple[Expectation, Path]:
    one = next(one for one in simulation.expected if one.kind == title)
    return one, simulation.folder / one.student / "a0" / "a0.ipynb"


def sources(path: Path) -> dict[str, str]:
    return {
        notebook.grade_id(cell) or cell.get("id", ""): cell.source for cell in nbformat.read(path, as_version=4).cells
    }


def test_every_kind_has_an_expectation_for_every_exercise(everything: Simulation, subject: Subject) -> None:
    assert {one.kind for one in everything.expected} == {kind.title for kind in KINDS}
    for one in everything.expected:
        assert list(one.points) == subject.names
        assert one.max_points == {"double": 2.0, "add": 3.0, "quadruple": 4.0, "total": 5.0}
        assert one.status == ("unreadable" if one.kind.startswith("unreadable/") else "graded")
        assert one.detail


def test_every_notebook_that_is_meant_to_be_one_is_valid(everything: Simulation) -> None:
    for one in everything.expected:
        if one.status == "graded" and one.kind not in ("broken/byte-order-mark", "broken/format-3"):
            text = (everything.folder / one.student / "a0" / "a0.ipynb").read_text(encoding="utf-8")
            nbformat.validate(nbformat.from_dict(json.loads(text)))


def test_unreadable_submissions_are_what_they_say(everything: Simulation) -> None:
    def path(name: str) -> Path:
        return of_kind(everything, f"unreadable/{name}")[1]

    right = of_kind(everything, "right/reference")[1]
    assert path("symlink").is_symlink()
    assert path("symlink").resolve() == right.resolve()
    assert path("symlink-folder").parent.is_symlink()
    assert path("symlink-folder").read_bytes() == right.read_bytes()
    assert stat.S_ISFIFO(path("named-pipe").stat().st_mode)
    assert path("folder").is_dir()
    assert not path("missing").exists()
    assert path("missing").parent.is_dir()
    assert path("too-large").stat().st_size > 200 * 2**20
    assert path("too-large").stat().st_blocks < 2**10
    for name in ("invalid-json", "empty", "not-text", "deep-nesting"):
        with pytest.raises((ValueError, RecursionError)):
            json.loads(path(name).read_bytes())


def test_the_right_student_hands_in_the_reference_without_its_markers(everything: Simulation) -> None:
    one, path = of_kind(everything, "right/reference")
    assert one.points == one.max_points
    assert one.honest
    assert sources(path)["double-solution"] == "def double(x):\n    y = 2 * x\n    return y"
    assert "### " not in path.read_text()


def test_the_untouched_release_is_the_release_and_earns_nothing(
    everything: Simulation, rooms: tuple[Repository, Course]
) -> None:
    one, path = of_kind(everything, "untouched/release")
    assert set(one.points.values()) == {0.0}
    assert sources(path) == sources(rooms[1].release_notebook("a0"))


def test_a_deleted_cell_is_gone_earns_nothing_and_is_flagged(rooms: tuple[Repository, Course], tmp_path: Path) -> None:
    for seed in range(6):
        simulation = simulate(*rooms, "a0", 1, seed, tmp_path / str(seed), kinds=["broken/cell-deleted"])
        one, path = of_kind(simulation, "broken/cell-deleted")
        (lost,) = [name for name, claim in one.points.items() if claim == 0.0]
        assert f"{lost}-solution" not in sources(path)
        assert one.flags == ("cell-missing",)
        sunk = {name for name, claim in one.points.items() if claim == {"at_most": one.max_points[name]}}
        assert sunk == {"double": {"quadruple"}, "add": {"total"}}.get(lost, set())


def test_alternatives_whose_names_collide_are_not_put_together(
    rooms: tuple[Repository, Course], tmp_path: Path
) -> None:
    simulation = simulate(*rooms, "a0", 20, 1, tmp_path, kinds=["alternative"])
    for one in simulation.expected:
        texts = sources(simulation.folder / one.student / "a0" / "a0.ipynb").values()
        assert sum("def shared" in text for text in texts) == 1


def test_hostile_wrong_code_is_the_control_s_code_with_the_trick_around_it(everything: Simulation) -> None:
    control, path = of_kind(everything, "wrong/everywhere")
    wrong = sources(path)
    for kind in KINDS:
        if kind.needs_control:
            one, path = of_kind(everything, kind.title)
            bounds = [claim for claim in one.points.values() if claim == {"no_more_than": control.student}]
            assert len(bounds) == len(one.points) or kind.title == "hostile/replay"
            for name in one.points:
                assert sources(path)[f"{name}-solution"].startswith(wrong[f"{name}-solution"])


def test_hostile_right_code_loses_one_exercise_that_no_other_one_needs(everything: Simulation) -> None:
    for title in ("looping/loop-in-call", "crashing/os-exit-in-call", "greedy/memory-in-call", "hostile/signal-parent"):
        one, _ = of_kind(everything, title)
        lost = {name for name, claim in one.points.items() if claim != one.max_points[name]}
        assert len(lost) == 1
        assert lost <= {"quadruple", "total"}


def test_every_text_parses_once_its_placeholders_are_filled_in(everything: Simulation) -> None:
    for one in everything.expected:
        if one.status == "graded" and one.kind not in (
            "broken/magics",
            "broken/magic-in-exercise",
            "broken/reset-at-the-end",
            "broken/cell-split",
            "broken/syntax-error",
        ):
            path = everything.folder / one.student / "a0" / "a0.ipynb"
            for cell in nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4).cells:
                if cell.cell_type == "code":
                    ast.parse(cell.source)
                    assert not [word for word in ("{name}", "{names}", "{right}") if word in cell.source]


def test_a_theft_answers_right_if_it_found_anything_and_wrong_if_not(subject: Subject) -> None:
    exercise = subject.exercises["double"]
    right = rename(exercise.reference, "double", "_right_double")
    around = ANSWER_WITH_LOOT.replace("{right}", right).replace("{name}", "double")
    found: dict[str, Any] = {}
    exec(f"{exercise.mistakes[0].source}\n{around}", found)
    found["LOOT"] = []
    assert found["double"](5) == 15
    found["LOOT"].append("a hidden test")
    assert found["double"](5) == 10
