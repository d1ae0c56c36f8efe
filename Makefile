# make demo: tag the examples and search among them; make test: run every check; make test-all: the slow tests, too. Each
# makes its own environment in .venv first.

# The first of these that runs and is new enough; a name may exist and not run, as those of pyenv do.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$python && break; done)
VENV := .venv
CONSTRAINTS := constraints.txt
BIN := $(VENV)/bin
WHEELS := $(VENV)/wheels
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint $(CONSTRAINTS) --build-constraint $(CONSTRAINTS)
GROUPS := --group test --group lint --group docs
COMPILE := $(BIN)/uv pip compile --quiet pyproject.toml --all-extras $(GROUPS) --no-annotate
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: demo test test-all check docs matrix page lock drift bench gpu default-model clean

demo: $(VENV)/demo
	$(BIN)/taggram tag examples --plot demo
	$(BIN)/taggram library scan examples --library demo/library.sqlite
	$(BIN)/taggram search calm guitar --library demo/library.sqlite
	$(BIN)/taggram similar examples/vibe-ace.opus --library demo/library.sqlite
	@echo "Pictures of the tags over time: demo/*.png. Your own music: $(BIN)/taggram tag PATH..."
	@echo "To listen and to watch the tags: $(BIN)/taggram serve, then open the address that it prints."

test: $(VENV)/test check
	$(PYTEST) -m 'not slow'

test-all: $(VENV)/test check
	$(PYTEST)

check: $(VENV)/test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# The wheel on every supported Python that is installed, with the newest and the lowest dependencies.
matrix: $(VENV)/test
	$(BIN)/python tests/matrix/run.py

# The page of `taggram serve`, from its sources in web/: the same files from the same sources. Needs node 20.19 or newer.
page:
	cd web && npm ci --no-audit --no-fund && npm run check && npm test && npm run build

# Writes constraints.txt: the newest versions that fit together, for each supported Python and system.
lock: $(VENV)/test
	$(COMPILE) --upgrade --universal --python-version 3.11 --constraint constraints.in \
		--custom-compile-command 'make lock' --output-file constraints.txt

# The suite with the newest version of everything, torch included, or with RESOLUTION=lowest-direct the lowest.
RESOLUTION := highest
drift: $(VENV)/test
	$(COMPILE) --no-header --resolution $(RESOLUTION) --only-binary :all: --python $(BIN)/python -o $(VENV)/drift.txt
	rm -rf .drift
	$(MAKE) test VENV=.drift CONSTRAINTS=$(VENV)/drift.txt PYTHON=$(BIN)/python && broke=no || broke=yes; \
		diff constraints.txt $(VENV)/drift.txt | grep '^>'; echo "Broken with these versions: $$broke"; test $$broke = no

docs: $(VENV)/test
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

# WEIGHTS=FOLDER takes Won et al.'s checkpoints from there instead of fetching them.
bench: $(VENV)/test
	$(BIN)/taggram models import '*.mtat-pons2019' --from $(WHEELS)
	$(BIN)/taggram models import '*.mtat-won2020' $(if $(WEIGHTS),--from $(WEIGHTS))
	$(BIN)/python -m benchmarks.run

# Training speed on a GPU, in the Python that has torch for it; with DATA=FOLDER_OF_MER4Q, every architecture trained on
# it. Each part ends after 4 minutes, and goes on where it stopped.
gpu:
	PYTHONPATH=src $(PYTHON) -m benchmarks.gpu --device cuda
	$(if $(DATA),PYTHONPATH=src timeout 240 $(PYTHON) -m benchmarks.experiments all-networks --data $(DATA) || test $$$$? = 124)

# The model inside the package, from ../shared: hours on a laptop; goes on where it stopped.
default-model: $(VENV)/test
	$(BIN)/taggram train recipes/default.yaml --out runs/default
	cp runs/default/history.svg docs/_static/default-training.svg
	cp $(addprefix runs/default/,model.onnx card.json recipe.yaml history.csv) src/taggram/models/default
	$(BIN)/python -c "from taggram.tagging.golden import write_golden; write_golden('src/taggram/models/default')"

clean:
	rm -rf .venv .drift web/node_modules demo docs/_build .mypy_cache .pytest_cache .ruff_cache

# What tagging, drawing and the page need; the default model is part of the package.
$(VENV)/demo: pyproject.toml $(CONSTRAINTS) | $(VENV)/pip
	@echo "Installing taggram."
	$(INSTALL) --editable '.[plot,web]'
	@touch $@

$(VENV)/test: pyproject.toml $(CONSTRAINTS) | $(VENV)/pip $(WHEELS)
	@echo "Installing taggram with everything that its tests need."
	$(INSTALL) --editable '.[all]' $(GROUPS)
	@touch $@

$(WHEELS): | $(VENV)/pip
	$(PIP) download --quiet --no-deps --only-binary :all: --dest $@ musicnn==0.1.0

$(VENV)/pip:
	@test -n "$(PYTHON)" || { echo "taggram needs Python 3.11 or newer, and none was found."; \
		echo "On Debian 12 or Ubuntu 24.04 and newer: apt-get install python3 python3-venv"; \
		echo "If it is installed elsewhere: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "taggram needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1)."; \
		echo "Name a newer one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --quiet --upgrade --constraint $(CONSTRAINTS) pip
	@touch $@
