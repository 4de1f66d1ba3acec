"""What honest students hand in: right, right in another way, wrong by a named mistake, unfinished, untouched."""

from __future__ import annotations

import copy

from autograder.simulate.kinds import Register
from autograder.simulate.subject import defined_names
from autograder.simulate.work import Work

kind = Register("right")
kinds = kind.kinds


@kind("reference", "the reference in every exercise", ordinary=True)
def reference(work: Work) -> None:
    work.honest = True


@kind("variants", "another right solution in every exercise", family="alternative", ordinary=True)
def variants(work: Work) -> None:
    work.honest = True
    taken: dict[str, str] = {}
    chosen = []
    for exercise in work.subject.exercises.values():
        offers = list(exercise.alternatives.items())
        work.rng.shuffle(offers)
        for variant, source in offers:
            names = defined_names(source)
            if all(taken.get(name, source) == source for name in names):  # two cells may not fight over one name
                taken.update(dict.fromkeys(names, source))
                work.solve(exercise.name, source)
                chosen.append(variant)
                break
    work.detail = ", ".join(dict.fromkeys(chosen))


@kind("mistakes", "one to three named mistakes, the rest right", family="wrong", ordinary=True)
def mistakes(work: Work) -> None:
    work.honest = True
    known = [name for name, exercise in work.subject.exercises.items() if exercise.mistakes]
    chosen = work.rng.sample(known, k=min(work.rng.randint(1, 3), len(known)))
    made = []
    for name in work.subject.names:
        if name in chosen:
            mistake = work.rng.choice(work.subject.exercises[name].mistakes)
            work.solve(name, mistake.source, work.below(name))
            made.append(f"{name}: {mistake.id}")
    work.detail = ", ".join(made)


@kind(
    "everywhere", "a named mistake in every exercise: the measure for every trick around the same code", family="wrong"
)
def everywhere(work: Work) -> None:
    work.honest = True
    work.mistake_everywhere()


@kind("first-part", "the first exercises done, the rest left as released", family="unfinished", ordinary=True)
def first_part(work: Work) -> None:
    work.honest = True
    names = work.subject.names
    done = work.rng.randint(1, max(1, len(names) - 1))
    for name in names[done:]:
        work.stub(name)
    work.detail = f"{done} of {len(names)} exercises"


@kind("gaps", "some exercises skipped", family="unfinished", ordinary=True)
def gaps(work: Work) -> None:
    work.honest = True
    names = work.subject.names
    skipped = work.rng.sample(names, k=min(len(names), work.rng.randint(1, max(1, len(names) // 2))))
    for name in skipped:
        work.stub(name)
    work.detail = "without " + ", ".join(name for name in names if name in skipped)


@kind("release", "the release handed in as it was", family="untouched")
def release(work: Work) -> None:
    work.honest = True
    for name in work.subject.names:
        work.stub(name)
    work.notebook = copy.deepcopy(work.subject.release)
