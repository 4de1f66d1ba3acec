"""What a stranger wrote, made safe to show."""

import pytest

from autograder.gradebook import harmless


def test_plain_text_loses_terminal_codes_and_keeps_its_words():
    text = "\x1b[31;1mred\x1b[0m \x1b]0;title\x07name\x1b]8;;http://x\x1b\\link \x9b2Jend\x1b(B\r\nnext\ttab"
    text += "\x00\x08\u202egnp"
    assert harmless.plain(text) == "red namelink end\nnext\ttabgnp"


def test_plain_text_says_how_much_it_left_out():
    assert harmless.plain("x" * 12, 10) == "x" * 10 + "\n... (2 more characters)"


def test_a_line_is_one_line():
    assert harmless.line("one\ntwo\r\n\u2028three") == "one two three"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("＝1", "'＝1"),
        ("x;=1+1;-2", "x;'=1+1;'-2"),
        ("a\n@b\t＋c", "a\n'@b\t'＋c"),
        ("a; -b, =c", "a; -b, =c"),
        ("-2.5", "-2.5"),
        ("+3e-2", "+3e-2"),
        (-2.5, "-2.5"),
        (7.0, "7"),
        (12345.678, "12345.68"),
        (float("nan"), ""),
        (None, ""),
        ('Zoë, "Z"\nO\'Hara', 'Zoë, "Z"\nO\'Hara'),
    ],
)
def test_a_spreadsheet_cell_is_no_formula_and_numbers_stay_numbers(value, cell):
    assert harmless.spreadsheet(value) == cell


def test_numbers_have_two_decimals_at_most():
    assert [harmless.number(v) for v in (0.0, -0.0001, 7.0, 61.5, 1.3333, 100.0)] == [
        "0",
        "0",
        "7",
        "61.5",
        "1.33",
        "100",
    ]


def test_markdown_keeps_formulas_and_plain_tags():
    text = "if $a<b$ and $h_{<t}$ then 1 < 2, <br> <sub>t</sub>"
    assert harmless.markdown(text) == text.replace("$a<b$", "$a< b$").replace("{<t}", "{< t}")


def test_markdown_of_very_many_pictures_that_end_nowhere_is_read_once():
    assert harmless.markdown("![" * 200_000) == "[" * 200_000
    text = "![](attachment:" * 30_000
    assert harmless.markdown(text) == text.replace("!", "")
    assert harmless.markdown("![a](attachment:b.png)", {"b.png": "picture-0"}) == "![a](attachment:picture-0)"


def test_html_keeps_what_a_text_needs():
    text = '<p>a <strong>b</strong> <a href="https://example.org">c</a></p>'
    text += '<table><tbody><tr><td style="text-align: left;">d</td></tr></tbody></table>'
    assert harmless.html(text) == text


def test_no_link_leads_to_a_page_that_it_holds_itself():
    for scheme in ("data:", "DATA&colon;", "da&#9;ta:", "&#1;data:", "da&NewLine;ta&colon;", " data:"):
        assert harmless.html(f'<a href="{scheme}text/html,x">y</a>') == "<a>y</a>", scheme
