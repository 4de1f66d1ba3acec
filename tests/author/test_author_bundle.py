"""author/bundle.py and leaks.py: the student's zip, and every kind of leak that keeps it from being written."""

import base64
import gzip
import io
import json
import shutil
import sys
import zipfile
from collections.abc import Callable

import numpy as np
import pytest

from autograder.author.build import BuildError, build, read_source
from autograder.author.bundle import bundle
from autograder.author.confidential import Confidential, confidential, sentences
from autograder.author.leaks import LeakFound, scan
from autograder.author.statements import readings, squeezed
from autograder.course import notebook as notebooks
from autograder.course.paths import Course, Repository
from autograder.course.source import SourceError

NAME = "a1_sample"
SOLUTION = 'total = np.einsum("nt,t->n", x, w) + 0.0 * x.sum()'
ANSWER = "Each new value enters with weight one over t, so that the old ones keep nearly all of theirs."
SCHEME = "the answer compares it with an exponential average of fixed rate"
HIDDEN = "expect.close(scaled_sum(x, w), reference.scaled_sum(x, w))"
SAYS = "Every sum is divided by the number of all steps"
PATCH = "np.cumsum(x, axis=1) / np.full_like(steps, T).reshape(1, T)"


@pytest.fixture(scope="session")
def secrets(built: tuple[Repository, Course]) -> Confidential:
    repository, course = built
    return confidential(repository, read_source(repository, NAME), [b"public", course.secret()])


def as_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_the_zip_holds_the_release_under_one_folder(built, tmp_path):
    repository, course = built
    path = bundle(repository, course, NAME, tmp_path / "out")
    assert path == tmp_path / "out" / "a1_sample.zip"
    release = course.release / NAME
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
        times = {entry.date_time for entry in archive.infolist()}
    assert times == {(1980, 1, 1, 0, 0, 0)}
    assert list(content) == sorted(content)
    assert content == {
        f"{NAME}/{file.relative_to(release).as_posix()}": file.read_bytes()
        for file in release.rglob("*")
        if file.is_file()
    }


def test_the_zip_has_the_same_bytes_wherever_and_whenever_it_is_made(built, own, tmp_path):
    first = bundle(*built, NAME, tmp_path / "one.zip").read_bytes()
    for path in own[0].root.rglob("*"):
        path.touch()
    assert bundle(*own, NAME, tmp_path / "two.zip").read_bytes() == first


def test_what_is_not_on_the_list_is_not_handed_out(own, tmp_path):
    repository, course = own
    for folder in (repository.public(NAME), course.release / NAME, repository.assignments / "selfcheck"):
        (folder / "solution.txt").write_text(SOLUTION)
    with zipfile.ZipFile(bundle(repository, course, NAME, tmp_path)) as archive:
        assert not [name for name in archive.namelist() if "solution" in name]


def in_metadata(notebook: dict, text: str) -> None:
    notebook["metadata"]["history"] = [{"old": text}]


def in_cell_metadata(notebook: dict, text: str) -> None:
    notebook["cells"][0]["metadata"][text] = True


def in_prose(notebook: dict, text: str) -> None:
    notebook["cells"][0]["source"] += ["\n", text]


def in_an_output(notebook: dict, text: str) -> None:
    code = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    code["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"text/html": [f"<b>{text}</b>"]}}]


def in_an_output_picture(notebook: dict, text: str) -> None:
    code = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    picture = {"image/png": as_base64(f"\x89PNG {text} \x00")}
    code["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": picture}]


def in_an_attachment(notebook: dict, text: str) -> None:
    notebook["cells"][0]["attachments"] = {"notes.txt": {"text/plain": as_base64(text)}}


def in_a_zipped_attachment(notebook: dict, text: str) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.gz", gzip.compress(text.encode()))
    notebook["cells"][0]["attachments"] = {"n": {"application/zip": base64.b64encode(content.getvalue()).decode()}}


