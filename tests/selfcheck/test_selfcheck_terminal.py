"""`python -m selfcheck` and plain `pytest` in the assignment's folder."""

import re

import pytest

WRONG = "def step(x, h_prev, U, W, b):\n    print('x is', x.shape)\n    return np.tanh(x @ U.T + h_prev @ W + b), None"
RAISES = "def backward(x, dout):\n    return np.linalg.inv(x)"
STUB = "def total(values):\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def test_a_right_notebook_leaves_with_0_and_claims_no_more_than_was_seen(toy):
    done = toy.run("-m", "selfcheck", "toy.ipynb")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(
        "3 of 3 exercises: the visible tests passed. The grade also counts hidden tests on other inputs.\n"
    )
    assert "all tests passed" not in done.stdout.lower()


def test_failures_are_told_and_leave_with_1(toy):
    toy.write("junk = 1 / 0", step=WRONG, backward=RAISES, total=STUB)
    done = toy.run("-m", "selfcheck", "toy.ipynb")
    assert done.returncode == 1
    for line in (
        "cell number 2 raised ZeroDivisionError: division by zero",
        "step: 2 of 3 visible tests passed",
        "  FAILED      a step agrees with the equation",
        "              h differs first at [0, 0], by about",
        "                x is (3, 4)",
        "  RAISED      backward returns two arrays",
        "                line 2, in backward: return np.linalg.inv(x)",
        "  NOT RUN     db is the sum over the batch",
        "total is not started yet (1 visible test)",
    ):
        assert line in done.stdout
    assert done.stdout.index("FAILED") < done.stdout.index("passed      2 visible tests")


def test_without_a_name_the_notebook_in_the_folder_is_checked(toy):
    toy.notebook.rename(toy.folder / "evening.ipynb")
    done = toy.run("-m", "selfcheck")
    assert (done.returncode, "3 of 3 exercises" in done.stdout) == (0, True)
    (toy.folder / "another.ipynb").write_text("{}")
    done = toy.run("-m", "selfcheck", "--ready")
    assert (done.returncode, "the folder has 2 notebooks: rename" in done.stderr) == (2, True)
    (toy.folder / "test_toy.py").unlink()
    done = toy.run("-m", "selfcheck")
    assert (done.returncode, "there are no visible tests in this folder" in done.stderr) == (2, True)


def test_one_exercise_can_be_asked_for(toy):
    toy.write(step=WRONG)
    done = toy.run("-m", "selfcheck", "toy.ipynb", "total")
    assert done.returncode == 0
    assert "step" not in done.stdout


def test_an_exercise_alone_is_checked_in_the_folders_notebook(toy):
    toy.write(step=WRONG)
    done = toy.run("-m", "selfcheck", "total", "backward")
    assert (done.returncode, "2 of 2 exercises" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["toy.ipynb", "stepp"], "there is no exercise 'stepp' in this assignment; choose from: step, backward, total"),
        (["nowhere.ipynb"], "there is no notebook nowhere.ipynb: give the path"),
        (["cases.py"], "cases.py is not a notebook: give an .ipynb file"),
        (["elsewhere/toy.ipynb"], "there are no visible tests beside toy.ipynb: move it"),
    ],
)
def test_what_cannot_be_run_leaves_with_2_and_the_next_step(toy, arguments, said):
    (toy.folder / "elsewhere").mkdir()
    (toy.folder / "elsewhere" / "toy.ipynb").write_bytes(toy.notebook.read_bytes())
    done = toy.run("-m", "selfcheck", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_infinite_loop_can_be_interrupted(toy):
    toy.write("import _thread; _thread.interrupt_main()\nwhile True: pass")
    done = toy.run("-m", "selfcheck", "toy.ipynb")
    assert done.returncode == 130
    assert re.fullmatch(r"You stopped the cell number 2 after 0 s, in line [12]: .*\n", done.stderr)


STOPPED = "def total(values):\n    import _thread\n    _thread.interrupt_main()\n    while True: pass"
SLOW = "def total(values):\n    import time\n    time.sleep(0.3)\n    return sum(values)"
SOON = "from selfcheck import patience, __main__; patience.AFTER = 0.1; "


@pytest.mark.parametrize("ready", [[], ["--ready"]], ids=["check", "ready"])
def test_a_stopped_call_is_told_with_its_line(toy, ready):
    toy.write(total=STOPPED)
    done = toy.run("-m", "selfcheck", *ready, "toy.ipynb")
    assert done.returncode == 130
    assert re.fullmatch(r"You stopped total after 0 s, in line [34]: .*\n", done.stderr)
    assert done.stdout == ""


@pytest.mark.parametrize("ready", ["", "'--ready', "], ids=["check", "ready"])
def test_a_long_call_is_told_of_in_the_terminal(toy, ready):
    toy.write(total=SLOW)
    done = toy.run("-c", f"{SOON}__main__.main([{ready}'toy.ipynb'])")
    assert done.stderr.startswith("total has been running for 0 seconds and goes on. To stop it: Ctrl+C.\n")


def test_plain_pytest_runs_the_same_tests_on_the_notebook(toy):
    toy.write("junk = 1 / 0", step=WRONG, total=STUB)
    done = toy.run("-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 1
    assert "2 failed, 4 passed" in done.stdout
    assert "h differs first at [0, 0]" in done.stdout
    assert "total is not started yet" in done.stdout
    assert "cell number 2 raised ZeroDivisionError" in done.stdout
    toy.write()
    done = toy.run("-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "6 passed" in done.stdout
    assert "warning" not in done.stdout


def test_plain_pytest_selects_the_tests_of_an_exercise_by_its_name(toy):
    done = toy.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "backward")
    assert "4 deselected" in done.stdout
    assert "2 passed" in done.stdout


def test_plain_pytest_says_so_when_there_is_no_notebook(toy):
    toy.notebook.rename(toy.folder / "one.ipynb")
    (toy.folder / "two.ipynb").write_text("{}")
    done = toy.run("-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 1
    assert "toy.ipynb is not beside test_toy.py, and the folder has 2 notebooks" in done.stdout


def test_another_name_of_the_notebook_does_when_it_is_the_only_one(toy):
    toy.notebook.rename(toy.folder / "toy (1).ipynb")
    assert toy.run("-m", "selfcheck", "toy (1).ipynb").returncode == 0
    assert "6 passed" in toy.run("-m", "pytest", "-q", "-p", "no:cacheprovider").stdout


def test_the_notebook_that_was_named_is_tested_and_its_cells_run_once(toy):
    toy.write("with open('runs.txt', 'a') as runs:\n    runs.write('x')", step=WRONG)
    toy.notebook.rename(toy.folder / "first try.ipynb")
    toy.write()
    done = toy.run("-m", "selfcheck", "first try.ipynb")
    assert "step: 2 of 3 visible tests passed" in done.stdout
    assert (toy.folder / "runs.txt").read_text() == "x"
