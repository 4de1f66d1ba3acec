"""What a student gets beside the notebook: an allowlist, for nbgrader's release folder and for the zip alike."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from autograder.course.paths import Repository
from autograder.course.source import Problem, Source, SourceError, author_text

FINGERPRINTS = "mistakes.json"
NOTATION = "NOTATION.md"
OUTLINE = "release.json"
README = "README.md"
REQUIREMENTS = "requirements.txt"
SELFCHECK = "selfcheck"
SELFCHECK_SUFFIXES = (".py", ".css", ".ini", ".js")
_DRAWS = re.compile(r"(?m)^\s*(import|from) figures\b")
_LICENCE = re.compile(r"licen[cs]e|copying", re.IGNORECASE)


def handout(repository: Repository, source: Source, generated: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """Return the files that stand beside the notebook, by their path in the assignment's folder, sorted.

    Visible tests, cases, conftest.py, fingerprints and figures.py if there are any, the notation, the student's guide,
    the list of packages, the self-checker, and the data that the notebook or one of these files asks for, with their
    licences.
    generated: files that are being made, by name, in the place of those in the repository.
    Raises SourceError that names everything missing.
    """
    name, problems, made = source.name, [], generated or {}
    public = repository.public(name)
    wanted = {
        f"test_{name}.py": repository.visible(name),
        "cases.py": repository.cases(name),
        "conftest.py": public / "conftest.py",
        NOTATION: repository.assignments / NOTATION,
        README: repository.assignments / README,
    }
    maybe = {place: public / place for place in (FINGERPRINTS, OUTLINE)}
    maybe[REQUIREMENTS] = repository.assignments / REQUIREMENTS
    wanted |= {place: path for place, path in maybe.items() if path.is_file()}
    if repository.figures(name).is_file() or any(_DRAWS.search(cell.source) for cell in source.cells):
        wanted[repository.figures(name).name] = repository.figures(name)
    selfcheck = repository.assignments / SELFCHECK
    for path in selfcheck.rglob("*"):
        if path.suffix in SELFCHECK_SUFFIXES and path.is_file():
            wanted[f"{SELFCHECK}/{path.relative_to(selfcheck).as_posix()}"] = path
    files = dict(made)
    for place, path in wanted.items():
        if place in made:
            continue
        if path.is_file():
            files[place] = path.read_bytes()
        else:
            problems.append(
                Problem(_shown(repository, path), "students need this file, and it is not there: write it.")
            )
    try:
        files.update(_data(repository, source))
    except SourceError as error:
        problems.extend(error.problems)
    if problems:
        raise SourceError(problems)
    return dict(sorted(files.items()))


def data_names(text: str, where: str) -> Iterator[str]:
    """Yield the names that a Python text asks `data_path` for; SourceError if one is not written out as a string."""
    try:
        tree = ast.parse(_without_magics(text))
    except SyntaxError as error:
        raise SourceError([Problem(f"{where}:{error.lineno}", f"it is not Python: {error.msg}.")]) from error
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called != "data_path":
            continue
        argument = node.args[0] if node.args else None
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            sentence = "data_path must be given a name written out as a string, so that the file can be handed out."
            raise SourceError([Problem(where, sentence)])
        yield argument.value


def _data(repository: Repository, source: Source) -> dict[str, bytes]:
    names = {name: None for where, text in _texts(repository, source) for name in data_names(text, where)}
    files: dict[str, bytes] = {}
    problems = []
    for name in names:
        path = repository.data / name
        inside = path.resolve().is_relative_to(repository.data.resolve())
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        members = {member.relative_to(repository.data).as_posix(): member for member in found if member.is_file()}
        if not inside or not members:
            sentence = f"{source.name} asks for it with data_path, and it is not there: make it, or mend the name."
            problems.append(Problem(f"data/{name}", sentence))
            continue
        files.update({f"data/{place}": member.read_bytes() for place, member in members.items()})
    if problems:
        raise SourceError(problems)
    if files:
        files.update(_licences(repository, list(names)))
    return files


def _texts(repository: Repository, source: Source) -> Iterator[tuple[str, str]]:
    for cell in source.cells:
        if cell.kind in ("given", "demo", "exercise"):
            yield f"{_shown(repository, source.path)}:{cell.line}", cell.reference
    for path in (repository.visible(source.name), repository.cases(source.name), repository.figures(source.name)):
        if path.is_file():
            yield _shown(repository, path), author_text(path)


def _licences(repository: Repository, names: list[str]) -> dict[str, bytes]:
    """Return the part of data/README.md that speaks of these files, and the licence files it points to there."""
    path = repository.data / README
    text = author_text(path) if path.is_file() else ""
    unnamed = [name for name in names if not _mentions(text, name)]
    if unnamed:
        sentence = f"it does not say under which licence these stand: {', '.join(unnamed)}. Add them to it."
        raise SourceError([Problem(_shown(repository, path), sentence)])
    shown = excerpt(text, names)
    files = {f"data/{README}": shown.encode()}
    for name in re.findall(r"`([^`\s]+)`", shown):
        licence = repository.data / name
        if _LICENCE.search(PurePosixPath(name).name) and licence.is_file():
            files[f"data/{name}"] = licence.read_bytes()
    return files


def excerpt(text: str, names: list[str]) -> str:
    """What a Markdown text says of these files: table rows, list items and paragraphs that name one, with headings."""
    kept: list[str] = []
    headings: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.split("\n")
        if lines[0].startswith("#"):
            level = len(lines[0]) - len(lines[0].lstrip("#"))
            headings = [line for line in headings if len(line) - len(line.lstrip("#")) < level] + [lines[0]]
            lines = lines[1:]
        chosen = _chosen(lines, names)
        if chosen:
            kept.extend([*headings, "\n".join(chosen)])
            headings = []
    return "\n\n".join(kept) + "\n"


def _chosen(lines: list[str], names: list[str]) -> list[str]:
    if lines and lines[0].startswith("|"):
        rows = [line for line in lines[2:] if any(_mentions(line.split("|")[1], name) for name in names)]
        return lines[:2] + rows if rows else []
    if lines and re.match(r"[-*+] ", lines[0]):
        items = re.split(r"\n(?=[-*+] )", "\n".join(lines))
        return [item for item in items if any(_mentions(item, name) for name in names)]
    return lines if any(_mentions("\n".join(lines), name) for name in names) else []


def _mentions(text: str, name: str) -> bool:
    folders = [f"{folder.as_posix()}/" for folder in PurePosixPath(name).parents if folder.name]
    return any(re.search(rf"(?<![\w/.-]){re.escape(place)}", text) for place in (name, *folders))


def _without_magics(text: str) -> str:
    return re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", text)


def _shown(repository: Repository, path: Path) -> str:
    return path.relative_to(repository.root).as_posix()
