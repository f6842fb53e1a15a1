# Everything sets itself up: a fresh machine needs Python 3.11+, make and the package registry.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin

.PHONY: demo test check format bench deep mutants gallery clean

demo: $(READY)
	@$(BIN)/floorproof run examples/staged_order_in_a_moving_market.toml

test: $(READY)
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The property tests with the long profile: by hand, before a rule or the kernel changes.
deep: $(READY)
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest --numprocesses auto --dist worksteal

# Small faults, planted one by one in copies of the package: the oracle must catch each.
mutants: $(READY)
	PYTHONPATH=tests $(BIN)/python -m mutation

# The planted bugs: which seed finds each, and how small it gets.
gallery: $(READY)
	$(BIN)/python examples/planted/gallery.py --write docs/gallery.md

bench: $(READY)
	$(BIN)/python benchmarks/run.py

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "floorproof needs Python 3.11 or newer; set PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group dev
	@touch $@

clean:
	rm -rf $(VENV) .venv-bench
