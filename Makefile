# make demo: tag the example pieces; make test: run every check; make test-all: the slow tests, too. Each makes its own
# environment in .venv first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
WHEELS := .venv/wheels
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: demo test test-all check docs bench default-model clean

demo: .venv/demo
	$(BIN)/taggram tag examples --plot demo
	@echo "Pictures of the tags over time: demo/*.png. Your own music: $(BIN)/taggram tag PATH..."

test: .venv/test check
	$(PYTEST) -m 'not slow'

test-all: .venv/test check
	$(PYTEST)

check: .venv/test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/test
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

# WEIGHTS=FOLDER takes Won et al.'s checkpoints from there instead of fetching them.
bench: .venv/test
	$(BIN)/taggram models import '*.mtat-pons2019' --from $(WHEELS)
	$(BIN)/taggram models import '*.mtat-won2020' $(if $(WEIGHTS),--from $(WEIGHTS))
	$(BIN)/python -m benchmarks.run

# The model inside the package, from ../shared: hours on a laptop; goes on where it stopped.
default-model: .venv/test
	$(BIN)/taggram train recipes/default.yaml --out runs/default
	$(BIN)/python -m benchmarks.curve runs/default/history.csv docs/_static/default-training.svg
	cp $(addprefix runs/default/,model.onnx card.json recipe.yaml history.csv) src/taggram/models/default
	$(BIN)/python -c "from taggram.tagging.golden import write_golden; write_golden('src/taggram/models/default')"

clean:
	rm -rf .venv demo docs/_build .mypy_cache .pytest_cache .ruff_cache

# What tagging and drawing need; the default model is part of the package.
.venv/demo: pyproject.toml constraints.txt | .venv/pip
	@echo "Installing taggram."
	$(INSTALL) --editable '.[plot]'
	@touch $@

.venv/test: pyproject.toml constraints.txt | .venv/pip $(WHEELS)
	@echo "Installing taggram with everything that its tests need."
	$(INSTALL) --editable '.[all]' --group test --group lint --group docs
	@touch $@

$(WHEELS): | .venv/pip
	$(PIP) download --quiet --no-deps --dest $@ musicnn==0.1.0

.venv/pip:
	@test -n "$(PYTHON)" || { echo "Python is missing. On Debian: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "taggram needs Python 3.11 or newer, and $(PYTHON) is older; name another one: make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(PIP) install --quiet --upgrade 'pip>=25.1'
	@touch $@
