# Two commands: `make demo` shows what deepmeme does, `make test` checks that it does it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CODE := src tests benchmarks docs/hooks
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test coverage browser check format bench install workshop docs clean

help:  ## what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.base  ## make the environment, bring a painting, a cartoon and a statue to life
	$(BIN)/deepmeme demo

test: $(VENV)/.dev browser  ## run every test and check
	$(BIN)/ruff check $(CODE) notebooks
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist worksteal

coverage: $(VENV)/.dev browser  ## the tests, and which lines they don't reach (a third slower)
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov=deepmeme --cov-report=term:skip-covered

# Tests of the page want Debian's Chromium. Without it, and without the right to install it, they
# are skipped, and say so.
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get -qq update && apt-get -qq install -y chromium >/dev/null; } \
	  || echo "No Chromium: the tests of the page will be skipped (apt-get install chromium)."

check: test  ## the same as test

format: $(VENV)/.dev  ## put the code into its form
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

bench: $(VENV)/.dev  ## our engines beside the reference, on this machine
	$(BIN)/deepmeme bench

workshop: $(VENV)/.dev  ## open the notebooks of the workshop
	$(PIP) jupyterlab
	$(BIN)/jupyter lab notebooks

docs: $(VENV)/.dev  ## run the notebooks and build the documentation into site/
	$(BIN)/python docs/hooks/notebooks.py --run
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Open site/index.html."

install: $(VENV)/.base  ## the command alone, in .venv/bin/deepmeme

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) torch
	$(PIP) -e '.[train,dev]'
	@touch $@

clean:  ## remove the environment and what tools left behind
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
