"""author/check.py: `build --check` finds what is stale and what an exercise lacks."""

import re

import pytest

from autograder.author import build as building
from autograder.author import check as checking
from autograder.author.check import check, marked_tests
from autograder.course.paths import Repository
from sample import write_sample

NAME = "a1_sample"
SCRIPT = f"solutions/{NAME}/chapter.py"
NOTEBOOK = f"assignments/{NAME}/{NAME}.ipynb"
VISIBLE = f"assignments/{NAME}/test_{NAME}.py"
HIDDEN = f"solutions/{NAME}/hidden_tests.py"
RIGHT = f"solutions/{NAME}/right.py"
MISTAKES = f"solutions/{NAME}/mistakes.toml"
CASES = f"assignments/{NAME}/cases.py"
CHAPTER = f"solutions/{NAME}/chapter.py"


@pytest.fixture
def quick(own, monkeypatch):
    """A built copy whose check does not go through nbgrader again: only for what does not concern the notebook."""
    repository, _ = own
    committed = repository.notebook(NAME).read_bytes()
    monkeypatch.setattr(checking, "student_notebook", lambda *_: committed)
    return repository


def found(repository: Repository) -> list[str]:
    return [str(problem) for problem in check(repository)]


def test_a_course_that_is_up_to_date_has_no_problem(built):
    assert check(built[0]) == []
    assert not list((built[0].root / "solutions").rglob("*.pyc"))


def test_a_stale_notebook_is_found(own, edit):
    repository, _ = own
    edit(repository.root / SCRIPT, "# Text with", "# A text with")
    assert found(repository) == [
        f"{path}: it is not what the script says: run `autograder build` and commit the result."
        for path in (NOTEBOOK, f"assignments/{NAME}/release.json")
    ]


def test_a_notebook_edited_by_hand_is_found(own, edit):
    repository, _ = own
    edit(repository.root / NOTEBOOK, "Text with", "A text with")
    assert [problem.where for problem in check(repository)] == [NOTEBOOK]


def test_checking_writes_nothing(own):
    repository, _ = own
    before = {path: path.read_bytes() for path in repository.root.rglob("*") if path.is_file()}
    check(repository)
    assert {path: path.read_bytes() for path in repository.root.rglob("*") if path.is_file()} == before


def test_a_missing_notebook_is_found(quick):
    quick.notebook(NAME).unlink()
    assert found(quick) == [f"{NOTEBOOK}: it is missing: run `autograder build` and commit the result."]


def test_a_slip_in_the_script_is_told_instead_of_all_else(quick, edit):
    edit(quick.root / SCRIPT, "    ### BEGIN SOLUTION\n    total", "    ### BEGIN SOLUTON\n    total")
    told = found(quick)
    assert any("marker" in problem for problem in told)
    assert all(problem.startswith(SCRIPT) for problem in told)


def test_a_generated_file_is_made_by_the_build_and_checked(own, monkeypatch):
    repository, course = own
    content = {"now": b"first"}
    monkeypatch.setitem(building.GENERATED, "mistakes.json", lambda repository, source: content["now"])
    path = repository.public(NAME) / "mistakes.json"
    assert [problem.where for problem in check(repository)] == [f"assignments/{NAME}/mistakes.json"]
    building.build(repository, course, NAME)
    assert path.read_bytes() == b"first"
    assert (course.release / NAME / "mistakes.json").read_bytes() == b"first"
    assert check(repository) == []
    content["now"] = b"second"
    (problem,) = check(repository)
    assert problem.where == f"assignments/{NAME}/mistakes.json"
    assert "run `autograder build`" in problem.sentence


