# `make` alone lists the targets. `make run` and `make test` do their own set-up on a fresh machine.

HOST ?= 127.0.0.1
PORT ?= 8000
JOBS ?= 2

BIN := .venv/bin
# Every process of a portal or a test would else compile all modules anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup run test judge torture long-look soak cluster bench performance check lock translations migration docs map clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what the portal needs to run (make run and make test do it by themselves)
	@deploy/setup run

# The command brings the schema up to date, makes the sample shop once, starts server and worker,
# and prints the portal link and an API call when the server answers.
run: setup ## Start the portal with a sample shop; HOST=127.0.0.1 PORT=8000
	@PORTAL_DEMO=1 PORTAL_BASE_URL="$${PORTAL_BASE_URL:-http://$(HOST):$(PORT)}" \
		exec $(BIN)/portal serve --with-demo --host $(HOST) --port $(PORT)

# Every step runs, so that one answer names all that is wrong.
test: ## Check the code, then run the tests on SQLite and on PostgreSQL; JOBS=2
	@deploy/setup test
	@failed=""; \
	step() { echo; echo "== $$*"; "$$@" || failed="$$failed\n   $$*"; }; \
	step $(BIN)/ruff check; \
	step $(BIN)/ruff format --check; \
	step $(BIN)/mypy; \
	step $(BIN)/pytest -n $(JOBS) --dist loadgroup --database=sqlite; \
	step $(BIN)/pytest -n $(JOBS) --dist loadgroup --database=postgresql; \
	[ -z "$$failed" ] || { printf "\nFailed:$$failed\n"; exit 1; }

judge: ## Lay documents of every kind before the official judges (Java); PINS=1 asks for newer ones, RECORD=1 writes the table
	@deploy/setup judge
	@PINS="$(PINS)" RECORD="$(RECORD)" $(BIN)/python -m tests.judge

torture: ## Kill servers, workers and receivers for many minutes, and look whether anything was lost
	@deploy/setup test
	@$(BIN)/pytest --torture --database=sqlite
	@$(BIN)/pytest --torture --database=postgresql
	@$(BIN)/python -m bench.torture

# ONLY names figures; COUNT and MINUTES bound a run, which is recorded and adds up with others; DATABASE takes one of two.
LOOK := $(BIN)/python -m tests.long_look $(if $(DATABASE),--database=$(DATABASE)) $(if $(COUNT),--count=$(COUNT))
long-look: ## Measure figures of security and reliability; ONLY="R1 S2" COUNT=50 MINUTES=10, REPORT=1 writes docs/security.md
	@deploy/setup look
	@$(LOOK) $(if $(MINUTES),--minutes=$(MINUTES)) $(if $(REPORT),--report) $(ONLY)

soak: ## The load of a day, in pieces that add up; HOURS=2 DATABASE=sqlite
	@deploy/setup look
	@$(LOOK) --minutes=$$(awk "BEGIN {print $${HOURS:-2} * 60}") R12

# Needs Debian and root: everything runs in namespaces of its own, and the kernel takes it away with the command.
cluster: ## Run many hosts in namespaces, break one after another, and look what was lost; ONLY=words a fault
	@deploy/setup cluster
	@$(BIN)/python -m tests.cluster $(ONLY)

# The variables ROUNDS, SECONDS (of each load) and INVOICES (of the large store) make a run shorter.
bench: ## Measure the portal; AGAINST=ref beside a commit, ONLY=words a part, RECORD=1 for docs/performance.md
	@deploy/setup bench
	@$(BIN)/python -m bench --against="$(AGAINST)" --only="$(ONLY)" $(if $(RECORD),--record)

performance: ## Write docs/performance.md from the runs that were recorded, bench/history.jsonl
	@deploy/setup check
	@$(BIN)/python -m bench.report

check: ## Lint, format check and types only
	@deploy/setup check
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

# Without --upgrade the pins stay as they are; UPGRADE=1 moves all, UPGRADE=flask one of them.
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	$(if $(UPGRADE),$(if $(filter 1,$(UPGRADE)),--upgrade,--upgrade-package $(UPGRADE)))
lock: ## Write the lock files from pyproject.toml; UPGRADE=1 takes newer versions
	@deploy/setup lock
	@$(COMPILE) pyproject.toml --group build --output-file requirements.lock
	@$(COMPILE) pyproject.toml --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock
	@$(COMPILE) --group docs --output-file docs/site/requirements.lock

translations: ## Collect the texts, bring the message catalogues up to date and compile them
	@deploy/setup check
	@$(BIN)/pybabel -q extract -F pyproject.toml -k _l -k lazy_gettext --add-comments=Translators: --sort-by-file \
		--add-location=file --no-wrap --project=billing-portal --output-file=translations/messages.pot .
	@$(BIN)/pybabel -q update -i translations/messages.pot -d translations --no-fuzzy-matching --no-wrap \
		--ignore-pot-creation-date
	@$(BIN)/pybabel -q compile -d translations

migration: ## Write a migration from what the models have and the schema lacks; WORDS="what changes"
	@deploy/setup check
	@$(BIN)/python -m portal.migrations "$(WORDS)"

# The source is a copy of docs/ with the reference beside it.
docs: ## Build guides and reference as a site that can be searched offline, build/docs/README.html
	@deploy/setup docs
	@rm -rf build/docs-source && mkdir -p build && cp -R docs build/docs-source
	@$(BIN)/python docs/site/reference.py build/docs-source/reference
	@PYTHONPATH=.venv/docs $(BIN)/python -m sphinx --quiet --fail-on-warning -b html -c docs/site build/docs-source build/docs
	@echo "build/docs/README.html"

map: ## Draw the layers and floors of the code anew, docs/development/map.svg
	@deploy/setup check
	@$(BIN)/python -m tests.draw_map

clean: ## Remove caches, compiled texts and the marks of set-up; .venv/ and instance/ stay
	rm -rf .setup build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf tests/judge/*/target
	rm -f translations/*/LC_MESSAGES/*.mo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
