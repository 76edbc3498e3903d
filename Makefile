# Every target installs what it needs into .venv and .tools, and nothing elsewhere
# (save, on a Debian that lacks them, Python's venv module and, for the tests, MariaDB's
# server, tmux and screen: tools/get-uv and tools/get-servers say so).

.DEFAULT_GOAL := help
SHELL := /bin/sh
export UV_PYTHON_DOWNLOADS := never
# The tests start hundreds of Pythons; each would compile what none may keep.
unexport PYTHONDONTWRITEBYTECODE

STAMP := .venv/.synced
RUN := .venv/bin

.PHONY: help demo soak fuzz test compiled servers lint types layers format bench screenshots build clean

help: ## Show these lines
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

$(STAMP): pyproject.toml uv.lock tools/get-uv
	@uv=$$(tools/get-uv) && "$$uv" sync --quiet --locked --all-extras
	@touch $@

demo: $(STAMP) ## The live monitor on an embedded stack of real servers
	@$(RUN)/onwatch demo

test: servers ## All tests, against real servers
	$(RUN)/pytest --require-servers --numprocesses 4 --dist loadfile --no-loadscope-reorder

compiled: servers ## The tests, compiled with their assertions before there are workers
	@$(RUN)/pytest --collect-only --quiet > .tools/collected || { cat .tools/collected; exit 1; }

servers: $(STAMP) ## What the tests run against
	@tools/get-servers
	@tools/get-postgres
	@tools/get-plugins
	@tools/get-logrotate
	@tools/get-peers prometheus prometheus-node-exporter prometheus-process-exporter \
		prometheus-postgres-exporter prometheus-mysqld-exporter prometheus-redis-exporter \
		prometheus-blackbox-exporter prometheus-alertmanager

lint: $(STAMP) types layers ## Format, lint, types and layering
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .

types: $(STAMP) ## Types alone
	$(RUN)/mypy

layers: $(STAMP) ## Layering alone
	$(RUN)/lint-imports

format: $(STAMP) ## Format the code and mend what can be mended
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

bench: $(STAMP) ## Speed and weight, beside the peers, in one run: docs/performance.md
	@uv=$$(tools/get-uv) && "$$uv" sync --quiet --locked --all-extras --group bench --inexact
	@tools/get-peers
	$(RUN)/python -m benchmarks --write docs/performance.md

soak: $(STAMP) ## Faults at random, for an hour and one to warm up: docs/reliability.md
	$(RUN)/python -m benchmarks.soak --write docs/reliability.md

FUZZ_SECONDS ?= 300

fuzz: $(STAMP) ## Input at random, for FUZZ_SECONDS (300): parsers, configuration, keys
	@uv=$$(tools/get-uv) && "$$uv" sync --quiet --locked --all-extras --group fuzz --inexact \
		|| echo "atheris cannot be installed here"
	$(RUN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_TARGETS)

screenshots: $(STAMP) ## Make the pictures in screenshots/ anew
	$(RUN)/python tools/screenshots.py
	$(RUN)/python tools/check_pictures.py
	$(RUN)/python tools/example_pictures.py

build: $(STAMP) ## Build the sdist and the wheel into dist/
	@uv=$$(tools/get-uv) && "$$uv" build --quiet && ls dist

clean: ## Remove environments, caches and build products
	rm -rf .venv .tools dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
