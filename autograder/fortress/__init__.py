"""Every attack that the course considers, tried on this machine: what it gained, read, left behind, changed or stopped.

attacks: which there are. classes: a class of them, graded. doors: what is collected, and what is handed out. kills:
grading that is killed at random moments. stock: the same attacks against nbgrader as it comes.
"""
