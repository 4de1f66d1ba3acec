"""selfcheck/panels.py: the output of a cell that is a panel. `make browser` moves the panels (tests/browser)."""

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from autograder.author.handout import handout
from autograder.course.paths import Repository
from autograder.course.source import parse
from selfcheck import panels

REPOSITORY = Repository.default()
QUESTION = "Which is larger: 1 < 2 or </script>?"


@pytest.fixture
def output() -> str:
    return panels.panel_html("gates", "A title", QUESTION, {"start": 0.8}, b"\x89PNG", "a < b")


def test_figure_and_question_stand_without_scripts(output):
    before, _, script = output.partition("<script>")
    assert "Which is larger: 1 &lt; 2 or &lt;/script&gt;?" in before
    assert 'alt="a &lt; b"' in before
    assert 'src="data:image/png;base64,iVBORw=="' in before
    assert script.count("</script>") == 1  # no text of the panel ends the script early
    assert script.endswith("</script></div>")


def test_nothing_is_fetched(output):
    assert not re.search(r"(?:src|href)\s*=\s*[\"'](?!data:)|\bimport\s*\(|fetch\(|@import|url\((?!#)", output)
    assert set(re.findall(r"https?://[^\\\"' )]+", output)) <= {"http://www.w3.org/2000/svg"}


def test_the_figure_is_shown_once_and_closed(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    with mpl.rc_context():
        mpl.use("agg")
        plt.plot([1, 2])
        plt.title("A line")
        panels.show_panel("gates", "A title", QUESTION, {"start": 0.8})
        assert not plt.get_fignums()
    (data,) = shown
    assert data["text/plain"] == f"A title. {QUESTION}"
    assert 'alt="One panel. A line' in data["text/html"]


def test_students_get_the_scripts():
    names = {path.name for path in panels.SCRIPTS.iterdir()}
    got = handout(REPOSITORY, parse(REPOSITORY.source("a4_lstm")))
    assert {f"selfcheck/panel_scripts/{name}" for name in names} <= got.keys()
    assert {"start.js", "panel.js", "panel.css", "gap.js", "gates.js", "beam.js"} == names
