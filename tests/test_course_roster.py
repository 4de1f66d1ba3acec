"""A roster as learning platforms export it, in any encoding; who is meant is certain, or a sentence says why not."""

from __future__ import annotations

import unicodedata

import pytest

from autograder.course.paths import Course
from autograder.course.roster import course_roster, read_roster, write_roster
from autograder.course.student_ids import id_without, is_id, name_key
from autograder.course.tables import TableProblem, is_windows_1252

# Canvas's gradebook export, as its guide describes it: a row of points below the header, a test student at the end.
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,a1 (201),Current Score
    Points Possible,,,,,100.00,(read only)
"Müller, José",1001,U1,jmueller,90-01,,
"山田, 太郎",1002,U2,yamada@uni.edu,90-01,,
"O'Brien, Ann",1003,U3,o'brien,90-02,,
"de la Cruz, María",1004,U4,a.b+c@uni.edu,90-02,,
"Student, Test",1099,,fa4e1c,90-01,,
"""
# Moodle's list of participants
MOODLE = """First name,Last name,Email address,Groups
José,Müller,jose@uni.edu,A
太郎,山田,yamada@uni.edu,B
"""
# Gradescope's roster: staff is in it
GRADESCOPE = """First Name,Last Name,SID,Email,Role,Sections
José,Müller,U1,jose@uni.edu,Student,1
Paula,Prof,,paula@uni.edu,Instructor,
Tim,Tutor,,tim@uni.edu,TA,
"""


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "export.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def test_canvas_has_its_ids_names_and_sections_and_not_its_points_and_its_test_student(write):
    roster = read_roster(write(CANVAS))
    assert roster.ids() == ["1001", "1002", "1003", "1004"]
    assert [(s.first_name, s.last_name, s.section) for s in roster][:2] == [
        ("José", "Müller", "90-01"), ("太郎", "山田", "90-01"),
    ]  # fmt: skip
    assert len(roster.left_out) == 2
    assert "line 7: Canvas's test student" in roster.left_out
    assert roster.find("JMueller") == roster.find("1001") == roster.find("u1") == "1001"
    assert roster.find("nobody") is None


def test_another_column_may_hold_the_ids_and_what_the_exchange_refuses_is_mapped_and_kept(write):
    roster = read_roster(write(CANVAS), id_column="sis login id")
    assert roster.ids() == ["jmueller", "yamada@uni.edu", "o'brien", "a.b-c@uni.edu"]
    assert roster["a.b-c@uni.edu"].original_id == "a.b+c@uni.edu"
    assert roster.find("a.b+c@uni.edu") == roster.find("1004") == "a.b-c@uni.edu"
    assert {"a.b+c@uni.edu", "a.b-c@uni.edu"} <= set(roster.accepted())


def test_moodle_and_gradescope(write):
    assert read_roster(write(MOODLE)).ids() == ["jose@uni.edu", "yamada@uni.edu"]
    roster = read_roster(write(GRADESCOPE))
    assert roster.ids() == ["jose@uni.edu"]
    assert roster.find("U1") == "jose@uni.edu"
    assert [line.partition(":")[0] for line in roster.left_out] == ["line 3", "line 4"]
    worksheet = "Identifier,Full name,Email address,Status\nParticipant 81,José Müller,jose@uni.edu,x\n"
    assert read_roster(write(worksheet)).find("participant 81") == "jose@uni.edu"
    github = 'identifier,github_username,github_id,name\n"m1","jmue","123","José Müller"\n'
    assert read_roster(write(github)).ids() == ["jmue"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(write, encoding, delimiter):
    text = CANVAS.replace('"Müller, José"', "Müller").replace('"山田, 太郎"', "山田").replace('"O\'Brien, Ann"', "Ann")
    text = text.replace('"de la Cruz, María"', "María").replace('"Student, Test"', "Test Student")
    roster = read_roster(write(text.replace(",", delimiter).replace("\n", "\r\n"), encoding))
    assert [student.last_name for student in roster] == ["Müller", "山田", "Ann", "María"]


def test_windows_1252_and_excels_line(write):
    text = 'sep=;\nID;Name\n1;"Müller, José"\n2;Łukasz\n'.replace("Ł", "L")
    assert [student.name for student in read_roster(write(text, "cp1252"))] == ["José Müller", "Lukasz"]


def test_a_plain_list_of_ids_in_any_alphabet(write):
    roster = read_roster(write("Student_ID\nJosé Müller\n山田太郎\no'brien\na.b+c@uni.edu\n\n"))
    assert roster.ids() == ["José Müller", "山田太郎", "o'brien", "a.b-c@uni.edu"]
    assert all(map(is_id, roster.accepted()))
    assert unicodedata.normalize("NFD", "José Müller") in roster.accepted()


def test_names_are_found_in_the_forms_of_each_platform_and_two_of_one_name_are_two(write):
    roster = read_roster(write(CANVAS + '"Müller, José",1005,U5,jm2,90-02,,\n'))
    assert roster.named("müllerjosé") == roster.named("José Müller") == ["1001", "1005"]
    assert roster.named("obrienann") == roster.named("Ann O'Brien") == ["1003"]
    assert roster.named(unicodedata.normalize("NFD", "delacruzmaría")) == ["1004"]
    assert roster.named("太郎 山田") == ["1002"]
    assert roster.named("Nobody") == []
    plain = read_roster(write("id,name\n1,Ana María de la Cruz\n2,Ana Cruz\n"))
    assert plain.named("delacruzanamaría") == plain.named("cruzanamaríadela") == ["1"]
    long = read_roster(write(f"id,name\n1,{' '.join(f'w{n}' for n in range(200))}\n"))
    assert len(next(iter(long)).name_keys()) <= 40
    assert name_key("") == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("name\nx\n", "no column named id"),
        ("id\n\n", "no student"),
        ("id,name\n1,A\n,B\n", "line 3: B has no id"),
        ("ID,name\n1,A\n1,B\n", "line 3: '1' is in line 2 already"),
        ("id\nJm\njM\n", "line 3: 'jM' is in line 2 already"),
        ("id,name\n1," + "x" * 200_000 + "\n", "line 2"),
        ('id,name\n1,"' + "x\n" * 2_000 + '"\n', "a field of"),
        ("id,name\n***,A\n", "line 2: '***' cannot be an id"),
        ("id\n" + "x" * 70 + "\n", "line 2"),
        (b"PK\x03\x04rest", "Excel"),
        ("id\n" + "\n".join(map(str, range(30_000))), "more than 20000 lines"),
        (b"\xff\xfei\x00d\x00\n", "damaged"),
        ("id,name\n1,A\n1.23E+05,B\n", "line 3: '1.23E+05' is what a spreadsheet makes of a long number"),
        ("id;name\n1,23e+11;A\n", "line 2: '1,23e+11' is what a spreadsheet"),
        (
            "name,id\nLee, Ann,s1\n",
            "line 2: 3 cells under 2 names of columns; a cell with a comma in it needs quotation",
        ),
        ('id,name\ns1,"Ann Lee\ns2,Bob\ns3,Cy\n', "line 2: unexpected end of data; is a quotation mark missing"),
        ('id,name\ns1,A\ns2,"Bob "B" Ray"\n', "line 3: ',' expected after"),
        ("ID,Name,ID\n1,A,x1\n", "2 columns called 'ID': rename all but one"),
        ("id,name\ns1,佐藤 花子\n".encode("cp932"), "neither in UTF-8 nor in Windows-1252"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an Excel workbook: open it in a spreadsheet"),
        ("<html><table><tr><td>ID</td><td>Name</td></tr></table></html>", "a web page or XML: open it in a spread"),
        ("Class list, Fall 2026\n\nStudent Name;ID\n", "the columns' names are in line 3: delete the lines above it"),
        ("# CS 101\nid,name\ns1,A\n", "the columns' names are in line 2"),
        ("Vorname,Kennung\nA,s1\n", "If these are the columns' names, say which column holds the ids: --id COLUMN"),
        ("First name,Last name,Email\nA,B,a@u\nC,D,\n", "line 3: C D has no Email: fill it in, choose another column"),
        ("identifier,github_username,name\nm1,jm,A\nm2,,\n", "line 3: m2 has no github_username"),
    ],
)
def test_what_is_not_certain_is_a_sentence(write, text, says):
    with pytest.raises(TableProblem) as refused:
        read_roster(write(text))
    assert says in str(refused.value)
    assert len(str(refused.value)) < 600


def test_an_unknown_column_of_ids_lists_what_there_is(write):
    with pytest.raises(TableProblem, match="SIS Login ID"):
        read_roster(write(CANVAS), id_column="login")


def test_ids_that_become_the_same_are_kept_apart(write):
    roster = read_roster(write("id\na+b\na*b\na-b\n"))
    assert roster.ids() == ["a-b-2", "a-b-3", "a-b"]
    assert roster.find("a*b") == "a-b-3"


def test_the_courses_own_file_is_read_as_the_same_class(write, tmp_path):
    course = Course(tmp_path)
    assert course_roster(course) is None
    for text, column in ((CANVAS, ""), (CANVAS, "SIS Login ID"), (MOODLE, ""), ("id\na+b\na*b\na-b\n", "")):
        roster = read_roster(write(text), column)
        path = write_roster(course, roster)
        again = course_roster(course)
        assert [(s.id, s.original_id, s.name) for s in again] == [(s.id, s.original_id, s.name) for s in roster]
        assert [again.find(alias) for s in roster for alias in s.aliases] == [
            roster.find(alias) for s in roster for alias in s.aliases
        ]
        assert path.stat().st_mode & 0o077 == 0
        first = path.read_bytes()
        write_roster(course, again)
        assert path.read_bytes() == first


def test_the_absent_are_those_to_whom_no_folder_belongs(write):
    roster = read_roster(write("id\na+b\ns1\ns2\n"))
    assert [student.id for student in roster.absent(["a+b", "s1", "foreign"])] == ["s2"]


def test_an_id_is_composed_and_begins_with_a_letter():
    assert id_without("Jose\u0301") == "José"
    assert id_without("'hara") == "_'hara"
    assert id_without("a/../b") == "a-..-b"
    assert not is_id("\u0301x")
    assert not is_id("s\udcff")
    assert not is_id("x" * 65)
    assert not is_id("山" * 60)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("\n ; \nid;name\ns1;A\n", ["s1"]),  # blank lines above the columns' names
        ('id,name\n="0012",A\n\'0013,B\n', ["0012", "0013"]),  # how spreadsheets keep a number a text
        ("OrgDefinedId,Username,Last Name,First Name\n#0012,#ada,Abara,Ada\n", ["ada"]),  # Brightspace
        ("ID,Student,SIS Login ID\n12345.0,A,a\n12346.0,B,b\n", ["12345", "12346"]),  # whole numbers read as fractions
        ("id,name\n1.0,A\n1.5,B\n", ["1.0", "1.5"]),
        ("id,name\n\u200b12345,A\n\u202a12346\u202c,B\n", ["12345", "12346"]),  # marks that nobody sees
        ('"sep=;"\nid;name\ns1;A\n', ["s1"]),
        ('Student,ID,SIS Login ID,a1\n,,,Manual Posting\n    Points Possible,,,5\n"A, B",7,ab,\n', ["7"]),
    ],
)
def test_what_spreadsheets_and_platforms_add_is_not_part_of_an_id(tmp_path, text, ids):
    path = tmp_path / "class.csv"
    path.write_text(text, encoding="utf-8")
    assert read_roster(path).ids() == ids


@pytest.mark.parametrize(
    ("text", "ids", "left_out"),
    [
        (  # Canvas, where an account shows last and first names in two columns
            "LastName,FirstName,ID,SIS Login ID,Section,a1 (2)\n    Points Possible,,,,,10.00\n"
            "Müller,José,1001,jm,A,\nStudent,Test,1099,fa4e,A,\n",
            ["1001"],
            ["line 2: Canvas's row of points", "line 4: Canvas's test student"],
        ),
        (
            "Last Name,First Name,Email Address,a1\nDate,,,2026-10-06\nPoints,,,10\nMüller,José,j@u,9\n",
            ["j@u"],
            ["line 2: Google Classroom's row of dates or points", "line 3: Google Classroom's row of dates or points"],
        ),
        ("ID,Name,Credits\nA1,José,3\nTotal: 1,,3\n", ["A1"], ["line 3: Total: 1: a row of totals"]),
        ("Name,ID\nJosé,A1\nTotal,1\n", ["A1"], ["line 3: Total: a row of totals"]),
        ("id\ns1\nTotal students 1\n", ["s1"], ["line 3: Total students 1: a row of totals"]),
        ("Name,Username,Role\nAda,a,Student\nGus,g,Grader\nMia,m,maintain\n", ["a"],
         ["line 3: Gus: Grader", "line 4: Mia: maintain"]),
    ],
)  # fmt: skip
def test_what_is_no_student_is_left_out_and_told(write, text, ids, left_out):
    roster = read_roster(write(text))
    assert (roster.ids(), list(roster.left_out)) == (ids, left_out)


@pytest.mark.parametrize("name", ["Totally, Ann", "Date, Ann", "Total, Ann", "Points"])
def test_a_name_like_a_total_with_an_id_is_a_students(write, name):
    assert read_roster(write(f'id,name\ns1,"{name}"\n')).ids() == ["s1"]


def test_a_column_of_ids_in_which_nothing_is_leaves_them_to_the_next(write):
    blackboard = '"Last Name"\t"First Name"\t"Username"\t"Student ID"\n"Müller"\t"José"\t"jm"\t""\n'
    roster = read_roster(write(blackboard, "utf-16"))
    assert (roster.ids(), roster.ids_from) == (["jm"], "Username")
    with pytest.raises(TableProblem, match="José Müller has no Student ID"):
        read_roster(write(blackboard.replace('"jm"', '""'), "utf-16"))


def test_a_user_id_of_sakai_or_canvas_finds_the_student(write):
    roster = read_roster(write("Name,User ID,Email Address\nJosé Müller,jm,j@u\n"))
    assert (roster.ids(), roster.find("jm")) == (["j@u"], "j@u")
    group_set = "name,canvas_user_id,user_id,login_id\nJosé Müller,1001,U1,jm\n"
    assert {read_roster(write(group_set)).find(text) for text in ("1001", "U1", "jm")} == {"jm"}


def test_a_column_of_ids_may_have_any_name(write):
    roster = read_roster(write("Vorname,Nachname,Kennung\nJörg,Weiß,jweiss\n,,\n"), "Kennung")
    assert roster.ids() == ["jweiss"]


def test_which_kind_of_text_a_table_is_in_cannot_always_be_known(write):
    assert is_windows_1252(write("id,name\n1,Müller\n", "cp1252"))
    assert is_windows_1252(write("id,name\n1,Иван\n", "cp1251"))
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
        assert not is_windows_1252(write("id,name\n1,Müller\n2,Łukasz\n3,山田\n", encoding))


def test_a_name_on_two_lines_is_one_name(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text('id,name\ns1,"Ada\nAbara"\n', encoding="utf-8")
    (student,) = read_roster(path)
    assert student.name == "Ada Abara"
