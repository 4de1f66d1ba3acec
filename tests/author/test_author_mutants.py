"""Automatic mutants of reference solutions, the tests that kill them, and the list of those that are equivalent."""

import ast

import pytest

from autograder.author import mutants
from autograder.author.build import read_source
from autograder.author.mutant_session import Verdict, judge
from autograder.author.mutants import Trial
from autograder.author.mutation import Mutant, mutants_of
from autograder.course import markers
from autograder.course.cell import Cell
from autograder.course.problem import SourceError

NAME = "a1_sample"


def _cell(solution, given="return h"):
    body = "\n".join(f"    {line}" for line in ["### BEGIN SOLUTION", *solution.split("\n"), "### END SOLUTION", given])
    return Cell("exercise", f"def step(x, h, U, W, b):\n{body}\n", line=1, name="step")


def _now(solution):
    return {mutant.now for mutant in mutants_of(_cell(solution))}


@pytest.mark.parametrize(
    ("solution", "slips"),
    [
        ("h = x @ U.T + b", {"h = x @ U + b", "h = x @ U.T - b", "h = x @ U.T", "h = b", "h = U.T @ x + b", "pass"}),
        ("h = x @ U.T + h @ W.T", {"h = x @ W.T + h @ U.T", "h = h @ U.T + x @ W.T", "h = x.T @ U.T + h @ W.T"}),
        ("h = np.tanh(x).max(axis=1, keepdims=True)", {
            "h = np.sin(x).max(axis=1, keepdims=True)", "h = x.max(axis=1, keepdims=True)", "h = np.tanh(x)",
            "h = np.tanh(x).min(axis=1, keepdims=True)", "h = np.tanh(x).max(axis=0, keepdims=True)",
            "h = np.tanh(x).max(keepdims=True)", "h = np.tanh(x).max(axis=1)",
            "h = np.tanh(x).max(axis=1, keepdims=False)",
        }),
        ("h = np.where(x, U, W)", {"h = np.where(U, x, W)", "h = np.where(x, W, U)", "h = np.where(x, U)"}),
        ("h = np.zeros((N, T), dtype=x.dtype)", {
            "h = np.ones((N, T), dtype=x.dtype)", "h = np.zeros((T, N), dtype=x.dtype)", "h = np.zeros((N, T))",
        }),
        ("h = x[:, t - 1]", {"h = x[:, t + 1]", "h = x[:, t - 0]", "h = x[:, t]", "h = x[1:, t - 1]", "h = x"}),
        ("h = x[:k]", {"h = x[1:k]", "h = x[:]", "h = x[:k - 1]", "h = x[:k + 1]", "h = x"}),
        ("h = x[t]", {"h = x[t - 1]", "h = x[t + 1]", "h = x"}),
        ("if x < 0 or b:\n    h = -x", {
            "if x <= 0 or b:", "if x >= 0 or b:", "if x < 1 or b:", "if x < -1 or b:", "if x < 0 and b:", "if x < 0:",
            "if b:", "if True:", "if not (x < 0 or b):", "h = +x", "pass",
        }),
        ("for t in range(T):\n    break", {
            "for t in range(T - 1):", "for t in range(T + 1):", "for t in range(1, T):",
            "for t in reversed(list(range(T))):", "continue", "return", "pass",
        }),
        ("h += x", {"h = x", "h -= x", "pass"}),
        ("raise ValueError('no')", {"raise Exception", "pass"}),
    ],
)  # fmt: skip
def test_a_solution_is_changed_by_the_slips_that_programmers_make(solution, slips):
    assert slips <= _now(solution)


def test_what_an_exception_says_is_not_mutated():
    assert _now("raise ValueError(f'0..{K - 1}')") == {"raise Exception", "pass"}


def test_the_order_of_two_arguments_of_min_is_not_mutated():
    assert "h = np.minimum(1, 2)" in _now("h = np.maximum(1, 2)")
    assert "h = np.maximum(2, 1)" not in _now("h = np.maximum(1, 2)")


def test_mutants_differ_from_the_reference_and_from_each_other_in_the_solution_alone(sample):
    for cell in read_source(sample, NAME).exercises:
        made = mutants_of(cell)
        trees = {ast.dump(ast.parse(mutant.code)) for mutant in made} | {ast.dump(ast.parse(cell.source))}
        assert len(trees) == len({mutant.key for mutant in made}) + 1 == len(made) + 1 > 20
        assert {markers.outside(mutant.code) for mutant in made} == {cell.given}


def test_both_regions_of_an_exercise_are_mutated(sample):
    changed = {mutant.was for mutant in mutants_of(read_source(sample, NAME).exercise("running_mean"))}
    assert changed == {
        "steps = np.arange(1, x.shape[1] + 1, dtype=np.float64)",
        "mean = np.cumsum(x, axis=1) / steps.reshape(1, T)",
    }


def test_a_mutant_is_known_by_what_the_code_says_not_by_its_layout():
    plain, laid_out = _cell("h = x + b[0]"), _cell("h = (  # the sum\n    x\n    + b[0])")
    assert [mutant.key for mutant in mutants_of(plain)] == [mutant.key for mutant in mutants_of(laid_out)]


