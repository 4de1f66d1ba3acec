"""What is looked at after a run: points, planted words, pages, and whatever of the neighbours could have changed."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

from autograder.course.paths import Course, result_name
from autograder.fortress.tally import Tally
from autograder.grading.result import Result
from autograder.simulate import Expectation, compare

_LARGEST_PAGE = 8 * 2**20
_Seen = dict[str, tuple[bytes, int, int, int]]


def changed(course: Course, alone: Course, assignment: str, student: str, before: _Seen) -> list[str]:
    """Return what of a student's is not as it was before, or not as in the course without attacks."""
    changed = ["files handed in"] * (files(course.submitted / student) != before)
    for what, place in (
        ("result", Path("results", assignment, result_name(student))),
        ("page", Path("feedback", student)),
        ("notebook", Path("autograded", student)),
    ):
        here, there = (contents(one.root / place) for one in (course, alone))
        if here != there or not here:
            changed.append(what)
    return changed


def plant(course: Course, mark: str) -> None:
    for path in (course.root / "canary.txt", course.submitted / "canary" / "canary.txt"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{mark}\n")
        path.chmod(0o644)


def tree(folder: Path) -> Iterator[Path]:
    yield folder
    for inside, folders, files in os.walk(folder):
        yield from (Path(inside, name) for name in (*folders, *files))


def results(course: Course, assignment: str) -> dict[str, Result]:
    found = [Result.read(path) for path in sorted((course.results / assignment).glob("*.json"))]
    return {result.student: result for result in found}


def look_at_results(
    tally: Tally, expected: Sequence[Expectation], results: Mapping[str, Result], odd: Sequence[str]
) -> None:
    known = [results[one.student] for one in expected if one.student in results]
    for row in compare(expected, known):
        if not row.ok:
            tally.otherwise.append(f"{row.student} {row.kind} ({row.detail}): expected {row.expected}; got {row.got}")
    for one in expected:
        points = sum(beyond(one, name, results) for name in one.points)
        if points > 0:
            tally.points += points
            tally.gained.append(f"{one.student} {one.kind}: {points:g} points")
    for student in odd:
        result = results.get(student)
        if result is None or result.status != "unreadable":
            tally.otherwise.append(f"the id {student!r}: {'no result' if result is None else result.status}")


def beyond(one: Expectation, name: str, results: Mapping[str, Result]) -> float:
    """Return the points of an exercise beyond those of the same code without the trick."""
    try:
        got = results[one.student].exercise(name).points
        claim = one.points[name]
        if isinstance(claim, dict):
            ((relation, bound),) = claim.items()
            claim = results[bound].exercise(name).points if relation == "no_more_than" else float(bound)
    except KeyError:
        return 0.0  # which is said elsewhere
    return got - claim if got - claim > 1e-4 else 0.0


def look_for(tally: Tally, course: Course, mark: str) -> None:
    """Look for the planted word in what students get to see, and for pages that run or fetch something."""
    plain = mark.encode()
    forms = (plain, plain[::-1], plain.hex().encode(), base64.b64encode(plain)[:-2], plain.upper())
    for path in sorted((*course.results.rglob("*.json"), *course.feedback.rglob("*.html"), *course.root.glob("*.csv"))):
        content = path.read_bytes()
        if any(form in content for form in forms):
            tally.leaks.append(f"{path.relative_to(course.root)} holds the planted word")
        if path.suffix == ".html":
            page = Page(content.decode())
            if page.found or len(content) > _LARGEST_PAGE:
                said = ", ".join(page.found) or f"{len(content)} bytes"
                tally.leaks.append(f"{path.relative_to(course.root)}: {said}")


class Page(HTMLParser):
    """What of a page a browser would run or fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        if tag in ("script", "iframe", "object", "embed", "base", "link", "form", "meta") and not (
            tag == "meta" and dict(attrs).get("http-equiv") in (None, "Content-Security-Policy")
        ):
            self.found.append(tag)
        for name, value in attrs:
            value = (value or "").strip().lower()
            fetches = name in ("src", "srcset", "data", "poster", "background") and not value.startswith("data:image/")
            if name.startswith("on") or fetches or value.startswith("javascript:"):
                self.found.append(f"{tag} {name}={value[:40]}")


def files(folder: Path) -> _Seen:
    """By path, what each file holds, with its mode, owner and time."""
    found: _Seen = {}
    for path in tree(folder):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(folder))] = (content, status.st_mode, status.st_uid, status.st_mtime_ns)
    return found


def contents(path: Path) -> dict[str, bytes]:
    """By path, what each file holds; nothing if there is nothing."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {name: seen[0] for name, seen in files(path).items()} if path.is_dir() else {}
