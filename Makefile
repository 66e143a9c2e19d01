# `make demo` runs the product, `make test` proves it. Both need only Python 3.11 or newer.
PY := .venv/bin/python
PYTEST_ARGS ?=
# Two processes, a file in one of them; a fixed hash seed, so that both collect the same tests. The journeys run after
# them and alone: they use the whole product at once.
PYTEST := PYTHONHASHSEED=0 $(PY) -m pytest
SUITE = $(PYTEST) -n 2 --dist loadfile --ignore=tests/journeys $(PYTEST_ARGS) && $(PYTEST) tests/journeys $(PYTEST_ARGS)
OURS := complere tenants audit privacy trust_center manage.py

.PHONY: help demo test test-real lint format types remigrate lock clean runtime dev

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

runtime:
	@sh complere/deploy/install.sh runtime

dev:
	@sh complere/deploy/install.sh dev

demo: runtime ## everything on this machine: PostgreSQL, Valkey, web, worker, beat; Ctrl-C stops it
	@$(PY) manage.py demo

test: lint types ## lint, types and all tests, on the embedded services
	$(SUITE)

# What no server can change, as style, texts and forms, is not asked again; nor are the journeys, which run on servers
# of their own.
test-real: dev ## the tests that a server can change, against those in DATABASE_ADMIN_URL, DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL
	@sh -c ': "$${DATABASE_ADMIN_URL:?is not set}" "$${DATABASE_URL:?is not set}" "$${DATABASE_OWNER_URL:?is not set}" "$${REDIS_URL:?is not set}"'
	export DEMO=1; $(PYTEST) -n 2 --dist loadfile --ignore=tests/journeys --ignore=tests/architecture --ignore=tests/hostile $(PYTEST_ARGS)

lint: dev ## style and import rules
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	.venv/bin/lint-imports

format: dev ## put the code into the house style
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: dev ## static types
	$(PY) -m mypy $(OURS)

remigrate: dev ## make the one migration of each app and the tenant template anew
	$(PY) manage.py remigrate

lock: dev ## pin all requirements again, with hashes
	cd requirements && for set in installer runtime dev; do \
	  ../.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url $$set.in -o $$set.txt || exit 1; done

clean: ## remove what a demo kept
	@if [ -x $(PY) ] && [ -d "$${DATA_DIR:-var}" ]; then $(PY) manage.py demo --erase; fi
