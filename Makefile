# Everything a fresh checkout needs: `make demo` shows what seeread can do, `make test` says whether it still does.
# Each target makes .venv by itself, with the versions of constraints.txt, and does not install twice.

PYTHON ?= python3
VENV   ?= .venv
JOBS   ?= auto
BIN     = $(VENV)/bin

export PIP_CONSTRAINT = $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help install demo test check bench docs clean
.DEFAULT_GOAL := help

help:
	@echo "make demo     classify and search real photographs, offline     make demo PHOTOS=folder   with your own"
	@echo "make install  .venv with seeread and everything to work on it"
	@echo "make test     all tests                                         make test ARGS='-k resnet'"
	@echo "make check    ruff, mypy --strict, who may import whom, house rules"
	@echo "make bench    speed, side by side with transformers             make bench ARGS=..."
	@echo "make docs     the documentation, in site/"
	@echo "make clean    remove what the other targets wrote, except .venv"

install: $(VENV)/.dev

demo: $(VENV)/.demo
	@$(BIN)/python examples/demo.py $(if $(PHOTOS),--photos "$(PHOTOS)")

# One thread per worker: two workers that each use all cores are slower than one.
test: $(VENV)/.dev
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --maxprocesses 8 --dist loadfile $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_house.py

bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/.docs
	@mkdir -p docs/live && cp src/seeread/charts/pages/vendor/echarts.min.js docs/live/
	$(BIN)/python -m recipes.figures
	$(BIN)/zensical build --clean --strict

clean:
	rm -rf build dist site out .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests examples recipes benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# A stamp per set of packages: repeated runs install nothing until the lists change.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "seeread needs Python 3.11 or later; $(PYTHON) is older. Say which to use: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.%: $(VENV)/bin/python pyproject.toml constraints.txt requirements-reference.txt
	@echo "Installing seeread[$*] into $(VENV) (torch is large: a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@[ $* != dev ] || $(BIN)/python -m pip install --quiet --no-deps --requirement requirements-reference.txt || \
		echo "open_clip or pycocotools could not be installed: the tests that compare with them will be skipped"
	@touch $@
