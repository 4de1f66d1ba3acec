"""What tests do with PyTorch's tensors and modules, beside what `selfcheck.expect` does with arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import torch

from selfcheck import arrays, expect
from selfcheck.agreement import Asked, in_pairs
from selfcheck.target import Target

Module = TypeVar("Module", bound=torch.nn.Module)


def with_parameters(module: Module, *arrays: Any) -> Module:
    """Return the module with these arrays or tensors as its parameters, in their order."""
    with torch.no_grad():
        for parameter, values in zip(module.parameters(), arrays, strict=True):
            parameter.copy_(torch.as_tensor(values))
    return module


def zeros_but(
    parameters: Mapping[str, torch.Tensor], name: str, index: int | list[int], value: float
) -> dict[str, torch.Tensor]:
    """Return parameters of zeros in which one entry, or some, of the vector of this name has a value."""
    zeros = {each: torch.zeros_like(tensor) for each, tensor in parameters.items()}
    zeros[name][index] = value
    return zeros


def to_numpy(tensor: Any, name: str, dtype: torch.dtype = torch.float64) -> np.ndarray:
    """Return a tensor's numbers; expect a tensor of this dtype."""
    expect.that(type(tensor) is torch.Tensor, f"{name} is not a torch tensor")
    expect.that(tensor.dtype is dtype, f"{name} has dtype {tensor.dtype}; expected {dtype}")
    numbers: np.ndarray = tensor.detach().numpy()
    return numbers


def expect_tensor(tensor: Any, shape: tuple[int, ...], name: str, dtype: torch.dtype = torch.float64) -> None:
    """Expect a tensor of this shape and dtype, all of it finite."""
    expect.array(to_numpy(tensor, name, dtype), shape=shape, name=name, dtype=_in_numpy(dtype))


def to_number(tensor: Any, name: str) -> float:
    """Return the number that a tensor without axes holds; expect such a tensor, in float64 and finite."""
    expect_tensor(tensor, (), name)
    return float(tensor.item())


def expect_close(tensor: Any, desired: torch.Tensor, name: str, rtol: float = 1e-7) -> None:
    """Expect a tensor of the desired one's shape and dtype, near it."""
    found = to_numpy(tensor, name, desired.dtype)
    expect.close(found, desired.detach().numpy(), name=name, rtol=rtol, dtype=_in_numpy(desired.dtype))


def agree_in_float32(target: Target, asked: Asked, calls: Iterable[tuple], name: str) -> None:
    """Expect the tensor that target gives for float32 arguments near the one that asked gives, and like it in dtype."""
    for _, found, desired in in_pairs(target, asked, map(arrays.in_float32, calls)):
        expect_close(found, desired, f"{name} in float32")


def _in_numpy(dtype: torch.dtype) -> np.dtype:
    return np.dtype(str(dtype).removeprefix("torch."))
