"""Draws a recurrent network unrolled in time, with numbers beside its arrows."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from selfcheck.drawing import BLUE, GREY, ORANGE, show


def unrolled(
    states: Sequence[str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    before: str,
    across: Sequence[str],
    back_across: Sequence[str] = (),
    back_down: Sequence[str] = (),
    title: str = "",
) -> None:
    """Draw T states from left to right, inputs below and outputs above; forward in blue, gradients back in orange.

    states, inputs, outputs: what is written in the T boxes of each row; an empty text leaves a box and its arrow out.
    before: in the box of the state before the first one; "" leaves it out. across: beside the T arrows that lead into
    the states from the left. back_across: the same for the arrows back; back_down: for those from outputs to states.
    """
    T = len(states)
    top = 2.3 if any(outputs) else 1.4
    _, axis = plt.subplots(figsize=(min(10.0, 1.9 * T + 1.6), 0.5 + top))
    for t, (state, below, above) in enumerate(zip(states, inputs, outputs, strict=True)):
        _box(axis, t, 1, state)
        if below:
            _box(axis, t, 0, below, GREY)
            _arrow(axis, (t, 0.2), (t, 0.76), BLUE)
        if above:
            _box(axis, t, 2, above, GREY)
            _arrow(axis, (t - 0.06, 1.24), (t - 0.06, 1.8), BLUE)
        if above and back_down:
            _arrow(axis, (t + 0.06, 1.8), (t + 0.06, 1.24), ORANGE, back_down[t], (t + 0.1, 1.52), "left")
        if t or before:
            raised = 0.07 if back_across else 0
            _arrow(axis, (t - 0.8, 1 + raised), (t - 0.22, 1 + raised), BLUE, across[t], (t - 0.5, 1.12 + raised))
            if back_across:
                _arrow(axis, (t - 0.22, 0.93), (t - 0.8, 0.93), ORANGE, back_across[t], (t - 0.5, 0.66))
    if before:
        _box(axis, -1, 1, before)
    axis.set(xlim=(-1.5 if before else -0.5, T - 0.4), ylim=(-0.3, top), title=title)
    axis.axis("off")
    show()


def _box(axis: Axes, x: float, y: float, text: str, color: str = "black") -> None:
    frame = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": color}
    axis.text(x, y, text, ha="center", va="center", fontsize=8, bbox=frame, zorder=3)


def _arrow(
    axis: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str,
    text: str = "",
    place: tuple[float, float] = (0, 0),
    align: str = "center",
) -> None:
    axis.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "shrinkA": 0, "shrinkB": 0})
    axis.text(*place, text, color=color, fontsize=8, ha=align, va="center" if align == "left" else "bottom")
