"""Grading on a real Dask cluster on this machine, whose workers cannot enter the course."""

from __future__ import annotations

import errno
import pickle
import shutil
import socket
import subprocess
import time
from concurrent.futures import Future
from dataclasses import replace

import dask
import pytest

from autograder.grading import cluster as dask_cluster
from autograder.grading.batch import grade_stream
from autograder.grading.installed import installed_versions
from autograder.grading.machine import Machine
from autograder.grading.options import Options
from autograder.grading.packed import pack, unpack
from autograder.grading.queue import ClusterError
from autograder.sandbox.limits import Limits
from loopback import graded_twice, loopback, results_in, until
from sample import NAME

from .conftest import grade_class, set_source

LIMITS = Limits(call=1.0, cell=2.0, submission=30.0)
TOTAL = "def total(x, rng):\n    return float(x.sum() + rng.random())"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with loopback(tmp_path_factory.mktemp("cluster"), 1, 1) as started:
        until(lambda: started.registered() == 2, "two workers are there")
        yield started


@pytest.fixture
def machines(cluster):
    """The cluster's workers, and what was said about them."""
    said: list[str] = []
    opened = dask_cluster.Cluster(cluster.address, say=said.append, patience=60.0)
    yield opened, said
    opened.close()


def test_a_class_is_graded_as_here_though_a_worker_is_killed(
    cluster, machines, course, repository, hand_in, solved, untouched, tmp_path
):
    for number in range(12):
        set_source(solved, "total-solution", f"# {number}\n{TOTAL}")
        hand_in(f"s{number:02}", solved if number % 3 else untouched)
    here, there = tmp_path / "here", tmp_path / "there"
    grade_class(course, repository, NAME, limits=LIMITS, jobs=2, results=here)
    options = Options(limits=LIMITS, results=there, machines=machines[0])
    with cluster.locked(course.root, repository.root):
        for folder in (course.root, repository.root):
            assert not (cluster.stranger and cluster.may_enter(folder))
        for count, result in enumerate(grade_stream(course, repository, NAME, options)):
            assert result.status == "graded"
            if count == 2:
                assert all(path.stat().st_mode & 0o077 == 0 for path in cluster.private_folders())
                cluster.kill_worker(cluster.workers[0])
    assert len(results_in(there)) == 12
    assert results_in(there) == results_in(here)
    assert graded_twice(there) == []
    machines[0].close()
    until(lambda: not cluster.private_folders(), "the workers have removed the assignment")


def test_other_versions_are_found_before_anything_is_graded(
    cluster, machines, course, repository, hand_in, solved, tmp_path
):
    other = tmp_path / "other"
    shutil.copytree(cluster.folder / "code", other)
    with (other / "autograder" / "demo.py").open("a") as file:
        file.write("# changed\n")
    hand_in("s1", solved)
    before = cluster.registered()
    cluster.add_worker(code=other)
    until(lambda: cluster.registered() > before, "the other worker is there")
    begin = time.monotonic()
    with pytest.raises(ClusterError, match=r"nothing was graded.*it has other code of the grader"):
        list(grade_stream(course, repository, NAME, Options(limits=LIMITS, machines=machines[0])))
    assert time.monotonic() - begin < 60
    assert not course.result("s1", NAME).exists()


def test_nobody_at_the_address_is_said_in_a_sentence(course, repository, hand_in, solved, monkeypatch):
    monkeypatch.setattr(dask_cluster, "_CONNECTING_SECONDS", 0.5)
    hand_in("s1", solved)
    nobody = dask_cluster.Cluster("tcp://127.0.0.1:9")
    with pytest.raises(ClusterError, match="no Dask scheduler answers at tcp:"):
        list(grade_stream(course, repository, NAME, Options(limits=LIMITS, machines=nobody)))


