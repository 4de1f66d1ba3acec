"""Other kernels and noise of the size of rounding: nothing that is sealed hangs on them."""

import json
import math

import numpy as np
import pytest
import torch

from autograder.author import portable, rounding
from autograder.author.portable import measured, recognition, settings
from autograder.course.paths import Repository

COURSE = Repository.default()


def test_other_kernels_and_noise_in_every_step_lose_no_name_of_the_first_assignment():
    """Others: tests/proofs, and all in `make portable`."""
    for found in (
        measured(["a1_recurrence"], settings()["oldest kernels"])["a1_recurrence"],
        recognition(COURSE, "a1_recurrence", noise=1),
    ):
        assert found.lost == []
        assert found.traces > 100


def test_what_is_not_recognised_is_found(tmp_path, monkeypatch):
    """The committed file of another seed opens for none of the traces."""
    content = json.loads((COURSE.public("a1_recurrence") / "mistakes.json").read_text())
    for entry in content["exercises"].values():
        entry["seed"] += 1
    (tmp_path / "mistakes.json").write_text(json.dumps(content))
    monkeypatch.setattr(Repository, "public", lambda self, name: tmp_path)
    monkeypatch.setattr(Repository, "cases", lambda self, name: COURSE.assignments / name / "cases.py")
    found = recognition(COURSE, "a1_recurrence")
    assert len(found.lost) > 0.9 * found.traces - 20


def test_settings_name_the_variables_of_numpy_torch_and_their_libraries():
    known = set().union(*settings().values())
    assert {"ATEN_CPU_CAPABILITY", "OPENBLAS_CORETYPE", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS"} <= known
    assert {environment["OMP_NUM_THREADS"] for environment in settings().values()} == {"1", "2"}


def test_a_process_that_cannot_compute_is_told_with_its_error():
    with pytest.raises(RuntimeError, match="no such assignment"):
        measured(["a0_nothing"], {})


def test_noise_of_inputs_keeps_what_is_exact_and_what_is_equal():
    x = np.array([[0.0, 1.0, -2.5], [math.pi, -math.pi, math.inf], [math.nan, 0.1, 0.1]])
    y = rounding.disturbed(x, 0)
    np.testing.assert_array_equal(y[0], x[0])
    assert y[1, 2] == math.inf
    assert math.isnan(y[2, 0])
    assert 0 < abs(y[1, 0] / x[1, 0] - 1) < 1e-11
    assert y[1, 1] == -y[1, 0]
    assert y[2, 1] == y[2, 2] != 0.1
    assert rounding.disturbed(x, 1)[1, 0] != y[1, 0]
    assert x[1, 0] == math.pi


def test_noise_reaches_lists_dictionaries_tensors_and_numbers():
    t = torch.tensor([0.3, 0.7], dtype=torch.float32, requires_grad=True)
    value = {"a": [0.3, (np.float32([0.3]), t, 4, "word", None)]}
    noisy = rounding.disturbed(value, 0)
    number, (array, tensor, *rest) = noisy["a"]
    assert number != 0.3
    assert array.dtype == np.float32
    assert array[0] != np.float32(0.3)
    assert tensor.requires_grad
    assert not torch.equal(tensor, t)
    assert torch.allclose(tensor, t, rtol=1e-5)
    assert rest == [4, "word", None]


def test_a_shaky_computation_differs_in_its_last_bits_only_and_ends_with_the_context():
    module = type(np)("solution")
    module.np = np
    x, t = np.linspace(0.1, 3, 7), torch.linspace(0.1, 3, 7, dtype=torch.float64)
    before = np.tanh(x), torch.tanh(t)
    with rounding.shaky(module, 0):
        within = module.np.tanh(x), torch.tanh(t), module.np.linalg.norm(x), torch.log_softmax(torch.ones(3, 2), dim=0)
        assert module.np.logaddexp.reduce(x) == np.logaddexp.reduce(x)
        assert np.abs(module.np.tanh(x * 20)).max() <= 1
    for noisy, clean in zip(within, before, strict=False):
        assert not (noisy == clean).all()
        np.testing.assert_allclose(noisy, clean, rtol=1e-11)
    assert within[2] != np.linalg.norm(x)
    assert len(set(within[3].ravel().tolist())) > 1, "equal numbers of different places are told apart"
    assert module.np is np
    assert torch.equal(torch.tanh(t), before[1])


def test_quick_prints_the_sum_and_what_was_lost(monkeypatch, capsys):
    found = {"a1_recurrence": portable.Recognition(7, [])}
    monkeypatch.setattr(portable, "measured", lambda *args: found)
    monkeypatch.setattr("sys.argv", ["portable", "--quick", "a1_recurrence"])
    assert portable.main() == 0
    assert capsys.readouterr().out.endswith("portable: 1 assignments, 7 traces, 2 settings, 0 not recognised\n")
    found["a1_recurrence"] = portable.Recognition(7, ["a1_recurrence, one_hot, right: whole"])
    assert portable.main() == 1
    assert "one_hot" in capsys.readouterr().out
