"""author/source.py, percent.py and markers.py: a percent script becomes typed cells, and every slip is named."""

import re
import sys
from pathlib import Path

import pytest

from autograder.course import markers
from autograder.course.paths import Repository
from autograder.course.source import SourceError, load_cells, load_reference, parse

SCRIPT = "solutions/a1_sample/chapter.py"


@pytest.fixture
def script(sample: Repository) -> Path:
    return sample.source("a1_sample")


def problems(script: Path) -> list[str]:
    with pytest.raises(SourceError) as caught:
        parse(script)
    return [str(problem) for problem in caught.value.problems]


def test_each_cell_has_its_kind_and_its_line(script):
    source = parse(script)
    assert source.name == "a1_sample"
    assert [cell.kind for cell in source.cells] == [
        *("prose", "include", "given", "exercise", "given", "demo", "exercise", "written"),
    ]
    lines = script.read_text().split("\n")
    assert all(lines[cell.line - 1].startswith("# %%") for cell in source.cells)


def test_an_exercise_carries_what_its_card_says(script):
    first, second = parse(script).exercises
    assert (first.name, first.points, first.difficulty, first.minutes) == ("scaled_sum", 50, 2, 15)
    assert (second.name, second.points, second.difficulty, second.minutes) == ("running_mean", 30, 4, 25)


def test_reference_and_student_differ_by_the_solution_alone(script):
    exercise = parse(script).exercise("running_mean")
    assert "np.cumsum" in exercise.reference
    assert "SOLUTION" not in exercise.reference
    assert "np.cumsum" not in exercise.student
    assert exercise.student.count("    # YOUR CODE HERE\n    raise NotImplementedError()") == 2
    assert "    T = x.shape[1]\n" in exercise.student
    assert len(exercise.solutions) == 2
    assert "half(a)" in exercise.given
    assert "np.arange" not in exercise.given


def test_a_written_question_has_three_parts(script):
    (question,) = parse(script).written
    assert question.question == "Why does a running mean forget slowly?"
    assert question.answer.startswith("Each new value")
    assert question.scheme.startswith("- 10 points")
    assert question.student == question.question


def test_a_demo_is_dedented_and_its_texts_are_not(script):
    (demo,) = [cell for cell in parse(script).cells if cell.kind == "demo"]
    assert demo.source.startswith('text = """\nfirst\n    second\n"""\nfor line in data_path')
    assert "\n    print(line, text)" in demo.source


def test_a_text_in_a_string_is_neither_a_cell_nor_a_marker(script, edit):
    edit(script, "    second\n", "    second\n# %% not a cell\n")
    assert len(parse(script).cells) == 8


def test_an_unknown_exercise_is_a_key_error_that_names_those_there_are(script):
    with pytest.raises(KeyError, match="scaled_sum, running_mean"):
        parse(script).exercise("why_means_forget")


def test_another_cell_can_stand_in_an_exercises_place(script):
    source = parse(script)
    changed = source.with_cell("scaled_sum", "def scaled_sum(x, w):\n    return 42")
    assert changed.load().scaled_sum(None, None) == 42
    assert source.exercise("scaled_sum").reference != changed.exercise("scaled_sum").reference
    assert changed.load().running_mean.__module__ == "a1_sample_variant"


def test_a_cell_may_define_a_dataclass(script):
    code = "from dataclasses import dataclass\n\n@dataclass\nclass Sum:\n    x: int = 42\n"
    changed = parse(script).with_cell("scaled_sum", code + "\ndef scaled_sum(x, w):\n    return Sum().x")
    assert changed.load().scaled_sum(None, None) == 42


def test_a_patch_applies_inside_of_the_solution_exactly_once(script):
    exercise = parse(script).exercise("running_mean")
    patched = exercise.patched("np.cumsum(x, axis=1)", "np.cumsum(x, axis=0)")
    assert patched == exercise.reference.replace("axis=1", "axis=0")
    for old in ("x.shape[1]\n", "return mean", "nowhere", ""):
        with pytest.raises(ValueError, match="not once"):
            exercise.patched(old, "anything")
    with pytest.raises(ValueError, match="2 times"):
        exercise.patched("steps", "anything")