def test_what_listens_at_the_address_and_never_greets_is_no_scheduler(course, repository, hand_in, solved, monkeypatch):
    monkeypatch.setattr(dask_cluster, "_CONNECTING_SECONDS", 0.5)
    hand_in("s1", solved)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        other = dask_cluster.Cluster(f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(ClusterError, match="something else listens there"):
            list(grade_stream(course, repository, NAME, Options(limits=LIMITS, machines=other)))


def test_where_tls_is_in_use_the_settings_are_named_and_nobody_is_called_absent():
    refused = dask_cluster.Cluster("tls://127.0.0.1:9")
    with (
        dask.config.set({"distributed.comm.tls.ca-file": None}),
        pytest.raises(ClusterError, match=r"no connection to a Dask scheduler at tls:.*have the same TLS settings"),
    ):
        refused.start(1)


def test_a_worker_that_was_refused_and_comes_back_mended_is_asked_again():
    seen = dask_cluster.Cluster("tcp://127.0.0.1:9", say=lambda _: None)
    seen.refused = {"tcp://10.0.0.2:4000": "it has other code of the grader"}
    seen._seen = {"tcp://10.0.0.2:4000": 1}
    assert seen.current() == []
    assert seen.refused
    seen._seen = {}
    assert seen.current() == []
    assert seen.refused == {}


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "the disk is full"), (errno.EAGAIN, "no more processes can be started")]
)
def test_a_machine_on_which_no_grader_can_start_says_what_to_do(number, said, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(number, "refused")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert Machine("", b"", b"", (), 1, tmp_path).refusal.startswith(said)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_whose_folder_for_temporary_files_has_too_long_a_path_says_so(assignment, tmp_path, monkeypatch):
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    asked = pickle.dumps(Options(limits=LIMITS))
    machine = Machine(installed_versions(), asked, pickle.dumps(pack(assignment)), (), 1, tmp_path)
    assert machine.refusal.endswith("Set TMPDIR to a shorter one")


def test_what_is_packed_grades_alike_and_holds_nothing_of_the_course(assignment, course, hand_in, solved, tmp_path):
    hand_in("s1", solved)
    (course.root / "gradebook.db").write_text("grades")
    made = pack(assignment)
    there = unpack(made, tmp_path / "there")
    assert (there.fingerprint(), there.seed, there.cells) == (
        assignment.fingerprint(),
        assignment.seed,
        assignment.cells,
    )
    files = {path.name: path.read_bytes() for path in (tmp_path / "there").rglob("*") if path.is_file()}
    assert "hidden_tests.py" in files
    assert not {"s1", "gradebook.db", "secret"} & set(files)
    assert not [name for name, content in files.items() if course.secret() in content or content == b"grades"]
    assert course.secret().hex().encode() not in b"".join(files.values())
    with pytest.raises(ValueError, match="has changed on its way"):
        unpack(replace(made, fingerprint="another"), tmp_path / "other")


def test_what_is_packed_holds_the_names_of_axes_that_messages_use(assignment, tmp_path):
    there = unpack(pack(assignment), tmp_path / "there")
    told = assignment.repository.outline(NAME).read_bytes()
    assert there.repository.outline(NAME).read_bytes() == told


@pytest.mark.parametrize("error", [ModuleNotFoundError("no module"), TypeError("start() takes 3 arguments, 4 given")])
def test_a_worker_whose_grader_cannot_even_start_is_told_to_install_another(error):
    worker = dask_cluster.Worker.__new__(dask_cluster.Worker)
    worker.refusal = Future()
    worker.refusal.set_exception(error)
    said = worker.refuses()
    assert said == "it has no autograder, or another version of it: install there what is installed here"


def test_versions_that_differ_are_named():
    from autograder.grading.machine import different

    here = "python 3.12.3 | numpy 2.1.0 | torch none | 0123"
    assert different(here, here) == ""
    there = "python 3.11.2 | numpy 2.1.0 | torch 2.5 | 4567"
    assert different(here, there) == (
        "it has python 3.11.2 in place of python 3.12.3, torch 2.5 in place of torch none, other code of the grader: "
        "install there what is installed here"
    )
