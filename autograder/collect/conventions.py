"""How each platform names what it lets an instructor download: who handed in, what, and when.

| style | what it looks like | source |
|---|---|---|
| canvas | `lastnamefirstname_LATE_12345_67890_file.ipynb` | Canvas's content zipper |
| moodle | `Full Name_12345_assignsubmission_file_/file.ipynb`, or without `_` or `/` | Moodle's assignment module |
| gradescope | `submission_metadata.yml`, and a folder or a file for each submission | Gradescope's export |
| attempt | `a1_jdoe_attempt_2026-10-06-13-30-00_file.ipynb` | Blackboard; nbgrader's zip_collect |
| exchange | `inbound/jdoe+a1+2026-10-06 13:30:00.0 UTC+random/` | nbgrader's exchange |
| folders | a folder for each student, or a repository: `a1-jdoe/` | GitHub Classroom |
| folders | `12-34 - Jane Doe - Oct 6, 2026 926 PM/`; `Doe, Jane(jdoe)/` | Brightspace; Sakai |

A name that does not follow its convention is listed, never bent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import yaml

from autograder.collect.archive import Item, Source, SourceProblem
from autograder.collect.commits import commit_time
from autograder.course.times import TimeProblem, read_time

CANVAS, MOODLE, GRADESCOPE = "canvas", "moodle", "gradescope"
ATTEMPT, EXCHANGE, FOLDERS = "attempt", "exchange", "folders"
STYLES = (CANVAS, MOODLE, GRADESCOPE, ATTEMPT, EXCHANGE, FOLDERS)
METADATA = "submission_metadata.yml"
TIMESTAMP, SECRET = "timestamp.txt", "submission_secret.txt"
ATTACHMENTS = "Submission attachment(s)"  # the folder in a student's folder of Sakai

_CANVAS = re.compile(r"(?P<name>\S.*?)_(?:(?P<late>LATE)_)?(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)", re.DOTALL)
_CANVAS_TEXT = re.compile(r"(?P<name>\S.*?)_(?:LATE_)?(?P<user>\d+)_(?:text|link)\.html")
_CANVAS_ANONYMOUS = re.compile(r"(?:LATE_)?anon_[A-Za-z0-9]+_")
_MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<rest>.*))?", re.DOTALL)
_ATTEMPT = re.compile(r"(?P<student_id>.+)_attempt_(?P<timestamp>\d{4}(?:-\d{2}){5})(?:_(?P<file_id>.+)|\.txt)")


@dataclass(frozen=True)
class Handed:
    """One submission as it came: how the platform names the student, its files by their own paths, and its time.

    ids: each names the student if it is on the roster; pieces: of a folder's or a file's name, one of them may; names:
    the full name, in each reading of its bytes. own_id: an id that may be used without a roster. late: whether the
    platform says so; note: what was wrong with the time. partners: how many others handed in the same.
    """

    label: str
    items: tuple[Item, ...]
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    own_id: str = ""
    assignment: str = ""
    time: datetime | None = None
    time_from: str = ""
    late: bool | None = None
    partners: int = 0
    secret: Item | None = None
    note: str = ""
    owner: str = ""


@dataclass
class Sorted:
    """The submissions of a source, and what follows no convention of its style, with the reason."""

    style: str
    handed: list[Handed] = field(default_factory=list)
    listed: list[tuple[str, str]] = field(default_factory=list)


def style_of(source: Source) -> str:
    """Return the style that the names of a source follow."""
    items = source.items
    if any(item.name == METADATA and item.path.count("/") <= 1 for item in items):
        return GRADESCOPE
    if any(_MOODLE.fullmatch(part) for item in items for part in item.parts[:3]):
        return MOODLE
    if _inbound(items):
        return EXCHANGE
    if any(_CANVAS.fullmatch(item.name) or _CANVAS_ANONYMOUS.match(item.name) for item in items):
        return CANVAS
    if any(_ATTEMPT.fullmatch(item.name) for item in items):
        return ATTEMPT
    return FOLDERS


@dataclass(frozen=True)
class Told:
    """What sorting needs to know. zone: of times without one. pattern: as nbgrader's zip_collect takes it.

    student: whether the roster has a student of this id or name; None without a roster.
    """

    zone: tzinfo
    pattern: str = ""
    student: Callable[[str], bool] | None = None


def sort(source: Source, style: str, told: Told) -> Sorted:
    """Sort the files of a source into submissions. Raises SourceProblem."""
    found = Sorted(style)
    _SORTERS[style](source, found, told)
    return found


def _canvas(source: Source, found: Sorted, told: Told) -> None:
    groups: dict[tuple[str, str], list[tuple[re.Match[str], Item]]] = {}
    for item in source.items:
        match = _CANVAS.fullmatch(item.name)
        if _CANVAS_ANONYMOUS.match(item.name):
            found.listed.append((item.path, "handed in anonymously: switch off anonymous grading, and download again"))
        elif match:
            groups.setdefault((match["name"], match["user"]), []).append((match, item))
        elif _CANVAS_TEXT.fullmatch(item.name):
            found.listed.append((item.path, "a text or a link entered in Canvas, no file"))
        else:
            found.listed.append((item.path, "its name is none that Canvas gives (name_12345_67890_file)"))
    for (name, user), entries in groups.items():
        readings = {name}
        for _, item in entries:
            readings |= {m["name"] for text in item.readings if (m := _CANVAS.fullmatch(text.rpartition("/")[2]))}
        newest = _unlike(entries)
        files = tuple(replace(item, path=match["rest"], readings=()) for match, item in newest)
        left_out = "left out: a newer file of this name is there"
        found.listed += [(item.path, left_out) for _, item in entries if all(item is not one for _, one in newest)]
        late = any(match["late"] for match, _ in entries)
        found.handed.append(Handed(f"{name}_{user}", files, (user,), tuple(sorted(readings)), late=late))


def _unlike(entries: list[tuple[re.Match[str], Item]]) -> list[tuple[re.Match[str], Item]]:
    """Of attachments with one name only the newest: Canvas numbers them as they come."""
    newest: dict[str, tuple[re.Match[str], Item]] = {}
    for match, item in sorted(entries, key=lambda entry: int(entry[0]["file"])):
        newest[match["rest"]] = (match, item)
    return list(newest.values())


def _moodle(source: Source, found: Sorted, told: Told) -> None:
    groups: dict[tuple[str, str], list[Item]] = {}
    readings: dict[tuple[str, str], set[str]] = {}
    online: set[tuple[str, str]] = set()
    for item in source.items:
        parsed = _moodle_parts(item.path)
        if parsed is None:
            found.listed.append((item.path, "its name is none that Moodle gives (Name_12345_assignsubmission_file_)"))
            continue
        name, number, kind, rest = parsed
        key = (name, number)
        readings.setdefault(key, set()).update(
            {name, *(other[0] for text in item.readings if (other := _moodle_parts(text)) is not None)}
        )
        if kind == "file":
            groups.setdefault(key, []).append(replace(item, path=rest, readings=()))
        else:
            online.add(key)
    for name, number in sorted(online):
        beside = "left out; the file was looked at" if (name, number) in groups else "no file"
        found.listed.append((f"{name}_{number}", f"a text entered in Moodle, {beside}"))
    for (name, number), items in groups.items():
        ids = (f"Participant {number}",)
        found.handed.append(Handed(f"{name}_{number}", tuple(items), ids, tuple(sorted(readings[name, number]))))


def _moodle_parts(path: str) -> tuple[str, str, str, str] | None:
    parts = path.split("/")
    for place, part in enumerate(parts[:3]):
        if match := _MOODLE.fullmatch(part):
            rest = "/".join([piece for piece in (match["rest"],) if piece] + parts[place + 1 :])
            return (match["name"], match["number"], match["kind"], rest) if rest else None
    return None


def _gradescope(source: Source, found: Sorted, told: Told) -> None:
    (metadata,) = [item for item in source.items if item.name == METADATA and item.path.count("/") <= 1][:1]
    base = f"{metadata.folder}/" if metadata.folder else ""
    submissions = _metadata(metadata)
    used = {metadata.path}
    for key, about in submissions.items():
        folder = f"{base}{key}"
        items = [item for item in source.items if item.path == folder or item.path.startswith(f"{folder}/")]
        used |= {item.path for item in items}
        files = tuple(item.below(folder) if item.path != folder else item.below(item.folder) for item in items)
        people = about.get(":submitters") or about.get("submitters") or []
        people = [person for person in people if isinstance(person, dict)] if isinstance(people, list) else []
        if not people:
            found.listed.append((key, f"{METADATA} names nobody who handed it in"))
        elif not files:
            found.listed.append((key, "nothing of it is in the archive"))
        else:
            moment, note = _moment(about.get(":created_at") or about.get("created_at") or "", told.zone)
            for person in people:
                said = {name.lstrip(":"): value for name, value in person.items() if isinstance(value, str) and value}
                ids = tuple(said[name] for name in ("email", "sid") if said.get(name))
                names = (said["name"],) if said.get("name") else ()
                label = f"{key} ({said.get('name') or said.get('email') or 'nobody'})"
                found.handed.append(
                    Handed(label, files, ids, names, time=moment, time_from=METADATA if moment else "", note=note,
                           partners=len(people) - 1)
                )  # fmt: skip
    found.listed += [(item.path, f"{METADATA} does not name it") for item in source.items if item.path not in used]


def _metadata(item: Item) -> dict[str, dict[str, Any]]:
    """Gradescope's list of submissions. All its values are read as texts: an id may begin with 0."""
    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        data = yaml.load(item.read().decode("utf-8-sig"), Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise SourceProblem(
            f"{item.path} cannot be read ({str(error)[:100]}): download the submissions again"
        ) from None
    if not isinstance(data, dict) or not all(isinstance(about, dict) for about in data.values()):
        raise SourceProblem(f"{item.path} is no list of submissions: download them again")
    return data


def _attempts(source: Source, found: Sorted, told: Told) -> None:
    pattern = told.pattern
    try:
        expression = re.compile(pattern) if pattern else _ATTEMPT
    except re.error as error:
        raise SourceProblem(f"{pattern!r} is no regular expression: {error}") from None
    if pattern and "student_id" not in expression.groupindex:
        raise SourceProblem(f"{pattern!r} has no group (?P<student_id>...)")
    groups: dict[tuple[str, str], list[Item]] = {}
    persons: dict[tuple[str, str], dict[str, str]] = {}
    for item in source.items:
        match = expression.match(item.name) if pattern else expression.fullmatch(item.name)
        if match is None:
            found.listed.append((item.path, "its name does not follow the pattern"))
            continue
        said = {name: value or "" for name, value in match.groupdict().items()}
        key = (said["student_id"], said.get("timestamp", ""))
        persons[key] = said
        file = said.get("file_id", "")
        if file or pattern:  # Blackboard's own note about an attempt has no file's name
            groups.setdefault(key, []).append(replace(item, path=_with_ending(file, item.name), readings=()))
    for key, said in persons.items():
        if key not in groups:
            found.listed.append((f"{key[0]}, attempt {key[1]}", "no file was handed in"))
            continue
        moment, note = _moment(key[1], told.zone)
        name = " ".join(said[part] for part in ("first_name", "last_name") if said.get(part))
        ids = tuple(filter(None, (said["student_id"] if pattern else "", said.get("email", ""))))
        pieces = () if pattern else _pieces(key[0])[1:]  # of a1_jdoe, a1_one_jdoe: what may be the student's id
        own = key[0] if pattern else key[0].rpartition("_")[2]
        names, said_by = (name,) if name else (), "its name" if moment else ""
        label, files = f"{key[0]}, attempt {key[1]}", tuple(groups[key])
        found.handed.append(Handed(label, files, ids, names, pieces, own, time=moment, time_from=said_by, note=note))


def _with_ending(file: str, name: str) -> str:
    """nbgrader's file_id has no ending; the file's own is kept."""
    ending = name.rpartition(".")[2]
    if not file:
        return name
    return file if file.endswith(f".{ending}") or "." in file[-7:] else f"{file}.{ending}"


def _exchange(source: Source, found: Sorted, told: Told) -> None:
    groups: dict[str, list[Item]] = {}
    for item in source.items:
        place = _inbound_part(item)
        if place is None:
            found.listed.append((item.path, "its folder is none that nbgrader's exchange makes (id+assignment+time)"))
        else:
            groups.setdefault("/".join(item.parts[: place + 1]), []).append(item)
    for folder, items in groups.items():
        student, assignment, stamp = _inbound_name(folder.rpartition("/")[2]) or ("", "", "")
        files = {item.path[len(folder) + 1 :]: item for item in items}
        noted, secret = (
            None if one is None or one.problem() else one
            for one in (files.pop(TIMESTAMP, None), files.pop(SECRET, None))
        )  # the student's own files, which must not stop the others from being collected
        text = noted.read()[:200].decode("utf-8", "replace").strip() if noted else ""
        moment, note = _moment(text or stamp, told.zone)
        below = tuple(item.below(folder) for item in files.values())
        time_from = (TIMESTAMP if text else "its name") if moment else ""
        owner = _owner(source.root / folder) if source.root else ""
        found.handed.append(
            Handed(folder.rpartition("/")[2], below, (student,), (), (), student, assignment, moment, time_from,
                   secret=secret, note=note, owner=owner)
        )  # fmt: skip


def _owner(folder: Path) -> str:
    try:
        return folder.owner()
    except (KeyError, OSError, NotImplementedError):
        return ""


def _inbound(items: Iterable[Item]) -> bool:
    return any(_inbound_part(item) is not None for item in items)


def _inbound_part(item: Item) -> int | None:
    return next((place for place, part in enumerate(item.parts[:-1][:4]) if _inbound_name(part)), None)


def _inbound_name(name: str) -> tuple[str, str, str] | None:
    """Id, assignment and time of a folder of the exchange; an id may hold + in old courses, as nbgrader allows."""
    for pieces in (name.rsplit("+", 3), name.rsplit("+", 2)):
        if len(pieces) >= 3 and re.match(r"\d{4}-\d{2}-\d{2} ", pieces[2]) and pieces[0] and pieces[1]:
            return pieces[0], pieces[1], pieces[2]
    return None


def _folders(source: Source, found: Sorted, told: Told) -> None:
    items, base = source.items, ""
    while (tops := {item.parts[0] for item in items}) and len(tops) == 1 and all(len(item.parts) > 1 for item in items):
        (top,) = tops
        if told.student is not None and any(map(told.student, (top, *_segments(top)))):
            break
        below = tuple(replace(item.below(top), readings=item.readings) for item in items)
        students = {item.parts[0] for item in below if len(item.parts) > 1}
        if told.student is None and len(students) < 2:
            break  # one folder around all, or the only student's: without a roster nobody can tell
        items, base = below, f"{base}{top}/"
    groups: dict[str, list[Item]] = {}
    for item in items:
        if len(item.parts) == 1:
            stem = item.name.rpartition(".")[0]
            if item.name.lower().endswith((".ipynb", ".zip")) and stem:
                readings = {stem, *(text.rpartition("/")[2].rpartition(".")[0] for text in item.readings)}
                only = (replace(item, readings=()),)
                found.handed.append(replace(_handed_by_name(stem, only, readings, told), label=item.name))
            else:
                found.listed.append((item.path, "it lies in no student's folder"))
        else:
            groups.setdefault(item.parts[0], []).append(item)
    for folder, inside in groups.items():
        files = tuple(item.below(folder) for item in inside)
        readings = {folder, *(text.split("/")[base.count("/")] for item in inside for text in item.readings)}
        place = source.root / base / folder if source.root else None
        own = "" if place and (place / ".git").exists() else folder  # a repository's name is not its student's
        one = replace(_handed_by_name(folder, files, readings, told), own_id=own)
        moment = commit_time(place) if place else None
        found.handed.append(replace(one, time=moment, time_from="the last commit", note="") if moment else one)


def _handed_by_name(name: str, files: tuple[Item, ...], readings: set[str], told: Told) -> Handed:
    """Return what was handed in under a name that says whose it is, and perhaps when."""
    moment, note = _moment_in(name, told.zone)
    names = tuple(sorted(readings | {part for text in readings for part in _segments(text)}))
    said = "its name" if moment else ""
    return Handed(name, files, _segments(name), names, _pieces(name), time=moment, time_from=said, note=note)


def _pieces(name: str) -> tuple[str, ...]:
    """Return a name, then each beginning and each end of it: `a1-recurrence-jane-doe` may be jane-doe's, or doe's.

    GitHub's Download ZIP adds the branch: `a1-recurrence-jane-doe-main`.
    """
    without = re.sub(r"-(main|master)$", "", name)
    found = [name, without]
    for one in dict.fromkeys(found):
        marks = [match.start() for match in re.finditer(r"[-_ ]", one)]
        found += [*(one[mark + 1 :] for mark in marks), *(one[:mark] for mark in marks)]
    return tuple(dict.fromkeys(found))


def _segments(name: str) -> tuple[str, ...]:
    """Return what ` - ` and parentheses part in a name; nothing if they part nothing.

    Brightspace names a folder `12-34 - Jane Doe - Oct 6, 2026 926 PM`, Sakai `Doe, Jane(jdoe)`; people call files
    `Jane Doe - a1`.
    """
    found = tuple(part for part in re.split(r"\s+-\s+|\s*[()]\s*", name) if part)
    return found if len(found) > 1 else ()


def _moment_in(name: str, zone: tzinfo) -> tuple[datetime | None, str]:
    """Return the time in a name of Brightspace's, or none and the reason."""
    if not re.match(r"\d+-\d+ - ", name):
        return None, ""
    stamp = next((part for part in _segments(name)[1:] if re.search(r"\b20\d\d\b", part)), "")
    return _moment(stamp, zone)


def _moment(text: str, zone: tzinfo) -> tuple[datetime | None, str]:
    """Return the time that a text names, or none and the reason."""
    if not text:
        return None, ""
    try:
        return read_time(_tidied(text), zone), ""
    except TimeProblem as problem:
        return None, f"its time was not understood: {problem}"


def _tidied(text: str) -> str:
    """Ruby writes times as 2026-10-06 13:30:00.572677000 Z or +02:00."""
    return re.sub(r"(?<=\d) (?=Z$)", "", text.strip())


def without_download_time(handed: list[Handed], source: Source) -> tuple[list[Handed], str]:
    """Give submissions without a time that of their newest file in the archive, unless that is the download's.

    Canvas and Moodle stamp every file with the moment they make the archive. Files of three or more students that
    differ by no more than five minutes, or all files within ten minutes of the archive itself, have such stamps.
    Returns a sentence if they were not used.
    """
    times = {one.label: max(times) for one in handed if (times := [i.time for i in one.items if i.time is not None])}
    waiting = [one for one in handed if one.time is None and not one.note and one.label in times]
    if not waiting or source.root is not None:
        return handed, ""
    moments = [_comparable(times[one.label]) for one in waiting]
    made = source.path.stat().st_mtime
    spread = (max(moments) - min(moments)).total_seconds()
    download = (len(waiting) >= 3 and spread <= 300) or all(
        abs(times[one.label].timestamp() - made) <= 600 for one in waiting
    )
    if download:
        return handed, (
            "the files in the archive have the time of the download, not of the submissions, so no times were noted. "
            "Give the platform's times with --times FILE.csv (columns: student, time)"
        )
    chosen = {one.label for one in waiting}
    return [
        replace(one, time=times[one.label], time_from="the archive") if one.label in chosen else one for one in handed
    ], ""


def _comparable(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


_SORTERS: dict[str, Callable[[Source, Sorted, Told], None]] = {
    CANVAS: _canvas,
    MOODLE: _moodle,
    GRADESCOPE: _gradescope,
    ATTEMPT: _attempts,
    EXCHANGE: _exchange,
    FOLDERS: _folders,
}