SLIPS = [
    # unknown and missing attributes
    (
        "points=50 difficulty",
        "points=50 colour=3 difficulty",
        r"chapter\.py:\d+ \(cell scaled_sum\): unknown .*colour",
    ),
    ("# %%\ndef plotted", '# %% tags=["x"]\ndef plotted', "unknown attribute 'tags'.*kind 'given'"),
    ("# %%\ndef plotted", "# %% a title\ndef plotted", "unknown attribute 'title'"),
    ("points=50 difficulty", "difficulty", r"\(cell scaled_sum\): points is missing"),
    ("difficulty=2 ", "", r"\(cell scaled_sum\): difficulty is missing"),
    (" minutes=15", "", r"\(cell scaled_sum\): minutes is missing"),
    ("points=20 minutes=10", "minutes=10", r"\(cell why_means_forget\): points is missing"),
    ("points=50", 'points="50"', "points='50' must be a number"),
    ("points=50", "points=-1", "points=-1 must be a number, 0 for an exercise without points"),
    ("points=20 minutes=10", "points=0 minutes=10", "a question that a person grades is worth points"),
    ("difficulty=2", "difficulty=6", "difficulty=6 must be a whole number from 1 to 5"),
    ("difficulty=2", "difficulty=1.5", "difficulty=1.5 must be a whole number"),
    ("minutes=15", "minutes=0", "minutes=0 must be a whole number above 0"),
    # names
    ('exercise="scaled_sum"', 'exercise="scaled-sum"', "cannot be a name"),
    ('exercise="scaled_sum"', 'exercise="sum_scaled"', "does not define a function or class called sum_scaled"),
    ('written="why_means_forget"', 'written="scaled_sum"', "the name scaled_sum is taken by the cell at line"),
    # kinds
    ("# %%\ndef plotted", "# %% [raw]\ndef plotted", "raw cells are not used"),
    ('# %% exercise="scaled_sum"', '# %% [markdown] exercise="scaled_sum"', "an exercise is a code cell"),
    ('# %% [markdown] written="why', '# %% written="why', "written belongs to a markdown cell"),
    ('include="NOTATION.md"\n', 'include="NOTATION.md"\n# more\n', "holds nothing else"),
    ("        print(line, text)\n", "        print(line, text)\nafter = 1\n", "nothing but the block"),
    # regions
    (" + 0.0 * x.sum()  # the sum over time\n    ### END SOLUTION", "", "BEGIN SOLUTION is never closed"),
    ("    ### BEGIN SOLUTION\n    total", "    total", "END SOLUTION closes nothing"),
    ("    total = np", "    ### BEGIN SOLUTION\n    total = np", "regions may not nest"),
    ("# Text with", "# ### BEGIN SOLUTION\n# x\n# ### END SOLUTION\n# Text with", "a solution belongs to an exercise"),
    ("def half(a):", "### BEGIN MARK SCHEME\n### END MARK SCHEME\ndef half(a):", "belongs to a written question"),
    ("def half(a):", "### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\ndef half(a):", "stand in solutions/aN/hidden_"),
    ("# ### BEGIN SOLUTION\n# Each new", "# Each new", "END SOLUTION closes nothing"),
    ("# Why does a running mean forget slowly?\n", "", "has no question"),
    # points of the whole
    ("points=50", "points=51", "the points sum to 101, not to 100"),
    ("points=50", "points=40", "70 points are graded by code; it must be 75 to 85"),
    # Python
    ("def scaled_sum(x, w):", "def scaled_sum(x, w:", "is not Python"),
    ("def plotted(values):", "def plotted(values:", r"chapter\.py:\d+: it is not Python"),
    (
        "        print(line, text)",
        "        print(line, text",
        r"chapter\.py:\d+: it is not Python: '\(' was never closed",
    ),
    ("# Text with", "Text with", r"chapter\.py:12: it is not Python"),
    ("# Text with", "# A zero \0 byte with", r"chapter\.py:12: it holds a zero byte: delete it"),
    # what is nearly a demo or a cell
    ('if __name__ == "__main__":', "if __name__ == '__main__':", r"chapter\.py:37: a demo's first line is"),
    ('if __name__ == "__main__":', '# a plot\nif __name__ == "__main__":', r"chapter\.py:38: a demo's first line is"),
    ("# %%\ndef plotted", "#%%\ndef plotted", "line 31 is nearly a cell's first line"),
]


