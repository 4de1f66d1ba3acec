"""Copied code is found under other names; released code and what the class writes is not held against anybody."""

from __future__ import annotations

import pytest

from autograder.gradebook.similarity import FEW, find_pairs, write_pairs
from autograder.grading.assignment import NotBuilt

TINY = "a0_tiny"
OWN = """def double(x):
    total = 0
    for step in range(2):
        total = total + x if step >= 0 else total - x
    while total is None or not hasattr(total, "__add__"):
        total, x = x, (total or 0) * 2
    if isinstance(total, str):
        raise TypeError("no strings here")
    return [total][0] if total is not None else None
"""
RENAMED = OWN.replace("total", "acc").replace("step", "k").replace("no strings", "# never strings")
OTHER = """def double(x):
    import numpy as np
    return np.add(x, x).item() if hasattr(x, "shape") else sum((x, x))

helper = {key: value ** 2 for key, value in enumerate("abcdefgh")}
print(sorted(helper.items(), key=lambda item: -item[1])[:3])
"""


def code(text):
    return {"double-solution": text}


def names(found):
    return [(pair.left.student, pair.right.student) for pair in found.pairs]


def test_a_copy_under_other_names_is_found_and_shown_side_by_side(desk, tmp_path):
    desk.submit("anna", code(OWN))
    desk.submit("bert", code(RENAMED + "\n# <script>alert(1)</script>"))
    desk.submit("cleo", code(OTHER))
    found = find_pairs(desk.course, TINY)
    assert (found.compared, names(found)) == (3, [("anna", "bert")])
    (pair,) = found.pairs
    assert pair.left.percent >= 95
    assert "".join(text for text, _ in pair.left.pieces) == OWN
    assert "total = total + x" in "".join(text for text, both in pair.left.pieces if both)
    page = tmp_path / "similar.html"
    write_pairs(found, page)
    text = page.read_text("utf-8")
    assert "acc = acc + x" in text
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "A hint, not a finding" in text
    assert page.stat().st_mode & 0o077 == 0


def test_released_code_is_nobodys_copy(desk):
    desk.submit("x", {})
    desk.submit("y", {})
    desk.submit("z", {})
    assert names(find_pairs(desk.course, TINY)) == []


def test_what_many_write_is_left_out_and_a_copy_beside_it_is_still_found(desk):
    for number in range(FEW + 1):
        desk.submit(f"s{number}", code(OWN))
    assert names(find_pairs(desk.course, TINY)) == []
    desk.submit("s0", code(OWN + "\n" + OTHER))
    desk.submit("s1", code(OWN + "\n" + OTHER.replace("helper", "table")))
    assert names(find_pairs(desk.course, TINY)) == [("s0", "s1")]


def test_a_little_in_common_is_no_pair_and_the_least_share_is_told(desk):
    desk.submit("anna", code("def double(x):\n    return x + x"))
    desk.submit("bert", code("def double(y):\n    return y + y"))
    assert names(find_pairs(desk.course, TINY)) == []
    desk.submit("anna", code(OWN + OTHER * 3))
    desk.submit("bert", code(OWN))
    assert names(find_pairs(desk.course, TINY, least=0.5)) == [("anna", "bert")]
    desk.submit(
        "bert", code(OWN + "\n".join(f"table_{n} = [{n}] * {n} + list({n}, key=lambda q: -q)" for n in range(30)))
    )
    assert names(find_pairs(desk.course, TINY, least=0.9)) == []


def test_what_is_no_notebook_is_listed(desk):
    desk.submit("anna", code(OWN))
    desk.submit("bert").write_text("{")
    desk.submit("cleo", code("x = 1\n" * 100_000))
    found = find_pairs(desk.course, TINY)
    assert found.compared == 1
    assert set(found.left_out) == {"bert", "cleo"}
    with pytest.raises(NotBuilt, match="autograder build"):
        find_pairs(desk.course, "a9_nowhere")
