"""Where a submission's cells and calls run: cells once, each exercise in a fork of its own, nothing carried over."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from autograder.course.paths import Repository
from autograder.grading.forks import late_imports
from autograder.grading.grader import slow_imports
from autograder.sandbox.host import ForkServer
from autograder.sandbox.limits import Limits
from autograder.sandbox.processes import children_of
from autograder.sandbox.remote import RemoteProvider
from autograder.sandbox.student import Forks, Notebook, StudentProcesses
from selfcheck import shared_generators
from selfcheck.target import StudentError, StudentTimeout

LIMITS = Limits(call=1.0, cell=2.0, patience=60.0, processes=16)
IMPATIENT = replace(LIMITS, patience=4.0)  # for what uses the clock alone


@pytest.fixture(scope="module", params=["sandlock", "none"])
def fork_server(request):
    made = ForkServer(
        Repository.default().assignments / "selfcheck", wall=request.param, limits=LIMITS, preload=("numpy",)
    )
    yield made
    made.close()


@pytest.fixture
def submission(fork_server):
    """submission(*cells, limits=...): the provider of a notebook with these cells."""
    made, before = [], set(fork_server.scratch_root.iterdir())

    def start(*cells, limits=LIMITS, last_chance=None):
        named = [(f"cell-{n}", cell) for n, cell in enumerate(cells)]
        forks = Forks(fork_server.control, fork_server.pid, fork_server.scratch_root)
        made.append(RemoteProvider(StudentProcesses(forks, limits, Notebook(named)), {}, {}, last_chance))
        made[-1].begin()
        return made[-1]

    yield start
    for provider in made:
        provider.finish()
    assert children_of(fork_server.pid) == []
    assert set(fork_server.scratch_root.iterdir()) == before


COUNTER = "seen = []\ndef count():\n    seen.append(1)\n    return len(seen)"
RUNS = "with open('runs', 'a') as file:\n    file.write('x')\ndef runs():\n    return len(open('runs').read())"


def exercises(provider, name, count):
    """The answers of the function in `count` exercises."""
    answers = []
    for _ in range(count):
        provider.begin()
        answers.append(provider.call(name, (), {}))
    return answers


def test_an_exercise_sees_nothing_of_the_one_before(submission):
    provider = submission(COUNTER)
    assert provider.call("count", (), {}) == 1
    assert provider.call("count", (), {}) == 2
    assert exercises(provider, "count", 3) == [1, 1, 1]


def test_the_cells_run_once_for_all_exercises(submission):
    assert exercises(submission(RUNS), "runs", 3) == [1, 1, 1]


def test_the_wall_counts_no_exercise_that_has_ended(submission):
    assert exercises(submission(COUNTER), "count", 3 * LIMITS.processes) == [1] * 3 * LIMITS.processes


def test_random_numbers_go_on_from_where_the_cells_left_them(submission):
    provider = submission(
        "import random, numpy\nrandom.seed(1)\nnumpy.random.seed(1)\n"
        "def draw():\n    return random.random(), numpy.random.random()"
    )
    first, second = exercises(provider, "draw", 2)
    assert first == second


def test_a_thread_that_a_cell_has_started_lives_in_every_exercise(submission):
    provider = submission(
        RUNS,
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\npool.submit(int).result()\n"
        "def threaded(x):\n    return pool.submit(int, x).result()",
    )
    for _ in range(2):
        provider.begin()
        assert provider.call("threaded", (3,), {}) == 3
        assert provider.call("runs", (), {}) == 1  # in a new scratch folder, where the cells ran anew


def test_a_call_that_runs_out_of_time_costs_its_exercise_alone(submission):
    provider = submission(RUNS, "def hang():\n    while True:\n        pass")
    with pytest.raises(StudentTimeout):
        provider.call("hang", (), {})
    assert exercises(provider, "runs", 2) == [1, 1]


def test_waiting_for_the_processor_is_not_counted(submission):
    provider = submission("import time\ndef wait():\n    time.sleep(1.5)\n    return 1")
    assert provider.call("wait", (), {}) == 1


def test_a_cell_that_waits_for_the_processor_is_not_left_out(submission):
    provider = submission("import time\ntime.sleep(2.5)", COUNTER)
    assert provider.call("count", (), {}) == 1
    assert provider.student.notebook.left_out == {}


BURN = "import os, signal, time\ndef burn(seconds):\n    while time.process_time() < seconds:\n        pass\n"
HOSTILE = {
    "that computes": ("while True:\n        pass", "processor time"),
    "that sleeps": ("time.sleep(600)", "by the clock"),
    "that stops itself": ("os.kill(os.getpid(), signal.SIGSTOP)", "by the clock"),
    "whose threads compute": (
        "import threading\n    for _ in range(3):\n        threading.Thread(target=burn, args=(600,)).start()\n"
        "    time.sleep(600)",
        "processor time",
    ),
    "whose children compute one after another": (
        "while True:\n        if os.fork() == 0:\n            burn(0.2)\n            os._exit(0)\n        os.wait()",
        "processor time",
    ),
    "whose orphans compute": (
        "for _ in range(4):\n        if os.fork() == 0:\n            if os.fork() == 0:\n                burn(0.5)\n"
        "            os._exit(0)\n        os.wait()\n    time.sleep(600)",
        "processor time",
    ),
    "that does not wait for its children": (
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n    while True:\n        if os.fork() == 0:\n"
        "            burn(0.2)\n            os._exit(0)\n        time.sleep(0.3)",
        "",  # what they have used is forgotten: the clock ends this if nothing else does
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_call_ends_that_would_never(submission, kind):
    body, said = HOSTILE[kind]
    limits = LIMITS if said == "processor time" else IMPATIENT
    provider = submission(COUNTER, f"{BURN}def call():\n    {body}", limits=limits)
    with pytest.raises(StudentError) as failure:
        provider.call("call", (), {})
    assert said in str(failure.value)
    assert exercises(provider, "count", 1) == [1]


def test_a_call_out_of_time_is_told_unless_no_other_work_can_have_delayed_it(submission):
    loop = "def loop():\n    while True:\n        pass\n"
    provider = submission(f"import time\n{loop}def sleep():\n    time.sleep(600)", limits=IMPATIENT)
    for name in ("sleep", "loop"):
        provider.begin(name)
        with pytest.raises(StudentTimeout):
            provider.call(name, (), {})
    assert provider.out_of_time == {"loop": 1}


LOOPS_FROM = COUNTER.replace("count", "call").replace("    return", "    while len(seen) >= {call}: pass\n    return")


def test_a_call_that_runs_out_of_time_once_more_is_the_last_of_its_exercise(submission):
    provider = submission(COUNTER, LOOPS_FROM.format(call=2), last_chance={"slow": 2})
    provider.begin("slow")
    assert provider.call("call", (), {}) == 1
    with pytest.raises(StudentTimeout, match=r"needs more than .* s of processor time"):
        provider.call("call", (), {})
    for _ in range(2):  # in a new process it would answer
        with pytest.raises(StudentTimeout, match="an earlier call ran out of time twice"):
            provider.call("call", (), {})
        provider.begin("slow")
    provider.begin("other")
    assert provider.call("count", (), {}) == 1
    assert provider.given_up == {"slow"}


def test_a_call_that_has_time_the_second_time_leaves_the_others_theirs(submission):
    provider = submission(LOOPS_FROM.format(call=3), last_chance={"slow": 2})
    provider.begin("slow")
    assert [provider.call("call", (), {}) for _ in range(2)] == [1, 2]
    with pytest.raises(StudentTimeout):
        provider.call("call", (), {})
    assert provider.call("call", (), {}) == 1
    assert (provider.given_up, provider.out_of_time) == (set(), {"slow": 3})


def test_a_cell_out_of_time_concerns_all_exercises(submission):
    provider = submission(COUNTER, "while True:\n    pass")
    assert provider.call("count", (), {}) == 1
    assert provider.out_of_time == {"": 0}
    assert provider.student.notebook.left_out == {
        "cell-1": "the cell needs more than 2 s of processor time, so it was left out"
    }


def test_a_submission_may_not_compute_longer_than_all_of_it_may(submission):
    burn = f"{BURN}def call():\n    burn(time.process_time() + 0.7)"
    provider = submission(burn, limits=replace(LIMITS, submission=2.0))
    with pytest.raises(StudentTimeout, match="the submission needs more than 2 s of processor time"):
        exercises(provider, "call", 10)
    assert list(provider.out_of_time) == [""]


def test_nor_with_many_calls_that_are_answered_at_once(submission):
    burn = f"{BURN}def call():\n    burn(time.process_time() + 0.01)"
    provider = submission(burn, limits=replace(LIMITS, submission=1.0))
    with pytest.raises(StudentTimeout, match="the submission needs more than 1 s of processor time"):
        all(provider.call("call", (), {}) is None for _ in range(1000))


FRAMES = """
import os, stat, struct, time
sockets = [n for n in range(256) if os.path.exists(f"/proc/self/fd/{n}") and stat.S_ISSOCK(os.fstat(n).st_mode)]
def told(number):
    import msgpack
    body = msgpack.packb(number)
    for n in sockets:
        try:
            os.write(n, struct.pack(">I", len(body)) + body)
        except OSError:
            pass
