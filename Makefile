# make mnist   trains a network on MNIST          make test    runs the tests
# make check   ruff and mypy                      make oracle  compares klods with the real Keras (a large download)
# make docs    builds the site in build/docs/html, executing its code         make learn   opens the course in Jupyter
# The environments .venv, .venv-oracle and .venv-docs are made at first need, with PYTHON:  make test PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin

.PHONY: mnist learn test check oracle docs
.DELETE_ON_ERROR:

mnist: .venv/klods.installed
	$(BIN)/klods mnist

learn: .venv/learn.installed
	$(BIN)/klods learn

test: .venv/test.installed
	$(BIN)/python -m pytest

check: .venv/dev.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

oracle: .venv-oracle/oracle.installed
	KERAS_BACKEND=jax .venv-oracle/bin/python -m pytest tests/oracle

docs: .venv-docs/docs.installed
	.venv-docs/bin/python docs/build.py

# A stamp per set of requirements: pip runs again when pyproject.toml has changed, and not otherwise.
.venv/klods.installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/%.installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

.venv-oracle/oracle.installed: pyproject.toml | .venv-oracle/bin/python
	.venv-oracle/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[oracle]'
	@touch $@

.venv-docs/docs.installed: pyproject.toml | .venv-docs/bin/python
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

.venv/bin/python .venv-oracle/bin/python .venv-docs/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "klods needs Python 3.10 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(patsubst %/bin/python,%,$@)
