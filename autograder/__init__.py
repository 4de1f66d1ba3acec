"""Builds the assignments of the course, and grades what students hand in."""

import sys

# jsonschema would compile 38 grammars at import, a second in every process, to check a string format that no schema of
# a notebook uses. It does without where this package is missing, and None says that it is.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # the import system's own way to say so
