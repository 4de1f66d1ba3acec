"""README, CONTRIBUTING and CHANGELOG name what exists: every path, module, command, target, cell attribute and flag."""

import importlib.util
import re
from functools import cache

import pytest
import typer
import yaml

from autograder import cli
from autograder.author.reading import section_minutes
from autograder.course import collected
from autograder.course.cell import ATTRIBUTES
from autograder.course.markers import MARK_SCHEME, SOLUTION
from autograder.course.paths import Repository
from autograder.course.source import CODE_POINTS, TOTAL_POINTS, parse

REPOSITORY = Repository.default()
ROOT = REPOSITORY.root
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/index.md",
    "docs/term.md",
    "docs/jupyterhub.md",
    "docs/instructor.md",
    "docs/grades-out.md",
    "docs/cluster.md",
)
FOLDERS = ("assignments", "autograder", "benchmarks", "data", "solutions", "tests", ".ci", ".github")
# What running makes, or what an assignment may have: no file of the repository.
MADE = re.compile(
    r"(course|results|rehearsed|submitted|feedback|attempts|collected|variants|STUDENT|\.venv)(/|$)|gradebook\.db|nbgrader_config\.py|FOLDER"
    r"|course\.toml|roster\.csv|timestamp\.txt|collected\.json|submission_metadata\.yml|captions(-1)?\.json|inbound"
    r"|\d\d/\d\d/\d{4}|\w+-1\.ipynb|submission_secret\.txt|results\.json|asked\.json|a1_recurrence\.md"
)
SUFFIXES = ("py", "md", "toml", "json", "ipynb", "yml", "yaml", "lock", "txt", "npz", "ini")


def text_of(name):
    return (ROOT / name).read_text("utf-8")


def blocks(text):
    """The fenced blocks of a Markdown text, without shell comments."""
    found = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [re.sub(r"(?m)(^|\s)# .*$", "", block) for block in found]


