"""author/page.py: a chapter as one page, without a script, a network or a solution."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest

from autograder.author import page as pages
from autograder.author.leaks import LeakFound
from autograder.author.page import mathml, rendered, write_page
from autograder.course import notebook as notebooks
from autograder.course.paths import Repository

NAME = "a1_sample"
SOLUTION = 'total = np.einsum("nt,t->n", x, w) + 0.0 * x.sum()'
REPOSITORY = Repository.default()
PROSE = r"""# A chapter

## 1. The state & more

$h_t = \tanh(W h_{t-1})$ and

$$\begin{aligned}a &= b\\ c &= d\end{aligned}$$

| symbol | is | |
|---|---|---|
| $x$ | the input | (N, T) |

<details><summary>All are wrong</summary>

Which axis is *time*?
</details>
"""


def output(kind, **content):
    return nbformat.v4.new_output(kind, **content)


@pytest.fixture(scope="module")
def text():
    predicted, plain, ours = (
        notebooks.demo(source, name)
        for source, name in (
            ("predicted_reach = None\nfigures.reach(predicted_reach)", "demo-1"),
            ("print('a < b')", "demo-2"),
            ("from selfcheck import ready\n\nready()", "ready"),
        )
    )
    image = {"image/png": "iVBORw0KGgo=\n", "text/plain": '<Figure size 1x1>\nreach\nsteps "t"'}
    predicted.outputs = [output("display_data", data=image)]
    told = {"image/png": {"alt": "One panel. Loss; loss against step <t>."}}
    plain.outputs = [output("stream", text="a < b\n"), output("display_data", data=dict(image), metadata=told)]
    exercise = notebooks.exercise("def f(x):\n    return x < 1", "f")
    return rendered("a1", notebooks.new([notebooks.prose(PROSE, "prose-1"), exercise, predicted, plain, ours]))


def test_the_page_needs_nothing_from_elsewhere(text):
    assert "<script" not in text
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    assert 'name="viewport"' in text
    assert '<html lang="en">' in text


def test_formulas_are_drawn_and_can_be_read_aloud(text):
    assert r'alttext="h_t = \tanh(W h_{t-1})"' in text
    assert text.count("<math ") == 3
    assert text.count("<mtable") == 1  # the equations that stand below each other
    assert "$" not in re.sub(r"<math .*?</math>|<style>.*?</style>", "", text, flags=re.DOTALL)


def test_hints_are_folded_and_sections_are_listed(text):
    assert "<details><summary>All are wrong</summary>" in text
    assert "<em>time</em>" in text
    assert '<h2 id="section-1">1. The state &amp; more</h2>' in text


def test_a_wide_table_is_reached_by_the_keyboard_and_heads_no_empty_column(text):
    assert text.count('<div class="scroll" tabindex="0"><table>') == text.count("<table>") == 1
    assert "<th></th>" not in text
    (style,) = re.findall(r"\.scroll {(.*)}", text)
    assert "overflow-x: auto" in style
    assert "overflow-wrap: normal" in style  # else a phone shows columns of single letters, and nothing to scroll


def test_code_and_what_is_printed_are_text(text):
    assert "return x &lt; 1" in text
    assert "a &lt; b</pre>" in text
    assert "ready()" not in text


def test_a_figure_has_a_text_and_waits_for_the_prediction(text):
    figure = text.index("<figure>")  # the first of two
    assert 'alt="Figure with: reach, steps &quot;t&quot;"' in text
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in text
    assert text.index(pages.PREDICT) < figure
    assert text.rindex("<details>", 0, figure) < text.index(pages.PREDICT)


def test_a_figure_that_tells_its_own_text_is_described_by_it(text):
    assert '<img alt="One panel. Loss; loss against step &lt;t&gt;."' in text


def test_every_formula_of_the_course_is_drawn_whole():
    number = 0
    for assignment in REPOSITORY.names():
        for cell in notebooks.read(REPOSITORY.notebook(assignment)).cells:
            prose = re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.DOTALL)
            if cell.cell_type != "markdown":
                continue
            for display, inline in re.findall(r"\$\$(.+?)\$\$|\$([^$]+)\$", prose, flags=re.DOTALL):
                drawn = mathml(display or inline, display=bool(display))
                ElementTree.fromstring(drawn)
                assert not re.search(r"<m[io]>\\", drawn), display or inline
                number += 1
    assert number > 900


def test_a_page_that_shows_a_solution_is_refused(built, tmp_path, monkeypatch):
    repository, course = built

    def run(repository: Repository, assignment: str, keep: Path) -> None:
        notebook = notebooks.read(course.source_notebook(assignment))
        for cell in filter(notebooks.is_demo, notebook.cells):
            cell.outputs = [output("stream", text=printed)]
        notebooks.write(keep / f"{assignment}.ipynb", notebook)

    monkeypatch.setattr(pages, "run_reference", run)
    printed = "0.5 is printed\n"
    path = write_page(repository, course, NAME, tmp_path)
    assert path == tmp_path / f"{NAME}.html"
    assert "0.5 is printed" in path.read_text()
    assert "einsum" not in path.read_text()
    printed = SOLUTION
    with pytest.raises(LeakFound, match="scaled_sum"):
        write_page(repository, course, NAME, tmp_path / "second.html")
    assert not (tmp_path / "second.html").exists()
