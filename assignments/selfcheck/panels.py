"""Panels that a reader moves: HTML and JavaScript in a cell's output, without a kernel and without a network.

A panel asks a question first, and its controls open when the reader has written a prediction down. Where scripts do
not run (a notebook that is not trusted, a browser without them) a figure and the question stand in its place.

The scripts are in `panel_scripts/`: `panel.js` has what all of them share, `NAME.js` is the panel of this name. They
run in a frame of their own, whose text stands in the output: neither the page's styles nor the keys of Jupyter reach
them. The frame tells the page its height, and that it is alive; only then the figure is hidden.
"""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from selfcheck.drawing import described

SCRIPTS = Path(__file__).parent / "panel_scripts"
NOT_ALIVE = (
    "Where scripts may run, this figure can be moved: run its cell, or choose Trust Notebook in JupyterLab's command "
    "palette."
)


def show_panel(name: str, title: str, question: str, data: Mapping[str, Any]) -> None:
    """Show the panel `name`. The current figure stands in its place where scripts do not run, and is closed.

    title: what the panel is, for those who cannot see it. question: plain text, what the reader is to predict.
    data: what the panel's script reads as `DATA`; numbers, texts, lists and dicts.
    """
    from IPython.display import display

    figure = plt.gcf()
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100, bbox_inches="tight")
    output = panel_html(name, title, question, data, content.getvalue(), described(figure))
    plt.close(figure)
    display({"text/html": output, "text/plain": f"{title}. {question}"}, raw=True)


def panel_html(name: str, title: str, question: str, data: Mapping[str, Any], picture: bytes, alt: str) -> str:
    """Return the output of a cell that is a panel: question and picture (a PNG), and the script that replaces both."""
    image = base64.b64encode(picture).decode()
    frame = json.dumps({"title": title, "text": frame_text(name, title, question, data)}).replace("<", "\\u003c")
    start = (SCRIPTS / "start.js").read_text(encoding="utf-8").replace("FRAME", frame).replace("NAME", json.dumps(name))
    return (
        f'<div data-panel="{html.escape(name)}"><div>'
        f"<p><strong>{html.escape(question)}</strong></p>"
        f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{image}" style="max-width: 100%; height: auto">'
        f"<p><em>{html.escape(NOT_ALIVE)}</em></p></div>"
        f"<script>{start}</script></div>"
    )


def frame_text(name: str, title: str, question: str, data: Mapping[str, Any]) -> str:
    """Return the page that the panel's frame holds, whole: styles, numbers and scripts."""
    style, shared, own = (
        (SCRIPTS / file).read_text(encoding="utf-8") for file in ("panel.css", "panel.js", f"{name}.js")
    )
    given = {**data, "name": name, "title": title, "question": question}
    numbers = json.dumps(given, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body><main></main>"
        f"<script>const DATA = {numbers};\n{shared}\n{own}</script></body></html>"
    )
