# `make run` and `make test` are all a fresh machine needs (Python 3.11 or later, make and git).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
export FLASK_APP := app.py

.DEFAULT_GOAL := help
.PHONY: help run test check lint types architecture texts coverage bench clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(BIN)/.run: requirements.txt
	@echo "Installing what the product needs (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements.txt
	@touch $@

$(BIN)/.test: requirements.txt requirements-dev.txt
	@echo "Installing what the tests need (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@touch $(BIN)/.run $@

node_modules/.run: package.json package-lock.json
	@if command -v npm >/dev/null; then \
		echo "Installing what lints scripts and style sheets (once) ..." && npm ci --silent && touch $@; fi

run: $(BIN)/.run ## Serve the demo clinic on http://127.0.0.1:$PORT
	@PORT=$(PORT) $(BIN)/python -m flask serve

test: $(BIN)/.test node_modules/.run ## Lint, types, architecture, all tests on SQLite and PostgreSQL, browser tests
	@$(BIN)/python -m tests.run_all

check: lint types architecture ## Only the checks that run nothing

lint: $(BIN)/.test node_modules/.run ## Style of code, templates, scripts and style sheets
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/djlint --lint --quiet templates
	@$(BIN)/python -m tests.lint_browser_code

types: $(BIN)/.test ## mypy, strict
	@$(BIN)/mypy

architecture: $(BIN)/.test ## Which package may import which, as clinic/ARCHITECTURE.md says
	@$(BIN)/lint-imports

texts: $(BIN)/.test ## Collect the texts for translation and compile what is translated
	@$(BIN)/pybabel -q extract -F clinic/translations/babel.cfg -k N_ -k _l -k lazy_gettext -k message \
		--no-location --sort-output --omit-header -o clinic/translations/messages.pot .
	@$(BIN)/pybabel -q update -i clinic/translations/messages.pot -d clinic/translations -l pt \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=100
	@$(BIN)/pybabel -q compile -d clinic/translations

coverage: $(BIN)/.test ## Measure the branches of clinic/ that the tests on SQLite reach
	@$(BIN)/python -m slipcover --branch --source clinic --skip-covered \
		-m pytest -q -n 2 --dist worksteal -m "not browser"

bench: $(BIN)/.test ## Measure (ratios to a ceiling in the same run)
	@$(BIN)/python -m benchmarks

clean: ## Remove what the commands made, but not the instance folder
	@rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
