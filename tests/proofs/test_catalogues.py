"""Every assignment's public cases, right solutions and mistakes keep what CONTRIBUTING.md says of them."""

import copy
import re
from functools import cache

import numpy as np
import pytest
import torch

from autograder.course import catalogue
from autograder.course.paths import Repository
from autograder.course.source import load_reference, parse
from autograder.grading.carried import OwnSteps
from content import alike
from selfcheck import traces
from selfcheck.record import Record
from selfcheck.target import LocalProvider

REPOSITORY = Repository.default()
FEWEST_RIGHT, FEWEST_MISTAKES, MOST_CASES = 3, 3, 9

each_assignment = pytest.mark.parametrize("content", REPOSITORY.names(), indirect=True)


class Content:
    """An assignment's exercises, its reference and cases, and its catalogues."""

    def __init__(self, name):
        source = parse(REPOSITORY.source(name))
        self.cells = {cell.name: cell for cell in source.exercises}
        self.given = [cell.source for cell in source.cells if cell.kind == "given"]
        self.reference = load_reference(REPOSITORY.source(name))
        self.cases = load_reference(REPOSITORY.cases(name))
        self.right = catalogue.right(REPOSITORY, name)
        self.mistakes = catalogue.mistakes(REPOSITORY, name)

    def observed(self, exercise, code="", seeds=1, step=""):
        """Return what is seen of an exercise, the reference's or this code's, on the public cases of some seeds.

        Results without what stays beside the student's code, the arguments after the call, and kinds of errors.
        step: a function that the code calls and that runs elsewhere, so that what it keeps cannot be looked into.
        """
        namespace = {  # with lists and dictionaries of its own: a mistake may add to one that is given
            name: copy.deepcopy(value) if type(value) in (list, dict) else value
            for name, value in vars(self.reference).items()
            if name != "__builtins__"
        }
        exec(compile(code, f"{exercise}.py", "exec"), namespace)
        if step:
            namespace[step] = _elsewhere(namespace[step], self.cases.OPAQUE[step])
        call = traces.caller(exercise, LocalProvider(namespace, self.cases), self.cases)
        hidden = getattr(self.cases, "OPAQUE", {}).get(exercise, ())
        seen = []
        for seed in range(seeds):
            for arguments in self.cases.CASES(exercise, np.random.default_rng([2026, seed])):
                try:
                    with np.errstate(all="ignore"):
                        shown = call(*arguments)
                except traces.Raised as error:
                    seen.append(error.name)
                    continue
                result = shown.value
                if hidden:
                    result = tuple(part for place, part in enumerate(result) if place not in hidden)
                seen.append((result, list(map(traces.content, shown.args))))
        return seen


def _elsewhere(function, kept):
    """Return the function as it is seen where its outputs at the places `kept` are no more than handles."""

    def call(*args, **options):
        return tuple(object() if place in kept else part for place, part in enumerate(function(*args, **options)))

    return call


@cache
def _content(name):
    return Content(name)


@pytest.fixture
def content(request):
    """The assignment; on one thread, as the grader runs it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield _content(request.param)
    torch.set_num_threads(threads)


@each_assignment
def test_each_exercise_has_cases_right_solutions_and_mistakes_of_its_own_names(content):
    assert set(content.cells) == set(content.right) == set(content.mistakes)
    for name in content.cells:
        assert 1 <= len(content.cases.CASES(name, np.random.default_rng(0))) <= MOST_CASES, name
        fewest_right, fewest_mistakes = (FEWEST_RIGHT, FEWEST_MISTAKES) if content.cells[name].points else (1, 2)
        assert len(content.right[name]) >= fewest_right, name
        ids = [mistake["id"] for mistake in content.mistakes[name]]
        assert len(set(ids)) == len(ids) >= fewest_mistakes, name
        assert all(re.fullmatch(r"[A-Za-z0-9_]+", one) for one in ids), name


@each_assignment
def test_cases_follow_from_the_generator_and_nothing_else(content):
    for name in content.cells:
        one, same, other = (content.cases.CASES(name, np.random.default_rng(seed)) for seed in (1, 1, 2))
        assert alike(one, same, rtol=0), name
        assert not alike(one, other), name


@each_assignment
def test_a_right_solution_gives_what_the_reference_gives(content):
    for name, variants in content.right.items():
        desired = content.observed(name, seeds=2)
        for variant, code in variants.items():
            assert alike(content.observed(name, code, seeds=2), desired), (name, variant)


@each_assignment
def test_right_code_that_calls_a_students_own_step_never_looks_into_its_cache(content):
    solutions = {name: cell.reference for name, cell in content.cells.items()}
    steps = OwnSteps(content.given, solutions, content.right, content.cases)
    for step in getattr(content.cases, "OPAQUE", {}):
        for name in [name for name, cell in content.cells.items() if cell.points and name != step]:
            wrong = [Record("test_values", each, "hidden", "failed", 1.0) for each in (step, name)]
            for exercise, code, called in steps.to_judge_again(wrong):
                if exercise == name:
                    assert called == [step]
                    assert alike(content.observed(name, code, step=step), content.observed(name)), (name, step)


@each_assignment
def test_a_mistake_is_one_patch_of_a_solution_and_leads_on_without_the_line_to_write(content):
    for name, listed in content.mistakes.items():
        for mistake in listed:
            assert content.cells[name].patched(mistake["old"], mistake["new"])
            assert re.search(r"\?( \(.*\))?$", mistake["says"].rstrip()), mistake["id"]
            assert mistake["old"] not in mistake["says"], mistake["id"]
