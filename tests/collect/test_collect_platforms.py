"""Archives as Canvas, Moodle, Gradescope, Blackboard, nbgrader and GitHub Classroom name them find their students."""

from __future__ import annotations

import os
import subprocess
import unicodedata
import zipfile

import pytest

from archives import ONE, TWO, notebook
from autograder.collect import archive, commits


def listed(done, label):
    """The reasons given for what begins with this label."""
    return [reason for name, reason in done.listed if name.startswith(label)]


def notebooks(*names):
    """A student's work under each of these names, every one another."""
    return {name: notebook(mark=name) for name in names}


def test_canvas_names_in_any_alphabet_late_or_not_with_what_it_and_browsers_add(desk):
    late = "太郎山田_LATE_1002_9002_a1_one-1.ipynb"
    files = notebooks(
        *("müllerjosé_1001_9001_a1_one.ipynb", late, "obrienann_1003_9003_a1_one (1).ipynb"),
        *("delacruzmaría_1004_9004_a1_one-2 (3).ipynb", "smith_jonesal_1007_9005_a1_one.ipynb"),
    )
    done = desk.collect(desk.zip(files))
    assert done.style == "canvas"
    assert [(one.student, one.noted.late) for one in done.taken] == [
        ("1001", False), ("1002", True), ("1003", False), ("1004", False), ("1007", False),
    ]  # fmt: skip
    assert desk.content("1002") == files[late]
    assert [kind for one in done.taken for kind, _ in one.noted.flags] == ["late-without-time"]
    assert done.listed == []
    assert "time of the download" in done.remarks[0]
    assert not (desk.course.submitted / "1001" / ONE / "timestamp.txt").exists()


def test_canvas_number_decides_between_two_of_one_name_and_a_name_that_is_not_its_is_not_guessed(desk):
    fronts = ("doejane_1005_1", "doejane_1006_2", "doejane_77_3", "smithbob_1003_4", "nobody_99_5", "anon_Zq4Xy_6")
    files = notebooks(*(f"{front}_a1_one.ipynb" for front in fronts))
    files |= {"müllerjosé_1001_text.html": b"<p>", "readme.txt": b"?"}
    done = desk.collect(desk.zip(files))
    assert desk.there() == [f"1005/{ONE}", f"1006/{ONE}"]
    assert "2 students have this name: 1005 (Jane Doe), 1006 (Jane Doe)" in listed(done, "doejane_77")[0]
    assert "1003 (Ann O'Brien), who has another name" in listed(done, "smithbob_1003")[0]
    assert "nobody on the roster" in listed(done, "nobody_99")[0]
    assert "anonymously" in listed(done, "anon_")[0]
    assert "a text or a link" in listed(done, "müllerjosé")[0]
    assert "none that Canvas gives" in listed(done, "readme")[0]


def test_canvas_without_its_numbers_on_the_roster_goes_by_a_name_that_only_one_has(desk):
    desk.roster('id,name\njm,José Müller\nob,"O\'Brien, Ann"\n')
    done = desk.collect(desk.zip({"müllerjosé_55_1_a1_one.ipynb": notebook(), "obrienann_56_2_a1_one.ipynb": b"{"}))
    assert [one.student for one in done.taken] == ["jm", "ob"]


def test_canvas_number_that_nobody_has_is_not_guessed_from_a_name(desk):
    done = desk.collect(desk.zip(notebooks("obrienann_55_1_a1_one.ipynb", "smithjonesal_1007_2_a1_one.ipynb")))
    assert [one.student for one in done.taken] == ["1007"]
    assert listed(done, "obrienann_55") == [
        "its number is nobody's on the roster, and that of 1003 (Ann O'Brien) is 1003"
    ]


def test_canvas_test_student_is_listed(desk):
    done = desk.plan(desk.zip({"studenttest_1099_1_a1_one.ipynb": notebook()}))
    assert listed(done, "studenttest_1099") == ["nobody on the roster has this name or id"]