def test_the_same_slip_in_two_equal_lines_makes_two_mutants():
    made = mutants_of(_cell("h = h @ W\nx = 1\nh = h @ W"))
    assert [mutant.nth for mutant in made if (mutant.was, mutant.now) == ("h = h @ W", "h = h")] == [1, 2]
    assert len({mutant.key for mutant in made}) == len(made)


# What the tests say


def test_verdicts_tell_failures_errors_and_endless_loops_apart_from_survivors(sample, edit):
    tests = sample.hidden(NAME)
    first = "expect.close(scaled_sum(x, w)"
    edit(tests, first, f"assert scaled_sum(x, w)[0] != 7, 'a slip of the test'\n    {first}")
    head = "import os\n\ndef scaled_sum(x, w):\n    "
    programs = {
        "passed": "return x @ w",
        "failed": "return w[0] * x.sum(axis=1)",
        "error": "return x @ x",
        "timeout": "while True: pass",
        "fault": "return np.full(len(x), 7.0)",
    }
    others = ["os._exit(0)", "os.abort()", "return np.ones(2**31) @ w", "raise SystemExit"]
    tried = [Mutant("scaled_sum", "", "", 1, head + body) for body in [*programs.values(), *others]]
    verdicts = judge(sample, NAME, tried)
    assert [verdict.outcome for verdict in verdicts] == [*programs, *["error"] * len(others)]
    assert [verdict.killed for verdict in verdicts[:5]] == [False, True, True, True, False]
    assert verdicts[1].test == verdicts[4].test == "test_the_sum_agrees_at_other_sizes"
    assert verdicts[2].test == verdicts[1].test, "what rejected the last mutant is the first to try the next"
    assert judge(sample, NAME, tried[2:3])[0].test == "test_the_sum_has_one_number_per_row"
    stumbles = Mutant("scaled_sum", "", "", 1, head + "return np.full((len(x), 2), 7.0)")  # and has the wrong shape
    (_, verdict) = judge(sample, NAME, [tried[1], stumbles])
    assert verdict == Verdict("failed", "test_the_sum_has_one_number_per_row"), "a test out of its turn may stumble"


def test_what_a_mutant_leaves_behind_changes_no_other_verdict(sample):
    head = "import math\n\nimport numpy as np\n\ndef scaled_sum(x, w):\n    "
    spoils = head + "math.left = None\n    return w[0] * x.sum(axis=1)"
    notices = head + "return x @ w if not hasattr(math, 'left') else w"
    ends = head + "raise SystemExit if hasattr(math, 'left') else ValueError"
    reference = read_source(sample, NAME).exercise("scaled_sum").reference
    spoilt = spoils.replace("math.left", "np.einsum = math.left", 1)
    tried = [Mutant("scaled_sum", "", "", 1, code) for code in (notices, spoilt, notices, ends, spoils, reference)]
    outcomes = [verdict.outcome for verdict in judge(sample, NAME, tried)]
    assert outcomes == ["passed", "fault", "passed", "error", "failed", "passed"]  # the reference needs einsum, too


def test_a_slow_solution_is_right_where_a_mutant_as_slow_has_timed_out(sample):
    body = "while time.process_time() < started + 2.5:\n        pass\n    return x @ w"
    code = f"import time\n\nstarted = time.process_time()\n\ndef scaled_sum(x, w):\n    {body}"
    slow = Mutant("scaled_sum", "", "slow", 1, code)
    assert [verdict.outcome for verdict in judge(sample, NAME, [slow], right=[slow])] == ["timeout", "passed"]


def test_what_the_references_tests_import_is_imported_once_for_all_mutants(sample, edit):
    edit(sample.hidden(NAME), "    x, w = cases", "    import mailbox\n    x, w = cases")
    told = "import sys\n\nthere = 'mailbox' in sys.modules\n\ndef scaled_sum(x, w):\n    return x @ w * there"
    assert [verdict.outcome for verdict in judge(sample, NAME, [Mutant("scaled_sum", "", "", 1, told)])] == ["passed"]


def test_a_reference_that_fails_its_tests_is_named(sample, edit):
    edit(sample.visible(NAME), "shape=(3,)", "shape=(4,)")
    made = mutants_of(read_source(sample, NAME).exercise("scaled_sum"))[:1]
    with pytest.raises(SourceError, match="reference of scaled_sum does not pass test_the_sum_has_one_number_per_row"):
        judge(sample, NAME, made)


def test_tests_that_cannot_be_collected_are_named(sample):
    sample.hidden(NAME).write_text("import no_such_module\n")
    made = mutants_of(read_source(sample, NAME).exercise("scaled_sum"))[:1]
    with pytest.raises(SourceError, match=r"(?s)could not be collected.*no_such_module"):
        judge(sample, NAME, made)


# What follows from it


FIRST, SECOND = "steps = np.arange(1, x.shape[1], dtype=np.float64)", "mean = x / steps.reshape(1, T)"


