# `make` says what there is. Everything runs in .venv, which scripts/bootstrap makes.

BIN := .venv/bin
JOBS ?= 2
ARGS ?=
SOFTWARE_VULKAN := $(firstword $(wildcard /usr/share/vulkan/icd.d/lvp_icd*.json))
UNITS := $(wildcard tests/core tests/comm tests/commands tests/objects tests/robots)
BENCHMARKS := $(shell grep -l '__main__' benchmarks/*.py 2>/dev/null | sort)

.DEFAULT_GOAL := help
.PHONY: help core dev full vulkan demo test test-all check format gallery docs bench clean

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

core: # what it takes to run
	@bash scripts/bootstrap core

dev: # what it takes to work on it
	@bash scripts/bootstrap dev

full: # what it takes to run every test
	@bash scripts/bootstrap full

vulkan: ## install a Vulkan driver in software, to draw with where there is no GPU (as root)
	@bash scripts/install-software-vulkan

demo: core ## two tiago_pro and a panda share a room; writes out/demo
	@$(BIN)/counterpoint demo $(ARGS)

test: dev ## the tests, without the slow ones (ARGS="-k reach" is handed on)
	@$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

test-all: full ## every test: the slow ones, the maniskill extra, and Vulkan where it is installed
ifneq ($(SOFTWARE_VULKAN),)
test-all: export VK_ICD_FILENAMES ?= $(SOFTWARE_VULKAN)
endif
test-all:
	@$(BIN)/python -m pytest -n $(JOBS) --slow $(ARGS)

check: dev ## style, types, import contracts and the quick unit tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q $(UNITS)

format: dev ## put the code in its common form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

gallery: core ## every example with a camera in its scene; writes out/gallery and the page of the docs
	@$(BIN)/counterpoint gallery --jobs $(JOBS) --page docs/gallery.md $(ARGS)

docs: dev ## the site, in out/site; fails on a broken link or reference
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: core ## every benchmark, one after the other
	@set -e; for b in $(BENCHMARKS); do echo "== $$b"; $(BIN)/python $$b $(ARGS); done

clean: ## remove the environment, out/ and all caches
	rm -rf .venv out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find counterpoint tests benchmarks examples -name __pycache__ -prune -exec rm -rf {} +
