"""The house style of figures, for the notebooks and their figures.py.

The colours are four of the palette of Okabe and Ito (2008), which readers with any kind of colour vision tell apart;
lines differ by dash or marker as well.
"""

from __future__ import annotations

import matplotlib.pyplot as plt

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