"""


@pytest.mark.parametrize("body", ["told(n)", "told(n % 2)", "told(-1)", "told('now')"])
def test_a_cell_that_reports_progress_without_end_is_left_out(submission, body):
    report = f"{FRAMES}\nfor n in range(10**6):\n    {body}\n    time.sleep(0.05)"
    provider = submission(COUNTER, report, limits=replace(IMPATIENT, cell=1.0))
    assert provider.call("count", (), {}) == 1
    assert provider.student.notebook.left_out


@pytest.mark.parametrize("how", ["os._exit(0)", "os.kill(os.getpid(), 9)", "os.abort()"])
def test_a_cell_that_clears_the_scratch_folder_and_ends_its_process_is_left_out(submission, how):
    provider = submission(COUNTER, f"import os\nfor name in os.listdir('.'):\n    os.remove(name)\n{how}")
    assert provider.call("count", (), {}) == 1
    assert list(provider.student.notebook.left_out.values()) == [
        "the process ended while the cell ran, so the cell was left out"
    ]


def test_an_exercise_that_kills_all_it_can_is_followed_by_the_next(submission):
    provider = submission(
        COUNTER,
        "import os, signal\ndef kill():\n    for pid in (os.getppid(), os.getpid()):\n        os.kill(pid, 9)",
    )
    with pytest.raises(StudentError):
        provider.call("kill", (), {})
    assert exercises(provider, "count", 2) == [1, 1]


def test_an_exercise_that_stops_its_parent_is_followed_by_the_next(submission):
    provider = submission(
        COUNTER, "import os, signal\ndef stop():\n    os.kill(os.getppid(), signal.SIGSTOP)\n    return 1"
    )
    assert provider.call("stop", (), {}) == 1
    assert exercises(provider, "count", 2) == [1, 1]


def test_cells_whose_forks_end_at_once_run_anew_for_each_exercise(submission):
    provider = submission(COUNTER, "import os\nos.register_at_fork(after_in_child=lambda: os._exit(0))")
    assert exercises(provider, "count", 3) == [1, 1, 1]


def test_exercises_that_are_never_called_take_no_process_from_the_others(submission):
    slow = "import os, time\nos.register_at_fork(after_in_child=lambda: time.sleep(0.03))"  # as on a busy machine
    provider = submission(COUNTER, slow)
    provider.problems = {"gone": "its cell is gone"}
    for pause in [0.01] * LIMITS.processes + [0.0] * 4:
        provider.begin()
        with pytest.raises(StudentError, match="its cell is gone"):
            provider.call("gone", (), {})
        time.sleep(pause)  # its process has begun, and is ended before it has done anything; in the end, not even that
        assert exercises(provider, "count", 1) == [1]


def test_a_scratch_folder_that_an_exercise_has_filled_is_emptied_for_the_next(submission):
    fill = "def fill():\n    for n in range(3):\n        open(f'full-{n}', 'wb').write(bytes(2**25))\n    return 1"
    provider = submission(COUNTER, "import os\ndef files():\n    return os.listdir()", fill)
    assert provider.call("fill", (), {}) == 1
    provider.begin()
    assert not [name for name in provider.call("files", (), {}) if name.startswith("full")]


def test_detached_processes_end_with_their_exercise(submission, fork_server):
    provider = submission(
        COUNTER,
        "import os, time\ndef detach():\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n"
        "            time.sleep(600)\n        os._exit(0)\n    return 1",
    )
    assert provider.call("detach", (), {}) == 1
    assert exercises(provider, "count", 1) == [1]
    assert len(children_of(fork_server.pid)) == 1


def test_a_cell_that_fills_the_wall_with_processes_costs_no_exercise(submission):
    provider = submission(
        COUNTER,
        "import os, time\ntry:\n    for _ in range(50):\n        if os.fork() == 0:\n            time.sleep(600)\n"
        "except OSError:\n    pass",
    )
    assert exercises(provider, "count", 3) == [1, 1, 1]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("torch.optim.Adam(parameters)", True),
        ("from torch import optim", True),
        ("import torch.optim as o", True),
        ("from torch.optim.adam import Adam", True),
        ("%time torch.optim", True),
        ("torch.autograd.grad(loss, leaves)", True),
        ("torch.tanh(a).backward(dh)", True),
        ("torch.tanh(a).backward(retain_graph=True, gradient=dh)", True),
        ("import sympy", True),
        ("import torch\nloss.backward(retain_graph=True)", False),
        ("layer.backward(dh)", False),
        ('def f():\n    """One of torch.optim."""', False),
        ("import torch  # torch.optim", False),
    ],
)
def test_what_is_imported_late_is_found_in_code_and_not_in_prose(source, found):
    assert bool(late_imports(source)) is found


def test_what_is_slow_to_import_is_found():
    cells = ["import matplotlib.pyplot as plt", "x = np.ones(3)", "import sympy as s"]
    assert slow_imports(cells) == {"matplotlib", "sympy", "sympy.tensor.tensor"}
    assert slow_imports(["import numpy as np"]) == set()


SPOILS = """
import numpy as np
def spoil(x, weights, rng):
    x[...] = 7
    weights["W"].append(2)
    return rng.random()