def test_times_of_an_archive_count_where_they_are_no_downloads_in_the_courses_zone(desk):
    desk.rules('timezone = "Europe/Berlin"\n[assignments.a1_one]\ndue = "2026-10-06 13:30"')
    names = early, late, doubtful = [
        f"{name}_7_a1_one.ipynb" for name in ("müllerjosé_1001", "太郎山田_LATE_1002", "obrienann_1003")
    ]
    files = notebooks(*names)
    times = {early: (2026, 10, 6, 13, 0, 0), late: (2026, 10, 7, 13, 0, 0), doubtful: (2026, 10, 8, 9, 0, 0)}
    done = desk.collect(desk.zip(files, times))
    assert {one.student: one.noted.time for one in done.taken} == {
        "1001": "2026-10-06T13:00:00+02:00", "1002": "2026-10-07T13:00:00+02:00", "1003": "",
    }  # fmt: skip
    assert desk.beside("1001", "timestamp.txt") == "2026-10-06 11:00:00.000000 UTC"
    assert "Canvas says on time" in next(one.reason for one in done.taken if one.student == "1003")
    assert done.remarks == []
    same = dict.fromkeys(files, (2026, 10, 8, 9, 0, 0))
    assert "time of the download" in desk.plan(desk.zip(files, same, "same.zip")).remarks[0]


def test_a_table_of_times_counts_more_than_the_archive(desk, tmp_path):
    from autograder.collect.students import read_times
    from autograder.course.policies import course_policies
    from autograder.course.roster import course_roster

    table = tmp_path / "times.csv"
    table.write_text(
        "student,time\nJosé Müller,2026-10-06 13:00 +0200\nyamada@uni.edu,2026-10-06 14:00 Europe/Berlin\n"
    )
    times = read_times(table, course_roster(desk.course), course_policies(desk.course).zone)
    done = desk.collect(desk.zip({"müllerjosé_1001_1_a1_one.ipynb": notebook()}), times=times)
    assert done.taken[0].noted.time == "2026-10-06T13:00:00+02:00"
    for text, says in (
        ("student,time\nJane Doe,2026-10-06 13:00\n", "names no single student"),
        ("student,time\n1001,06/10/2026\n", "line 2"),
        ("student,when\n1001,2026\n", "no column named time"),
        (
            "ID,attempt,time\n1001,2,2026-10-08 12:00\n1003,1,2026-10-05 12:00\n1001,1,2026-10-05 12:00\n",
            "line 4: 1001 has another time in line 2: keep the line of the submission",
        ),
    ):
        table.write_text(text)
        with pytest.raises(ValueError, match=says):
            read_times(table, course_roster(desk.course), course_policies(desk.course).zone)


def test_in_a_table_of_times_a_grade_is_nobodys_number(desk, tmp_path):
    from datetime import UTC

    from autograder.collect.students import read_times
    from autograder.course.roster import course_roster

    desk.roster("id,name\n1,José Müller\n2,Ann O'Brien\n")
    table = tmp_path / "times.csv"
    table.write_text("Full name,Grade,time\nJosé Müller,2,2026-10-06 13:00\nAnn O'Brien,1,2026-10-06 14:00\n")
    times = read_times(table, course_roster(desk.course), UTC)
    assert {student: moment.hour for student, moment in times.items()} == {"1": 13, "2": 14}


@pytest.mark.parametrize("flat", [False, True])
def test_moodle_in_folders_and_flat(desk, flat):
    slash = "" if flat else "/"
    fronts = ("José Müller_501", "山田 太郎_502", "Ann OBrien_503", "María de la Cruz_504", "Jane Doe_505")
    files = notebooks(
        *(f"{front}_assignsubmission_file_{slash}a1_one.ipynb" for front in fronts),
        "Participant_508_assignsubmission_file_/a1_one.ipynb",
    )
    files[f"Al Smith Jones_507_assignsubmission_onlinetext_{slash}onlinetext.html"] = b"<p>"
    done = desk.collect(desk.zip(files))
    assert done.style == "moodle"
    assert [one.student for one in done.taken] == ["1001", "1002", "1003", "1004"]
    assert desk.content("1003") == files[f"Ann OBrien_503_assignsubmission_file_{slash}a1_one.ipynb"]
    assert "2 students have this name" in listed(done, "Jane Doe")[0]
    assert "a text entered" in listed(done, "Al Smith")[0]
    assert "nobody on the roster" in listed(done, "Participant")[0]


def test_moodles_folders_may_lack_the_last_underscore(desk):
    desk.collect(desk.zip({"José Müller_12345_assignsubmission_file/a1_one.ipynb": notebook()}))
    assert desk.there() == ["1001/a1_one"]


