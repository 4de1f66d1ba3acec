"""Makes assignments/aN/release.json: what the self-check knows of a release, whatever an editor does to the notebook.

The grade follows the cells of the instructor; with this file the checks of a student can follow the same ones.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

from autograder.course import markers
from autograder.course import notebook as notebooks
from autograder.course.notebook import DEMO, EXERCISE, GIVEN, PROSE, TEST, WRITTEN

FIELDS = ("points", "grade", "locked", "solution")
_MINUTES = re.compile(r"about (\d+) minutes")
_HINT = re.compile(r"<details><summary>(.*?)</summary>\s*(.*?)\s*</details>", re.DOTALL)
_HEADING = re.compile(r"(?m)^## (.+)$")
# "Returns h, c: (N, H) float64 each", "x, h_prev: (N, D)", "dW (4H, H)", "h: (N, T, H + H')"
_LETTER = r"(?:\d|G\*)?[NTDHKSMFBIJk](?:_\w+)?'?"
_AXIS = re.compile(rf"{_LETTER}(?:[+-]1| \+ {_LETTER})?|\d")
_SHAPE = re.compile(r"((?:\w+(?:, |, and | and ))*\w+):? \(((?:[\w+\-*' ]+,\s*)+[\w+\-*' ]*)\)")


def outline(notebook: NotebookNode) -> bytes:
    """Return the bytes of release.json for the instructor's notebook: nothing that a student does not see in theirs.

    The text of each given, figure and exercise cell as students get it, and of each exercise its points, its minutes,
    its section, the axes of its arrays as the docstring names them, and its hints: what is folded between its card and
    the first code that follows its check. What is folded further down tells what an experiment has shown.
    """
    cells, section = [], ""
    minutes: dict[str, int] = {}
    hints: dict[str, list[dict[str, str]]] = {}
    exercise, checked = "", False
    for cell in notebook.cells:
        role, text = notebooks.role(cell), cell.source
        if role == PROSE:
            section = (_HEADING.findall(text) or [section])[-1]
            card = re.fullmatch(r"(.+)-(card|question)", cell.id)
            if card:
                exercise, checked = (card.group(1) if card.group(2) == "card" else ""), False
                minutes[card.group(1)] = int((_MINUTES.findall(text) or ["0"])[0])
            elif exercise:
                hints.setdefault(exercise, []).extend(
                    {"when": when, "text": said} for when, said in _HINT.findall(text)
                )
            continue
        if checked and role in (GIVEN, DEMO):
            exercise = ""
        checked |= role == TEST
        cells.append(_told(cell, role, section))
    version = {"assignment": "", "release": "", **notebooks.release(notebook)}
    exercises = {
        name: {
            "minutes": minutes.get(name, 0),
            "hints": hints.get(name, []),
            "axes": axes(_student_view(notebooks.find(notebook, name + notebooks.SOLUTION_SUFFIX))),
        }
        for name in notebooks.exercise_points(notebook)
    }
    told = {**version, "cells": cells, "exercises": exercises, "minutes": minutes}
    return (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()


def _told(cell: NotebookNode, role: str, section: str) -> dict[str, Any]:
    part = notebooks.part(cell)
    told: dict[str, Any] = {"id": cell.id, "role": role, "section": section}
    if role in (GIVEN, EXERCISE, TEST, WRITTEN):
        told |= {"grade_id": part["grade_id"], "metadata": {key: part[key] for key in FIELDS if key in part}}
    if role in (GIVEN, DEMO, EXERCISE, TEST):
        told["source"] = _student_view(cell)
    if notebooks.handed_in(cell):
        told["file"] = notebooks.handed_in(cell)
    return told


def _student_view(cell: NotebookNode) -> str:
    return markers.student_view(cell.source, markers.CODE_STUB)


def axes(source: str) -> dict[str, list[str]]:
    """Return the axes of each array that the docstrings in an exercise's cell name, such as {"h": ["N", "H"]}."""
    found: dict[str, list[str]] = {}
    for docstring in _docstrings(source):
        for names, shape in _SHAPE.findall(" ".join(docstring.split())):
            letters = [axis.strip() for axis in shape.split(",") if axis.strip()]
            if all(map(_AXIS.fullmatch, letters)):  # not the parts of a cache
                found |= {name: letters for name in re.split(r", and |, | and ", names) if name not in found}
    return found


def _docstrings(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield ast.get_docstring(node) or ""