@pytest.mark.parametrize(("old", "new", "message"), SLIPS, ids=[message[:40] for *_, message in SLIPS])
def test_a_slip_is_named_with_its_place(script, edit, old, new, message):
    edit(script, old, new)
    found = problems(script)
    assert all(problem.startswith(SCRIPT) for problem in found)
    assert any(re.search(message, problem) for problem in found), found


def test_a_solution_cell_without_a_region_is_refused(script, edit):
    text = script.read_text()
    start, end = text.index("    ### BEGIN SOLUTION\n    total"), text.index("    return total")
    script.write_text(text[:start] + "    total = 0\n" + text[end:])
    (problem,) = problems(script)
    assert "no solution region" in problem
    assert "(cell scaled_sum)" in problem


def test_points_with_decimals_are_summed_as_they_are_written(script, edit):
    edit(script, "points=50", "points=14.9")
    edit(script, "points=30", "points=13.9")
    for n, points in enumerate((2.0, 14.6, 15.0, 14.4, 1.1, 4.1)):
        code = f"def f{n}():\n    ### BEGIN SOLUTION\n    pass\n    ### END SOLUTION"
        script.write_text(
            f'{script.read_text()}\n\n# %% exercise="f{n}" points={points} difficulty=1 minutes=1\n{code}\n'
        )
    assert sum(cell.points for cell in parse(script).exercises) != 80


def test_a_byte_order_mark_is_no_text(script):
    before = parse(script).cells
    script.write_bytes(b"\xef\xbb\xbf" + script.read_bytes())
    assert parse(script).cells == before


def test_another_encoding_than_utf_8_is_named_with_its_line(script):
    script.write_bytes(script.read_bytes().replace(b"# Text with", "# Für".encode("latin-1")))
    assert problems(script) == [f"{SCRIPT}:12: it is not UTF-8: save it as UTF-8."]


def test_all_slips_are_told_at_once(script, edit):
    edit(script, "difficulty=2", "difficulty=9")
    edit(script, "minutes=25", "minutes=-1")
    assert len(problems(script)) == 2


@pytest.mark.parametrize(
    "line",
    [
        *("### BEGIN SOLUTON", "### BEGIN  SOLUTION", "### begin solution", "### BEGINSOLUTION", "### BEGIN_SOLUTION"),
        *(
            "# BEGIN SOLUTION",
            "#### BEGIN SOLUTION",
            "### BEGIN SOLUTION:",
            "### BEGIN SOLUTIONS",
            "### Begin Solution",
        ),
        *(
            "### START SOLUTION",
            "### SOLUTION",
            "### BEGIN SOLUTON (first part)",
            "###BEGIN SOLUTION",
            "### BGIN SOLUTION",
        ),
        *("### BEGIN HIDDEN TEST", "### BEGIN HIDEN TESTS", "### begin hidden tests", "### HIDDEN TESTS"),
        *(
            "### BEGIN MARKSCHEME",
            "### BEGIN MARK SHEME",
            "### BEGIN MARKING SCHEME",
            "### mark scheme",
            "### AUTOTEST f(1)",
        ),
    ],
)
def test_a_mistyped_marker_is_found(script, edit, line):
    edit(script, "    total = np", f"    {line}\n    total = np")
    found = problems(script)
    assert any("marker" in problem or "AUTOTEST" in problem for problem in found), found
    number = script.read_text().split("\n").index(f"    {line}") + 1
    assert any(problem.startswith(f"{SCRIPT}:{number} ") for problem in found), found


