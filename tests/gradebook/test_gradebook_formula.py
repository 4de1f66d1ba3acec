"""Formulas drawn inside a page."""

import time

import pytest

from autograder.gradebook import formula
from autograder.gradebook.formula import drawing, marked, with_formulas


@pytest.mark.parametrize(
    "tex",
    [
        r"h_t = \tanh(W h_{t-1} + U x_t + b)",
        r"\frac{\partial L}{\partial W} = \sum_{t=0}^{T-1} \delta_t h_{t-1}^\top",
        r"\mathbb{R}^{N \times D}",
        r"p(x_t \mid x_{<t}) = \mathrm{softmax}(V h_t + c)",
    ],
)
def test_the_courses_formulas_are_drawn(tex):
    assert drawing(tex).startswith('<svg class="formula" role="img"')


def test_a_drawing_lies_on_the_line_of_its_text():
    below = float(drawing("y").split("vertical-align: ")[1].split("em")[0])
    on = float(drawing("x").split("vertical-align: ")[1].split("em")[0])
    assert below < -0.15
    assert -0.05 < on <= 0


def test_lines_of_an_aligned_formula_stand_under_each_other():
    shown = with_formulas(marked(r"\begin{aligned} a &= 1 \\ b &= 2 \end{aligned}", display=True))
    assert shown.count('<div class="formula"><svg') == 2
    assert "&amp;" not in shown


@pytest.mark.parametrize(
    "tex",
    [
        r"\begin{pmatrix} a \end{pmatrix}",
        "{" * 5000,
        "x_{" * 100 + "y" + "}" * 100,
        "x" * 10_000,
        "猫",
        r"\frac" * 80,
        "a$b",
        r"\text{}",
        "",
    ],
)
def test_what_cannot_be_drawn_is_left_as_tex_at_once(tex):
    started = time.perf_counter()
    assert drawing(tex) == ""
    assert time.perf_counter() - started < 1


def test_tex_that_stays_is_escaped():
    assert with_formulas(marked(r"\nonsense{<b>}")) == r'<code class="tex">\nonsense{&lt;b&gt;}</code>'
    assert 'aria-label="a&lt;b"' in with_formulas(marked("a<b"))


def test_a_page_draws_only_so_many_formulas_and_bytes(monkeypatch):
    monkeypatch.setattr(formula, "MOST", 3)
    formula.begin_page()
    shown = [with_formulas(marked(f"x_{number % 5}")) for number in range(10)]
    assert ["<svg" in one for one in shown] == [True, True, True, False, False] * 2
    monkeypatch.setattr(formula, "MOST_BYTES", 2 * len(drawing("x_0")) + 10)
    formula.begin_page()
    assert ["<svg" in with_formulas(marked("x_0")) for _ in range(4)] == [True, True, False, False]
    monkeypatch.undo()
    formula.begin_page()