PLACES = [
    *(in_metadata, in_cell_metadata, in_prose, in_an_output),
    *(in_an_output_picture, in_an_attachment, in_a_zipped_attachment),
]
KINDS = {
    "a statement of the solution of scaled_sum": SOLUTION,
    "the model answer of why_means_forget": ANSWER,
    "the mark scheme of why_means_forget": SCHEME,
    "a statement of a hidden test": HIDDEN,
    "the name of a hidden test": "test_the_means_agree_at_other_sizes",
    "what is said about the mistake divides_by_all of running_mean": SAYS,
    "the patch of the mistake divides_by_all of running_mean": PATCH,
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_secret_is_found_in_each_part_of_a_notebook(built, secrets, place: Callable, kind: str):
    path = built[0].notebook(NAME)
    notebook = json.loads(path.read_text())
    assert scan({path.name: json.dumps(notebook).encode()}, secrets) == []
    place(notebook, KINDS[kind])
    findings = scan({path.name: json.dumps(notebook).encode()}, secrets)
    assert any(finding.sentence.startswith(kind) for finding in findings), findings
    assert all(finding.where.startswith("a1_sample.ipynb") for finding in findings)


def test_short_statements_of_a_solution_are_found_where_they_follow_each_other(own):
    repository, _ = own
    path = repository.source(NAME)
    old, new = "mean = np.cumsum(x, axis=1) / steps.reshape(1, T)", "mean = np.cumsum(x, 1)\n    mean = mean / steps"
    path.write_text(path.read_text().replace(old, new))
    secrets = confidential(repository, read_source(repository, NAME), [])
    for text, found in ((new, ["the solution of running_mean"]), (new.split("\n")[0], [])):
        findings = scan({"figures.py": f"def mean_of(x, steps):\n    {text}\n".encode()}, secrets)
        assert [finding.sentence for finding in findings] == found


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_notebook_that_leaks_is_not_zipped(own, tmp_path, place: Callable):
    repository, course = own
    for path in (repository.notebook(NAME), course.release_notebook(NAME)):
        notebook = json.loads(path.read_text())
        place(notebook, SOLUTION)
        path.write_text(json.dumps(notebook))
    with pytest.raises(LeakFound, match="a statement of the solution of scaled_sum") as caught:
        bundle(repository, course, NAME, tmp_path / "out.zip")
    assert caught.value.findings
    assert not (tmp_path / "out.zip").exists()


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("assignments/a1_sample/cases.py", f'OLD = "{ANSWER}"\n'),
        ("assignments/a1_sample/cases.py", f'OLD = "{ANSWER[:40]}" \\\n  "{ANSWER[40:]}"\n'),
        ("assignments/a1_sample/test_a1_sample.py", f"def old(x, w):\n    {SOLUTION}\n    return total\n"),
        ("assignments/a1_sample/test_a1_sample.py", f"def test_old(scaled_sum, reference, x, w):\n    {HIDDEN}\n"),
        ("assignments/a1_sample/conftest.py", f"# {HIDDEN}\n"),
        ("assignments/a1_sample/figures.py", f"# {SOLUTION}\n"),
        ("assignments/README.md", f"- {SCHEME}\n"),
        ("assignments/NOTATION.md", f"{SCHEME}\n"),
        ("assignments/selfcheck/table.css", f"/* {SAYS} */\n"),
        ("data/words/names.txt", f"{SOLUTION}\n"),
    ],
)
def test_every_file_of_the_bundle_is_searched(own, tmp_path, place, text):
    repository, course = own
    with (repository.root / place).open("a") as file:
        file.write(text)
    with pytest.raises(LeakFound) as caught:
        bundle(repository, course, NAME, tmp_path)
    assert {finding.where.split(",")[0] for finding in caught.value.findings} == {
        place.removeprefix("assignments/").removeprefix("a1_sample/")
    }


@pytest.mark.parametrize(
    "text",
    [
        "total=np.einsum('nt,t->n',x,w)+0.0*x.sum()",
        'total = np.einsum(\n    "nt,t->n",  # sum over time\n    x,\n    w,\n) + 0.0 * x.sum()\n',
        'total = (np.einsum("nt,t->n", x, w) + (0.0 * x.sum()))\n',
        'def f():\n        total   =   np.einsum ( "nt,t->n" , x, w ) + 0.0 * x.sum()\n',
        'It is\n\n    total = np.einsum(\n        "nt,t->n",  # first\n x, w)  # this\n + 0.0 * x.sum()\n\nis it not?',
        "text\n\n```python\ntotal = (np.einsum('nt,t->n', x, w,) + 0.0 * x.sum())\n```\n",
        repr("\nif 1:\n    total = np.einsum('nt,t->n',\n         x, w) + 0.0 * x.sum()\n") + " + f(1)",
    ],
)
def test_a_statement_is_found_however_it_is_laid_out(secrets, text):
    findings = scan({"cases.py": text.encode()}, secrets)
    assert [finding.sentence for finding in findings] == [f"a statement of the solution of scaled_sum: {squashed()}"]


