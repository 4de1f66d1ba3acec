"""Which inputs the tests of a submission get: one of SETS sets, by the course's secret, the student and the attempt.

What a submission carries out of a hidden test helps nobody: another student, and the same one's next attempt, get other
inputs. An attempt is a submission that differs from the student's earlier ones; the course keeps a digest of each, in
`attempts/ASSIGNMENT/STUDENT.json`. What is handed in again as it was counts as the attempt that it was, so its inputs
and its result are the same.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

from autograder import atomic
from autograder.course.paths import Course
from autograder.grading.submission import Received

SETS = 16  # of inputs; proof and right solutions are tried on all of them


def inputs_of(course: Course, assignment: str, student: str, attempt: int) -> int:
    """Return the set of inputs for an attempt (the first is 0): the next SETS attempts have all different ones."""
    secret, (turn, place) = course.secret(), divmod(attempt, SETS)

    def lot(number: int) -> bytes:
        said = "\0".join((assignment, student, str(turn), str(number)))
        return hmac.digest(secret, said.encode("utf-8", "surrogateescape"), "sha256")

    return sorted(range(SETS), key=lot)[place]


def seed_of(seed: bytes, inputs: int) -> bytes:
    """Return the seed of a set of inputs. seed: the assignment's."""
    return hashlib.sha256(seed + b"\0inputs %d" % inputs).digest()


def attempt_of(course: Course, assignment: str, file: str, received: Received) -> int:
    """Return which attempt a submission is, and keep it. file: the name of the student's file.

    One that cannot be read is no attempt: no test sees it.
    """
    if received.refusal:
        return 0
    path, digest = course.attempts / assignment / file, digest_of(received)
    known = _known(path)
    if digest not in known:
        known.append(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.replace(path, json.dumps(known).encode(), mode=0o600)
    return known.index(digest)


def digest_of(received: Received) -> str:
    """Return a hash of what a student has handed in."""
    digest = hashlib.sha256(received.content)
    beside = repr(sorted((name, str(text)) for name, text in received.handed_in.items()))
    digest.update(beside.encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _known(path: Path) -> list[str]:
    """Return the digests of the attempts so far; none if the file is damaged, which costs no more than other inputs."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [one for one in known if type(one) is str] if type(known) is list else []
