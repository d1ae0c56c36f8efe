"""Fixtures of all tests: reference data, published models, and what is skipped without torch."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from taggram.training import prepare_cpu

prepare_cpu()  # before torch is loaded, as training does: networks take about a quarter less time

TESTS = Path(__file__).resolve().parent
PROJECT = TESTS.parent
collect_ignore = ["pieces/render.py"]  # needs programs that nothing else does
WITHOUT_TRAIN_EXTRA = importlib.util.find_spec("torch") is None
# Files and folders whose modules import what the train extra brings. Any other module must work without it.
NEED_TRAIN_EXTRA = """
    benchmarks cli/test_choice.py cli/test_compare.py cli/test_data.py cli/test_learn.py cli/test_recipes.py
    cli/test_sweep.py cli/test_train.py contracts/test_architectures.py contracts/test_recipes.py
    datasets/packed docs evaluation/test_evaluate.py evaluation/test_evaluation_result.py
    evaluation/test_experiments.py evaluation/test_resolution.py
    evaluation/robustness/test_evaluate_robustness.py features helpers/tones.py
    models/analysis models/test_heads.py models/test_importing.py models/test_inference.py models/test_papers.py
    models/test_initial_weights.py models/test_options.py models/test_parity.py models/test_quantize.py
    models/test_registry.py models/test_replace_head.py training
""".split()
NEEDS_TRAIN_EXTRA = "needs the train extra"


class _NeedsTrainExtra(pytest.File):
    """Stands for a module that is not imported, in the list of what was skipped."""

    def collect(self) -> list[pytest.Item]:
        pytest.skip(f"{NEEDS_TRAIN_EXTRA}: {self.nodeid}")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Iterator[None]:
    collectors = yield
    needs = any(file_path.is_relative_to(TESTS / name) for name in NEED_TRAIN_EXTRA)
    if WITHOUT_TRAIN_EXTRA and needs and collectors:
        return [_NeedsTrainExtra.from_parent(parent, path=file_path)]
    return collectors


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if WITHOUT_TRAIN_EXTRA:
        for item in items:
            if item.get_closest_marker("train"):
                item.add_marker(pytest.mark.skip(reason=NEEDS_TRAIN_EXTRA))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with reference outputs, weights and real audio; tests that need it are skipped without it."""
    folder = Path(os.environ.get("TAGGRAM_SHARED", PROJECT.parent / "shared"))
    if not (folder / "reference").is_dir():
        pytest.skip(f"no reference material at {folder}; set TAGGRAM_SHARED")
    return folder


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def pieces() -> Path:
    """Three synthetic pieces of 30 seconds, see their README."""
    return PROJECT / "tests" / "pieces"


@pytest.fixture(scope="session", autouse=True)
def taggram_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder for models, so that no test sees or touches the user's own."""
    home = tmp_path_factory.mktemp("home")
    os.environ["TAGGRAM_HOME"] = str(home)
    return home


@pytest.fixture(scope="session")
def music() -> NDArray[np.float32]:
    """Ten seconds at 16 kHz that resemble music: decaying harmonic notes of changing level, twice a second."""
    rng, rate = np.random.default_rng(0), 16000
    time = np.arange(rate // 2) / rate
    notes = []
    for _ in range(20):
        pitch, level = 110 * 2 ** (rng.integers(24) / 12), 10 ** (-rng.uniform(0, 30) / 20)
        harmonics = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 8))
        notes.append(level * np.minimum(1, 100 * time) * np.exp(-4 * time) * harmonics)
    signal = np.concatenate(notes)
    return (0.9 * signal / np.abs(signal).max()).astype(np.float32)


@pytest.fixture(scope="session")
def wheels() -> Path:
    """The folder with the musicnn wheel, which `make test` fetches."""
    folder = Path(os.environ.get("TAGGRAM_WHEELS", PROJECT / ".venv" / "wheels"))
    if not list(folder.glob("musicnn-0.1.0-*.whl")):
        pytest.skip(f"no musicnn wheel in {folder}; fetch it with: pip download musicnn==0.1.0 --no-deps -d {folder}")
    return folder


@pytest.fixture(scope="session")
def published(
    taggram_home: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str, request: pytest.FixtureRequest
) -> Callable[[str], Path]:
    """A function that imports published weights on first use, once for all workers, and returns the model's folder."""
    if WITHOUT_TRAIN_EXTRA:
        pytest.skip(NEEDS_TRAIN_EXTRA)
    from filelock import FileLock

    from taggram.models import directories
    from taggram.models.importing import import_model
    from taggram.models.published import PUBLISHED

    base = tmp_path_factory.getbasetemp()
    imported = (base if worker_id == "master" else base.parent) / "imported"
    imported.mkdir(exist_ok=True)

    def get(name: str) -> Path:
        if name not in directories.installed_models():
            source = request.getfixturevalue("wheels" if PUBLISHED[name].member else "shared")
            with FileLock(imported / f"{name}.lock"), pytest.MonkeyPatch.context() as patch:
                patch.setenv("TAGGRAM_HOME", str(imported))
                if name not in directories.installed_models():
                    import_model(name, source)
                folder = directories.find_model(name)
            directories.model_dir(name).parent.mkdir(exist_ok=True)
            directories.model_dir(name).symlink_to(folder)
        return directories.find_model(name)

    return get
