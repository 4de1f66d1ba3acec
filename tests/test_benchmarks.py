"""What the benchmarks say of what they measured; they themselves run in `make bench`."""

from __future__ import annotations

import sys

import pytest

from benchmarks import growth, stages
from benchmarks.grading import Comparison
from benchmarks.growth import Grown
from benchmarks.measured import Run, run, spread


def test_several_values_are_their_median_with_the_least_and_the_greatest():
    assert spread([2.0]) == "2.0"
    assert spread([3.0, 1.0, 2.26], 2) == "2.26 (1.00 to 3.00)"


def test_a_ratio_compares_the_runs_of_one_turn():
    one = Comparison(2, [Run(2.0, 0), Run(4.0, 0)], [Run(20.0, 0), Run(20.0, 0)], [])
    assert one.ratios == [10.0, 5.0]
    assert one.ratio == 7.5


def test_growth_compares_a_submission_of_the_last_two_classes():
    found = [Grown(30, 60.0, 1), Grown(300, 300.0, 1), Grown(3000, 3300.0, 1)]
    assert growth.growth(found) == "+10 % from 300 to 3000"
    assert growth.growth(found[:1]) == "not measured"


def test_overhead_is_all_but_the_students_own_computation():
    column = dict.fromkeys(stages.STAGES, 1.0) | {"cells run": 50.0, "functions run": 70.0, "start": 9.0}
    assert stages.overhead(column) == len(stages.STAGES) - 2


def test_a_run_knows_the_memory_of_all_its_processes(tmp_path):
    hold = "import time\nheld = b'1' * 60_000_000\ntime.sleep(1.5)"
    start = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {hold!r}], check=True)"
    found = run([sys.executable, "-c", start], tmp_path)
    assert found.peak > 60_000_000
    assert found.seconds > 1.5


def test_what_a_fork_server_forks_counts_as_students_memory(tmp_path):
    fork = "import os, time\nif os.fork() == 0:\n held = b'1' * 60_000_000\n"
    hold = f"{fork}time.sleep(1.5)  # autograder.sandbox.forkserver"
    start = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {hold!r}], check=True)"
    found = run([sys.executable, "-c", start], tmp_path)
    assert 0 < found.without_students < found.peak - 60_000_000


def test_a_command_that_fails_ends_the_benchmark_with_what_it_printed(tmp_path, capfd):
    with pytest.raises(SystemExit, match="ended with 3"):
        run([sys.executable, "-c", "print('no course'); raise SystemExit(3)"], tmp_path)
    assert "no course" in capfd.readouterr().err
