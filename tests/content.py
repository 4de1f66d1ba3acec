"""What the tests of the references share: an assignment's modules, and when two values are alike."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from autograder.course.paths import Repository
from autograder.course.source import load_reference


def read_content(assignment: str) -> SimpleNamespace:
    """Return an assignment's reference and cases, as modules."""
    repository = Repository.default()
    return SimpleNamespace(
        reference=load_reference(repository.source(assignment)), cases=load_reference(repository.cases(assignment))
    )


def alike(one: Any, other: Any, rtol: float = 1e-5) -> bool:
    """Return whether two values have the same types and shapes, and the same numbers but for rounding."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return alike(one.detach().numpy(), other.detach().numpy(), rtol)
    if isinstance(one, np.random.Generator):
        return one.bit_generator.state == other.bit_generator.state
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        atol = 1e-6 if one.dtype == np.float32 else rtol / 1000
        return one.shape == other.shape and np.allclose(one, other, rtol=rtol, atol=atol, equal_nan=True)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(alike(*pair, rtol) for pair in zip(one, other, strict=True))
    if isinstance(one, dict):
        return list(one) == list(other) and all(alike(one[key], other[key], rtol) for key in one)
    return bool(np.isclose(one, other, rtol=rtol, equal_nan=True)) if isinstance(one, float) else one == other
