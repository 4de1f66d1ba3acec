"""Does anything hang on the processor? What the build seals is computed anew with other kernels, and compared.

    python -m autograder.author.portable [ASSIGNMENT ...] [--quick]

Each setting is a process of its own, since NumPy, torch and their libraries choose their kernels as they start: fewer
vector instructions, other matrix kernels, other numbers of threads. The last settings put noise of the size of rounding
into the inputs and into every step. In each, the traces of the right answer, of every mistake and of the other right
solutions must open what the committed mistakes.json holds. Without --quick, the proof of tests and names
(`autograder.author.proof`) runs with the oldest kernels too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.author import fingerprints, rounding
from autograder.author.arguments import parser_for_assignments
from autograder.author.build import read_source
from autograder.author.fingerprints import Exercise
from autograder.author.samples import RIGHT
from autograder.course.paths import Repository
from selfcheck import fingerprint
from selfcheck.sealing import Sealed

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def settings() -> dict[str, dict[str, str]]:
    """Return the environments to compute in, by what they change; what this processor cannot do is not asked of it."""
    numpy_features = {"NPY_DISABLE_CPU_FEATURES": " ".join(_dispatched())} if _dispatched() else {}
    oldest = {"ATEN_CPU_CAPABILITY": "default", "OPENBLAS_CORETYPE": "Prescott", "MKL_CBWR": "COMPATIBLE"}
    alone: dict[str, dict[str, str]] = {
        "one thread": {},
        "two threads": dict.fromkeys(ONE_THREAD, "2"),
        "torch without vectors": {"ATEN_CPU_CAPABILITY": "default"},
        "torch with AVX2": {"ATEN_CPU_CAPABILITY": "avx2"},
        "MKL with AVX2": {"MKL_ENABLE_INSTRUCTIONS": "AVX2"},
        "MKL compatible": {"MKL_CBWR": "COMPATIBLE"},
        **{f"OpenBLAS for {core}": {"OPENBLAS_CORETYPE": core} for core in ("Haswell", "SkylakeX", "Prescott")},
        "NumPy without vectors": numpy_features,
        "oldest kernels": {**oldest, **numpy_features},
    }
    return {name: {**ONE_THREAD, **changed} for name, changed in alone.items()}


def _dispatched() -> list[str]:
    """NumPy's optional processor features that this machine has."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]


@dataclass(frozen=True)
class Recognition:
    """How many traces were looked up, and which were not recognised."""

    traces: int
    lost: list[str]


def recognition(repository: Repository, assignment: str, noise: int | None = None) -> Recognition:
    """Compute all traces of an assignment in this process and look them up in the committed mistakes.json.

    noise: the draw of rounding-sized noise to compute with, if any. Raises SourceError if the script is not whole,
    OSError or ValueError if the committed file cannot be read.
    """
    source = read_source(repository, assignment)
    content = json.loads((repository.public(assignment) / "mistakes.json").read_text(encoding="utf-8"))
    traces, lost = 0, []
    for exercise in fingerprints.exercises(repository, source):
        for where, known in _looked_up(exercise, content["exercises"][exercise.cell.name], noise):
            traces += 1
            if not known:
                lost.append(f"{assignment}, {exercise.cell.name}, {where}")
    return Recognition(traces, lost)


def _looked_up(exercise: Exercise, entry: dict, noise: int | None) -> Iterator[tuple[str, bool]]:
    """(whose trace of what, whether the entry recognises it) of everything that is sealed, and of the other right."""
    seed, sealed = entry["seed"], Sealed(exercise.salt, entry)
    clean = exercise.sample(seed)
    seen = clean if noise is None else exercise.sample(seed, noise)
    for scope, who, message in exercise.messages(clean):
        yield f"{who}: {scope}", sealed.opened(scope, seen.part(scope, who)) == message
    for name, traces in exercise.alternatives(clean, seed, noise).items():
        found = sealed.opened("whole", traces.whole)
        yield f"the right solution {name}", found is not None and found.right
    yield f"{RIGHT}, told from itself", fingerprint.same(clean.right.whole, seen.right.whole)


def measured(
    assignments: Sequence[str], environment: dict[str, str], noise: int | None = None
) -> dict[str, Recognition]:
    """Return what `recognition` says of each assignment in a process with these variables."""
    command = [sys.executable, "-W", "ignore", "-m", "autograder.author.portable", "--here", *assignments]
    command += [] if noise is None else ["--noise", str(noise)]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=3600
    )
    if done.returncode != 0:
        raise RuntimeError(f"the traces could not be computed with {environment}:\n{done.stderr[-2000:]}")
    return {name: Recognition(**found) for name, found in json.loads(done.stdout).items()}


def main() -> int:
    """Print what was not recognised and the sum; exit code 1 if anything was not."""
    repository = Repository.default()
    parser = parser_for_assignments("Compute the sealed traces with other kernels.")
    parser.add_argument("--quick", action="store_true", help="the oldest kernels and one draw of noise, without proof")
    parser.add_argument("--here", action="store_true", help="in this process: prints JSON")
    parser.add_argument("--noise", type=int, metavar="DRAW", help="with --here: compute with this draw of noise")
    options = parser.parse_args()
    assignments = options.assignments or repository.names()
    if options.here:
        print(json.dumps({name: vars(recognition(repository, name, options.noise)) for name in assignments}))
        return 0
    chosen = {name: (environment, None) for name, environment in settings().items()}
    draws = range(1 if options.quick else rounding.DRAWS)
    runs: dict[str, tuple[dict[str, str], int | None]] = {
        **({"oldest kernels": chosen["oldest kernels"]} if options.quick else chosen),
        **{f"noise, draw {draw + 1}": (ONE_THREAD, draw) for draw in draws},
    }
    traces, lost = 0, 0
    for name, (environment, noise) in runs.items():
        found = measured(assignments, environment, noise)
        traces = sum(one.traces for one in found.values())
        missing = [where for one in found.values() for where in one.lost]
        lost += len(missing)
        print(f"{name}: {traces} traces, {len(missing)} not recognised", flush=True)
        for where in missing:
            print(f"    {where}")
    proven = True if options.quick else _proven_with(settings()["oldest kernels"], assignments)
    print(
        f"portable: {len(assignments)} assignments, {traces} traces, {len(runs)} settings, {lost} not recognised",
        flush=True,
    )
    return 0 if proven and not lost else 1


def _proven_with(environment: dict[str, str], assignments: Sequence[str]) -> bool:
    """Run the proof of tests and names with these variables; print its last line."""
    command = [sys.executable, "-m", "autograder.author.proof", *assignments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    lines = (done.stdout if done.returncode == 0 else f"{done.stdout}\n{done.stderr}").strip().splitlines()
    print("oldest kernels, proof: " + "\n".join(lines[-1:] if done.returncode == 0 else lines), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
