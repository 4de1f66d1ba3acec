"""The rules by which cells run outside of a kernel."""

from __future__ import annotations

import pytest

from selfcheck.cells import JOINED, SEVERAL, AtCheck, needed_definitions, one_source, syntax_error

DEFINED = "def step(x):\n    return x"
STUB = "def step(x):\n    raise NotImplementedError()"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([DEFINED], (DEFINED, "")),
        (["def step(x):\n    y = x", "    return y"], ("def step(x):\n    y = x\n    return y", JOINED)),
        (["def step(x):\n    ", "y = x\n    return y"], ("def step(x):\n    y = x\n    return y", JOINED)),
        (["def step(x):\n    y = x\n    re", "turn y"], ("def step(x):\n    y = x\n    return y", JOINED)),
        (["import math", DEFINED], (f"import math\n{DEFINED}", JOINED)),
        ([DEFINED, ""], (DEFINED, SEVERAL)),
        ([DEFINED, STUB], (DEFINED, SEVERAL)),
        ([DEFINED, "def step(x):\n    return -x", STUB], ("def step(x):\n    return -x", SEVERAL)),
        ([STUB, STUB], (STUB, SEVERAL)),
    ],
)
def test_of_several_cells_the_solution_counts_and_pieces_are_joined(texts, expected):
    assert one_source("step", texts) == expected


def test_definitions_of_figure_cells_are_taken_where_others_use_them_and_nothing_else():
    figures = [
        "import torch\nimport matplotlib.pyplot as plt\nEPSILON = 1e-8\nplt.plot([1])",
        "def helper(x):\n    return deeper(x) + EPSILON\ndef other(): pass\nT = 100",
        "def deeper(x):\n    return torch.as_tensor(x)",
    ]
    run = ["%time import numpy as np", "def step(x):\n    T = (len(x)\n% 2)\n    return helper(x)[T]"]
    assert needed_definitions(figures, run) == [
        "import torch\nEPSILON = 1e-08",
        "def helper(x):\n    return deeper(x) + EPSILON",
        "def deeper(x):\n    return torch.as_tensor(x)",
    ]


def test_what_the_other_cells_define_is_not_taken_from_a_figure_cell():
    assert needed_definitions(
        ["import numpy as np\ndef step(x): return 0"], ["import numpy as np", f"{DEFINED}\nstep(np)"]
    ) == [""]
    assert needed_definitions(["not python at all"], [DEFINED]) == [""]


@pytest.mark.parametrize(
    ("later", "changed"),
    [
        ("x = 1", []),
        ("step = 3", ["step", "forward"]),
        ("del step", ["step", "forward"]),
        ("def forward(): pass", ["forward"]),
        ("scale = 3", ["step", "forward"]),
        ("unused = 3", []),
        ("def started(): return 1", []),
        ("abs = 3", ["step", "forward"]),
        ("sum = real = 3", []),
    ],
)
def test_what_changes_after_a_check_is_told_with_what_stands_on_it(later, changed):
    namespace = {}
    code = (
        "scale, unused = 2, 0\ndef step(x):\n    return [scale * abs(y).real for y in x]\n"
        "class forward:\n    def run(self, x):\n        return step(x)\n"
        "def started():\n    raise NotImplementedError()\n"
    )
    exec(code, namespace)
    at_check = AtCheck()
    for name in ("step", "forward", "started", "missing"):
        at_check.note(name, namespace)
    exec(later, namespace)
    assert at_check.changed(namespace) == changed


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("def f(x):\n    return x", ""),
        ("%time x = 1", ""),
        ("%time x = 1\ndef f(x)\n    return x", "line 2: def f(x) (expected ':')"),
        ("def f(x):\n  y = 1\n    return y", "line 3: return y (unexpected indent)"),
        ("x = 1\nreturn 1", "line 2: return 1 ('return' outside function)"),
    ],
)
def test_the_line_that_does_not_compile_is_told(source, where):
    assert syntax_error(source) == where