def squashed() -> str:
    return "total = np.einsum('nt,t->n', x, w) + 0.0 * x.sum()"


def test_short_statements_and_other_code_are_no_leak(secrets):
    harmless = "mean = x\nsteps = np.arange(1, 5)\nreturn mean\ntotal = np.einsum('nt,t->t', x, w) + 0.0 * x.sum()\n"
    assert scan({"cases.py": harmless.encode()}, secrets) == []


def test_what_a_given_cell_shows_is_no_leak(own, edit, tmp_path):
    repository, course = own
    edit(repository.source(NAME), "    return list(values)", f"    x = w = values\n    {SOLUTION}\n    return total")
    build(repository, course, NAME)
    assert bundle(repository, course, NAME, tmp_path).is_file()


def test_what_a_demo_shows_is_a_leak(own, edit, tmp_path):
    repository, course = own
    edit(repository.source(NAME), "        print(line, text)", f"        x = w = 1\n        {SOLUTION}")
    build(repository, course, NAME)
    with pytest.raises(LeakFound, match=r"a1_sample\.ipynb, cells\[8\]\.source"):
        bundle(repository, course, NAME, tmp_path)


def test_what_an_earlier_assignment_gave_is_no_leak(own, edit, tmp_path):
    repository, course = own
    shutil.copytree(repository.secret(NAME), repository.secret("a2_sample"))
    shutil.copytree(repository.public(NAME), repository.public("a2_sample"))
    repository.visible("a2_sample").with_name("test_a1_sample.py").rename(repository.visible("a2_sample"))
    with repository.cases("a2_sample").open("a") as file:
        file.write(f"def shown(x, w):\n    {SOLUTION}\n    return total\n")
    build(repository, course, "a2_sample")
    with pytest.raises(LeakFound):
        bundle(repository, course, "a2_sample", tmp_path)
    edit(repository.source(NAME), "    return list(values)", f"    x = w = values\n    {SOLUTION}\n    return total")
    assert bundle(repository, course, "a2_sample", tmp_path).is_file()


def test_a_longer_name_and_a_question_repeated_in_the_answer_are_no_leak(own, edit, tmp_path):
    repository, course = own
    asked = "Explain in your own words why a running mean forgets slowly."
    edit(repository.source(NAME), "# Why does a running mean forget slowly?", f"# {asked}")
    edit(repository.source(NAME), "# Each new value", f"# {asked} Each new value")
    edit(repository.visible(NAME), "test_the_sum_has_one_number", "test_the_sum_agrees_at_other_sizes_with_one_number")
    build(repository, course, NAME)
    assert bundle(repository, course, NAME, tmp_path).is_file()


def test_a_hidden_tests_name_that_a_visible_test_bears_too_is_no_secret(own, edit):
    repository, _ = own
    edit(repository.hidden(NAME), "test_the_sum_agrees_at_other_sizes", "test_the_sum_has_one_number_per_row")
    names = confidential(repository, read_source(repository, NAME), [b"public"]).names
    assert list(names) == ["test_the_means_agree_at_other_sizes"]


# Arrays that hidden tests expect.


def expected(built: tuple[Repository, Course], seed: bytes) -> np.ndarray:
    repository, _ = built
    found = confidential(repository, read_source(repository, NAME), [seed]).arrays
    return next(array for array in found if array.size == 14)


def as_npz(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, weights=array.astype(np.float32).reshape(2, 7))
    return content.getvalue()


def as_output(array: np.ndarray) -> bytes:
    return json.dumps({"cells": [{"outputs": [{"data": {"text/plain": [f"array({array.reshape(2, 7)})"]}}]}]}).encode()


