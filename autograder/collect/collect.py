"""From an archive or a folder to `submitted/STUDENT/ASSIGNMENT/`: first a plan, which can be shown, then the files.

Nothing is lost. A submission that replaces another moves the older one to `collected/ASSIGNMENT/STUDENT/`; one that
does not count, since a newer is there or no attempt is left, is put there itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from autograder.collect.archive import Source, SourceProblem, shown_name
from autograder.collect.conventions import Handed, Sorted, Told, sort, style_of, without_download_time
from autograder.collect.identify import Assignments
from autograder.collect.notebooks import Submission
from autograder.collect.places import compared
from autograder.collect.plan import Options, Plan, Taken
from autograder.collect.students import NotCertain, student_of
from autograder.course.paths import Course
from autograder.course.policies import Policies
from autograder.course.roster import Roster
from autograder.course.times import TimeProblem, passed, read_time


def plan(course: Course, source: Source, roster: Roster | None, policies: Policies, options: Options) -> Plan:
    """Say what collecting from this source would do; nothing is written. Raises SourceProblem."""
    assignments = Assignments(course)
    if options.assignment and options.assignment not in assignments.files:
        raise SourceProblem(
            f"{options.assignment} was not built in {course.root}: run `autograder build {options.assignment}` first"
        )
    if not source.items:
        raise SourceProblem(f"there is no file in {source.path}: give what the platform lets you download")
    told = Told(policies.zone, options.pattern, None if roster is None else roster.knows)
    found = sort(source, options.style or style_of(source), told)
    done = Plan(found.style, listed=[*found.listed, *source.refused])
    handed = _timed(found, source, policies.zone, options, done)
    for one in handed:
        try:
            student = student_of(one, roster, found.style)
            _check_owner(one, student, roster)
        except NotCertain as problem:
            done.listed.append((one.label, str(problem)))
            continue
        if one.note and student not in options.times:
            done.listed.append((one.label, f"{one.note}. No time is noted for it, so it counts as on time"))
        done.taken += Submission(one, student, found.style, source, assignments, options, done).taken()
    done.taken = _one_each(done.taken, policies, options.take, done)
    done.taken = [compared(course, one, policies) for one in done.taken]
    done.taken.sort(key=lambda one: (one.assignment, one.student))
    return done


def _timed(found: Sorted, source: Source, zone: tzinfo, options: Options, done: Plan) -> list[Handed]:
    """Return the submissions with their times, each with a zone."""
    handed = found.handed
    if options.file_times:
        handed = [
            replace(one, time=max(times), time_from="its files")
            if one.time is None and (times := _of_files(one))
            else one
            for one in handed
        ]
    else:
        handed, remark = without_download_time(handed, source)
        done.remarks += [remark] if remark and not options.times else []
    timed = []
    for one in handed:
        moment, problem = one.time, one.note
        if moment is not None and moment.tzinfo is None:
            try:
                moment = read_time(moment, zone)
            except TimeProblem as error:
                moment, problem = None, f"its time was not understood: {error}"
        timed.append(replace(one, time=moment, time_from=one.time_from if moment else "", note=problem))
    return timed


def _of_files(one: Handed) -> list[datetime]:
    return [item.time for item in one.items if item.time is not None]


def _check_owner(one: Handed, student: str, roster: Roster | None) -> None:
    """Raise NotCertain if another student of the class owns what was handed in through the exchange."""
    if roster is not None and one.owner and (owner := roster.find(one.owner)) and owner != student:
        raise NotCertain(f"it was handed in as {student} from the account of {owner}")


def _one_each(taken: list[Taken], policies: Policies, take: Collection[str], done: Plan) -> list[Taken]:
    """Of several submissions of one student the newest that an attempt is left for; of others some are listed.

    take: paths of notebooks, which choose where times do not say which is the newest.
    """
    groups: dict[tuple[str, str], list[Taken]] = {}
    for one in taken:
        groups.setdefault((one.student, one.assignment), []).append(one)
    kept = []
    for (student, assignment), several in groups.items():
        allowed = policies.rules(assignment).attempts
        if len({_digest(one) for one in several}) == 1:
            several = [min(several, key=_handed_in)]
        asked = [one for one in several if _path(one) in take]
        several = asked if len(asked) == 1 else several
        times = [one.noted.moment for one in several]
        if len(several) > 1 and (None in times or len(set(times)) < len(times)):
            paths = ", ".join(shown_name(_path(one)) for one in several)
            done.listed.append(
                (student, f"{len(several)} submissions of {assignment}, and no times say which is the newest: {paths}. "
                          "Choose one with --take PATH")
            )  # fmt: skip
            continue
        in_order = sorted(several, key=_handed_in)
        counted = in_order[:allowed] if allowed else in_order
        for late in in_order[len(counted) :]:
            done.listed.append((late.label, f"attempt {in_order.index(late) + 1}; {allowed} are allowed"))
        kept.append(counted[-1])
    return kept


def _handed_in(one: Taken) -> float:
    """Return the seconds at which it was handed in; 0 where that is not known."""
    return one.noted.moment.timestamp() if one.noted.moment is not None else 0.0


def _path(one: Taken) -> str:
    return one.label if one.notebook.path == one.label else f"{one.label}/{one.notebook.path}"


def _digest(one: Taken) -> tuple[tuple[str, bytes], ...]:
    """Return what is the same of two submissions with the same notebook and the same files beside it."""
    files = [("", one.notebook), *one.beside]
    return tuple(sorted((name, hashlib.sha256(item.read()).digest()) for name, item in files))


def late_by(one: Taken, policies: Policies) -> timedelta | None:
    """Return how late a submission is; None if its time or its due time is not known."""
    due, moment = policies.rules(one.assignment).due_for(one.student), one.noted.moment
    return None if due is None or moment is None else passed(due, moment)


def missing(course: Course, roster: Roster | None, assignments: Collection[str], taken: Iterable[Taken]) -> list[str]:
    """Return, for each assignment, who on the roster has handed in nothing, now or earlier: as lines to show."""
    if roster is None:
        return []
    lines = []
    for assignment in assignments:
        here = {path.parent.name for path in course.submitted.glob(f"*/{assignment}")}
        here |= {one.student for one in taken if one.assignment == assignment}
        absent = roster.absent(here)
        if absent:
            names = ", ".join(f"{student.id} ({student.name})" if student.name else student.id for student in absent)
            lines.append(f"{assignment}: {len(absent)} of {len(roster)} have handed in nothing: {names}")
    return lines
