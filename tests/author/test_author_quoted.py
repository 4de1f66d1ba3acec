"""author/quoted.py: the numbers that a text quotes stand beside those that the cells printed."""

import pytest
from nbformat.v4 import new_output

from autograder.author import quoted
from autograder.course import notebook as notebooks


def chapter(*cells: str) -> notebooks.NotebookNode:
    """A notebook of texts and, where a cell begins with `>`, of code cells that printed the rest of it."""
    made = []
    for n, cell in enumerate(cells):
        if cell.startswith(">"):
            made.append(notebooks.demo("rate = 0.25", f"demo-{n}"))
            made[-1].outputs = [new_output("stream", text=cell[1:])]
        else:
            made.append(notebooks.prose(cell, f"prose-{n}"))
    return notebooks.new(made)


def marks(*cells: str, notes: str = "") -> list[str]:
    """The marked numbers of a chapter, without their words."""
    lines = quoted.report(chapter(*cells), notes).splitlines()
    return [line.split(":")[0].strip() for line in lines if line.startswith(tuple(f"  {mark} " for mark in "=~c?"))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a loss of 2.63, then 4.28.", ["2.63", "4.28"]),
        ("some 36,000 of 815,922 letters", ["36,000", "815,922"]),
        (r"$3.9 \cdot 10^{-7}$ and $10^{44}$", [r"3.9 \cdot 10^{-7}", "10^{44}"]),
        ("15 % or 69%", ["15 %", "69%"]),
        ("$h_{12}$, $x^{20}$, $s_{-1}$", []),
        ("`rate = 0.5` in section 8, experiments 3 and 4; Cho et al. 2014", []),
        ("## 9. Where it leads\n12. a list", []),
        ("(5e-11)", ["5e-11"]),
        ("a1, b2c, v0.3", []),
    ],
)
def test_numbers_are_found_where_they_quote(text, found):
    assert [one.text for one in quoted.numbers_of(text)] == found


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2.63 nats", "loss 2.6284"),
        ("norm 899", "‖g‖ = 899.3"),
        ("15 % of them", "share 0.148"),
        ("15% of them", "share 15.2"),
        ("36,000 times", "bound 3.6e+04"),
        (r"$3 \cdot 10^{-23}$ of it", "3.1e-23"),
        (r"$10^{-6.4}$ is left", "4.0e-07"),
        (r"$10^{-6.4}$ is left", "power of ten -6.4"),
        ("a correlation of -0.52", "[-0.52 0.1]"),
    ],
)
def test_a_number_is_found_in_what_was_printed_to_the_digits_quoted(text, printed):
    assert [line[0] for line in marks(text, ">" + printed)] == ["="]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2.63 nats", "loss 2.6384"),
        ("norm 899", "‖g‖ = 900"),
        ("0.15 of them", "share 15.2"),
        (r"$10^{-6.4}$ is left", "5.0e-07"),
    ],
)
def test_a_number_is_not_found_where_another_was_printed(text, printed):
    assert [line[0] for line in marks(text, ">" + printed)] == ["?"]


def test_a_number_of_the_code_is_marked_as_such():
    assert [line[0] for line in marks("a rate of 0.25", ">nothing")] == ["c"]


def test_a_range_holds_if_something_printed_lies_in_it():
    assert marks("17 to 22 nats", ">loss 20.1") == ["~ 17 to 22"]
    assert marks("17 to 22 nats", ">loss 9.7 11.2") == ["? 17 to 22"]
    assert marks("4.48 to 31.9", ">factors 31.91 4.48") == ["= 4.48 to 31.9"]
    assert marks("between 1.5 and 2.5", ">2") == ["~ 1.5 to 2.5"]
    assert marks("1.5 and 2.5", ">2") == ["? 1.5", "? 2.5"]


def test_small_whole_numbers_are_left_out():
    assert marks("3 runs, 2 of them alike, 0.5 or 13 percent", ">3 0.5 13") == ["= 0.5", "= 13"]


def test_a_section_is_compared_with_its_own_outputs_first():
    cells = ("## 1. One", ">0.36 64", "## 2. Two\n0.36 and 64 and 0.37", ">0.37")
    assert marks(*cells) == ["= 0.36", "? 64", "= 0.37"]  # a whole number met elsewhere is chance


def test_notes_are_compared_with_the_whole_notebook():
    assert marks("## 1. One", ">0.36", "## 2. Two", ">64", notes="## Figures\n0.36, 64, 0.99") == [
        "= 0.36",
        "= 64",
        "? 0.99",
    ]


def test_words_and_printed_numbers_stand_with_the_number():
    text = quoted.report(chapter("## 8. A text", "It learns: 2.63, in all seeds.", ">2.65 2.62"))
    assert "8. A text\n  ? 2.63: It learns: [2.63], in all seeds.\n  printed: 2.65 2.62\n" in text
    assert text.startswith("0 quoted numbers are printed, 0 are settings, 1 neither.")


def test_help_cards_and_checks_say_nothing():
    check = notebooks.test("norm", 10)
    check.outputs = [new_output("execute_result", data={"text/plain": "0.75"})]
    card, result = "### Exercise 1: `norm`\n\n10 points · about 35 minutes", f"{quoted.RESULT}\n0.25</details>"
    made = chapter(card, "(About 12 minutes to read.)", f"<details>0.75</details> 0.75\n\n{result}")
    made.cells.append(check)
    assert [line[:8] for line in quoted.report(made).splitlines() if line.startswith("  ?")] == ["  ? 0.75", "  ? 0.25"]
