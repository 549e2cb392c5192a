# The two commands for everyday use are `make app` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
READY_TESTS := .venv/.ready-tests
LOWEST ?= $(or $(TMPDIR),/tmp)/mirs-lowest
# Idle OpenMP threads spin by default; on a busy machine that makes a query a hundred times slower.
export OMP_WAIT_POLICY ?= passive

.PHONY: app demo test lint check check-lowest format clean

app: $(READY)
	$(BIN)/python -m mirs_core app

demo: $(READY)
	$(BIN)/python -m mirs_core demo

test: $(READY_TESTS)
	$(BIN)/python -m pytest

lint: $(READY_TESTS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test

# The tests of the library on the lowest versions that requirements.txt allows, in an environment
# outside the repository (LOWEST).
check-lowest:
	$(PYTHON) -m venv $(LOWEST)
	$(PYTHON) tests/lowest_versions.py > $(LOWEST)/constraints.txt
	$(LOWEST)/bin/python -m pip install --quiet --constraint $(LOWEST)/constraints.txt \
	  --requirement requirements.txt --requirement tests/requirements.txt
	$(LOWEST)/bin/python -m pytest tests/core

format: $(READY_TESTS)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "MIRS Explorer needs Python 3.11 or newer; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Setting up .venv (with the default Linux build of torch about 5.5 GB, once)"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $@

$(READY_TESTS): $(READY) tests/requirements.txt
	$(BIN)/python -m pip install --quiet --requirement tests/requirements.txt
	@touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