def test_a_text_in_moodle_is_listed_with_a_file_beside_it_and_without(desk):
    files = {
        "José Müller_1_assignsubmission_file_/a1_one.ipynb": notebook(),
        "José Müller_1_assignsubmission_onlinetext_/onlinetext.html": b"<p>See file.</p>",
        "Ann O'Brien_2_assignsubmission_onlinetext_/onlinetext.html": b"<p>Help.</p>",
    }
    done = desk.plan(desk.zip(files))
    assert [one.student for one in done.taken] == ["1001"]
    assert listed(done, "José") == ["a text entered in Moodle, left out; the file was looked at"]
    assert listed(done, "Ann") == ["a text entered in Moodle, no file"]


def test_moodles_group_in_front_of_a_name_is_no_name_but_the_worksheets_number_says_who(desk):
    archive = desk.zip({"Group A-José Müller_501_assignsubmission_file_/a1_one.ipynb": notebook()})
    assert "Moodle's grading worksheet as the roster" in listed(desk.plan(archive), "Group A")[0]
    desk.roster("Identifier,Full name,Email address\nParticipant 501,José Müller,j@uni.edu\n")
    assert [one.student for one in desk.plan(archive).taken] == ["j@uni.edu"]
    other = desk.zip({"Group A-José Müller_9_assignsubmission_file_/a1_one.ipynb": notebook()})
    assert listed(desk.plan(other), "Group A") == ["nobody on the roster has this name or id"]


def test_canvas_number_and_the_name_without_its_accents_are_certain(desk):
    done = desk.collect(
        desk.zip({"mullerjose_1001_5_a1_one.ipynb": notebook(), "mullerjose_1003_6_a1_one.ipynb": b"x"})
    )
    assert desk.there() == ["1001/a1_one"]
    assert [reason for _, reason in done.listed] == ["its number is that of 1003 (Ann O'Brien), who has another name"]


