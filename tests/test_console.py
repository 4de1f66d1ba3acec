"""console.py: lines and tables are whole, whatever stands in them."""

import io

from rich.console import Console
from rich.table import Table

from autograder.console import console, counted, print_table

PATH = "/home/teacher/" + "a-very-long-folder/" * 8 + "notebook.ipynb"


def table():
    made = Table("file", "what")
    made.add_row(PATH, "[red]not markup[/] :smile:")
    return made


def test_a_table_in_a_file_has_each_row_in_one_line(capsys):
    print_table(table(), console())
    printed = capsys.readouterr().out
    assert PATH in printed
    assert "[red]not markup[/] :smile:" in printed
    assert len(printed.splitlines()) == 5


def test_a_table_in_a_terminal_keeps_to_its_width_and_loses_nothing():
    terminal = Console(file=io.StringIO(), force_terminal=True, width=60, color_system=None, markup=False)
    print_table(table(), terminal)
    lines = terminal.file.getvalue().splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert "".join(line.split("│")[1].strip() for line in lines if line.startswith("│")) == PATH


def test_a_line_is_shown_as_it_is(capsys):
    console(stderr=True).print(f"error: {PATH} [bold]1[/] :smile:", style="red")
    assert capsys.readouterr().err == f"error: {PATH} [bold]1[/] :smile:\n"


def test_no_line_commands_the_terminal(capsys):
    console().print("a\x1b]0;title\x07\x1b[2Jb \x9b31m\u202ec\ud800 d\u00a0e\u3000太郎\nnext")
    assert capsys.readouterr().out == "a?]0;title??[2Jb ?31m?c? d\u00a0e\u3000太郎\nnext\n"


def test_one_thing_is_counted_in_other_words_than_several():
    assert [counted(n, "page") for n in (0, 1, 2)] == ["0 pages", "1 page", "2 pages"]
    assert [counted(n, "result is", "results are") for n in (1, 30)] == ["1 result is", "30 results are"]