def _judged(monkeypatch, **outcomes):
    """Let the mutants FIRST and SECOND of the sample have these outcomes, and all others fail a test."""

    def verdict(mutant):
        told = {FIRST: outcomes.get("first"), SECOND: outcomes.get("second")}.get(mutant.now)
        return Verdict(told or "failed", "test_it")

    monkeypatch.setattr(mutants, "judge", lambda repository, name, tried: [verdict(mutant) for mutant in tried])


def _list(repository, *entries):
    path = repository.mutants(NAME)
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(entries))


def _entry(said, now):
    """The entry to fill for the mutant, cut from what was said."""
    lines = said.split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("now") and now in line)
    return "\n".join(lines[at - 2 : at + 2])


def _run(repository, capsys):
    code = mutants.main([NAME], repository)
    return code, capsys.readouterr().out


def test_without_survivors_the_exit_code_is_0(sample, monkeypatch, capsys):
    _judged(monkeypatch)
    code, said = _run(sample, capsys)
    count = sum(len(mutants_of(cell)) for cell in read_source(sample, NAME).exercises)
    assert code == 0
    assert said.endswith(f"\nmutants: {count} of {count} killed, 0 explained, 0 unexplained\n")


def test_a_survivor_is_explained_once_its_entry_has_a_reason(sample, monkeypatch, capsys):
    _judged(monkeypatch, first="passed")
    code, said = _run(sample, capsys)
    assert (code, said.rsplit("killed, ")[-1]) == (1, "0 explained, 1 unexplained\n")
    entry = _entry(said, FIRST)
    _list(sample, entry)
    code, said = _run(sample, capsys)
    assert code == 1
    assert "needs was, now and because" in said
    _list(sample, entry.replace('because = ""', 'because = "A reason."'))
    code, said = _run(sample, capsys)
    assert (code, said.rsplit("killed, ")[-1]) == (0, "1 explained, 0 unexplained\n")


def test_another_survivor_than_the_listed_one_is_not_explained(sample, monkeypatch, capsys):
    _judged(monkeypatch, first="passed", second="passed")
    _, said = _run(sample, capsys)
    _list(sample, _entry(said, FIRST).replace('because = ""', 'because = "A reason."'))
    code, said = _run(sample, capsys)
    assert (code, said.rsplit("killed, ")[-1]) == (1, "1 explained, 1 unexplained\n")


def test_a_reason_for_a_mutant_that_is_killed_is_refused(sample, monkeypatch, capsys):
    _judged(monkeypatch, first="passed")
    _, said = _run(sample, capsys)
    _list(sample, _entry(said, FIRST).replace('because = ""', 'because = "A reason."'))
    _judged(monkeypatch)
    code, said = _run(sample, capsys)
    assert code == 1
    assert "lists it as equivalent, but it is killed: test_it" in said


def test_a_reason_for_a_mutant_that_is_not_made_is_refused(sample, monkeypatch, capsys):
    _judged(monkeypatch)
    _list(sample, '[[running_mean]]\nwas = "a"\nnow = "b"\nbecause = "A reason."')
    code, said = _run(sample, capsys)
    assert code == 1
    assert "which is no mutant" in said


def test_a_test_that_could_not_finish_kills_nothing_and_cannot_be_explained(sample, monkeypatch, capsys):
    _judged(monkeypatch, first="passed")
    _, said = _run(sample, capsys)
    _list(sample, _entry(said, FIRST).replace('because = ""', 'because = "A reason."'))
    _judged(monkeypatch, first="fault")
    code, said = _run(sample, capsys)
    assert "test_it could not finish" in said
    assert (code, said.rsplit("killed, ")[-1]) == (1, "0 explained, 1 unexplained\n")


def test_explained_survivors_may_not_be_many(sample):
    made = mutants_of(read_source(sample, NAME).exercise("running_mean"))[:25]
    tried = [(mutant, Verdict("passed" if mutant is made[0] else "failed")) for mutant in made]
    one = Trial(NAME, tried, {made[0].key: "A reason."}, frozenset(mutant.key for mutant in made))
    assert [problem for problem in one.problems() if "96.0% of the mutants are killed, at least 97% must be" in problem]
    assert not [*Trial(NAME, tried, one.reasons, one.possible | {("another", "a", "b", 1)}).problems()]  # a selection


def test_a_selection_takes_the_exercises_in_turn_and_stays_the_same(sample):
    everyone = [mutants_of(cell) for cell in read_source(sample, NAME).exercises]
    chosen = mutants.selection(everyone, 8)
    assert [mutant.exercise for mutant in chosen] == ["scaled_sum", "running_mean"] * 4
    assert mutants.selection([made[::-1] for made in everyone], 8) == chosen
    assert len(mutants.selection(everyone, 10**6)) == sum(map(len, everyone))


def test_code_that_a_solution_does_not_need_has_mutants_that_survive(sample, capsys):
    code, said = _run(sample, capsys)
    assert code == 1
    survivors = {line.partition("  ->  ")[2] for line in said.split("\n") if line.startswith("scaled_sum: ")}
    assert {"total = np.einsum('nt,t->n', x, w) - 0.0 * x.sum()", "total = np.einsum('nt,t->n', x, w)"} <= survivors
    assert "total = 0.0 * x.sum()" not in survivors
