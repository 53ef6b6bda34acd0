# Everything here sets up what it needs first. `make` alone shows the commands.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
UV_VERSION := 0.13.8
ARGS ?=
NPM := tests/interop

.PHONY: help setup talk test check fix bench lock clean

help: ## show the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: $(BIN)/.ready ## make .venv and install everything that talking needs

talk: $(BIN)/.ready ## talk to the assistant (ARGS="--text" and so on)
	@$(BIN)/voice-agent talk $(ARGS)

test: $(BIN)/.ready-dev $(NPM)/node_modules/.ready ## run all tests
	@$(BIN)/pytest -q -n 2 -m "unit or contract or interop" $(ARGS)
	@$(BIN)/pytest -q -m "pipeline or e2e" $(ARGS)

check: $(BIN)/.ready-dev ## lint, format, types, import contracts, sizes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/python tools/check_sizes.py
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pyright

fix: $(BIN)/.ready-dev ## format, and mend what the linter can
	@$(BIN)/ruff format -q .
	@$(BIN)/ruff check --fix .

bench: $(BIN)/.ready-dev ## run the benchmarks, one after the other (NAME=one of them)
	@for file in $(if $(NAME),benchmarks/$(NAME).py,$(sort $(wildcard benchmarks/[a-z]*.py))); do \
	  echo "== $$file"; $(BIN)/python $$file $(ARGS) || exit 1; done

lock: $(BIN)/.ready-dev ## write both lock files anew from pyproject.toml
	@$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --no-header --all-extras --group build pyproject.toml -o requirements.lock
	@$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --no-header --group dev -c requirements.lock -o requirements-dev.lock

clean: ## remove what the commands above made
	@rm -rf .venv $(NPM)/node_modules .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build

$(BIN)/python:
	@tools/make_venv.sh .venv $(UV_VERSION)

$(BIN)/.ready: pyproject.toml requirements.lock | $(BIN)/python
	@echo "Installing the packages. Among them piper-tts and espeak-ng, the offline voice, which are GPL-3.0."
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(BIN)/.ready-dev: requirements-dev.lock $(BIN)/.ready
	@echo "Installing what tests and checks need."
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

$(NPM)/node_modules/.ready: $(NPM)/package-lock.json $(BIN)/.ready-dev
	@echo "Installing the MCP servers from npm that the tests talk to."
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --prefix $(NPM)
	@touch $@
