"""The student's processes in the sandbox, and the messages between them and the grader."""
