.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

BIN := .venv/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
export SAM_CLI_TELEMETRY := 0
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Everything that is said while preparing goes to stderr, so that `make demo ARGS=--json` prints JSON and nothing else.

.PHONY: help
help: ## Show this list of targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/.ready ## Create the development environment (.venv) once

PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --require-hashes --requirement

.venv/.ready: requirements/pip.txt requirements/dev.txt pyproject.toml
	@{ test -n "$(PYTHON)" || { echo "Selfheal needs Python 3.11 or later; put it on the PATH or set PYTHON=..." && exit 1; }; \
	$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "creating .venv with $(PYTHON)" && "$(PYTHON)" -m venv --clear .venv; }; \
	echo "installing requirements/dev.txt"; \
	$(BIN)/python $(PIP_INSTALL) requirements/pip.txt; \
	$(BIN)/python $(PIP_INSTALL) requirements/dev.txt; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	touch $@; } >&2

.venv-checkov/.ready: requirements/checkov.txt .venv/.ready
	@{ echo "creating .venv-checkov for the template checks"; \
	.venv-checkov/bin/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m venv --clear .venv-checkov; \
	.venv-checkov/bin/python $(PIP_INSTALL) requirements/pip.txt; \
	.venv-checkov/bin/python $(PIP_INSTALL) requirements/checkov.txt; \
	touch $@; } >&2

.venv-bench/.ready: requirements/bench.txt .venv/.ready
	@{ echo "creating .venv-bench for the detectors that benchmarks compare with"; \
	.venv-bench/bin/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m venv --clear .venv-bench; \
	.venv-bench/bin/python $(PIP_INSTALL) requirements/pip.txt; \
	.venv-bench/bin/python $(PIP_INSTALL) requirements/bench.txt; \
	touch $@; } >&2

# Near 1 GB, and slow to install: nothing but training-definition needs it.
.venv-training/.ready: requirements/training.txt .venv/.ready
	@{ echo "creating .venv-training for the SageMaker SDK"; \
	.venv-training/bin/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m venv --clear .venv-training; \
	.venv-training/bin/python $(PIP_INSTALL) requirements/pip.txt; \
	.venv-training/bin/python $(PIP_INSTALL) requirements/training.txt; \
	touch $@; } >&2

.PHONY: demo
demo: setup ## Break real builds here and watch them heal (ARGS=--all)
	@$(BIN)/selfheal demo $(ARGS)

# Three for two cores: a third of the tests' time is waiting for builds, deployments and functions.
.PHONY: test
test: setup ## Run all tests, the local cloud's too (ARGS=... for pytest)
	@$(BIN)/pytest -n 3 $(ARGS)

.PHONY: check
check: check-code check-policies check-templates ## Lint, types, import rules and template checks

.PHONY: check-code
check-code: setup ## Lint, types and import rules alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy layers/core/selfheal functions cli local training tests .ci/parliament_roles.py
	$(BIN)/lint-imports

.PHONY: check-policies
check-policies: setup ## Read every policy file as the deployed stack will
	$(BIN)/selfheal policy check policy/*.toml

.PHONY: coverage
coverage: setup ## Branch coverage of the tests that need no local cloud
	@$(BIN)/pytest -n 2 --cov --cov-report=term tests/unit tests/contract tests/adapters $(ARGS)

.PHONY: check-templates
check-templates: setup .venv-checkov/.ready ## The template checks alone
	$(BIN)/sam validate --lint
	$(BIN)/cfn-lint template.yaml
	@mkdir -p .build
	$(BIN)/python tests/contract/transformed.py > .build/template.json
	$(BIN)/cfn-lint .build/template.json
	.venv-checkov/bin/checkov --config-file .ci/checkov.yaml --file .build/template.json
	.venv-checkov/bin/python -W ignore::UserWarning .ci/parliament_roles.py .build/template.json

.PHONY: fmt
fmt: setup ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

WITH_PEERS := detection scoring_speed policy

.PHONY: bench
bench: setup $(if $(filter $(WITH_PEERS),$(or $(BENCH),$(WITH_PEERS))),.venv-bench/.ready) ## Measure what the documents claim (BENCH=diagnosis for one)
	@for measure in tests/bench/bench_$(or $(BENCH),*).py; do \
		name=$${measure#tests/bench/bench_}; \
		case " $(WITH_PEERS) " in *" $${name%.py} "*) PYTHONPATH=layers/core:. .venv-bench/bin/python "$$measure" $(ARGS);; \
		*) $(BIN)/python "$$measure" $(ARGS);; esac; done

.PHONY: training-definition
training-definition: setup .venv-training/.ready ## Make the SageMaker Pipeline's definition again, offline
	@PYTHONPATH=layers/core:. .venv-training/bin/python -W ignore -m training.write_definition --write

.PHONY: sagemaker-proof
sagemaker-proof: setup ## The SageMaker backend, simulated (ARGS=--runs FILE)
	@$(BIN)/python -m local.sagemaker $(ARGS)

.PHONY: build
build: setup ## Build what is deployed (LAYER_ARCHITECTURE=x86_64)
	$(BIN)/sam build

.PHONY: deploy
deploy: check-policies build ## Deploy with the current credentials (ENV=default or prod)
	$(BIN)/sam deploy --config-env $(or $(ENV),default)

.PHONY: local-up
local-up: setup ## Start the local cloud and deploy the stack into it
	@$(BIN)/selfheal local up

.PHONY: local-down
local-down: setup ## Stop the local cloud
	@$(BIN)/selfheal local down

.PHONY: invoke
invoke: setup ## Run a function in Docker: FUNCTION=... EVENT=events/x.json
	@test -n "$(FUNCTION)" -a -n "$(EVENT)" || { echo "say which: make invoke FUNCTION=IngestRunFunction EVENT=events/<file>.json" >&2; exit 2; }
	@docker info >/dev/null 2>&1 || { echo "make invoke needs a running Docker; without one, use make local-up" >&2; exit 2; }
	$(BIN)/sam build
	$(BIN)/sam local invoke $(FUNCTION) --event $(EVENT)
