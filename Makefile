# Every target does its own set-up, in .venv; a second run finds it done.
PYTHON ?= python3
BIN := .venv/bin
QUIET := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet

.PHONY: demo test lint types docs torture bench coverage mutants exposure clean

demo: .venv/runtime.stamp ## Watch a day of support, on stand-ins; no account needed
	$(BIN)/syncd demo

test: .venv/dev.stamp ## The fast tests
	$(BIN)/python -m pytest -n auto --dist loadgroup

lint: .venv/dev.stamp ## Style, imports between floors
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: .venv/dev.stamp ## Strict types
	$(BIN)/mypy

docs: .venv/dev.stamp ## The pages that are made, not written
	$(BIN)/python -m tests.generate
	$(BIN)/python -m tests.first_use

torture: .venv/dev.stamp ## The long tests: more histories, more kill points, mutants
	$(BIN)/python -m pytest -n auto --dist loadgroup -m torture

bench: .venv/dev.stamp ## API calls, time and memory of the main jobs
	$(BIN)/python -m bench
	$(BIN)/python -m bench.service
	$(BIN)/python -m bench.connectors
	$(BIN)/python -m bench.fresh
	$(BIN)/python -m bench.report
	$(BIN)/python -m bench.guard

coverage: .venv/dev.stamp ## Lines and branches that the fast tests reach
	$(BIN)/python -m pytest -n auto --dist loadgroup --cov --cov-report=term-missing:skip-covered

mutants: .venv/dev.stamp ## Break each rule once, and see that the tests notice
	$(BIN)/python tests/mutants.py

exposure: ## How exposed the service is, by systemd's own measure: 0 to 10, less is better
	@systemd-analyze security --offline=true --no-pager systemd/syncd.service systemd/syncd-reconcile.service \
		| grep 'exposure level'

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("syncd needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

.venv/runtime.stamp: pyproject.toml | .venv/bin/python
	$(QUIET) --editable .
	touch $@

.venv/dev.stamp: pyproject.toml | .venv/bin/python
	$(QUIET) --editable ".[dev]"
	touch $@ .venv/runtime.stamp

clean: ## Forget the set-up
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
