"""Noise of the size of rounding, put into inputs and into each step of a computation.

Another processor has other vector units and another maths library, so that sums and functions differ in their last
bits. That must not matter. It does where a *discrete* step hangs on it: a sort of equal numbers, a comparison at its
threshold, a count, an error.

Numbers with few binary places (whole numbers, 0.5, 0.25) stay as they are: they are exact on every machine. The noise
of a number is a function of it, and of the draw: what is equal in a case stays equal, and a function gives the same for
the same argument. In a computation it is a function of the place in the array too, for the body of a vector loop and
its tail round differently.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

RELATIVE = {4: 1e-6, 8: 1e-12}  # by the bytes of a real number
DRAWS = 3  # of noise; a choice that hangs on one comparison alone escapes them with a chance of one in eight
BINARY_PLACES = 10
# Functions whose last bits differ between processors: those that a maths library computes, and sums in some order.
NUMPY = frozenset([
    "exp", "expm1", "log", "log1p", "log2", "tanh", "arctanh", "sin", "cos", "sqrt", "power", "sum", "mean", "var",
    "std", "cumsum", "prod", "dot", "matmul", "einsum", "tensordot", "outer", "convolve", "correlate", "logaddexp",
])  # fmt: skip
LINALG = frozenset(["norm", "eigvals", "svd", "qr", "det", "inv", "solve", "matrix_power", "matrix_norm", "svdvals"])
TORCH = frozenset([
    "exp", "expm1", "log", "log1p", "tanh", "sigmoid", "softmax", "log_softmax", "_softmax", "_log_softmax",
    "logsumexp", "mm", "bmm", "addmm", "baddbmm", "mv", "dot", "matmul", "sum", "mean", "var", "norm",
    "linalg_vector_norm", "cumsum", "pow", "sqrt", "native_layer_norm",
])  # fmt: skip


def disturbed(value: Any, draw: int) -> Any:
    """Return the value with relative noise in its floating-point numbers; lists, tuples and dictionaries are copied."""
    torch = sys.modules.get("torch")
    if type(value) in (list, tuple):
        return type(value)(disturbed(item, draw) for item in value)
    if type(value) is dict:
        return {key: disturbed(item, draw) for key, item in value.items()}
    if type(value) is float:
        return float(disturbed(np.asarray(value), draw))
    if isinstance(value, np.ndarray) and value.dtype in (np.float32, np.float64):
        return _noisy(value, draw, by_place=False)
    if torch is not None and type(value) is torch.Tensor and value.dtype in (torch.float32, torch.float64):
        noisy = torch.from_numpy(np.array(disturbed(value.detach().numpy(), draw)))
        return noisy.requires_grad_(value.requires_grad)
    return value


@contextlib.contextmanager
def shaky(module: ModuleType, draw: int) -> Iterator[None]:
    """Within it, what `module` computes by NumPy's functions, and all that torch computes, has noise in each step."""
    with contextlib.ExitStack() as stack:
        if vars(module).get("np") is np:
            vars(module)["np"] = _ShakyModule(np, NUMPY, draw)
            stack.callback(vars(module).__setitem__, "np", np)
        if "torch" in sys.modules:
            stack.enter_context(_torch_mode(draw))
        yield


def _noisy(array: np.ndarray, draw: int, by_place: bool) -> np.ndarray:
    """Array with relative noise where its entries are not exact anyway: a function of the entry, or of its place too.

    What is at most 1 in size stays so: tanh, shares and cosines do on every processor.
    """
    bits = np.abs(array.astype(np.float64)).ravel().view(np.uint64) ^ np.uint64(0x9E3779B97F4A7C15 * (draw + 1) % 2**64)
    if by_place:
        bits = bits + np.arange(array.size, dtype=np.uint64) * np.uint64(0xD1342543DE82EF95)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # the mixer of splitmix64
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    uniform = ((bits >> np.uint64(11)).astype(np.float64) / 2**52 - 1.0).reshape(array.shape)
    scaled = array * 2.0**BINARY_PLACES
    exact = ~np.isfinite(array) | (scaled == np.round(scaled))
    moved = array * (1 + np.where(exact, 0.0, np.sqrt(3.0) * RELATIVE[array.dtype.itemsize] * uniform))
    return np.asarray(np.where(np.abs(array) <= 1, np.clip(moved, -1, 1), moved), dtype=array.dtype)


def _shaken(value: Any, draw: int) -> Any:
    if isinstance(value, np.ndarray | np.floating) and value.dtype in (np.float32, np.float64):
        noisy = _noisy(np.asarray(value), draw, by_place=True)
        return noisy if isinstance(value, np.ndarray) else noisy[()]
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(_shaken(item, draw) for item in value)
    return value


class _ShakyModule:
    """A module of NumPy's, some of whose functions return their result with noise."""

    def __init__(self, module: ModuleType, names: frozenset[str], draw: int) -> None:
        self._module, self._names, self._draw = module, names, draw

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if name == "linalg":
            return _ShakyModule(found, LINALG, self._draw)
        return _ShakyFunction(found, self._draw) if name in self._names else found


class _ShakyFunction:
    """A function whose results have noise; the rest of it (`np.logaddexp.reduce`) is as it was."""

    def __init__(self, function: Callable[..., Any], draw: int) -> None:
        self._function, self._draw = function, draw

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _shaken(self._function(*args, **kwargs), self._draw)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


def _torch_mode(draw: int) -> Any:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    def shaken(value: Any) -> Any:
        if isinstance(value, torch.Tensor) and value.dtype in (torch.float32, torch.float64):
            return torch.from_numpy(_noisy(value.detach().numpy(), draw, by_place=True))
        return value

    class Shaky(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            if func.overloadpacket.__name__ not in TORCH:
                return out
            return tuple(map(shaken, out)) if isinstance(out, tuple) else shaken(out)

    return Shaky()
