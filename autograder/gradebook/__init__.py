"""Results into nbgrader's gradebook, feedback pages, the report and the export."""
