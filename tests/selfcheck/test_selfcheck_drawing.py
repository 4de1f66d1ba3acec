"""selfcheck/drawing.py: figures, and the texts that stand for them."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from selfcheck import drawing


@pytest.fixture(autouse=True)
def no_window():
    with mpl.rc_context():
        mpl.use("agg")
        yield
        plt.close("all")


def test_a_figure_is_described_by_its_titles_axes_and_legends():
    figure, (left, right) = plt.subplots(1, 2)
    left.semilogy([1, 2], [1, 10], label="a network")
    left.plot([1, 2], [2, 2], label="guessing")
    left.set(title="Training", xlabel="batches", ylabel="loss,\nnats")
    right.imshow([[0, 1]])
    right.set_axis_off()
    right.text(0, 0, "a picture")
    figure.colorbar(right.images[0])
    assert drawing.described(figure) == (
        "2 panels. Training; loss, nats against batches; logarithmic in y; shown: a network, guessing. a picture."
    )


def test_one_panel_is_called_one():
    figure, axis = plt.subplots()
    axis.set(title="What is kept", ylabel="bytes")
    assert drawing.described(figure) == "One panel. What is kept; bytes."


def test_a_figure_in_a_notebook_carries_its_description_and_is_closed(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda figure, metadata: shown.append((figure, metadata)))
    monkeypatch.setattr(plt, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    figure, axis = plt.subplots()
    axis.set_title("What is kept")
    drawing.show()
    assert shown == [(figure, {"image/png": {"alt": "One panel. What is kept."}})]
    assert plt.get_fignums() == []