def test_a_mistyped_begin_with_a_correct_end_cannot_leak_in_silence(script, edit):
    edit(script, "# ### BEGIN MARK SCHEME", "# ### BEGIN MARK SCEME")
    found = problems(script)
    assert any("looks like a marker" in problem or "nearly a marker" in problem for problem in found), found


@pytest.mark.parametrize(
    "line",
    [
        *(
            "## The solution of a linear recurrence, step by step",
            "and solution after solution it ends",
            "# In the end",
        ),
        *(
            "the end of the solution is near",
            "The tests that are hidden look at other sizes.",
            "marks and schemes of rhyme",
        ),
        *("### A question before we begin", "begin", "## Endings", "Begin the solution with the shapes of all arrays."),
    ],
)
def test_prose_is_not_taken_for_a_marker(line):
    assert markers.lint(line, ()) == []


def test_the_stub_keeps_the_indent_of_its_region():
    cell = "def f():\n    if 1:\n        ### BEGIN SOLUTION\n        x = 1\n        ### END SOLUTION\n    return x"
    assert markers.student_view(cell) == (
        "def f():\n    if 1:\n        # YOUR CODE HERE\n        raise NotImplementedError()\n    return x"
    )


def test_the_reference_is_imported_without_a_trace(script, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    module = load_reference(script)
    assert module.scaled_sum.__name__ == "scaled_sum"
    assert not list(script.parent.rglob("*.pyc"))
    assert str(script.parent) not in sys.path


def test_an_edited_reference_is_a_module_of_its_own(script, edit):
    before = load_reference(script)
    edit(script, "return list(values)", "return set(values)")
    after = load_reference(script)
    assert before.__name__ != after.__name__
    assert after.plotted([1]) == {1}
    assert before.plotted([1]) == [1]


def test_a_script_that_raises_is_named(script, edit):
    edit(script, "def plotted", "1 / 0\n\ndef plotted")
    with pytest.raises(SourceError, match=r"chapter\.py:32: ZeroDivisionError"):
        load_reference(script)
    with pytest.raises(SourceError, match=r"chapter\.py:32: ZeroDivisionError: division by zero"):
        load_cells(parse(script))


def test_a_line_that_raises_in_a_library_is_the_files_own(script, edit):
    edit(script, "def plotted", "np.zerso(3)\n\ndef plotted")
    with pytest.raises(SourceError, match=r"chapter\.py:32: AttributeError: module 'numpy' has no attribute 'zerso'"):
        load_reference(script)


def test_text_before_the_first_cell_is_named(script):
    script.write_text("import numpy\n" + script.read_text().partition("# ---\n\n")[2])
    (problem,) = problems(script)
    assert "begin each cell with `# %%`" in problem


def test_the_real_assignments_have_no_slips():
    repository = Repository.default()
    for name in repository.names():
        source = parse(repository.source(name))
        assert source.exercises
        assert source.written


@pytest.mark.parametrize("name", Repository.default().names())
def test_a_demo_cell_is_short_and_prose_is_not_interrupted_by_plotting(name):
    """CONTRIBUTING.md: what draws and what trains is written in figures.py."""
    demos = [cell for cell in parse(Repository.default().source(name)).cells if cell.kind == "demo"]
    assert demos
    assert {cell.line: cell.source.count("\n") + 1 for cell in demos if cell.source.count("\n") >= 15} == {}


@pytest.mark.parametrize("name", Repository.default().names())
def test_what_is_folded_ends_in_its_own_cell_and_holds_no_heading(name):
    for cell in parse(Repository.default().source(name)).cells:
        folded = re.findall(r"(?s)<details>(.*?)</details>", cell.source) if cell.kind == "prose" else []
        assert len(folded) == cell.source.count("<details>") or cell.kind != "prose", cell.line
        assert not [text for text in folded if re.search(r"(?m)^#|<details>", text)], cell.line