def spans(text):
    """The spans between backticks; of a table of what has moved, the places before the move are left out."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    lines, moved = [], False
    for line in text.split("\n"):
        moved = line.startswith("|") and (moved or line.startswith("| before |"))
        lines.append(line.split("|", 2)[2] if moved else line)
    return re.findall(r"`([^`\n]+)`", "\n".join(lines))


@cache
def basenames():
    inside = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    return {path.name for path in [*inside, *ROOT.iterdir()]}


def is_path(span):
    return bool(re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", span)) and (
        "/" in span or (span.rpartition(".")[2] in SUFFIXES and not span.startswith(("autograder.", "selfcheck.")))
    )


def exists(span):
    """aN stands for any assignment; a name without a folder may lie anywhere."""
    places = [span.replace("aN", name) for name in REPOSITORY.names()] if "aN" in span else [span]
    return any((ROOT / place).exists() or ("/" not in place and place in basenames()) for place in places)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_is_named_exists(document):
    named = [span for span in spans(text_of(document)) if is_path(span) and not MADE.match(span)]
    assert named
    assert [span for span in named if not exists(span)] == []


def anchors(name):
    """The places of a Markdown page that a link can lead to."""
    headings = re.findall(r"(?m)^#+ (.+)$", text_of(name))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_to_a_file_and_a_heading_of_it(document):
    for file, anchor in re.findall(r"\]\(([^)#:]*)(?:#([\w-]+))?\)", text_of(document)):
        target = (ROOT / document).parent / file if file else ROOT / document
        assert target.exists(), file
        assert not anchor or anchor in anchors(target.resolve().relative_to(ROOT).as_posix()), (file, anchor)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_in_a_picture_exists(document):
    named = re.findall(r"\b(?:\w+/)+\w+\.py\b", "\n".join(blocks(text_of(document))))
    assert [name for name in named if not (ROOT / name).is_file() and not (ROOT / "autograder" / name).is_file()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_is_named_exists(document):
    code = "\n".join([*blocks(text_of(document)), *spans(text_of(document))])
    commands = set(typer.main.get_command(cli.app).commands)
    assert set(re.findall(r"\bautograder ([a-z]+)\b", code)) <= commands
    targets = set(re.findall(r"^([a-z]+):.*##", text_of("Makefile"), flags=re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b", code)) <= targets
    for module in re.findall(r"-m ((?:autograder|benchmarks|selfcheck)[\w.]*)", code):
        assert importlib.util.find_spec(module), module


def table_under(heading):
    """The rows of the first table below a heading of CONTRIBUTING.md, each a list of its cells."""
    part = text_of("CONTRIBUTING.md").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in part.split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


@pytest.mark.parametrize("row", table_under("Where is ...?"), ids=lambda row: row[0])
def test_what_is_looked_for_is_defined_in_the_file_named(row):
    (file,), names = re.findall(r"`([^`]+)`", row[1]), re.findall(r"`(\w+)`", row[2])
    text = text_of(file)
    assert names
    for name in names:
        assert re.search(rf"(?m)^\s*((?:def|class) {name}\b|{name}\b[^=\n]*=)", text), (file, name)


def test_the_cell_grammar_names_every_attribute_and_marker():
    text = text_of("CONTRIBUTING.md")
    for kind, attributes in ATTRIBUTES.items():
        assert f"| {kind} |" in text
        assert all(f"`{attribute}`" in text for attribute in attributes), attributes
    for region in (SOLUTION, MARK_SCHEME):
        assert f"`### BEGIN {region}`" in text
        assert f"`### END {region}`" in text
    assert f"{CODE_POINTS[0]} to {CODE_POINTS[1]}" in text
    assert f"sum to {TOTAL_POINTS}" in text


def test_every_name_that_the_machine_reads_from_cases_is_explained():
    machine = [*(ROOT / "autograder").rglob("*.py"), *(ROOT / "assignments" / "selfcheck").glob("*.py")]
    code = "\n".join(path.read_text("utf-8") for path in machine)
    read = set(re.findall(r'attr\((?:self\.)?(?:current\.)?cases, "([A-Z_]+)"', code))
    assert read
    explained = {name for row in table_under("What a cases.py holds") for name in re.findall(r"[A-Z_]{3,}", row[0])}
    assert read <= explained


def test_every_flag_is_explained():
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "autograder" / "grading").glob("*.py"))
    flags = set(re.findall(r'Flag\(\s*"([a-z-]+)"', code)) | set(collected.FLAGS)
    merging = (ROOT / "assignments" / "selfcheck" / "merging.py").read_text("utf-8")
    flags |= set(re.findall(r'\("([a-z]+(?:-[a-z]+)+)",', merging))
    assert len(flags) > len(collected.FLAGS)
    assert flags == set(
        re.findall(r"`([a-z-]+)`", text_of("CONTRIBUTING.md").split("\n## Flags\n")[1].split("\n## ")[0])
    )


def test_the_readme_says_how_long_each_assignment_takes():
    for name in REPOSITORY.names():
        source = parse(REPOSITORY.source(name))
        counted = [cell.minutes for cell in source.cells if cell.points]  # what is without points is for those who want
        needed = sum(counted) + sum(section_minutes(source.cells))
        (said,) = re.findall(rf"(?m)^\| \[{name}\].* \| (\d+) \|$", text_of("README.md"))
        assert abs(int(said) - needed) <= 5, (name, needed)


def test_what_the_page_on_clusters_says_of_dask_is_there():
    """Dask adapts to the tasks that wait at its scheduler, and none wait there: with `adapt` no worker comes."""
    pytest.importorskip("distributed")
    from dask import config

    page = text_of("docs/cluster.md")
    code = "\n".join(blocks(page))
    for name, options in re.findall(r"dask (worker|scheduler)\b([^#\n\"]*)", code):
        command = importlib.import_module(f"distributed.cli.dask_{name}").main
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[\w-]+", options)) <= known
    assert ".adapt(" not in code
    (settings,) = re.findall(r"(?s)```yaml\n(.*?)```", page)
    for path in paths_in(yaml.safe_load(settings)):
        config.get(path)  # KeyError of a setting that it does not know


def paths_in(settings, *before):
    """The dotted names of the values in nested settings."""
    if not isinstance(settings, dict):
        return [".".join(before)]
    return [path for name, value in settings.items() for path in paths_in(value, *before, name)]