def as_npy_attachment(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return json.dumps({"attachments": {"x": {"data": base64.b64encode(content.getvalue()).decode()}}}).encode()


@pytest.mark.parametrize(
    "written",
    [
        lambda array: f"DESIRED = np.array({array.reshape(2, 7).tolist()})".encode(),
        lambda array: json.dumps({"desired": array.tolist()}).encode(),
        lambda array: np.array2string(array[3:11], precision=8).encode(),
        lambda array: "\n".join(f"{value:.6e}" for value in array[:8]).encode(),
        *(as_npz, as_output, as_npy_attachment),
    ],
)
@pytest.mark.parametrize("seed", ["public", "secret"])
def test_an_array_that_a_hidden_test_expects_is_found(built, secrets, written, seed):
    array = expected(built, b"public" if seed == "public" else built[1].secret())
    assert [finding.sentence for finding in scan({"file": written(array)}, secrets)] == [
        "8 or more floats in a row that a hidden test expects"
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_among_the_strings_of_an_array_and_in_a_binary_file_is_found(secrets, kind):
    content = io.BytesIO()
    np.savez(content, names=np.array(["one", KINDS[kind], "three"]))
    for file in (content.getvalue(), bytes(range(256)) + KINDS[kind].encode() + bytes(range(256))):
        assert any(finding.sentence.startswith(kind) for finding in scan({"file.bin": file}, secrets))


def test_other_numbers_are_no_leak(built, secrets):
    array = expected(built, b"public")
    for harmless in (array[:7], array[::-1], array + 0.01, np.zeros(20), np.arange(30), np.repeat(0.25, 20)):
        assert scan({"file": str(harmless.tolist()).encode()}, secrets) == []
    blunt = Confidential(arrays=[np.zeros(12), np.arange(12.0), np.repeat(0.25, 12), np.full(12, np.nan)])
    assert scan({"file": f"{[0.0] * 12} {list(range(12))} {[0.25] * 12}".encode()}, blunt) == []


def test_a_reference_that_fails_a_hidden_test_is_named(own, edit, tmp_path):
    repository, course = own
    edit(repository.hidden(NAME), "reference.running_mean(x), because", "1 + reference.running_mean(x), because")
    with pytest.raises(SourceError, match=r"the reference fails test_the_means_agree_at_other_sizes: .*hidden law"):
        bundle(repository, course, NAME, tmp_path)


def test_hidden_tests_that_cannot_be_collected_are_named(own, tmp_path):
    repository, course = own
    with repository.hidden(NAME).open("a") as file:
        file.write("import nothing_of_that_name\n")
    with pytest.raises(SourceError, match="nothing_of_that_name"):
        bundle(repository, course, NAME, tmp_path)


def test_hidden_tests_leave_no_trace(own, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    bundle(*own, NAME, tmp_path)
    assert not list((own[0].root / "solutions").rglob("*.pyc"))
    assert not [name for name in sys.modules if name.endswith("hidden_a1_sample")]


# Staleness.


def test_a_script_edited_after_the_build_is_not_zipped(own, edit, tmp_path):
    repository, course = own
    edit(repository.source(NAME), "# Text with", "# More text with")
    with pytest.raises(BuildError, match="run `autograder build` again"):
        bundle(repository, course, NAME, tmp_path)


def test_a_release_that_differs_from_the_committed_notebook_is_not_zipped(own, tmp_path):
    repository, course = own
    notebook = notebooks.read(course.release_notebook(NAME))
    notebook.metadata["extra"] = 1
    notebooks.write(course.release_notebook(NAME), notebook)
    with pytest.raises(BuildError, match="release"):
        bundle(repository, course, NAME, tmp_path)


@pytest.mark.parametrize("missing", ["committed", "released"])
def test_a_bundle_needs_a_build(own, tmp_path, missing):
    repository, course = own
    (repository.notebook(NAME) if missing == "committed" else course.release_notebook(NAME)).unlink()
    with pytest.raises(BuildError, match="run `autograder build` first"):
        bundle(repository, course, NAME, tmp_path)


# Its parts.


def test_sentences_are_found_across_lines_and_list_items():
    text = "A first sentence that goes\non in the next line. Short.\n\n1. Another item of a list, which is long enough."
    assert list(sentences(text)) == ["afirstsentencethatgoesoninthenextline", "anotheritemofalistwhichislongenough"]


def test_readings_agree_for_the_same_statement():
    wanted = squeezed("y = f(x, 'a')")
    for text in ('y = f(x, "a")', "y = (f(x, 'a',))  # why", "    y=f( x ,'a' )", "```\ny = f(x,\n 'a')\n```"):
        assert any(wanted in reading for reading in readings(text)), text
