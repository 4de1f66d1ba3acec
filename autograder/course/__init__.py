"""The one model of the course, which author, grading and simulate share. It imports nothing of the rest."""
