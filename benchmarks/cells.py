"""Times the references of the gated cells, in NumPy, against torch.nn: a forward and a backward pass on the CPU.

python -m benchmarks.cells [--at-most RATIO]

Both compute in float64, the course's type, in one thread and in one run, by turns; what is printed is the least CPU
time of each. N = 64 sequences, T = 100 steps, D = H = 128.
"""

from __future__ import annotations

import autograder.grading.start  # noqa: F401, before NumPy and torch make their threads

# isort: split
import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from autograder.course.paths import Repository
from autograder.course.source import load_reference

N, T, D, H = 64, 100, 128, 128
ROUNDS = 7

Pass = Callable[[], Any]


def main() -> int:
    """Print both times and their ratio for each cell. Exit code 1 if a ratio is above --at-most."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at-most", type=float, default=float("inf"), metavar="RATIO")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    repository = Repository.default()
    ratios = []
    for assignment, cell in CELLS.items():
        ours, theirs = cell(load_reference(repository.source(assignment)), np.random.default_rng(0))
        seconds = np.array([[cpu_seconds(ours), cpu_seconds(theirs)] for _ in range(ROUNDS)]).min(axis=0)
        ratios.append(seconds[0] / seconds[1])
        print(f"{cell.__name__.upper()}: {seconds[0]:.3f} s with the reference in NumPy", end=", ")
        print(f"{seconds[1]:.3f} s with torch.nn, ratio {ratios[-1]:.2f}", flush=True)
    return 0 if max(ratios) <= arguments.at_most else 1


def cpu_seconds(both_passes: Pass) -> float:
    """CPU seconds of the whole process; other programs' load does not count."""
    begin = time.process_time()
    both_passes()
    return time.process_time() - begin


def lstm(reference: Any, rng: np.random.Generator) -> tuple[Pass, Pass]:
    """Forward and backward through lstm_forward and torch.nn.LSTM, from the same weights to the same gradients."""
    x, (U, W, b), (h0, c0), dh = _sequence(rng), _weights(rng, 4), rng.standard_normal((2, N, H)), _sequence(rng)
    dc_last = rng.standard_normal((N, H))
    network = _network(torch.nn.LSTM, U, W, b)
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, h0[None], c0[None])]
    arriving = torch.tensor(dh), torch.tensor(dc_last[None])

    def ours() -> Any:
        *_, cache = reference.lstm_forward(x, U, W, b, h0, c0)
        return reference.lstm_backward(dh, dc_last, cache)

    def theirs() -> Any:
        h, (_, c_last) = network(leaves[0], tuple(leaves[1:]))
        return torch.autograd.grad((h, c_last), [leaves[0], *_trained(network)], arriving)

    for gradient, wanted in zip(ours()[:4], theirs(), strict=True):
        np.testing.assert_allclose(gradient, wanted.numpy(), rtol=1e-6, atol=1e-9)
    return ours, theirs


def gru(reference: Any, rng: np.random.Generator) -> tuple[Pass, Pass]:
    """Forward and backward through gru_forward and torch.nn.GRU, whose reset gate comes after the product."""
    x, (U, W, b), h0, dh = _sequence(rng), _weights(rng, 3), rng.standard_normal((N, H)), _sequence(rng)
    network = _network(torch.nn.GRU, U, W, b)
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, h0[None])]
    arriving = torch.tensor(dh)

    def ours() -> Any:
        *_, cache = reference.gru_forward(x, U, W, b, h0)
        return reference.gru_backward(dh, cache)

    def theirs() -> Any:
        h, _ = network(*leaves)
        return torch.autograd.grad(h, [leaves[0], *_trained(network)], arriving)

    ours(), theirs()
    return ours, theirs


def _sequence(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((N, T, D))


def _weights(rng: np.random.Generator, gates: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shapes = (gates * H, D), (gates * H, H), (gates * H,)
    U, W, b = (rng.standard_normal(shape) / np.sqrt(H) for shape in shapes)
    return U, W, b


def _network(kind: type[torch.nn.RNNBase], *weights: np.ndarray) -> torch.nn.RNNBase:
    network = kind(D, H, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        network.bias_hh_l0.zero_()
        for parameter, array in zip(_trained(network), weights, strict=True):
            parameter.copy_(torch.tensor(array))
    return network


def _trained(network: torch.nn.RNNBase) -> list[torch.nn.Parameter]:
    """The parameters that the reference has too: torch's second bias stays zero."""
    return [network.weight_ih_l0, network.weight_hh_l0, network.bias_ih_l0]


CELLS = {"a4_lstm": lstm, "a5_gru": gru}


if __name__ == "__main__":
    sys.exit(main())
