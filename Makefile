# make demo: tag the example pieces; make test: run every check. Each makes its own environment in .venv first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
WHEELS := .venv/wheels
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt
DEFAULT_MODEL := musicnn_pons.mtat-pons2019
PIECES := piano-prelude strings-and-harpsichord synth-groove

.PHONY: demo test check docs bench clean

demo: .venv/demo
	@mkdir -p demo
	$(BIN)/taggram tag examples
	@for piece in $(PIECES); do \
		$(BIN)/taggram tag examples/$$piece.opus --plot demo/$$piece.png >/dev/null 2>demo/log || { cat demo/log; exit 1; }; \
	done; rm -f demo/log
	@echo "Pictures of the tags over time: demo/*.png. Your own music: $(BIN)/taggram tag PATH..."

test: .venv/test check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

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

clean:
	rm -rf .venv demo docs/_build .mypy_cache .pytest_cache .ruff_cache

# What tagging and importing weights needs, and the published weights of the default model.
.venv/demo: pyproject.toml constraints.txt | .venv/pip $(WHEELS)
	@echo "Installing taggram; the largest part is torch, which turns the published weights into a model file."
	$(INSTALL) --editable '.[plot,train]'
	$(BIN)/taggram models import $(DEFAULT_MODEL) --from $(WHEELS)
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
