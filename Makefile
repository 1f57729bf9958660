# Thin on purpose: each target shows the plain command it calls.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A load needs no test tools.
LOAD_READY := $(VENV)/.load-ready

.PHONY: load test test-fast test-compiled compiled unit lint check docs bench bench-shop bench-scrape fuzz clean

load: $(LOAD_READY)
	$(BIN)/locust --headless --scenario baseline

# Without bytecode, each of the hundreds of processes that the tests start compiles checkload again.
unit test test-fast: export PYTHONDONTWRITEBYTECODE =

# More processes than cores: the tests with real processes wait most of the time.
test: $(READY)
	$(BIN)/pytest -n auto --maxprocesses 4 -m "not end_to_end" --junit-xml results/quick-tests.xml
	$(BIN)/pytest -n 4 --dist loadgroup -m end_to_end --junit-xml results/process-tests.xml

test-fast: $(READY)
	$(BIN)/pytest -n auto --maxprocesses 4 -m "not end_to_end and not calibration"
	$(BIN)/pytest -n 4 --dist loadgroup -m "end_to_end and not (calibration or capacity or mutants)"

unit: $(READY)
	$(BIN)/pytest -n auto --maxprocesses 4 -m "not end_to_end and not calibration"

# Installs checkload with its hot modules compiled into this folder, beside the sources. Needs a C compiler.
BUILD := build/compiled

compiled: $(READY)
	CHECKLOAD_COMPILED=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(BUILD) .

# The unit tests of the packages that have compiled modules, with these.
test-compiled: export PYTHONDONTWRITEBYTECODE =
# The same code, built in a third less time.
test-compiled: export CHECKLOAD_OPTIMISE = 0
test-compiled: compiled
	CHECKLOAD_BUILD=$(BUILD) $(BIN)/pytest -n auto --maxprocesses 4 -m "not end_to_end and not calibration" tests/users tests/golden tests/harness/measurement tests/harness/schedule tests/harness/distributed tests/harness/test_versions.py

lint: $(READY)
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/mypy tests/workloads.py && $(BIN)/lint-imports

# Before each commit.
check: lint unit

docs: $(READY)
	$(BIN)/python docs/make.py

bench: $(READY)
	$(BIN)/python tests/benchmarks/bench_client.py

bench-shop: $(READY)
	$(BIN)/python tests/benchmarks/bench_shop.py

bench-scrape: $(READY)
	$(BIN)/python tests/benchmarks/bench_scrape.py

SECONDS ?= 60
SEED ?= 1

fuzz: $(READY)
	$(BIN)/python tests/fuzz/run.py --seconds $(SECONDS) --seed $(SEED) $(TARGETS)

$(LOAD_READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt --editable .
	touch $(LOAD_READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test]"
	touch $(LOAD_READY) $(READY)

clean:
	rm -rf $(VENV) tests/real_client/node_modules results build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
