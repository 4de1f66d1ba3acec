"""Automatic mutants of a reference solution: the same code with one small change."""

from __future__ import annotations

import ast
import difflib
import textwrap
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import cast

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from autograder.author.mutation_operators import OPERATORS
from autograder.course import markers
from autograder.course.cell import Cell


@dataclass(frozen=True)
class Mutant:
    """A reference solution with one change in it.

    exercise: its name. was, now: the lines that were changed, as `ast.unparse` writes them, without their common
    indentation. nth: 1, or more where the same lines are changed in the same way at another place of the exercise.
    code: the whole cell, to stand in the place of the reference's.
    """

    exercise: str
    was: str
    now: str
    nth: int
    code: str

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What tells this mutant from all others, whatever the layout of the code and its comments."""
        return self.exercise, self.was, self.now, self.nth

    def __str__(self) -> str:
        was, now = (" / ".join(line.strip() for line in text.split("\n")) for text in (self.was, self.now))
        return f"{self.exercise}: {was}  ->  {now}" + (f"  ({self.nth})" if self.nth > 1 else "")


def mutants_of(cell: Cell) -> list[Mutant]:
    """Return all mutants of an exercise's solution regions, in the order of the code.

    What is not Python, and what Python reads as the reference or as an earlier mutant, is left out.
    """
    module, inside = _solution_nodes(cell)
    reference = _parsed(module.code)
    assert reference is not None
    seen, met = {ast.dump(reference)}, Counter[tuple[str, str]]()
    found = []
    for node in inside:
        for kind, operator in OPERATORS:
            for changed in operator(node) if isinstance(node, kind) else ():
                code = cast(cst.Module, module.deep_replace(node, changed)).code
                tree = _parsed(code)
                if tree is None or ast.dump(tree) in seen:
                    continue
                seen.add(ast.dump(tree))
                was, now = _difference(ast.unparse(reference), ast.unparse(tree))
                met[was, now] += 1
                found.append(Mutant(cell.name, was, now, met[was, now], code))
    return found


def _solution_nodes(cell: Cell) -> tuple[cst.Module, list[cst.CSTNode]]:
    """The cell as a tree, and the nodes in its solution regions; what an exception says is left out: it is free."""
    wrapper = MetadataWrapper(cst.parse_module(cell.source))
    positions = wrapper.resolve(PositionProvider)
    lines = _solution_lines(cell.source)
    found: list[cst.CSTNode] = []

    def walk(node: cst.CSTNode, inside: bool) -> None:
        place = positions.get(node)
        inside = inside or (place is not None and lines.issuperset(range(place.start.line, place.end.line + 1)))
        if inside:
            found.append(node)
        for child in node.children if not isinstance(node, cst.Raise) else ():
            walk(child, inside)

    walk(wrapper.module, False)
    return wrapper.module, found


def _solution_lines(source: str) -> set[int]:
    """Numbers, from 1, of the lines between the markers."""
    found, inside = set(), False
    for number, line in enumerate(source.split("\n"), start=1):
        if line.strip() in (f"### {edge} {markers.SOLUTION}" for edge in ("BEGIN", "END")):
            inside = "BEGIN" in line
        elif inside:
            found.add(number)
    return found


def _parsed(code: str) -> ast.Module | None:
    """Return the code as a tree without positions; None if Python cannot compile it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "'int' object is not subscriptable": the mutant will raise it
            tree = ast.parse(code)
            compile(tree, "mutant", "exec")
    except (SyntaxError, ValueError):
        return None
    return tree


def _difference(reference: str, mutant: str) -> tuple[str, str]:
    """Return the lines of both, from the first to the last that differ."""
    before, after = reference.split("\n"), mutant.split("\n")
    changes = [code for code in difflib.SequenceMatcher(None, before, after, False).get_opcodes() if code[0] != "equal"]
    (_, start, _, new_start, _), (_, _, end, _, new_end) = changes[0], changes[-1]
    return textwrap.dedent("\n".join(before[start:end])), textwrap.dedent("\n".join(after[new_start:new_end]))
