"""Lets plain `pytest` in this folder run the visible tests on the notebook that stands here."""

import sys
from pathlib import Path

_here = Path(__file__).resolve().parent
sys.path[:0] = [str(folder) for folder in (_here, _here.parent) if (folder / "selfcheck").is_dir()][:1]

pytest_plugins = ["selfcheck.plugin", "selfcheck.plain"]
