# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
#
# Every command makes the environment it needs. Only python3, pip, make and git must be there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
WANTED := -e ".[dev,desktop]"

# The peers that the bench measures us against stay out of the environment of the tests.
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.complete

# Microsoft's own clients, for the tests that take longer: they need an older paho-mqtt.
AZURE_VENV := .venv-azure
AZURE_STAMP := $(AZURE_VENV)/.complete

# Branch coverage of floors 0 to 2 must be complete, and of the hub client's own pure parts.
FLOORS := status store inbox wire transport spi direct reconnect reader session azure_iot_text azure_iot_sas \
    azure_iot_sha256 azure_iot_json azure_iot_mailbox
empty :=
space := $(empty) $(empty)
comma := ,
GATED := $(subst $(space),$(comma),$(wildcard $(FLOORS:%=nxd_mqtt/%.py)))

.PHONY: help environment demo azure-demo hub example test test-doubles-first test-doubles-second test-peers-first test-peers-second test-long soak fuzz lint format size bench docs bundle clean
.DEFAULT_GOAL := help

help:
	@echo "make demo       play the main job on this machine, with the embedded broker"
	@echo "make azure-demo play a device of IoT Hub on this machine, with the local hub"
	@echo "make hub        run the local IoT Hub, and print connection strings"
	@echo "make example    play one of examples/, with the embedded broker; NAME=simpletest; without NAME they are listed"
	@echo "make test       lint, tests, coverage gate, documents"
	@echo "make test-long  the tests that take longer: kills, soak, Microsoft's clients"
	@echo "make soak       two minutes of faults between two clients and mosquitto; SECONDS=, SEED= change them"
	@echo "make fuzz       a minute of made-up stories for parser and client; SECONDS= changes it"
	@echo "make lint       format check and lint only      make format  repair what can be repaired"
	@echo "make size       the size of each compiled module"
	@echo "make bench      speed and memory beside other clients and a bare socket; needs mosquitto, takes minutes"
	@echo "make docs       the documents, in docs/_build/html"
	@echo "make bundle     dist/nxd_mqtt-circuitpython.zip, to unpack on a CIRCUITPY drive"
	@echo "make clean      remove everything that the commands made"

environment: $(STAMP)

# Some distributions ship Python without ensurepip; pip then fills the environment from outside.
# fill = the environment's folder, what to install
define fill
	if $(PYTHON) -c "import ensurepip" 2>/dev/null; then \
	    $(PYTHON) -m venv $(1) && $(1)/bin/python -m pip install --quiet $(2); \
	else \
	    if $(PYTHON) -m pip --version >/dev/null 2>&1; then pip="$(PYTHON) -m pip"; else pip=pip; fi; \
	    $(PYTHON) -m venv --without-pip $(1) && $$pip --python $(1)/bin/python install --quiet $(2); \
	fi
	touch $@
endef

$(STAMP): pyproject.toml requirements.txt
	$(call fill,$(VENV),$(WANTED))

$(BENCH_STAMP): pyproject.toml requirements.txt tools/bench/requirements.txt
	$(call fill,$(BENCH_VENV),-e . -r tools/bench/requirements.txt)

$(AZURE_STAMP): tests/integration/azure/requirements.txt
	$(call fill,$(AZURE_VENV),-r tests/integration/azure/requirements.txt)

demo: $(STAMP)
	$(BIN)/python -m boards.desktop.demo

azure-demo: $(STAMP)
	$(BIN)/python -m boards.desktop.azure_demo

hub: $(STAMP)
	$(BIN)/python -m boards.desktop.hub

# Only what the command says counts: some systems have a NAME of their own in the environment.
example: $(STAMP)
	$(BIN)/python -m boards.desktop.example $(if $(filter command,$(firstword $(origin NAME))),$(NAME))

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: lint
	$(BIN)/coverage erase
	$(MAKE) -j4 --no-print-directory test-doubles-first test-doubles-second test-peers-first test-peers-second
	cat build/test-doubles-second.log build/test-peers-first.log build/test-peers-second.log
	$(BIN)/coverage combine -q
	$(BIN)/coverage report
	$(BIN)/coverage report --include="$(GATED)" --fail-under=100
	$(MAKE) docs

# The tests with real peers mostly wait, so they run beside the others; each of both kinds in two
# halves. (Not by `&`: what a shell starts that way ignores the interrupt that some of them send.)
PROGRAMS := $(wildcard tests/test_monitor_*.py tests/test_broker_*.py tests/test_hub_*.py) tests/test_examples.py tests/test_getting_started.py
PEERS_FIRST := $(wildcard tests/integration/test_live_[t-z]*.py) $(PROGRAMS)
PEERS_SECOND := $(filter-out $(PEERS_FIRST),$(wildcard tests/integration/test_*.py)) tests/test_main_job_live.py \
    tests/test_soak.py tests/test_device_kit.py
PEERS := $(PEERS_FIRST) $(PEERS_SECOND)
FIRST := $(filter-out $(PEERS) tests/test_azure_%,$(wildcard tests/test_[a-m]*.py))
SECOND := $(filter-out $(PEERS) $(FIRST),$(wildcard tests/test_*.py))

# `coverage run` gets the pytest command itself, not `-m pytest`: with -m the folder is searched
# first, and our code.py would stand in for the standard library's module.
PYTEST := $(BIN)/coverage run -p $(BIN)/pytest -m "not long"

test-doubles-first: $(STAMP)
	$(PYTEST) $(FIRST)

test-doubles-second: $(STAMP)
	mkdir -p build
	$(PYTEST) $(SECOND) >build/$@.log 2>&1 || { cat build/$@.log; exit 1; }

test-peers-first: $(STAMP)
	mkdir -p build
	$(PYTEST) $(PEERS_FIRST) >build/$@.log 2>&1 || { cat build/$@.log; exit 1; }

test-peers-second: $(STAMP)
	mkdir -p build
	$(PYTEST) $(PEERS_SECOND) >build/$@.log 2>&1 || { cat build/$@.log; exit 1; }

# pytest answers 5 when it finds no test at all, which is no failure here.
test-long: $(STAMP) $(AZURE_STAMP)
	$(BIN)/pytest -m long || test $$? -eq 5

# The exit code of the command is 1 for a loss and 2 without mosquitto; make's own is 2 for both.
SECONDS ?= 120
SEED ?=

soak: $(STAMP)
	$(BIN)/python tools/soak.py --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

fuzz: SECONDS := 60
fuzz: $(STAMP)
	cd tests && ../$(BIN)/python -m fuzz.run --seconds $(SECONDS)

size: $(STAMP)
	$(BIN)/python tools/sizes.py

bench: $(BENCH_STAMP)
	$(BENCH_VENV)/bin/python tools/bench

docs: $(STAMP)
	$(BIN)/sphinx-build -q -W --keep-going -E -b html docs docs/_build/html

bundle: $(STAMP)
	$(BIN)/python tools/bundle.py

clean:
	rm -rf $(VENV) $(BENCH_VENV) $(AZURE_VENV) build dist docs/_build docs/_generated .coverage .hypothesis htmlcov
	rm -rf .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
