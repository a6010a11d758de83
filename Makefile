# Lookwhy. `make run` and `make test` need Python 3.11 to 3.13 and the package registry, nothing else.

PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
SAMPLE := artifacts/sample

.PHONY: run test check lint setup sample sample-models export-full clean help

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: sample ## Set up, build the sample library, answer a search, serve the page on PORT (8000)
	@$(PY) -m runtime search "a red boat at sunset"
	@echo "Serving http://127.0.0.1:$(PORT) until Ctrl-C"
	@exec $(PY) -m runtime serve --port $(PORT)

test: $(VENV)/.test ## Set up both sides and pass every test
	@$(PY) -m pytest

check: lint test ## Lint, types and tests: all that must hold before a commit

lint: $(VENV)/.test ## Lint and types alone
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

setup: $(VENV)/.runtime ## Install the runtime's packages into .venv

sample: $(SAMPLE)/images/captions.jsonl ## Draw and index the 300 scenes of the sample library
	@$(PY) -m export index $(SAMPLE)/images --models sample/models --out $(SAMPLE)/index

sample-models: $(VENV)/.test ## Train the sample models anew (under an hour on two idle cores), export them, print their figures
	@$(PY) -m export storybook train --out artifacts/storybook
	@$(PY) -m export models --clip artifacts/storybook/clip --blip artifacts/storybook/blip --cosine-mean 0.9999 --out sample/models
	@$(PY) -m export models --clip artifacts/storybook/clip --blip artifacts/storybook/blip --precision fp32 --out artifacts/sample-fp32
	@cp artifacts/storybook/training.json sample/training.json
	@$(PY) -m benchmarks.sample_models artifacts/sample-fp32 sample/models

export-full: $(VENV)/.test ## Export CLIP and BLIP in full size with random weights, plain and with outliers; print their figures
	@$(PY) -m benchmarks.full_size

clean: ## Remove the environment, the sample library and caches; your own artifacts stay
	rm -rf $(VENV) $(SAMPLE) .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(SAMPLE)/images/captions.jsonl: | $(VENV)/.runtime
	@$(PY) -m export storybook draw $(SAMPLE)/images --count 300

$(VENV)/.runtime: requirements.txt | $(PY)
	@echo "Installing the runtime's packages (requirements.txt)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.test: tests/requirements.txt export/requirements.txt $(VENV)/.runtime
	@echo "Installing the conversion side and the tests' packages (tests/requirements.txt): torch is large"
	@$(PIP) -r tests/requirements.txt
	@touch $@

# Tried by running, as a version manager may leave names on the PATH that do not start.
$(PY):
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version)"; exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "Lookwhy needs Python 3.11, 3.12 or 3.13 (with venv); none was found. Name one: make PYTHON=/path/to/python3.12" >&2; exit 1
