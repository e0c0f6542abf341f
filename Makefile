# `make` lists the targets. Everything is installed into this folder: .venv, .tools, node_modules.

# Any of these may be given: make run PORT=9000, make build ARCHITECTURE=x86_64, make PYTHON=/path/to/python3 test
export PYTHON PYTHON313 ARCHITECTURE

RUN := .venv/run.stamp .tools/ministack/installed.stamp
TEST := $(RUN) .venv/test.stamp .tools/sam/installed.stamp
BUILD := .tools/python3.13/bin/python3.13 .tools/sam/installed.stamp

.PHONY: help run test test-http check soak bench lint format locales generate gallery lock build deploy clean

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

run: $(RUN)  ## start the service and a demo newspaper (PORT=8080 DEMO_PORT=8081; DATA_DIR=folder keeps the counts)
	@PYTHONPATH=shared exec .venv/bin/python -m local

test: $(TEST) lint  ## install what is needed and run the whole test suite
	@tools/test.sh

test-http: .venv/test.stamp  ## run the HTTP tests against a deployment: READMETER_URL=https://… (docs/deploy.md; TESTS=some files)
	@: $${READMETER_URL:?names the deployment: READMETER_URL=https://… make test-http}
	@.venv/bin/python -m pytest $${TESTS:-tests/http} --force-enable-socket -rfEs

check: lint  ## lint and the fast tests: under a minute
	@.venv/bin/python -m pytest tests/unit tests/property

soak: .venv/test.stamp  ## live more lives of usage, all simulated (SEEDS=10000; SEED=7 replays one)
	@PYTHONPATH=shared:. .venv/bin/python tools/soak.py

bench: .venv/test.stamp .tools/bench/installed.stamp node_modules/.package-lock.json  ## measure beside named baselines, write docs/performance.md (PART=decisions,start,requests,snippet,page,exports,cost RUNS=15)
	@PYTHONPATH=shared:. .venv/bin/python -m benchmarks

lint: .venv/test.stamp  ## format, lint, types, layers
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@PYTHONPATH=shared:. .venv/bin/lint-imports --no-logo

format: .venv/test.stamp  ## format the code and mend what the linter can mend
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

locales: .venv/test.stamp  ## write the sentences' data from locales/, and say what is missing
	@.venv/bin/python tools/locales.py
	@.venv/bin/python tools/report_words.py
	@PYTHONPATH=shared .venv/bin/python tools/sentences.py

generate: locales node_modules/.package-lock.json  ## write all that is generated: sentences, robots, reference, snippet, the README's picture
	@.venv/bin/python tools/robots.py
	@PYTHONPATH=shared .venv/bin/python -m tools.openapi
	@PYTHONPATH=shared .venv/bin/python -m tools.http_reference
	@PYTHONPATH=shared .venv/bin/python tools/site_document.py
	@PYTHONPATH=shared .venv/bin/python tools/export_columns.py
	@PYTHONPATH=shared .venv/bin/python -m tools.grant_vectors
	@PYTHONPATH=shared .venv/bin/python tools/command_reference.py
	@npm run --silent build
	@PYTHONPATH=shared:. .venv/bin/python tools/pictures.py

gallery: .venv/test.stamp  ## take the pictures of every prompt anew: docs/gallery/index.html
	@PYTHONPATH=shared:. .venv/bin/python -m tests.browser.gallery.album

lock: .venv/test.stamp  ## pin the newest versions of every requirement, with hashes
	@tools/lock.sh

build: $(BUILD)  ## build what is deployed into .aws-sam/build (ARCHITECTURE=arm64)
	@tools/build.sh $(ARCHITECTURE)

deploy: $(BUILD)  ## build and deploy to AWS: asks on first use, ends with the script tag to paste
	@.tools/python3.13/bin/python tools/deploy.py

clean:  ## remove everything that was installed or built
	rm -rf .venv .tools .aws-sam node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.venv/run.stamp: requirements/run.txt tools/install.sh
	@tools/install.sh .venv $<
	@touch $@

.venv/test.stamp: requirements/test.txt tools/install.sh
	@tools/install.sh .venv $<
	@touch $@ .venv/run.stamp

.tools/%/installed.stamp: requirements/%.txt
	@tools/install.sh .tools/$* $<
	@touch $@

node_modules/.package-lock.json: package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.tools/python3.13/bin/python3.13:
	@tools/runtime.sh
