# Two commands for people: `make app` and `make test`. Everything else serves them.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
READY_TESTS := .venv/.ready-tests
# Idle OpenMP threads spin by default; with a busy neighbour that slows a query a hundred times.
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