def test_moodles_blind_marking_is_found_by_the_grading_worksheets_identifier(desk):
    desk.roster("Identifier,Email address,Full name\nParticipant 508,jose@uni.edu,José Müller\n")
    done = desk.collect(desk.zip({"Participant_508_assignsubmission_file_/a1_one.ipynb": notebook()}))
    assert [one.student for one in done.taken] == ["jose@uni.edu"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp437", "cp1252"])
def test_a_zip_that_does_not_say_its_encoding_still_names_the_student(desk, encoding):
    raw = "José Müller_501_assignsubmission_file_".encode(encoding)
    path = desk.folder / "old.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("J" * len(raw) + "/a1_one.ipynb", notebook())
    path.write_bytes(path.read_bytes().replace(b"J" * len(raw), raw))
    assert [one.student for one in desk.collect(path).taken] == ["1001"]


METADATA = """submission_1:
  :submitters:
  - :name: José Müller
    :sid: U1
    :email: jmueller@uni.edu
  :created_at: 2026-10-06 11:29:35.572677000 Z
  :score: 0.0
submission_2:
  :submitters:
  - :name: Jane Doe
    :sid: U6
    :email: jane@uni.edu
  - :name: Ann O'Brien
    :sid: U3
    :email: ann@uni.edu
  :created_at: 2026-10-06 04:30:00.000000 -07:00
submission_3:
  :submitters:
  - :name: Jane Doe
    :email: other@uni.edu
  :created_at: 2026-10-06 11:29:35 PST
submission_4:
  :submitters: []
submission_5:
  :submitters:
  - :name: Al Smith_Jones
    :sid: U7
  :created_at: 2026-10-06 11:29:35 PST
"""


def test_gradescope_has_its_times_and_its_groups(desk):
    files = {"assignment_9_export/submission_metadata.yml": METADATA.encode()}
    for number in (1, 2, 3, 5):
        files[f"assignment_9_export/submission_{number}/a1_one.ipynb"] = notebook(mark=str(number))
    files["assignment_9_export/submission_9/a1_one.ipynb"] = notebook()
    done = desk.collect(desk.zip(files))
    assert done.style == "gradescope"
    assert {one.student: one.noted.time for one in done.taken} == {
        "1001": "2026-10-06T11:29:35+00:00",
        "1003": "2026-10-06T04:30:00-07:00",
        "1006": "2026-10-06T04:30:00-07:00",
        "1007": "",
    }
    assert desk.beside("1006", "timestamp.txt") == "2026-10-06 11:30:00.000000 UTC"
    assert {one.student for one in done.taken if one.noted.flags} == {"1003", "1006"}
    assert "2 students have this name" in listed(done, "submission_3 ")[-1]
    assert "names nobody" in listed(done, "submission_4")[0]
    assert "PST" in listed(done, "submission_5")[0]
    assert "does not name it" in listed(done, "assignment_9_export/submission_9")[0]


def test_gradescopes_damaged_list_is_a_sentence(desk):
    for text in (b"- a\n- b\n", b"a: [", b"\xff\xfe"):
        with pytest.raises(ValueError, match="download"):
            desk.plan(desk.zip({"submission_metadata.yml": text, "submission_1/a1_one.ipynb": notebook()}))


def test_blackboard_and_zip_collect_have_ids_and_times_in_their_names(desk):
    desk.rules('timezone = "America/New_York"')
    files = {
        "a1_one_jmueller_attempt_2026-10-06-13-30-00_a1_one.ipynb": notebook(mark="1"),
        "a1_one_jmueller_attempt_2026-10-05-13-30-00_a1_one.ipynb": notebook(mark="0"),
        "a1_one_jmueller_attempt_2026-10-06-13-30-00.txt": b"Name: ...",
        "a1_o'brien_attempt_2026-10-06-13-31-00.txt": b"Name: ...",
        "notes.txt": b"",
    }
    done = desk.collect(desk.zip(files))
    assert (done.style, [(one.student, one.noted.time) for one in done.taken]) == (
        "attempt", [("1001", "2026-10-06T13:30:00-04:00")],
    )  # fmt: skip
    assert desk.content("1001") == notebook(mark="1")
    assert listed(done, "a1_o'brien") == ["no file was handed in"]
    assert listed(done, "notes.txt")


def test_a_pattern_of_nbgraders_zip_collect(desk):
    files = {"hw-asj-2026_10_06.ipynb": notebook()}
    done = desk.collect(desk.zip(files), style="attempt", pattern=r"hw-(?P<student_id>\w+)-(?P<file_id>\w+)")
    assert [one.student for one in done.taken] == ["1007"]
    for pattern in ("hw-(.*)", "("):
        with pytest.raises(ValueError, match=r"student_id|expression"):
            desk.plan(desk.zip(files), style="attempt", pattern=pattern)


def inbound(desk, *names, owner_mark=""):
    root = desk.folder / "exchange" / "course" / "inbound"
    for name in names:
        folder = root / name
        folder.mkdir(parents=True)
        (folder / "a1_one.ipynb").write_bytes(notebook(mark=name))
        (folder / "timestamp.txt").write_text(name.split("+")[2])
        (folder / "submission_secret.txt").write_text("secret")
    return desk.folder / "exchange" / "course"


def test_the_exchanges_newest_attempt_counts_with_its_secret(desk):
    first = "jmueller+a1_one+2026-10-06 11:00:00.000000 UTC+abc"
    root = inbound(
        desk, first, "jmueller+a1_one+2026-10-06 12:00:00.000000 UTC+x-y", "o'brien+a1_one+2026-10-06 10:00:00 UTC"
    )
    done = desk.collect(root)
    assert done.style == "exchange"
    assert [(one.student, one.noted.time) for one in done.taken] == [
        ("1001", "2026-10-06T12:00:00+00:00"), ("1003", "2026-10-06T10:00:00+00:00"),
    ]  # fmt: skip
    assert desk.beside("1001", "submission_secret.txt") == "secret"
    desk.rules("[attempts]\nallowed = 1")
    done = desk.plan(root)
    assert "attempt 2; 1 are allowed" in listed(done, "jmueller")[0]
    assert desk.plan(root).taken[0].notebook.read() == notebook(mark=first)


def test_what_a_student_puts_into_the_exchange_in_place_of_its_files_stops_nobody(desk, monkeypatch):
    monkeypatch.setattr(archive, "MAX_FILE", 2**16)
    names = [f"{one}+a1_one+2026-10-06 11:00:00.000000 UTC+abc" for one in ("jmueller", "o'brien")]
    root = inbound(desk, *names)
    for name in ("timestamp.txt", "submission_secret.txt"):
        (root / "inbound" / names[1] / name).write_bytes(bytes(2**17))
    done = desk.collect(root)
    assert [(one.student, one.noted.time) for one in done.taken] == [
        ("1001", "2026-10-06T11:00:00+00:00"), ("1003", "2026-10-06T11:00:00+00:00"),
    ]  # fmt: skip
    assert not (desk.course.submitted / "1003" / ONE / "submission_secret.txt").exists()


def test_without_a_roster_the_exchanges_own_ids_count_and_a_platforms_names_do_not(desk):
    (desk.course.root / "roster.csv").unlink()
    assert [one.student for one in desk.plan(inbound(desk, "o'brien+a1_one+2026-10-06 10:00:00 UTC")).taken] == [
        "o'brien"
    ]
    done = desk.plan(desk.zip({"müllerjosé_1001_1_a1_one.ipynb": notebook()}))
    assert (done.taken, "autograder roster FILE" in done.listed[0][1]) == ([], True)


def git(*arguments, cwd):
    environment = {
        **os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_COMMITTER_DATE": "2026-10-06T13:30:00 +0200",
        "GIT_AUTHOR_DATE": "2020-01-01T00:00:00 +0000", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "c", "GIT_COMMITTER_EMAIL": "c@d",
    }  # fmt: skip
    subprocess.run(["git", *arguments], cwd=cwd, env=environment, check=True, capture_output=True)


def test_a_commit_that_would_grow_in_memory_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "work").write_text("x")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x" * 1000]):
        git(*words, cwd=tmp_path)
    assert commits.commit_time(tmp_path) is not None
    monkeypatch.setattr(commits, "LONGEST_FILE", 1000)
    assert commits.commit_time(tmp_path) is None


