"""Markdown as text and as HTML: what a reader sees of a hint inside of a check's report."""

import pytest

from selfcheck.prose import as_html, as_text, formula
from selfcheck.record import Record
from selfcheck.report import CheckReport

HINT = (
    "Shapes: only where $t \\ge j$, as `x[:, t]` is *the same*\nunless told otherwise.\n\n"
    "**Never** decode to &lt;end&gt;: a * b * c."
)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"t \ge j", "t ≥ j"),
        (r"\mathbf{h}_{t-1}", "hₜ₋₁"),
        (r"\mathbf{W}_{\text{new}}", "W_new"),
        (r"\sum_d U_{kd} x_d", "Σ_d U_kd x_d"),
        (r"\frac{\partial}{\partial z_k} \log \sum_m e^{z_m}", "(∂/∂zₖ) log Σₘ e^zₘ"),
        (
            r"\frac{1}{1 + e^{-a}} = \frac{1}{2}\big(1 + \tanh\n\frac{a}{2}\big)",
            "(1/(1 + e⁻ᵃ)) = (1/2)(1 + tanh (a/2))",
        ),
        (r"\partial \mathbf{h}_n/\partial \mathbf{h}_{k+1}", "∂hₙ/∂hₖ₊₁"),
        (r"\|\mathbf{h}_t\| - 10^{-9}", "‖hₜ‖ - 10⁻⁹"),
        (r"\hat a_j + \hat{\mathbf{a}}", "a\u0302ⱼ + a\u0302"),
        (r"\mathbf{A}^\top x^{a+q}", "Aᵀ x^(a+q)"),
    ],
)
def test_formulas_read_as_text(latex, text):
    assert formula(latex.replace("\\n\\frac", "\n\\frac")) == text


def test_a_hint_is_text_without_marks_and_with_a_line_for_each_paragraph():
    assert as_text(HINT) == (
        "Shapes: only where t ≥ j, as x[:, t] is the same unless told otherwise.\nNever decode to <end>: a * b * c."
    )
    assert as_html(HINT) == (
        '<p style="margin:4px 0">Shapes: only where <i>t ≥ j</i>, as <code>x[:, t]</code> is <em>the same</em> '
        "unless told otherwise.</p>"
        '<p style="margin:4px 0"><strong>Never</strong> decode to &lt;end&gt;: a * b * c.</p>'
    )


def test_tags_of_a_hint_are_not_handed_on():
    assert as_html("a <script>b</script> `<c>`") == '<p style="margin:4px 0">a b <code>&lt;c&gt;</code></p>'


def test_a_check_shows_hints_so_and_breaks_no_word():
    failed = Record("test_a", "e", "visible", "failed", 1.0, "h is a list")
    report = CheckReport("e", [failed], hints=[("Wrong where $t \\ge j$", HINT)], fits=True)
    for shown in (report.text(), report.html()):
        assert "Wrong where t ≥ j" in shown
        assert "$" not in shown
        assert "unless told otherwise." in shown
    assert "anywhere" not in report.html()
    assert "word-break:normal" in report.html()
