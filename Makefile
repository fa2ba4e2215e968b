# `make demo` and `make test` are all a new machine needs; `make help` lists the rest.
# Other places and interpreters: make VENV=folder PYTHON=python3.12 ...
# Some tests only: make test TESTS="tests/config -x"

VENV ?= .venv
LOWEST ?= $(VENV)-lowest
PYTHON ?=
DEMO ?= demo
SITE ?= site
TESTS ?=

BIN := $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
INPUTS := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test coverage lowest lint docs reference screenshots clean

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

demo: $(VENV)/.base ## install the command line and co-segment the bundled coins
	@rm -rf "$(DEMO)/images" "$(DEMO)/result"
	$(BIN)/napari-jcc sample coins "$(DEMO)"
	$(BIN)/napari-jcc segment "$(DEMO)/images" --output "$(DEMO)/result"
	@echo
	@echo "Look at $(DEMO)/result/overview.png: outlines and boxes on the images."
	@echo "Masks are in $(DEMO)/result/masks, boxes in $(DEMO)/result/boxes.csv."

test: $(VENV)/.test ## install everything and run the tests
	@scripts/run_tests.sh $(BIN)/python $(TESTS)

coverage: $(VENV)/.test ## run the tests, half as long again, and list lines they miss
	@scripts/run_tests.sh $(BIN)/python --cov --cov-report=term $(TESTS)

lowest: $(LOWEST)/.test ## run the tests with the oldest versions allowed, without torch
	@scripts/run_tests.sh $(LOWEST)/bin/python $(TESTS)

lint: $(VENV)/.lint ## check style, types, layers and the plugin's manifest
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/npe2 validate src/napari_jcc/napari.yaml
	$(BIN)/validate-pyproject pyproject.toml

docs: $(VENV)/.docs ## build the documentation into site/, warnings are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir $(abspath $(SITE))

reference: $(VENV)/.base ## renew the tables of settings and names in the documentation
	$(BIN)/python scripts/reference

screenshots: $(VENV)/.test ## photograph the window for the documentation
	@QT_API=pyqt6 scripts/with_display.sh $(BIN)/python scripts/screenshots.py

clean: ## remove the environment and everything built
	@[ ! -e "$(VENV)/pyvenv.cfg" ] || rm -rf "$(VENV)"
	rm -rf "$(DEMO)/images" "$(DEMO)/result" site build dist htmlcov .coverage .pytest_cache \
	  .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.pip: scripts/create_venv.sh
	@scripts/create_venv.sh "$(VENV)" "$(PYTHON)"
	@touch $@

$(VENV)/.base: $(VENV)/.pip $(INPUTS)
	@echo "Installing the command line into $(VENV)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.pip $(INPUTS)
	@echo "Installing the package, napari and the test tools into $(VENV)"
	@$(PIP) --editable ".[all,cluster,deep,match,zarr]" --group test
	@touch $@

$(LOWEST)/.test: scripts/lowest_versions.py pyproject.toml
	@scripts/create_venv.sh "$(LOWEST)" "$(PYTHON)"
	@$(LOWEST)/bin/python scripts/lowest_versions.py napari cluster zarr > $(LOWEST)/lowest.txt
	@echo "Installing the oldest versions that are allowed into $(LOWEST)"
	@$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check \
	  -c $(LOWEST)/lowest.txt --editable ".[all,cluster,zarr]" --group test
	@touch $@

$(VENV)/.lint: $(VENV)/.test
	@echo "Installing the checkers into $(VENV)"
	@$(PIP) --group lint
	@touch $@

$(VENV)/.docs: $(VENV)/.base
	@echo "Installing the documentation tools into $(VENV)"
	@$(PIP) --group docs
	@touch $@
