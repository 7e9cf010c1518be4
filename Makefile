# Frontdesk: `make demo` shows it, `make test` proves it.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test slow soak vllm lint bench quality docs picture chatpictures clean

help: ## list these targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv and install Frontdesk into it

$(STAMP): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Frontdesk needs CPython 3.11: install it, or name it with 'make PYTHON=/path/to/python3.11 …'"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $(STAMP)

demo: $(STAMP) ## crawl the example shop and answer questions about it
	$(BIN)/python examples/demo.py

lint: $(STAMP) ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint ## lint, then every test but those of `make slow` and `make vllm`
	$(BIN)/python -m pytest --numprocesses auto --dist loadscope -m 'not vllm and not slow'

slow: $(STAMP) ## the slow tests: processes started, killed and started again, whole suites once more on PostgreSQL
	$(BIN)/python -m pytest --numprocesses auto --dist loadscope -m slow

vllm: $(STAMP) ## a real vLLM server on the CPU and a small trained model, in .venv-vllm (3 GB), and the tests against them
	$(BIN)/python tests/support/vllm/install.py $(VENV)-vllm
	$(BIN)/python -m pytest -m vllm

soak: $(STAMP) ## 20,000 events amid every fault there is, two processes, half an hour; SOAK="--seed 2 --events 5000"
	$(BIN)/python -m tests.soak $(SOAK)

bench: $(STAMP) ## speed against plain sentence-transformers + FAISS
	$(BIN)/python -m benchmarks.run

quality: $(STAMP) ## figures on ../shared/faq, where it is present
	$(BIN)/python -m benchmarks.quality

docs: $(STAMP) ## write docs/commands.md and docs/settings.md from the code
	$(BIN)/python -m docs.make

picture: $(STAMP) ## record the demo and draw it for the README
	$(BIN)/python docs/images/make_picture.py

chatpictures: $(STAMP) ## draw what the bot posts in Slack and Discord (needs chromium)
	$(BIN)/python -m docs.images.make_slack_picture
	$(BIN)/python -m docs.images.make_discord_picture
	$(BIN)/python -m docs.images.make_steering_picture

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) $(VENV)-vllm .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