DRAWN = "return (rng.standard_normal((N, T)),)"
ODD = ("'1'", "-1", "0", "1 + 1")
GAPS = [
    (CHAPTER, "import check, data_path", "import data_path", f"{CHAPTER}: no given cell above the first"),
    (VISIBLE, '@exercise("scaled_sum")\n', "", f"{VISIBLE}: scaled_sum has no visible test"),
    (HIDDEN, '@exercise("running_mean", points=2)\n', "", f"{HIDDEN}: running_mean has no hidden test"),
    (HIDDEN, '"scaled_sum", points=2', '"scaled_sums", points=2', rf"{HIDDEN}:\d+: .*'scaled_sums': no such exercise"),
    (HIDDEN, '"scaled_sum", points=2', '"scaled_sum"', rf"{HIDDEN}:\d+: .* has no points, so it is a gate"),
    (HIDDEN, '"scaled_sum", points=2', '"scaled_sum"', "a1_sample: no test of scaled_sum earns points"),
    (VISIBLE, '@exercise("scaled_sum")\n', "", rf"{VISIBLE}:\d+: test_the_sum_has.* has no mark and would not count"),
    (VISIBLE, "test_the_first_mean_is", "first_mean_is", rf"{VISIBLE}:\d+: first_mean_is.* would not run"),
    (VISIBLE, "def test_the_first_mean", "async def test_the_first_mean", "a test is a plain function"),
    (VISIBLE, "import numpy as np", "class TestSum: ...", rf"{VISIBLE}:1: TestSum: a test is a plain function"),
    (VISIBLE, "test_the_first_mean_is_the_first_value", "test_the_sum_has_one_number_per_row", "taken by the test in"),
    *((VISIBLE, "points=1", f"points={odd}", re.escape(f"points={odd} must be a number above 0")) for odd in ODD),
    (VISIBLE, "points=1", "point=1", "write @exercise"),
    (VISIBLE, ", points=1", ", 1", "write @exercise"),
    (HIDDEN, "    x, w = ", "    while True: x, w = ", rf"{HIDDEN}:\d+: a `while` may never end .*first_that"),
    (VISIBLE, "import numpy as np", "x = (", rf"{VISIBLE}:1: it is not Python: '\(' was never closed"),
    (HIDDEN, "from selfcheck import", "x = (", rf"{HIDDEN}:1: it is not Python: '\(' was never closed"),
    (RIGHT, '"scaled_sum": {"product": "def scaled_sum(x, w):\\n    return x @ w\\n"},', "", "scaled_sum has no right"),
    (RIGHT, '"running_mean": {', '"mean": {}, "running_mean": {', "'mean' is no exercise of a1_sample"),
    (RIGHT, "def scaled_sum(x, w):", "def sum(x, w):", "solution product: it does not define scaled_sum"),
    (RIGHT, "def scaled_sum(x, w):", "def scaled_sum(x, w", f"^{RIGHT}: .* product: the code is not Python"),
    (RIGHT, "RIGHT = {", "WRONG = {", f"{RIGHT}: it has no dictionary called RIGHT"),
    (RIGHT, "RIGHT = {", "1 / 0\nRIGHT = {", "ZeroDivisionError"),
    (MISTAKES, "[[scaled_sum]]", '[[""]]', f"{MISTAKES}: scaled_sum has no mistake"),
    (MISTAKES, "[[scaled_sum]]", "[scaled_sum]", f"{MISTAKES}: scaled_sum is not a list of tables: write"),
    (MISTAKES, "[[scaled_sum]]", "[[scaled_sum]", f"{MISTAKES}: it is not TOML"),
    (MISTAKES, 'old = "nt,t->n"', "old = 3", "old of a mistake of scaled_sum is 3: write text in quotation marks"),
    (MISTAKES, 'old = "nt,t->n"', 'old = "return total"', "sums_over_the_batch: .*0 times in .* Copy it from"),
    (MISTAKES, 'old = "nt,t->n"', 'old = "n"', r"sums_over_the_batch: .*\d times in the solution"),
    (MISTAKES, 'new = "nt,t->t"', 'new = "(\\""', "sums_over_the_batch: the code is not Python: .*, line "),
    (MISTAKES, 'says = "This is the sum', 'said = "This is the sum', "scaled_sum has an unknown key 'said'"),
    (CASES, "def scaled_sum(", "def scaled_sums(", f"{CASES}: scaled_sum has no case"),
    (CASES, DRAWN, "return rng.standard_normal((N, T))", "ndarray; expected a tuple"),
    (CASES, DRAWN, "return (lambda: 1,)", "function cannot cross the wire"),
    (CASES, DRAWN, "return ([object()],)", "object cannot cross the wire"),
    (CASES, DRAWN, "return ({'a': open},)", "cannot cross the wire"),
    (CASES, DRAWN, "return (rng.undefined(N),)", "raises AttributeError"),
    (CASES, "def CASES(", "OPAQUE = {'scaled_sums': (1,)}\ndef CASES(", "OPAQUE.*: 'scaled_sums' is no exercise"),
    (CASES, "def CASES(", "OPAQUE = {'scaled_sum': 0}\ndef CASES(", r"OPAQUE\['scaled_sum'\] is 0: write a tuple"),
    (CASES, "def CASES(", "SHOWN_BY = {'scaled_sum': 'sum'}\ndef CASES(", "there is no probe 'sum' in PROBES"),
    (CASES, "def CASES(", "PROBES = {'sum': 5}\ndef CASES(", r"PROBES\['sum'\] is no function"),
    (CASES, "def CASES(", "raise SystemExit(0)\ndef CASES(", rf"{CASES}:9: SystemExit: 0"),
    (RIGHT, '"running_mean": {', '"scaled_sum": "def", "running_mean": {', "is no dictionary of texts"),
    (MISTAKES, 'old = "nt,t->n"', 'of.total = 5\nold = "nt,t->n"', "of.total of a mistake of scaled_sum is 5: write"),
    (CASES, "return [globals()", "return [print, globals()", r"CASES\('scaled_sum'"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "old", "new", "message"), GAPS, ids=[message[-40:] for *_, message in GAPS])