"""


def arguments():
    return np.zeros(3), {"W": [1]}, np.random.default_rng(0)


def test_no_edit_of_an_argument_comes_back_with_a_value(submission):
    provider, args = submission(SPOILS), arguments()
    drawn = provider.call("spoil", args, {})
    assert provider.map("spoil", [(args, {}), (args, {})]) == [drawn, drawn]
    assert args[0].tolist() == [0, 0, 0]
    assert args[1] == {"W": [1]}
    assert args[2].random() == drawn


def test_a_watched_call_brings_the_arguments_back_beside_those_that_went(submission):
    provider, args = submission(SPOILS), arguments()
    seen = provider.watched("spoil", args, seed=3)
    assert seen.args[0].tolist() == [7, 7, 7]
    assert seen.args[1] == {"W": [1, 2]}
    assert seen.args[2].random() != np.random.default_rng(0).random() == seen.value
    assert args[0].tolist() == [0, 0, 0]
    assert args[1] == {"W": [1]}
    assert shared_generators.untouched(seen.shared, 3)
    assert provider.watched("spoil", args).shared == {}


@pytest.mark.parametrize("line", ["random.random()", "random.seed(3)", "np.random.rand()", "np.random.seed(0)"])
def test_the_trusted_side_sees_that_a_shared_generator_was_used(submission, line):
    provider = submission(f"import random\nimport numpy as np\nrandom.seed(1)\ndef draw():\n    {line}\n    return 1")
    seen = provider.watched("draw", (), seed=3)
    assert shared_generators.untouched(seen.shared, 3) is (line == "random.seed(3)")
    again = provider.watched("draw", (), seed=4)
    assert not shared_generators.untouched(again.shared, 4)


@pytest.mark.parametrize(
    "reply",
    [
        {"value": 1},
        {"value": 1, "after": (), "shared": {}},
        {"value": 1, "after": [2], "shared": {}},
        {"value": 1, "after": (2,), "shared": []},
    ],
)
def test_a_watched_call_without_all_its_arguments_is_no_reply(submission, monkeypatch, reply):
    provider = submission(COUNTER)
    monkeypatch.setattr(provider, "_ask", lambda request, count: [reply])
    with pytest.raises(StudentError, match="not a reply"):
        provider.watched("count", (1,), seed=0)


def test_a_kept_value_that_a_call_edits_is_the_same_for_the_next_call(submission):
    provider = submission("def make():\n    return 1, [0]\ndef use(kept):\n    kept.append(1)\n    return len(kept)")
    provider.opaque = {"make": (1,)}
    _, kept = provider.call("make", (), {})
    assert [provider.call("use", (kept,), {}) for _ in range(2)] == [2, 2]


FILES = "open('mine', 'w').write('x')\nimport os\ndef files():\n    return sorted(os.listdir())"
WRITE = "def write(name):\n    open(name, 'w').write(name)\n    return 1"


def test_hidden_tests_find_what_the_cells_have_written_and_nothing_else(submission):
    provider = submission(FILES, WRITE)
    provider.call("write", ("seen",), {})
    provider.call("write", ("mine",), {})
    provider.begin_hidden()
    for name in ("one", "two"):
        provider.begin(name)
        assert provider.call("files", (), {}) == ["mine"]
        assert provider.call("write", (name,), {}) == 1


def test_the_cells_run_once_more_for_hidden_tests_only_where_a_file_was_written(submission):
    provider = submission(FILES, RUNS)
    provider.call("files", (), {})
    made = provider.student._home
    provider.begin_hidden()
    for name in ("one", "two"):
        provider.begin(name)
        assert provider.call("runs", (), {}) == 1
        assert provider.student._home is made


def test_what_the_students_process_says_once_hidden_tests_run_is_not_told(submission):
    provider = submission(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
        "if flag is None:\n    raise ValueError('seen')",
        COUNTER,
    )
    assert provider.call("count", (), {}) == 1
    told = provider.student.notebook.errors["cell-1"].message
    provider.begin_hidden()
    provider.student.notebook.cells[1] = ("cell-1", "raise KeyError('carried')")
    provider.begin("one")
    assert provider.call("count", (), {}) == 1
    assert "carried" in provider.student.notebook.errors["cell-1"].message
    assert provider.student.told.errors["cell-1"].message == told
