"""author/loops.py: the right solution that loops most, in the place of the reference's."""

import shutil

import pytest

from autograder.author import loops
from autograder.author.build import read_source, source_notebook
from autograder.author.trial import TrialError, run_reference
from autograder.course import catalogue
from autograder.course import notebook as notebooks
from autograder.course.paths import Repository

NAME = "a1_sample"
# A kernel's sockets and loops belong to jupyter_client and zmq.
pytestmark = pytest.mark.filterwarnings("default")


def test_nested_loops_and_comprehensions_count_and_those_that_follow_each_other_do_not():
    assert loops.depth("a = b") == 0
    assert loops.depth("for i in a:\n    b\nwhile c:\n    d") == 1
    assert loops.depth("for i in a:\n    while c:\n        [k for j in d for k in e]") == 4
    assert loops.depth("for i in a:\n    b\nelse:\n    {j for j in d}") == 2


def test_the_deepest_loops_are_chosen_the_first_of_several_and_none_where_nothing_loops():
    variants = {
        "flat": "a",
        "one": "for i in a: b",
        "two": "[i for j in a for i in j]",
        "last": "[i for j in a for i in j]",
    }
    assert loops.most_loops(variants) == "two"
    assert loops.most_loops({"flat": "a"}) == loops.most_loops({}) == ""


def test_a_solution_that_loops_follows_the_reference_in_its_cell(sample: Repository):
    source = read_source(sample, NAME)
    notebook = source_notebook(sample, source)
    before = {cell.id: cell.source for cell in notebook.cells}
    assert loops.put_loops(sample, source, notebook) == {"running_mean": "loop"}
    added = catalogue.right(sample, NAME)["running_mean"]["loop"].strip()
    changed = {cell.id: cell.source for cell in notebook.cells if cell.source != before[cell.id]}
    cell = notebooks.find(notebook, f"running_mean{notebooks.SOLUTION_SUFFIX}")
    assert changed == {cell.id: f"{before[cell.id]}\n\n{added}"}


def test_the_trial_finds_a_demo_cell_that_the_reference_alone_can_bear(sample: Repository):
    shutil.rmtree(sample.assignments / "selfcheck")
    shutil.copytree(Repository.default().assignments / "selfcheck", sample.assignments / "selfcheck")
    with sample.source(NAME).open("a") as script:  # the loop has no arrays to stack where there are no steps
        script.write('\n# %%\nif __name__ == "__main__":\n    running_mean(np.ones((2, 0)))\n')
    with pytest.raises(TrialError, match=r"(?s)a1_sample, cell demo-2: .*need at least one array to stack"):
        run_reference(sample, NAME, loops=True)
