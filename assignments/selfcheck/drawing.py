"""The house style of figures, for the notebooks and their figures.py, and texts for those who cannot see them.

The colours are four of the palette of Okabe and Ito (2008), which readers with any kind of colour vision tell apart;
lines differ by dash or marker as well.
"""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#767676"


def house_style() -> None:
    """Set matplotlib's defaults: 110 dots per inch, small type, no frame at the top and the right, legends unframed."""
    plt.rcParams.update(
        {
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "font.size": 9,
            "axes.titlesize": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
        }
    )


def show() -> None:
    """Show the current figure. In a notebook it carries a text in place of the picture (`described`)."""
    if "inline" not in plt.get_backend():
        plt.show()
        return
    from IPython.display import display

    figure = plt.gcf()
    display(figure, metadata={"image/png": {"alt": described(figure)}})
    plt.close(figure)


def described(figure: Figure) -> str:
    """Return what a figure shows in words: of each panel its title, its axes, and what is drawn, by the legend."""
    panels = [axis for axis in figure.axes if axis.get_label() != "<colorbar>"]
    texts = [text for axis in panels if (text := _described_panel(axis))]
    count = "One panel" if len(panels) == 1 else f"{len(panels)} panels"
    above = [figure.get_suptitle()] if figure.get_suptitle() else []
    return re.sub(r"\s+", " ", ". ".join([*above, count, *texts])) + "."


def _described_panel(axis: Axes) -> str:
    x, y = axis.get_xlabel(), axis.get_ylabel()
    scales = [name for name, scale in (("x", axis.get_xscale()), ("y", axis.get_yscale())) if scale == "log"]
    parts = [axis.get_title(), f"{y} against {x}" if x and y else x or y]
    parts += [f"logarithmic in {' and '.join(scales)}"] if scales else []
    drawn = axis.get_legend_handles_labels()[1]
    parts += [f"shown: {', '.join(drawn)}"] if drawn else []
    if not (x or y or drawn):  # a picture or a diagram: what is written in it
        parts += [text.get_text() for text in axis.texts]
    return "; ".join(filter(None, parts))
