"""Cells drawn within limits; what cannot be drawn is shown as text."""

from __future__ import annotations

import re
import time

import pytest

from autograder.gradebook import drawer
from autograder.gradebook.drawer import Drawer
from autograder.gradebook.feedback import write_feedback

SLOW = "a." * 50_000  # Pygments takes minutes


@pytest.fixture
def one(monkeypatch):
    monkeypatch.setattr(drawer, "SECONDS", 0.5)
    found = Drawer()
    yield found
    found.close()


def test_a_cell_that_takes_too_long_is_text_and_the_next_is_drawn(one):
    begin = time.monotonic()
    assert one.code(SLOW) == f"<pre>{SLOW}</pre>"
    assert time.monotonic() - begin < 6
    assert '<span class="k">def</span>' in one.code("def f(): pass")


def test_a_page_of_such_cells_gives_up(one):
    one.code(SLOW)
    one.code(SLOW)
    assert one.code("def f(): pass") == "<pre>def f(): pass</pre>"
    one.begin_page()
    assert "<span" in one.code("def f(): pass")


def test_a_page_has_so_many_characters(one, monkeypatch):
    monkeypatch.setattr(drawer, "LONGEST_PAGE", 20)
    one.begin_page()
    monkeypatch.setattr(drawer, "LONGEST_TEXT", 10)
    shown = [one.markdown("*twelve*", {}) for _ in range(4)]
    assert [text[:5] for text in shown] == ["<p><e", "<p><e", "<pre>", "<p>Le"]


def test_an_attachment_that_is_missing_leaves_text(one):
    assert one.markdown("![<b>](attachment:x)", {}) == "<pre>![&lt;b&gt;](attachment:x)</pre>"


def test_marks_of_direction_are_shown(one):
    assert one.markdown("a\u202eb\u2066", {}) == "<p>a[U+202E]b[U+2066]</p>\n"
    assert "[U+202E]" in one.code("x = 'a\u202eb'")


def test_a_page_shows_what_cannot_be_drawn_as_text(desk, made):
    desk.submit("s1", {"double-solution": "def double(x):\n    return 2 * x", "why": r"See $\text{}$ and $x^2$."})
    desk.record(made("s1"))
    write_feedback(desk.course, "a0_tiny")
    page = desk.page("s1")
    assert re.search(r'See <code class="tex">\\text\{\}</code> and <svg [^>]*class="formula"', page)
