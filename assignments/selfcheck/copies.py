"""Copies of arguments, so that what a function does to its own stays with it."""

from __future__ import annotations

import copy
import sys
from typing import Any

import numpy as np


def copied(value: Any) -> Any:
    """Return a copy that shares no memory with `value`; an array keeps its layout: C, Fortran or strided.

    What nobody can copy, such as an object of the student's own that holds a lock, is returned as it is.
    """
    kind = type(value)
    if kind in (list, tuple):
        return kind(map(copied, value))
    if kind is dict:
        return {key: copied(item) for key, item in value.items()}
    if kind is np.ndarray and value.dtype != object:
        return _array(value)
    torch = sys.modules.get("torch")
    if torch is not None and kind is torch.Tensor:
        return value.detach().clone().requires_grad_(value.requires_grad)
    try:
        return copy.deepcopy(value)
    except Exception:  # of an object's own __deepcopy__ or __reduce__
        return value


def _array(array: np.ndarray) -> np.ndarray:
    if array.flags.c_contiguous or not array.ndim:
        return array.copy("C")
    if array.flags.f_contiguous:
        return array.copy("F")
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), dtype=array.dtype)
    view = wide[..., ::2]
    view[...] = array
    return view
