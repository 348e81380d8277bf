# Thin on purpose: `python -m local_stack` does the work. Paths are relative, so that any checkout path will do.
.DEFAULT_GOAL := help
.PHONY: help run up down ask psql airflow debug test test-e2e campaign secrets cases calls bench lock metrics dbt picture clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV_PYTHON := .venv/bin/python
INSTALLED := .venv/installed
PIP_INSTALL = $(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --no-cache-dir
export PYTHONPATH := include:plugins
upper = $(shell echo $(1) | tr a-z A-Z)
option = $(if $($(call upper,$(1))),--$(1) '$($(call upper,$(1)))')

help: ## list the commands
	@sed -n 's/^\([a-z0-9-]*\):.* ## \(.*\)/\1\t\2/p' Makefile | awk -F '\t' '{printf "make %-8s %s\n", $$1, $$2}'

run: $(INSTALLED) ## run the DAG for the last full Pacific day, or DATE=YYYY-MM-DD, and show what it stored
	@$(VENV_PYTHON) -m local_stack run --date '$(DATE)'

up: $(INSTALLED) ## leave a whole Airflow running, and say where to look and how to log in
	@$(VENV_PYTHON) -m local_stack up

down: $(INSTALLED) ## stop what `make up` started
	@$(VENV_PYTHON) -m local_stack down

ask: $(INSTALLED) ## ask a ready question: Q=top_content, optionally ORGANIZATION, INTEGRATION, FIRST, LAST; no Q: list them
	@$(VENV_PYTHON) -m local_stack ask '$(Q)' $(foreach name,organization integration first last,$(call option,$(name)))

psql: $(INSTALLED) ## open the warehouse, or run one query: ARGS='-c "select …"'
	@$(VENV_PYTHON) -m local_stack psql $(ARGS)

airflow: $(INSTALLED) ## run Airflow's command line: ARGS='dags list'
	@$(VENV_PYTHON) -m local_stack airflow $(ARGS)

debug: $(INSTALLED) ## run the DAG in one process, so that breakpoints hold; DATE=YYYY-MM-DD
	@$(VENV_PYTHON) -m local_stack debug --date '$(DATE)'

test: $(INSTALLED) ## check format, lint, types and layers, and run the tests, in minutes
	$(VENV_PYTHON) -m ruff format --check
	$(VENV_PYTHON) -m ruff check
	$(VENV_PYTHON) -m mypy
	.venv/bin/lint-imports --no-logo
	$(VENV_PYTHON) -m pytest -m 'not long and not benchmark' -n logical --dist loadfile --durations=10

test-e2e: $(INSTALLED) ## run the long tests, in forty minutes: schedules, backfills, faults, Celery workers, compose
	@PATH=$$PATH:/usr/sbin; all='redis-server docker-compose pgbouncer chromium'; for program in $$all; do \
		command -v $$program >/dev/null || { echo "$$program is needed: apt-get install $$all"; exit 1; }; done
	$(VENV_PYTHON) -m pytest -m long --log-cli-level=INFO --durations=20

campaign: $(INSTALLED) ## simulate weeks of troubled runs for SEEDS=100 seeds, FROM=101 on, and compare with the true numbers
	@PYTHONPATH='$(PYTHONPATH):tests' AIRFLOW_HOME='$(CURDIR)/var/bench' AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR \
		$(VENV_PYTHON) -m simulation.campaign --seeds $(or $(SEEDS),100) --first $(or $(FROM),101)

secrets: $(INSTALLED) ## write the secrets that docker-compose.yaml needs to .env, and keep what is there
	@$(VENV_PYTHON) -m local_stack secrets

cases: $(INSTALLED) ## show what each kind of fault leads to: rows, calls and attempts
	$(VENV_PYTHON) -m pytest -v tests/ingest/test_faults.py tests/ingest/test_account_faults.py

calls: $(INSTALLED) ## show what a Page costs in calls, beside one call per post
	$(VENV_PYTHON) -m pytest -v tests/ingest/test_calls.py

bench: $(INSTALLED) ## measure reading, writing, growth and whole runs beside their floors, in ten minutes
	$(VENV_PYTHON) -m pytest -q -m benchmark tests/benchmarks

lock: $(INSTALLED) ## resolve requirements.txt into requirements.lock
	@$(VENV_PYTHON) -m uv pip compile requirements.txt --output-file requirements.lock --no-cache --quiet \
		--python-version 3.11 --no-annotate --no-header

metrics: $(INSTALLED) ## write docs/metrics.md from the declared metrics
	@$(VENV_PYTHON) -m meta_insights.provider.dictionary > docs/metrics.md

dbt: $(INSTALLED) ## write include/dbt/models/meta_insights.yml from the schema and the dashboards
	@$(VENV_PYTHON) -m local_stack dbt

picture: $(INSTALLED) ## write docs/insights.png, what the README shows, from a demo of two weeks, in some minutes
	@$(VENV_PYTHON) -m local_stack picture

clean: down ## stop what runs, and delete var/: databases, logs, secrets
	rm -rf var

# Nothing is written outside the checkout, so pip keeps no cache. A file that was only touched changes nothing.
$(INSTALLED): requirements.lock pyproject.toml
	@cat $^ | cmp -s - $@ || $(MAKE) --no-print-directory .venv
	@touch $@

.PHONY: .venv
.venv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo 'Python 3.11 to 3.13 is needed: make PYTHON=/path/to/python3.11'; exit 1; }
	@echo 'Making .venv: about 150 packages, a minute or two (once)'
	@$(PYTHON) -m venv .venv
	@$(PIP_INSTALL) -r requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable . # Airflow finds the connection type by its entry point
	@cat requirements.lock pyproject.toml > $(INSTALLED)