def test_repositories_of_a_classroom_have_the_time_of_their_commit_and_run_nothing(desk):
    root = desk.folder / "a1-submissions"
    for name in ("a1-one-jmueller", "a1-one-o'brien", "a1-one-ghost"):
        folder = root / name
        folder.mkdir(parents=True)
        (folder / "a1_one.ipynb").write_bytes(notebook(mark=name))
        (folder / "a2_two.ipynb").write_bytes(notebook(TWO, mark=name))
        git("init", "-q", cwd=folder)
        git("add", ".", cwd=folder)
        git("commit", "-qm", "work", cwd=folder)
    trap = desk.folder / "trap"
    config = root / "a1-one-jmueller" / ".git" / "config"
    config.write_text(config.read_text() + f'[core]\n\tfsmonitor = "touch {trap}"\n\tsshCommand = "touch {trap}"\n')
    git("pack-refs", "--all", cwd=root / "a1-one-o'brien")
    done = desk.collect(root)
    assert done.style == "folders"
    assert {(one.student, one.assignment, one.noted.time) for one in done.taken} == {
        (student, assignment, "2026-10-06T13:30:00+02:00") for student in ("1001", "1003") for assignment in (ONE, TWO)
    }
    assert "nobody on the roster" in listed(done, "a1-one-ghost")[0]
    assert not trap.exists()
    (desk.course.root / "roster.csv").unlink()
    assert {reason for _, reason in desk.plan(root).listed} == {
        "it names no student's id, and there is no roster: run `autograder roster FILE` first"
    }
    assert sorted(path.name for path in (desk.course.submitted / "1001" / ONE).iterdir()) == [
        "a1_one.ipynb", "collected.json", "timestamp.txt",
    ]  # fmt: skip


def test_plain_folders_and_files_by_id_login_address_and_name(desk):
    nfd = unicodedata.normalize("NFD", "José Müller")
    files = notebooks(
        *(f"{nfd}/a1_one.ipynb", "yamada@uni.edu/a1_one/a1_one.ipynb", "1003/a1_one.ipynb"),
        *("A.B+C@uni.edu/a1_one.ipynb", "jane2/deep/er/a1_one.ipynb", "asj.ipynb"),
    )
    done = desk.collect(desk.zip(files))
    assert {one.student: [kind for kind, _ in one.noted.flags] for one in done.taken} == {
        "1001": [], "1002": [], "1003": [], "1004": [], "1006": ["notebook-renamed"], "1007": [],
    }  # fmt: skip
    assert done.listed == []
    wrapped = desk.zip({f"submissions/{name}": content for name, content in files.items()}, name="wrapped.zip")
    assert {one.student for one in desk.plan(wrapped).taken} == {one.student for one in done.taken}


