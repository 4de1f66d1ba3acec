"""The panels that a reader moves: in a page, on a phone, by keyboard, in JupyterLab, and where scripts are off."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import nbformat
import numpy as np
import pytest
from playwright.sync_api import Browser, Frame, Locator, Page, expect

from autograder.author.page import rendered
from autograder.course import notebook as notebooks
from autograder.course.loading import load_file
from autograder.course.paths import Repository
from autograder.course.source import load_reference

REPOSITORY = Repository.default()
PANELS = {"gap": "a2_bptt", "gates": "a4_lstm", "beam": "a6_captioning"}
ANSWERS = {"gap": ("1", "4"), "gates": ("0.9",), "beam": ("2",)}
PATIENCE = 60_000


@pytest.fixture(scope="module")
def outputs() -> dict[str, str]:
    """The outputs of the three cells, by panel."""
    found: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch, mpl.rc_context():
        mpl.use("agg")
        patch.setattr("IPython.display.display", lambda data, raw: shown.append(data["text/html"]))
        for name, assignment in PANELS.items():
            shown: list[str] = []
            figures = load_file(REPOSITORY.figures(assignment))
            if name == "gap":
                reference = load_reference(REPOSITORY.source(assignment))
                figures.play_with_the_gap(reference.state_jacobian, reference.jacobian_product)
            else:
                getattr(figures, f"play_with_the_{name}")()
            (found[name],) = shown
    return found


@pytest.fixture
def opened(page: Page, outputs: dict[str, str], tmp_path: Path) -> Callable[[str], Frame]:
    """Call it with a panel's name to open its output in a page, which may ask the network for nothing."""
    page.on("request", lambda request: pytest.fail(f"it asks for {request.url}") if "http" in request.url else None)
    page.on("pageerror", lambda error: pytest.fail(str(error)))

    def open_(name: str) -> Frame:
        path = tmp_path / f"{name}.html"
        path.write_text(
            f'<!DOCTYPE html><meta name="viewport" content="width=device-width">{outputs[name]}', encoding="utf-8"
        )
        page.goto(path.as_uri())
        expect(page.frame_locator("iframe").get_by_role("heading")).to_be_visible()
        return page.frames[-1]

    return open_


def predict(frame: Any, name: str) -> None:
    """Write a prediction, which opens the controls."""
    for field, answer in zip(frame.locator("input[type=number]").all(), ANSWERS[name], strict=True):
        field.fill(answer)
    frame.get_by_role("button", name="That is my prediction").click()


def press(frame: Any, button: str) -> None:
    frame.get_by_role("button", name=button, exact=True).click()


def drawing(frame: Any) -> Locator:
    return frame.locator("svg")


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_asks_first_and_then_moves(name, opened, page):
    frame = opened(name)
    expect(page.locator("[data-panel] img")).to_be_hidden()
    slider = frame.locator("input[type=range]").first
    expect(slider).to_be_disabled()
    predict(frame, name)
    expect(slider).to_be_enabled()
    expect(frame.locator("main")).to_contain_text("You predicted")
    before = drawing(frame).inner_html(), frame.get_by_role("status").inner_text()
    slider.press("ArrowRight") if name != "gates" else frame.locator("#f").press("ArrowLeft")
    if name != "gap":
        press(frame, "1 step" if name == "gates" else "Next round")
    assert drawing(frame).inner_html() != before[0]
    assert frame.get_by_role("status").inner_text() != before[1]


@pytest.mark.parametrize("name", PANELS)
def test_every_control_has_a_name_and_the_keyboard_reaches_it(name, opened, page):
    frame = opened(name)
    predict(frame, name)
    for control in frame.locator("input, button").all():
        assert control.evaluate("c => c.labels?.length ? c.labels[0].innerText.trim() : c.innerText.trim()")
    assert frame.evaluate("document.activeElement.tagName") == "INPUT"  # the first control, not the vanished button
    expect(drawing(frame)).to_have_attribute("aria-label", re.compile(r"\w"))


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_fits_a_phone(name, opened, page):
    page.set_viewport_size({"width": 390, "height": 800})
    frame = opened(name)
    predict(frame, name)
    if name == "beam":
        press(frame, "To the end")
    for place in (page, frame):
        assert place.evaluate("document.documentElement.scrollWidth <= innerWidth")
    height = frame.evaluate("document.documentElement.offsetHeight")
    page.wait_for_function(
        "height => Math.abs(document.querySelector('iframe').offsetHeight - height) <= 1", arg=height
    )


@pytest.mark.parametrize("name", PANELS)
def test_the_figure_stands_where_scripts_are_off(name, chromium: Browser, outputs, tmp_path):
    path = tmp_path / "off.html"
    path.write_text(f"<!DOCTYPE html>{outputs[name]}", encoding="utf-8")
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(path.as_uri())
        picture = page.locator("[data-panel] img")
        expect(picture).to_be_visible()
        assert picture.evaluate("image => image.naturalWidth") > 300
        assert len(picture.get_attribute("alt") or "") > 20
        expect(page.locator("[data-panel] strong")).to_contain_text("?")
        expect(page.locator("iframe")).to_have_count(0)


