"""Submissions as learning platforms hand them out, put where nbgrader and the grader look for them."""
