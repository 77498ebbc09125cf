# Every target makes what it needs, once. `make run` and `make test` are all a newcomer needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --no-compile
# On all cores, and also where Python is told to write no bytecode: every process starts faster
COMPILE := $(BIN)/python -m compileall -qq -j 0 -x 'py312_intrinsics' $(VENV)/lib
# An environment of their own: what inspects is no part of what is inspected
INSPECT := .venv-inspect/bin
INSPECTORS := .venv-inspect/inspect.done
RUNTIME := $(VENV)/runtime.done
TOOLS := $(VENV)/tools.done

.PHONY: run test test-slow test-browser cluster-test fault-test postgres lint audit sbom up down bench evidence lock \
        clean help

run: $(RUNTIME)  ## Run the default recipe through the whole loop
	@$(BIN)/mintmark run

test: $(TOOLS)  ## Run the quick tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not gpu and not browser and not cluster and not faults"

test-slow: $(TOOLS)  ## Run the tests that take minutes
	@$(BIN)/python -m pytest -m "slow and not gpu and not browser and not cluster and not faults"

test-browser: $(TOOLS)  ## Run the tests that open pages in Chromium, which is installed where it is missing
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-liberation; }
	@$(BIN)/python -m pytest -m browser

cluster-test: $(TOOLS) postgres  ## Run two recipes over two workers, S3, PostgreSQL and servers with login
	@$(BIN)/python -m pytest -m cluster

fault-test: $(TOOLS) postgres  ## Kill each part of a cluster while it works, and say how long recovery took
	@$(BIN)/python -m pytest -m faults -s

postgres:
	@ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql; }

lint: $(TOOLS)  ## Check style, types and import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

audit: $(INSPECTORS)  ## Look the locked packages up among known vulnerabilities (asks the package index)
	@$(INSPECT)/pip-audit --strict --no-deps --disable-pip -r requirements.lock -r requirements-servers.lock

sbom: $(INSPECTORS)  ## List all that is installed to run, as CycloneDX, in sbom.json
	@cat requirements.lock requirements-servers.lock | PYTHONWARNINGS=ignore $(INSPECT)/cyclonedx-py requirements - \
	    --pyproject pyproject.toml --output-reproducible --output-file sbom.json

up: $(RUNTIME)  ## Start the services of this machine: servers, worker, deployments
	@$(BIN)/mintmark up

down: $(RUNTIME)  ## Stop what `make up` started
	@$(BIN)/mintmark down

bench: $(TOOLS)  ## Measure our GAN beside CTGAN: see benchmarks/README.md
	@$(BIN)/python -m benchmarks.gan_vs_ctgan --peer-env .mintmark/peers/ctgan

evidence: $(TOOLS)  ## Run or resume the calibration study, rewrite docs/evidence.md (40 minutes)
	@$(BIN)/python -m benchmarks.gate_calibration --write docs/evidence.md

lock: $(TOOLS)  ## Resolve the dependencies anew
	@$(BIN)/python -m pip install -qq uv
	@sh infra/lock.sh $(BIN)/uv

clean:  ## Remove the environment and all state (models, runs, history)
	rm -rf $(VENV) .venv-inspect .mintmark

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | sort | expand -t 12

$(RUNTIME): requirements.lock pyproject.toml
	@echo "Setting up $(VENV): about three minutes, once"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(COMPILE)
	@touch $@

$(INSPECTORS):
	@test -x $(INSPECT)/python || $(PYTHON) -m venv .venv-inspect
	@$(INSPECT)/python -m pip install -qq "cyclonedx-bom>=7.5,<8" "pip-audit>=2.10,<3"
	@touch $@

$(TOOLS): $(RUNTIME) requirements-dev.lock
	@$(PIP) -r requirements-dev.lock
	@$(COMPILE)
	@touch $@