WAYS = {  # how an editor puts a cell's output into its page
    "new scripts (VS Code)": """html => {
        document.body.innerHTML = html;
        for (const old of document.querySelectorAll("script")) {
            const script = document.createElement("script"); script.text = old.text; old.replaceWith(script);
        }
    }""",
    "a frame of another origin (Colab)": """html => {
        const frame = document.createElement("iframe");
        frame.sandbox = "allow-scripts"; frame.srcdoc = html; frame.style.height = "900px";
        document.body.append(frame);
    }""",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_panel_lives_however_an_editor_shows_it(way, page, outputs):
    page.set_content("<!DOCTYPE html><body></body>")
    page.evaluate(way, outputs["gates"])
    frame = page.frame_locator("iframe")
    frame = frame.frame_locator("iframe") if "sandbox" in way else frame
    expect(frame.get_by_role("heading")).to_be_visible()
    predict(frame, "gates")
    press(frame, "20 steps")
    expect(frame.get_by_role("status")).to_contain_text("Step 20: the cell holds c = 0.097")


def test_the_gradients_lengths_are_pythons(opened):
    frame = opened("gap")
    reference, figures = load_reference(REPOSITORY.source("a2_bptt")), load_file(REPOSITORY.figures("a2_bptt"))
    W, x = figures.network_of_the_panel()
    yours = reference.state_jacobian, reference.jacobian_product
    for kind in ("tanh", "sigmoid"):
        for radius, strength in ((1.7, 0.5), (9.0, 0.1), (0.5, 2.0)):
            shown = frame.evaluate("([kind, ...sizes]) => lengths(kind, ...sizes)", [kind, radius, strength])
            expected = figures.lengths_by_gap(radius * W, strength * x, kind, *yours)
            np.testing.assert_allclose(shown, expected, rtol=2e-3)
    shown = frame.evaluate("lengths('none (linear)', 1.3, 0.5)")
    powers = [np.linalg.norm(np.linalg.matrix_power(1.3 * W, t), 2) for t in range(1, len(x) + 1)]
    np.testing.assert_allclose(shown, powers, rtol=2e-3)
    assert frame.evaluate("DATA.sigma") == pytest.approx(np.linalg.norm(W, 2), rel=1e-5)


def test_the_cell_is_the_references(opened):
    frame = opened("gates")
    step = load_reference(REPOSITORY.source("a4_lstm")).lstm_step_forward
    rng = np.random.default_rng(0)
    for i, f, o, g, c in rng.uniform([0, 0, 0, -1, -2], [1, 1, 1, 1, 2], (20, 5)):
        b = np.array([*(np.log(gate / (1 - gate)) for gate in (i, f)), np.arctanh(g), np.log(o / (1 - o))])
        h, after, _ = step(
            np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), c), np.zeros((4, 1)), np.zeros((4, 1)), b
        )
        shown = frame.evaluate("([c, gates]) => step({ c }, gates)", [c, {"i": i, "f": f, "g": g, "o": o}])
        assert (shown["c"], shown["h"]) == pytest.approx((after.item(), h.item()), abs=1e-12)


def test_the_beams_sums_and_worths_are_those_recorded(opened):
    frame = opened("beam")
    predict(frame, "beam")
    recorded = json.loads((REPOSITORY.data / "beams.json").read_text(encoding="utf-8"))
    for k, rounds in recorded["beams"].items():
        frame.locator("#width").fill(k)
        press(frame, "To the end")
        held = frame.evaluate("held(rounds().length)")
        assert [slot["sum"] for slot in held] == [one[3] for one in rounds[-1][: int(k)]]
        assert all(slot["words"][-1] == "END" and slot["words"].count("END") == 1 for slot in held)
        values = [slot["sum"] / len(slot["words"]) for slot in held]
        said = " ".join(held[int(np.argmax(values))]["words"][:-1])
        expect(frame.get_by_role("status")).to_contain_text(f"k = {k} says: {said}.")
        for before, after in zip([[[0, "", 0, 0, False]], *rounds], rounds, strict=False):
            for parent, _, cost, total, _ in after:
                assert total == pytest.approx(before[parent][3] + cost, abs=2e-3)


def test_the_page_of_a_chapter_keeps_its_panels(page, outputs, tmp_path):
    cell = notebooks.demo("figures.play_with_the_gates()", "demo-1")
    cell.outputs = [nbformat.v4.new_output("display_data", data={"text/html": outputs["gates"], "text/plain": "text"})]
    path = tmp_path / "a4.html"
    path.write_text(rendered("a4", notebooks.new([cell])), encoding="utf-8")
    page.goto(path.as_uri())
    expect(page.frame_locator("iframe").get_by_role("heading")).to_be_visible()


def test_jupyterlab_shows_the_figure_until_the_cell_is_run(page, outputs, jupyter_server, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "panel.html").write_text(outputs["gates"], encoding="utf-8")
    cell = nbformat.v4.new_code_cell(
        "from pathlib import Path\nfrom IPython.display import display\n"
        'display({"text/html": Path("panel.html").read_text(encoding="utf-8")}, raw=True)'
    )
    cell.outputs = [nbformat.v4.new_output("display_data", data={"text/html": outputs["gates"], "text/plain": "text"})]
    book = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": dict(notebooks.KERNELSPEC)})
    nbformat.write(book, folder / "panel.ipynb")
    page.goto(jupyter_server(folder).at("lab/tree/panel.ipynb"))
    picture, frames = page.locator(".jp-OutputArea img"), page.locator(".jp-OutputArea iframe")
    expect(picture).to_be_visible(timeout=PATIENCE)  # nobody has trusted this notebook
    expect(page.locator(".jp-OutputArea strong")).to_contain_text("?")
    expect(frames).to_have_count(0)

    expect(page.get_by_role("button", name=re.compile(r"\| Idle$"))).to_be_visible(timeout=PATIENCE)
    page.locator(".jp-CodeCell .cm-content").click()
    page.keyboard.press("Control+Enter")
    panel = page.frame_locator(".jp-OutputArea iframe")
    expect(panel.get_by_role("heading")).to_be_visible(timeout=PATIENCE)
    expect(picture).to_be_hidden()
    predict(panel, "gates")
    panel.locator("#f").press("ArrowRight")  # and not Jupyter's own key
    expect(panel.locator("#f-value")).to_have_text("0.901")