def test_what_an_exercise_lacks_is_named(quick, edit, place, old, new, message):
    assert check(quick) == []
    edit(quick.root / place, old, new)
    told = found(quick)
    assert any(re.search(message, problem) for problem in told), told


@pytest.mark.parametrize("place", [VISIBLE, HIDDEN, RIGHT, MISTAKES, CASES])
def test_a_missing_file_is_named(quick, place):
    (quick.root / place).unlink()
    assert any(problem.startswith(place) for problem in found(quick))


def test_an_exercise_without_points_needs_no_hidden_test(quick, edit):
    edit(quick.root / SCRIPT, "points=50", "points=80")
    edit(quick.root / SCRIPT, "points=30", "points=0")
    text = (quick.root / HIDDEN).read_text()
    (quick.root / HIDDEN).write_text(text.partition('@exercise("running_mean", points=2)\n')[0])
    problems = [one for one in found(quick) if "it is not what the script says" not in one]
    assert problems == []


def test_only_the_assignments_that_are_asked_for_are_checked(tmp_path, monkeypatch):
    repository = write_sample(tmp_path, "a1_sample", "a2_sample", "a3_sample")
    monkeypatch.setattr(checking, "student_notebook", lambda *_: b"as committed")
    monkeypatch.setattr(checking, "GENERATED", {})
    monkeypatch.setattr(checking.beside, "each", lambda work, *of: ((name, work(of[0], name)) for name in of[1]))
    for name in repository.names():
        repository.notebook(name).write_bytes(b"as committed")
    for name in ("a1_sample", "a3_sample"):
        repository.right(name).unlink()
    assert check(repository, ["a2_sample"]) == []
    for asked in (["a1_sample"], ["a2_sample", "a3_sample"], None):
        places = {problem.where for problem in check(repository, asked)}
        assert places == {f"solutions/{name}/right.py" for name in asked or repository.names() if name != "a2_sample"}


def test_an_unknown_assignment_is_a_problem_that_names_those_there_are(built):
    (problem,) = check(built[0], ["a9_nothing"])
    assert str(problem) == "a9_nothing: there is no such assignment in solutions/; there are: a1_sample."


def test_two_mistakes_of_one_name_are_found(quick, edit):
    edit(
        quick.root / MISTAKES,
        "[[scaled_sum]]",
        2 * '[[scaled_sum]]\nid = "same"\nold = "nt,t->n"\nnew = "nt,t->t"\nsays = "a"\n' + "[[scaled_sum]]",
    )
    assert any("two mistakes of scaled_sum have the id 'same': give one another" in problem for problem in found(quick))


def test_marks_are_read_without_running_the_file(tmp_path):
    path = tmp_path / "test_x.py"
    path.write_text(
        "raise SystemExit\n@exercise('a')\ndef test_gate(a): ...\n"
        "@pytest.mark.parametrize('n', [1])\n@selfcheck.exercise('b', points=1.5)\ndef test_points(b): ...\n"
        "@exercise('c')\ndef no_test(c): ...\n"
        "test_made = arguments_test('d', 'x', points=2)\ntest_shapes = common_tests.shapes_test('e', 'x (3,)')\n"
        "no_test_either = arguments_test('f', 'x', points=2)\ntest_data = 3\n"
    )
    assert [(test.name, test.exercise, test.points) for test in marked_tests(path)] == [
        ("test_gate", "a", None),
        ("test_points", "b", 1.5),
        ("test_made", "d", 2),
        ("test_shapes", "e", None),
    ]
