"""nbgrader's gradebook for its converters: each table is read once, and one commit replaces one for each cell.

nbgrader's preprocessors look every cell up by its own query, and commit after each. What they find and what they write
is the same here, row by row: a test compares the two.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from nbgrader import api
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.orm import scoped_session, sessionmaker

# The modules that open a gradebook for each notebook, by its class's name.
_OPENING = (
    "nbgrader.converters.autograde",
    *(
        f"nbgrader.preprocessors.{name}"
        for name in ("getgrades", "overwritecells", "overwritekernelspec", "saveautogrades", "latesubmissions")
    ),
)


class ReadOnce(Gradebook):
    """A gradebook whose tables are there and whose course is known; what is changed is committed when it closes."""

    def __init__(self, db_url: str, course_id: str = "default_course", authenticator: Any = None) -> None:
        self.engine = api.create_engine(db_url, echo=False, future=True)
        self.db = scoped_session(sessionmaker(autoflush=True, bind=self.engine, future=True))
        self._commit = self.db.commit
        setattr(self.db, "commit", lambda: None)  # noqa: B010, nbgrader calls it for each cell
        self.course_id = course_id
        self.authenticator = authenticator
        self._read: dict[tuple, dict[str, Any]] = {}

    def close(self) -> None:
        """Commit, and let the connection go."""
        self._commit()
        super().close()

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def find_source_cell(self, name: str, notebook: str, assignment: str) -> api.SourceCell:
        """As nbgrader's."""
        return self._found(("source", notebook, assignment), self._source_cells, name)

    def find_graded_cell(self, name: str, notebook: str, assignment: str) -> api.GradeCell | api.TaskCell:
        """As nbgrader's."""
        return self._found(("graded", notebook, assignment), self._graded_cells, name)

    def find_grade(self, grade_cell: str, notebook: str, assignment: str, student: str) -> api.Grade:
        """As nbgrader's."""
        return self._found(("grade", notebook, assignment, student), self._grades, grade_cell)

    def find_comment(self, solution_cell: str, notebook: str, assignment: str, student: str) -> api.Comment:
        """As nbgrader's."""
        return self._found(("comment", notebook, assignment, student), self._comments, solution_cell)

    def _found(self, where: tuple, read: Callable[..., dict[str, Any]], name: str) -> Any:
        if where not in self._read:
            self._read[where] = read(*where[1:])
        try:
            return self._read[where][name]
        except KeyError:
            raise MissingEntry(f"No such {where[0]} cell: {name} in {'/'.join(where[1:])}") from None

    def _source_cells(self, notebook: str, assignment: str) -> dict[str, Any]:
        return {cell.name: cell for cell in self._of_notebook(api.SourceCell, notebook, assignment)}

    def _graded_cells(self, notebook: str, assignment: str) -> dict[str, Any]:
        kinds = (api.TaskCell, api.GradeCell)  # of two cells with a name, nbgrader takes the second kind
        return {cell.name: cell for kind in kinds for cell in self._of_notebook(kind, notebook, assignment)}

    def _of_notebook(self, kind: Any, notebook: str, assignment: str) -> list[Any]:
        query = self.db.query(kind).join(api.Notebook, api.Notebook.id == kind.notebook_id)
        query = query.join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
        return query.filter(api.Notebook.name == notebook, api.Assignment.name == assignment).all()

    def _grades(self, *where: str) -> dict[str, Any]:
        return self._of_submission(api.Grade, (api.TaskCell, api.GradeCell), *where)

    def _comments(self, *where: str) -> dict[str, Any]:
        return self._of_submission(api.Comment, (api.TaskCell, api.SolutionCell), *where)

    def _of_submission(
        self, kind: Any, of: tuple[Any, ...], notebook: str, assignment: str, student: str
    ) -> dict[str, Any]:
        found = {}
        for cell in of:
            query = self.db.query(cell.name, kind).join(cell, cell.id == kind.cell_id)
            query = query.join(api.SubmittedNotebook, api.SubmittedNotebook.id == kind.notebook_id)
            query = query.join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
            submitted = api.SubmittedAssignment
            query = query.join(submitted, submitted.id == api.SubmittedNotebook.assignment_id)
            query = query.join(api.Assignment, api.Assignment.id == submitted.assignment_id)
            query = query.filter(
                api.Notebook.name == notebook, api.Assignment.name == assignment, submitted.student_id == student
            )
            found.update(query.all())
        return found


@contextmanager
def read_once() -> Iterator[None]:
    """Inside, nbgrader's converters and their preprocessors open a ReadOnce."""
    with ExitStack() as patches:
        for name in _OPENING:
            patches.enter_context(patch.object(importlib.import_module(name), "Gradebook", ReadOnce))
        yield
