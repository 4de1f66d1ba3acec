"""What the check calls green, the grade never calls undefined: notebooks that worked in a kernel keep their points."""

from __future__ import annotations

import copy

import pytest

from sample import NAME

from .conftest import cell_of, code_cell, grade_class, set_source
from .test_batch import LIMITS

STUB = "def scaled(x, factor):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
SOLUTION = "def scaled(x, factor):\n    y = np.asarray(double(x)) * factor / 2\n    return y, {}"
HELPER = "def double(x):\n    return 2 * np.asarray(x)"


def reset_at_the_end(notebook):
    notebook["cells"].append(code_cell("%reset -f"))


def deleted_at_the_end(notebook):
    notebook["cells"].append(code_cell("del scaled, np"))


def name_used_again(notebook):
    notebook["cells"].append(code_cell("scaled = scaled(np.ones(3), 2.0)[0]"))


def builtin_shadowed_at_the_end(notebook):
    set_source(notebook, "scaled-solution", SOLUTION.replace("double(x)", "list(x)").replace("factor / 2", "factor"))
    notebook["cells"].append(code_cell("list = scaled(np.ones(3), 2.0)[0]"))


def release_pasted_below(notebook):
    notebook["cells"].append(code_cell(STUB))


def stub_below_with_its_id(notebook):
    stub = copy.deepcopy(cell_of(notebook, "scaled-solution"))
    notebook["cells"].append(stub | {"source": STUB, "id": "stub"})


def split_in_two(notebook):
    place = notebook["cells"].index(cell_of(notebook, "scaled-solution"))
    lines = notebook["cells"][place]["source"].split("\n")
    second = copy.deepcopy(notebook["cells"][place]) | {"source": "\n".join(lines[4:]), "id": "second"}
    notebook["cells"][place]["source"] = "\n".join(lines[:4])
    notebook["cells"].insert(place + 1, second)


def turned_into_text(notebook):
    cell_of(notebook, "scaled-solution")["cell_type"] = "raw"


def installs_first(notebook):
    cell = cell_of(notebook, "scaled-solution")
    cell["source"] = f"!pip install numpy\n%pip install torch\nlisting = !ls\n{cell['source']}"


def a_shell_cell(notebook):
    notebook["cells"].insert(1, code_cell("%%bash\nexit 3"))


def helper_in_a_figure_cell(notebook):
    set_source(notebook, "scaled-solution", SOLUTION)
    figure = code_cell(f"{HELPER}\nraise RuntimeError('a figure is not drawn')")
    figure["metadata"]["tags"] = ["demo"]
    notebook["cells"].insert(2, figure)


def import_in_a_figure_cell(notebook):
    set_source(notebook, "scaled-solution", SOLUTION.replace("double(x)", "mathematics.prod([2]) * np.asarray(x)"))
    figure = code_cell("import math as mathematics, no_such_module\n")
    figure["source"] = "import math as mathematics\nimport no_such_module"
    figure["metadata"]["tags"] = ["demo"]
    notebook["cells"].insert(2, figure)


def mended_in_a_later_cell(notebook):
    right = cell_of(notebook, "scaled-solution")["source"]
    set_source(notebook, "scaled-solution", STUB)
    notebook["cells"].append(code_cell(right))


def helper_changed_later(notebook):
    set_source(notebook, "scaled-solution", f"{HELPER}\n\n{SOLUTION}")
    notebook["cells"].append(code_cell("def double(x):\n    return x - 1"))


KINDS = {
    reset_at_the_end: "command-skipped",
    deleted_at_the_end: "changed-after-check",
    name_used_again: "changed-after-check",
    builtin_shadowed_at_the_end: "changed-after-check",
    release_pasted_below: "changed-after-check",
    stub_below_with_its_id: "cell-duplicated",
    split_in_two: "cell-split",
    turned_into_text: "metadata-changed",
    installs_first: "command-skipped",
    a_shell_cell: "command-skipped",
    helper_in_a_figure_cell: "figure-cell-used",
    import_in_a_figure_cell: "figure-cell-used",
    mended_in_a_later_cell: None,
    helper_changed_later: "changed-after-check",
}


@pytest.fixture(scope="module")
def made(built, tmp_path_factory):
    """The class of all kinds, graded once: the results by the kind's name."""
    import json
    import shutil

    from autograder.course.paths import Course

    root = tmp_path_factory.mktemp("rules") / "course"
    shutil.copytree(built[1].root, root)
    course = Course(root)
    solved = json.loads(course.source_notebook(NAME).read_text())
    for cell in solved["cells"]:
        cell["source"] = "".join(cell["source"])
    for change in KINDS:
        notebook = copy.deepcopy(solved)
        change(notebook)
        path = course.submission(change.__name__, NAME)
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook))
    results = grade_class(course, built[0], NAME, limits=LIMITS, jobs=1)
    return {result.student: result for result in results}


@pytest.mark.parametrize("change", KINDS, ids=lambda change: change.__name__)
def test_work_that_the_check_calls_right_keeps_its_points(made, change):
    result = made[change.__name__]
    assert (result.status, result.points) == ("graded", 80), result.reason or [
        test.message for test in result.exercise("scaled").tests
    ]


@pytest.mark.parametrize(
    "change", [change for change, kind in KINDS.items() if kind], ids=lambda change: change.__name__
)
def test_what_differs_is_flagged(made, change):
    assert KINDS[change] in [flag.kind for flag in made[change.__name__].flags]
