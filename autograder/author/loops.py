"""Chooses, for each exercise, the right solution that loops most: what a demo cell must bear beside the reference."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from nbformat import NotebookNode

from autograder.course import catalogue
from autograder.course import notebook as notebooks
from autograder.course.paths import Repository
from autograder.course.source import Source


def depth(code: str) -> int:
    """Return how deep loops and comprehensions are nested in this code: 0 where there are none."""
    return _depth(ast.parse(code))


def _depth(node: ast.AST) -> int:
    generators = getattr(node, "generators", ())  # a comprehension's loops lie beside each other, and are nested
    own = len(generators) or isinstance(node, ast.For | ast.While)
    return own + max(map(_depth, ast.iter_child_nodes(node)), default=0)


def most_loops(variants: Mapping[str, str]) -> str:
    """Return the name of the variant with the deepest loops, the first of several; "" if none has any."""
    found = max(variants, key=lambda name: depth(variants[name]), default="")
    return found if found and depth(variants[found]) else ""


def put_loops(repository: Repository, source: Source, notebook: NotebookNode) -> dict[str, str]:
    """Let loop-style right solutions replace the reference's in a source notebook; return those chosen, by exercise.

    Such a solution follows the reference's code in the same cell, so that what else the cell defines stays.
    Raises SourceError if solutions/aN/right.py cannot be read.
    """
    rights = catalogue.right(repository, source.name)
    chosen = {cell.name: most_loops(rights.get(cell.name, {})) for cell in source.exercises}
    for cell in filter(notebooks.is_exercise, notebook.cells):
        name = notebooks.exercise_name(cell)
        if name and chosen.get(name):
            cell.source += f"\n\n{rights[name][chosen[name]].strip()}"
    return {name: variant for name, variant in chosen.items() if variant}