def test_brightspace_has_names_and_times_in_its_folders_and_the_newest_counts(desk):
    desk.rules('timezone = "America/New_York"')
    folders = [
        "123-456 - José Müller - Oct 6, 2026 1130 PM", "123-456 - José Müller - Oct 7, 2026 926 AM",
        "124-456 - Jane Doe - Oct 6, 2026 1130 PM", "125-456 - Al Smith_Jones - Okt 6, 2026 1130 PM",
        "126-456 - Ann O'Brien - 6 oktober 2026 2330",
    ]  # fmt: skip
    done = desk.collect(desk.zip(notebooks("index.html", *(f"{folder}/a1_one.ipynb" for folder in folders))))
    assert {one.student: one.noted.time for one in done.taken} == {
        "1001": "2026-10-07T09:26:00-04:00", "1003": "", "1007": "",
    }  # fmt: skip
    assert desk.content("1001") == notebook(mark=f"{folders[1]}/a1_one.ipynb")
    assert "2 students have this name" in listed(done, "124-456")[0]
    assert "names no month in English" in listed(done, "125-456")[0]
    assert "its time was not understood" in listed(done, "126-456")[0]
    told = desk.plan(desk.zip(notebooks(f"{folders[4]}/a1_one.ipynb")), times={"1003": done.taken[0].noted.moment})
    assert (told.listed, told.taken[0].noted.time) == ([], "2026-10-07T09:26:00-04:00")
    one = desk.plan(desk.zip(notebooks(f"{folders[0]}/a1_one.ipynb"), name="one.zip"))
    assert [(taken.student, taken.noted.time) for taken in one.taken] == [("1001", "2026-10-06T23:30:00-04:00")]


def test_sakai_has_the_id_behind_the_name(desk):
    files = notebooks(
        *("a1/Doe, Jane(jane2)/Submission attachment(s)/a1_one.ipynb", "a1/Nobody, N(nn)/a1_one.ipynb"),
        *("a1/Doe, Jane(jmueller)/a1_one.ipynb", "a1/grades.csv"),
    )
    done = desk.collect(desk.zip(files))
    assert [(one.student, one.noted.flags) for one in done.taken] == [("1006", ())]
    assert listed(done, "Nobody") == ["nobody on the roster has this name or id"]
    assert "its id is that of 1001 (José Müller), its name that of 1005 (Jane Doe), 1006" in listed(done, "Doe")[0]


def test_a_name_before_or_behind_the_files_is_the_students(desk):
    done = desk.plan(desk.zip(notebooks("José Müller - a1_one.ipynb", "Copy of a1_one - Ann O'Brien.ipynb")))
    assert [one.student for one in done.taken] == ["1001", "1003"]


def test_a_timestamp_in_a_students_own_folder_is_not_believed_and_told(desk):
    files = notebooks("jmueller/a1_one/a1_one.ipynb") | {"jmueller/a1_one/timestamp.txt": b"2026-10-06 13:30 UTC"}
    done = desk.plan(desk.zip(files))
    assert done.taken[0].noted.time == ""
    assert "its timestamp.txt was not used" in listed(done, "jmueller")[0]


def test_repositories_as_github_zips_them_have_the_branch_in_their_names(desk):
    desk.roster("identifier,github_username,name\nx1,jane-doe,Jane\nx2,bobr,Bob\nx3,main,Al\n")
    files = {}
    for name in ("a1-one-jane-doe-main", "a1-one-bobr-master"):
        desk.zip({f"{name}/a1_one.ipynb": notebook(mark=name)}, name="one.zip")
        files[f"{name}.zip"] = (desk.folder / "one.zip").read_bytes()
    done = desk.plan(desk.zip(files))
    assert [one.student for one in done.taken] == ["bobr"]  # the other may be main's
    assert "may be of several students: jane-doe (Jane), main (Al)" in listed(done, "a1-one-jane-doe")[0]
    desk.roster("identifier,github_username,name\nx1,jane-doe,Jane\nx2,bobr,Bob\n")
    assert [one.student for one in desk.plan(desk.zip(files)).taken] == ["bobr", "jane-doe"]


def test_a_folder_that_may_be_of_two_students_is_not_guessed(desk):
    desk.roster("id,name\ndoe,A\njane-doe,B\n")
    done = desk.plan(desk.zip({"hw-jane-doe/a1_one.ipynb": notebook(), "x/a1_one.ipynb": notebook()}))
    assert done.taken == []
    assert "it may be of several students: doe (A), jane-doe (B)" in listed(done, "hw-jane-doe")[0]
