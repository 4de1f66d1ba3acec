"""The README's two pictures, and screenshots of the pages that people read: `python -m tests.pictures`.

python -m tests.pictures [--course DIR --out DIR]

Without a course, a small class is simulated and graded for the pictures in docs/pictures. With one, all kinds of pages
of it are photographed at 1200 and 390 px, in light and dark, for somebody to look at; formgrader's in light alone.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from autograder.author.build import build
from autograder.course import catalogue, markers
from autograder.course.paths import Course, Repository
from autograder.course.source import parse
from autograder.gradebook.gradebook import record
from autograder.gradebook.report import write_report
from autograder.grading.batch import grade_stream
from autograder.grading.options import Options
from autograder.simulate import simulate
from selfcheck import check
from tests import headless
from tests.term import serving

PICTURES = Repository.default().root / "docs" / "pictures"
LARGEST = 80_000  # bytes
NAME, EXERCISE = "a1_recurrence", "rnn_step_forward"


@contextmanager
def browser_page(width: int, height: int, dark: bool = False) -> Iterator[Page]:
    """A page of a headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=headless.program(), args=list(headless.FLAGS))
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        yield context.new_page()
        browser.close()


def save(picture: bytes, path: Path) -> None:
    """Write a screenshot with as few colours as it needs to stay small. Raises ValueError if it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    small = Image.open(io.BytesIO(picture)).convert("RGB").quantize(64)
    small.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path} has {path.stat().st_size} bytes, more than {LARGEST}")


def named_mistake(out: Path) -> None:
    """Photograph what `check()` shows of a known mistake, as a notebook shows it."""
    repository = Repository.default()
    cell = next(cell for cell in parse(repository.source(NAME)).exercises if cell.name == EXERCISE)
    mistake = catalogue.mistakes(repository, NAME)[EXERCISE][1]
    wrong = markers.patched(cell.source, mistake["old"], mistake["new"])
    html = _report_of(repository, wrong)
    with browser_page(900, 700) as page:
        page.set_content(f'<div id="it" style="padding:12px 16px;font-family:sans-serif;width:860px">{html}</div>')
        save(page.locator("#it").screenshot(), out)


def _report_of(repository: Repository, source: str) -> str:
    namespace = sys.modules["__main__"].__dict__
    before = dict(namespace)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(repository.public(NAME), Path(folder) / NAME)  # check() keeps notes beside the tests
        os.chdir(Path(folder) / NAME)
        exec("import numpy as np\n" + source, namespace)
        report = check(EXERCISE)
        os.chdir(repository.root)
    namespace.clear()
    namespace.update(before)
    assert report is not None
    return report.html()


def class_report(out: Path) -> None:
    """Photograph the top of the report of a small simulated class."""
    with tempfile.TemporaryDirectory() as folder:
        repository, course = Repository.default(), Course(Path(folder) / "course")
        build(repository, course, NAME, generate=False)
        simulate(repository, course, NAME, 14, 3, course.submitted)
        results = list(grade_stream(course, repository, NAME, Options()))
        record(course, repository, NAME, results)
        page_file = course.results / "report.html"
        write_report(course, NAME, results, page_file)
        with browser_page(1100, 760) as page:
            page.goto(f"file://{page_file}")
            save(page.screenshot(), out)


def screenshots(course: Course, out: Path) -> None:
    """Photograph each kind of page of a course that was graded."""
    out.mkdir(parents=True, exist_ok=True)
    first = lambda pattern: next(iter(sorted(course.root.glob(pattern))), None)  # noqa: E731
    pages = {
        "report": min(course.results.glob("*.html"), key=lambda path: len(path.name), default=None),
        "appeal": first("results/*/*.html"),
        "feedback": first("feedback/*/*/*.html"),
        "similar": first("results/*-similar.html"),
    }
    for width in (1200, 390):
        for dark in (False, True):
            with browser_page(width, 900, dark) as page:
                for name, path in pages.items():
                    if path is not None:
                        page.goto(f"file://{path.resolve()}")
                        kind = f"{name}-{width}{'-dark' if dark else ''}.png"
                        page.screenshot(path=out / kind, full_page=True)


def served(course: Course, out: Path) -> None:
    """Photograph what graders see of the first assignment: a submission, and all answers to a question."""
    assignment = min(path.name for path in course.results.iterdir() if path.is_dir())
    with tempfile.TemporaryDirectory() as folder, serving(course, Path(folder)) as address:
        server = address.split("/formgrader")[0]
        for width in (1200, 390):
            with browser_page(width, 900) as page:
                page.goto(address)  # which has the token
                page.goto(f"{server}/formgrader/gradebook/{assignment}/{assignment}")
                submission = page.get_by_role("link", name="Submission #1", exact=True).get_attribute("href")
                page.goto(f"{server}{submission}")
                page.wait_for_load_state("networkidle")
                page.screenshot(path=out / f"formgrader-{width}.png", full_page=True)
                page.goto(f"{server}/autograder/answers")
                page.locator("table a").first.click()
                page.screenshot(path=out / f"answers-{width}.png", full_page=True)


def main() -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--course", type=Path)
    parser.add_argument("--out", type=Path, default=PICTURES)
    arguments = parser.parse_args()
    if arguments.course is not None:
        screenshots(Course(arguments.course), arguments.out)
        served(Course(arguments.course), arguments.out)
        return 0
    class_report(arguments.out / "report.png")
    named_mistake(arguments.out / "mistake.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
