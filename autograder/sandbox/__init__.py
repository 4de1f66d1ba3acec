"""The student's processes, behind the wall, and what crosses it."""
