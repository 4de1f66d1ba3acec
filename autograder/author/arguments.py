"""What the author's commands, `python -m autograder.author.NAME`, are told: which assignments."""

from __future__ import annotations

import argparse


def parser_for_assignments(description: str) -> argparse.ArgumentParser:
    """Return a parser of a command that does something with the assignments it is given, or with all."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="which; all by default")
    return parser
