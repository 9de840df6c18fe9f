# What a person does with this project. `make help` lists it. Needs Python 3.11 or newer, pip, git and make; nothing else.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
BIN := .venv/bin
READY := .venv/.ready
UV := uv==0.13.9
ROWS ?= 1000000
DELIVERIES ?= 2000
KILLS ?= 1000
LANES ?= 2
DEMO ?= demo-home
PYTEST_ARGS ?=
# Where Python may keep no bytecode (PYTHONDONTWRITEBYTECODE), each of the tests' many processes would compile all anew.
COMPILED := $(BIN)/python -m compileall -q flows sources expectations warehouse tests

.DEFAULT_GOAL := help
.PHONY: help env demo test quick check bench bench-deliveries bench-build faults docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(READY) ## the environment .venv/ from requirements.lock

# uv installs the lock in seconds where pip needs a minute; where uv cannot be had or fails, pip does the same. uv is told the
# package index and the certificates that pip is set up with, because it does not read pip's own settings.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python >= 3.11 found: install python3.11, or say which: make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "Environment .venv/ with $(PYTHON)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@set -e; \
	of_pip() { $(BIN)/pip config list 2>/dev/null | sed -n "s/^global.$$1='\(.*\)'$$/\1/p"; }; \
	index=$$(of_pip index-url); cert=$$(of_pip cert); \
	if $(BIN)/pip install --quiet --disable-pip-version-check --no-deps $(UV) \
	   && UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$index}}" VIRTUAL_ENV="$(CURDIR)/.venv" SSL_CERT_FILE="$${SSL_CERT_FILE:-$${PIP_CERT:-$$cert}}" \
	      sh -c 'for v in UV_DEFAULT_INDEX SSL_CERT_FILE; do eval "test -n \"\$$$$v\"" || unset $$v; done; \
	             exec $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --no-deps -r requirements.lock'; \
	then :; else \
	  echo "uv could not install the lock; plain pip does it now (about a minute)"; \
	  $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock; \
	fi
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/pip check
	@$(BIN)/python -m flows.server_database || echo "The database of the Prefect server could not be prepared: a first start migrates it"
	@touch $(READY)

demo: $(READY) ## the whole cycle on the sample province, in ./demo-home
	@$(BIN)/danvan demo $(DEMO)

test: $(READY) ## every test, with real servers and a real browser
	@$(COMPILED)
	$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder $(PYTEST_ARGS)

quick: $(READY) ## the tests without the slow ones
	@$(COMPILED)
	$(BIN)/pytest -n 2 -m "not slow" $(PYTEST_ARGS)

check: $(READY) ## style, types, the laws of the rooms, the contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m expectations.contracts.lint

bench: $(READY) ## cost of the whole way of ROWS dossiers (make bench ROWS="1000000 5000000")
	@$(BIN)/python -m tests.benchmarks.dossiers --rows $(ROWS)

bench-deliveries: $(READY) ## cost of DELIVERIES small files through all steps
	@$(BIN)/python -m tests.benchmarks.deliveries --deliveries $(DELIVERIES)

bench-build: $(READY) ## cost of all marts over ROWS dossiers of sixteen quarters, 104 communes
	@$(BIN)/python -m tests.benchmarks.builds --rows $(ROWS)

faults: $(READY) ## KILLS killed runs, full disks, readers and servers against an oracle; writes docs/reliability.md
	rm -rf build/faults
	FIGURES=$(CURDIR)/build/faults KILLS=$(KILLS) LANES=$(LANES) $(BIN)/pytest tests/faults -s $(PYTEST_ARGS)
	@$(BIN)/python -m tests.faults.report build/faults

docs: $(READY) ## regenerate the pages and schemas that are made from code and contracts
	@$(BIN)/python -m sources.feed_docs
	@$(BIN)/python -m warehouse.dictionary

clean: ## remove the environment, caches and the demo home
	rm -rf .venv build demo-home *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
