"""What is installed here that can change a result."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from pathlib import Path

from autograder.grading.assignment import code_hash

# What the grader computes and reads with, and what notebooks and tests import.
_PACKAGES = (
    *("ipython", "msgpack", "nbformat", "pytest", "sandlock"),
    *("matplotlib", "numpy", "scipy", "sympy", "torch"),
)


def installed_versions() -> str:
    """The versions of Python and of what computes, and a hash of the grader's own code: the same on each machine."""
    versions = [f"python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{package} none")
    return " | ".join([*versions, grader_code()])


def grader_code() -> str:
    """Return a hash of the code of autograder and selfcheck: all of it.

    Some of it (the build, the demo) changes no result, but which is which is known only to who knows all imports.
    Grading once more than needed costs time; a result of code that is no longer there costs a student points.
    """
    specs = (importlib.util.find_spec(package) for package in ("autograder", "selfcheck"))
    return code_hash(*(Path(spec.origin).parent for spec in specs if spec and spec.origin))
