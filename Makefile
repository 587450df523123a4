# `make demo` and `make test` set up everything they need in .venv; the second time both start in seconds.
SHELL := bash
VENV ?= .venv
JOBS ?= 2
ROUNDS ?= 50
SITE ?= site
PYTHON ?=
BIN := $(VENV)/bin
# Runs, downloads and caches of the demo stay inside the environment, so that a clone is complete in itself.
export EMOCAM_HOME ?= $(abspath $(VENV))/emocam
export VENV PYTHON

.PHONY: help demo test prepare check test-unit test-browser docs site stress bench binder train screenshots notebooks \
	clean setup setup-train setup-test setup-docs

help:
	@echo "make demo         set up, analyse the embedded demo, open it in JupyterLab"
	@echo "make test         set up, then every check and test, browser tests included"
	@echo "make docs         build the documentation site into site/"
	@echo "make stress       kill, fill up, damage and interrupt, each as often as ROUNDS (50) says"
	@echo "make bench        run the benchmarks and write docs/performance.md"
	@echo "make binder       build in a clean environment what Binder would build, open it, and write docs/binder.md"
	@echo "make train        draw the scenes and train the demo's detector and classifier again"
	@echo "make screenshots  take the pictures in docs/screenshots again"
	@echo "make notebooks    store in every notebook what its cells show, for where no kernel runs"
	@echo "make clean        remove what the others made (.venv, node_modules, caches)"

setup:
	@scripts/setup.sh core
setup-train:
	@scripts/setup.sh train
setup-test:
	@scripts/setup.sh test
setup-docs:
	@scripts/setup.sh docs

demo: setup
	@$(BIN)/emocam demo

test: setup-test
	@$(MAKE) --no-print-directory check prepare test-unit test-browser

# Does nothing where the demo is analysed already.
prepare:
	@$(BIN)/emocam demo --prepare

check:
	@echo "emocam: ruff, mypy"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "emocam: run '$(BIN)/ruff format .'" >&2; exit 1; }
	@$(BIN)/mypy
	@echo "emocam: TypeScript: types, lint, unit tests, bundles"
	@npm --prefix js run --silent check
	@npm --prefix js run --silent lint
	@npm --prefix js run --silent test
	@scripts/check_bundles.sh

test-unit:
	@echo "emocam: unit tests"
	@OMP_NUM_THREADS=1 $(BIN)/pytest -q -n $(JOBS) -m "not browser"

test-browser:
	@echo "emocam: browser tests"
	@$(BIN)/pytest -q -m browser

docs: setup-docs
	@$(MAKE) --no-print-directory site

# A warning is an error (mkdocs.yml: strict). The tests build the site with this target too.
site:
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --site-dir $(SITE)

# The tests of faults, of which test-unit does two rounds each.
stress: setup-test
	@OMP_NUM_THREADS=1 $(BIN)/pytest -q -n $(JOBS) --rounds $(ROUNDS) tests/stress

bench: setup
	@$(BIN)/python -m benchmarks all --write docs/performance.md

binder: setup-test
	@$(BIN)/python -m scripts.binder --write docs/binder.md

train: setup-train
	$(BIN)/emocam train demo-corpus
	$(BIN)/emocam train demo-detector
	$(BIN)/emocam train demo-classifier
	$(BIN)/emocam train demo-truth

screenshots: setup-test prepare
	@$(BIN)/python -m scripts.screenshots docs/screenshots
	@$(BIN)/python -m scripts.moving_picture docs/screenshots/first-minute.webp

notebooks: setup-test prepare
	@$(BIN)/python -m scripts.notebook_pictures

clean:
	rm -rf $(VENV) js/node_modules build dist site .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# The steps build on each other.
.NOTPARALLEL:
