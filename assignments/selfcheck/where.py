"""Says where an array is right and where it is wrong: which steps, which batch elements, which rows of a gate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_LISTED = 5
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True)
class Where:
    """The name that a message gives an array, and a mask of its shape: True where the array is wrong."""

    name: str
    wrong: Any


def located(where: Where | None, axes: Mapping[str, Sequence[str]]) -> str:
    """Return a sentence on where the array is right and where it is wrong; '' if it is wrong all over.

    axes: by an array's name, the names of its axes, such as {"h": ["N", "T", "H"]}. What is said is true of the mask:
    everything outside of the place that is named is right, and every index that is named has something wrong.
    """
    if where is None or not where.wrong.ndim or where.wrong.all() or not where.wrong.any():
        return ""
    wrong = where.wrong
    names = _axes_of(where.name, wrong.ndim, axes)
    places = [
        _Place(along, index, names[index], wrong.ndim)
        for index in range(wrong.ndim)
        if not (along := wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != index))).all()
    ]
    told = [place for place in places if place.short]
    if not told:
        right = wrong.size - int(wrong.sum())
        return f"{right} of its {wrong.size} numbers {'is' if right == 1 else 'are'} right."
    if len(told) == 1:
        return told[0].sentence()
    return f"Wrong only where {' and '.join(place.condition() for place in told)}; right everywhere else."


def _axes_of(name: str, ndim: int, axes: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Return the axes of the first array that the name of one holds, as "log y" holds y; else names that are ''."""
    known = (axes[word] for word in re.findall(r"\w+", name) if word in axes)
    return next((found for found in known if len(found) == ndim), [""] * ndim)


class _Place:
    """Where along one axis something is wrong. along: for each index, whether anything is wrong there."""

    def __init__(self, along: np.ndarray, index: int, name: str, ndim: int) -> None:
        self.along = along
        self.indices = [int(i) for i in np.flatnonzero(along)]
        self.first, self.last = self.indices[0], self.indices[-1]
        self.noun = _noun(index, name, ndim)
        self.parts = "rows" if index == 0 else "numbers"
        self.block = _block(along, name, self.parts)

    @property
    def short(self) -> bool:
        """Whether it can be told in a few words."""
        return bool(self.block) or self._run or len(self.indices) <= MOST_LISTED

    @property
    def _run(self) -> bool:
        return self.indices == list(range(self.first, self.last + 1))

    @property
    def _to_the_end(self) -> bool:
        return self._run and self.last == len(self.along) - 1

    def wrong(self) -> str:
        """Return where something is wrong, such as "from t = 1 on"."""
        if self.block:
            return self.block
        if self.first == self.last:
            return f"at {self._at(self.first)}"
        if self._to_the_end:
            return f"from {self._at(self.first)} on"
        if self._run:
            return f"from {self._at(self.first)} to {self.last}"
        return f"at {self._at(self.first)}{''.join(f', {i}' for i in self.indices[1:])}"

    def condition(self) -> str:
        """Return what an index along this axis is where something is wrong, such as "t ≥ 1"."""
        noun = self.noun.removesuffix(" =").replace("batch element", "n")
        if self.block:
            return f"the {self.parts[:-1]} is {self.block}"
        if self.first == self.last:
            return f"{noun} = {self.first}"
        if self._to_the_end:
            return f"{noun} ≥ {self.first}"
        if self._run and self.first == 0:
            return f"{noun} ≤ {self.last}"
        if self._run:
            return f"{noun} = {self.first} to {self.last}"
        return f"{noun} = {', '.join(map(str, self.indices[:-1]))} or {self.last}"

    def sentence(self) -> str:
        """Return where it is right and where it is wrong, if this is the only axis that tells them apart."""
        if self.block:
            return f"Wrong only {self.block}; the other {self.parts} are right."
        if self._to_the_end:
            return f"Right for {self._up_to(self.first - 1)}, wrong from {self._at(self.first)} on."
        if self._run and self.first == 0:
            return f"Wrong for {self._up_to(self.last)}, right from {self._at(self.last + 1)} on."
        return f"Wrong only {self.wrong()}; right everywhere else."

    def _at(self, index: int) -> str:
        return f"{self.noun} {index}"

    def _up_to(self, last: int) -> str:
        plural = {"index": "indices", "row": "rows", "column": "columns", "batch element": "batch elements"}
        return self._at(0) if last == 0 else f"{plural.get(self.noun, self.noun)} 0 to {last}"


def _noun(index: int, name: str, ndim: int) -> str:
    """What an index along an axis is called: "t =", "batch element", "row"."""
    if name == "T":
        return "t ="
    if name == "N":
        return "batch element"
    if ndim == 1:
        return "index"
    if ndim == 2:
        return ("row", "column")[index]
    return f"the {_ORDINALS[index]} index ="


def _block(along: np.ndarray, name: str, parts: str) -> str:
    """Which of the blocks of H parts (rows, say) is wrong, where an axis such as 4H has one block for each gate."""
    match = re.fullmatch(r"(\d)H", name)
    blocks = int(match.group(1)) if match else 0
    if not blocks or len(along) % blocks:
        return ""
    height = len(along) // blocks
    wrong = np.flatnonzero(along.reshape(blocks, height).any(axis=1))
    if len(wrong) == blocks:
        return ""
    told = [f"{_ORDINALS[i]} ({parts} {i * height} to {(i + 1) * height - 1})" for i in wrong]
    return f"in the {' and the '.join(told)} of {blocks} blocks of H {parts}"
