# Every target makes the virtual environment it needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := demo-course
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help demo docs pictures term test proofs browser postgresql check notebooks loops lint format bench cluster portable mistakes mutants fortress compat clean

help: ## list what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..."; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## build all releases, simulate a class, grade it in the sandbox, fill the gradebook, write feedback and report
	$(BIN)/python -m autograder.demo --course $(DEMO)

term: $(READY) ## play a term on a simulated class: roster, archives, grades, essays in the browser, regrade, feedback, grades out
	$(BIN)/python -m tests.term

test: $(READY) ## run the tests of the course and of the machine on all cores; `build --check` and one browser test among them
	$(BIN)/python -m pytest -n auto

proofs: $(READY) ## prove the tests: every listed mistake is rejected and named, a selection of mutants is killed
	$(BIN)/python -m pytest -n auto tests/proofs

browser: $(READY) ## drive formgrader and notebooks on a Jupyter server in a headless Chromium (Debian: apt-get install chromium)
	$(BIN)/python -m pytest tests/browser -rs

postgresql: $(READY) ## record a class into a gradebook on a real PostgreSQL (Debian: apt-get install postgresql)
	$(BIN)/python -m pytest tests/gradebook/test_gradebook_postgresql.py -rs

check: $(READY) ## check one assignment in all respects in about a minute: make check A=a4_lstm
	@$(BIN)/python -m autograder.author.full_check $(A)

notebooks: $(READY) ## run each reference notebook top to bottom
	$(BIN)/python -m autograder.author.trial

loops: $(READY) ## run each notebook with the right solutions that loop most
	$(BIN)/python -m autograder.author.trial --loops

docs: $(READY) ## write docs/commands.md from --help, and the documentation as a site to build/site
	$(BIN)/typer autograder.cli utils docs --name autograder --title Commands --output docs/commands.md
	$(BIN)/mkdocs build --strict --quiet

pictures: $(READY) ## photograph a named mistake and a class's report for the README, in a headless Chromium
	$(BIN)/python -m tests.pictures

lint: $(READY) ## ruff format, ruff check, mypy
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY) ## mend what ruff can mend by itself: imports, layout
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

portable: $(READY) ## compute all that is sealed with other kernels and with noise: is everything recognised?
	$(BIN)/python -m autograder.author.portable

mistakes: $(READY) ## prove that every listed mistake is rejected, and named from the student's files alone
	$(BIN)/python -m autograder.author.proof

mutants: $(READY) ## run automatic mutants of every reference solution against the tests
	$(BIN)/python -m autograder.author.mutants

fortress: $(READY) ## try every attack on the sandbox and the grader, as root and as an ordinary user where that can be
	$(BIN)/python -m autograder.fortress

bench: $(READY) ## measure all: grading against nbgrader's kernel, growth, Dask, the self-check, the gated cells against torch
	$(BIN)/python -m benchmarks

cluster: $(READY) ## grade 300 submissions here and on a Dask cluster of this machine, killing what can be killed: are the results the same?
	$(BIN)/python -m tests.loopback

compat: ## run the tests that need no torch on each newer Python found on the PATH
	$(PYTHON) -m tests.newer_pythons

clean: ## remove the virtual environment, the demo course and caches
	rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache .pytest_cache build *.egg-info
