# Everything here sets up what it needs first. `make` alone shows the commands.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
UV_VERSION := 0.13.8
NODE := PATH="$$PATH:$(CURDIR)/$(BIN)"
ARGS ?=
NPM := tests/interop
PAGE := voice_agent/web/page
LIVEKIT_VERSION := v1.13.5
# Built where there is none, and Go to build it with.
LIVEKIT = $(if $(shell command -v livekit-server || command -v go >/dev/null || echo no),,$(BIN)/livekit-server)

.PHONY: help setup talk up livekit page secrets needs chromium postgres test check lint types fix bench lock clean

help: ## show the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: $(BIN)/.ready ## make .venv and install everything that talking needs

talk: $(BIN)/.ready ## talk to the assistant (ARGS="--text" and so on)
	@$(BIN)/voice-agent talk $(ARGS)

up: $(BIN)/.ready page $(if $(LIVEKIT_URL),,$(LIVEKIT)) ## talk on a page: starts everything on this machine (ARGS="--profile offline" and so on)
	@$(BIN)/voice-agent up $(ARGS)

livekit: $(BIN)/livekit-server ## build the LiveKit server from its source, with Go

page: voice_agent/web/static/index.html ## build the page, with Node

secrets: ## write new secrets for compose.yaml into .env
	@tools/make_secrets.sh

test: $(BIN)/.ready-dev ## run all tests
	@$(MAKE) --no-print-directory -j4 needs
	@$(BIN)/pytest -q -n 3 -m "unit or contract or interop" $(ARGS)
	@$(BIN)/pytest -q -n 2 --dist loadscope -m "pipeline or e2e" $(ARGS)

check: $(BIN)/.ready-dev $(PAGE)/node_modules/.ready ## lint, format, types, import contracts, sizes
	@$(MAKE) --no-print-directory -j2 types lint

lint: $(BIN)/.ready-dev $(PAGE)/node_modules/.ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/python tools/check_sizes.py
	@$(BIN)/lint-imports --no-logo
	@$(NODE) npm run --silent check --prefix $(PAGE)

types: $(BIN)/.ready-dev
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
	@rm -rf .venv $(NPM)/node_modules $(PAGE)/node_modules voice_agent/web/static .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build

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

# What tests need beside packages; what cannot be brought is skipped by them, loudly.
needs: $(NPM)/node_modules/.ready page chromium postgres $(LIVEKIT)

chromium:
	@tools/bring_chromium.sh

postgres: | chromium # one after the other, for both may install
	@tools/bring_postgres.sh

$(BIN)/livekit-server: | $(BIN)/python
	@command -v go >/dev/null || { echo "Building the LiveKit server needs Go 1.26 or newer: go.dev/doc/install. Or install \
	livekit-server as docs.livekit.io/home/self-hosting/local says, or set LIVEKIT_URL to one that runs." >&2; exit 1; }
	@echo "Building the LiveKit server $(LIVEKIT_VERSION), once; it takes a minute or two."
	@GOBIN="$(CURDIR)/.venv/go" go install github.com/livekit/livekit-server/cmd/server@$(LIVEKIT_VERSION) \
	  2> >(grep -v "^go: downloading" >&2)
	@mv .venv/go/server $@

$(PAGE)/node_modules/.ready: $(PAGE)/package-lock.json | $(BIN)/.ready
	@$(NODE) command -v npm >/dev/null || { echo "Building the page needs Node 20 or newer: nodejs.org" >&2; exit 1; }
	@$(NODE) npm ci --silent --no-fund --no-audit --prefix $(PAGE)
	@touch $@

voice_agent/web/static/index.html: $(PAGE)/node_modules/.ready $(wildcard $(PAGE)/src/* $(PAGE)/public/* $(PAGE)/*.*)
	@echo "Building the page."
	@$(NODE) npm run --silent build --prefix $(PAGE) -- --logLevel warn
	@touch $@
