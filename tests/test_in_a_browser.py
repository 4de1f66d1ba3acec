"""One test of tests/browser's kind that `make test` runs: the named mistake, read in a real JupyterLab."""

import pytest

from autograder.course.source import parse
from browsing import chromium, jupyter_server, page  # noqa: F401, fixtures
from lab_page import IMPORTS, NAME, REPOSITORY, Lab, mistaken, shows, start_lab, unpack


def test_a_check_in_jupyterlab_names_the_mistake(page, jupyter_server, tmp_path):  # noqa: F811
    pytest.importorskip("torch")  # of the kernel, whose check compares with torch.nn
    source = parse(REPOSITORY.source(NAME))
    wrong, says = mistaken(source, "one_hot")
    unpack(source, tmp_path / "a1")
    lab = Lab(page, start_lab(jupyter_server, tmp_path), f"a1/{NAME}.ipynb")
    lab.run(IMPORTS)
    lab.write("def one_hot", wrong)
    lab.run("def one_hot")
    shows(lab.check("one_hot"), says)
