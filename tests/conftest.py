"""What all tests share: where the reference material lies, and published models, imported once per run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from taggram.training import prepare_cpu

prepare_cpu()  # before torch is loaded, as training does: networks take about a quarter less time

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with reference outputs, weights and real audio; tests that need it are skipped without it."""
    folder = Path(os.environ.get("TAGGRAM_SHARED", PROJECT.parent / "shared"))
    if not (folder / "reference").is_dir():
        pytest.skip(f"no reference material at {folder}; set TAGGRAM_SHARED")
    return folder


@pytest.fixture(scope="session")
def examples() -> Path:
    return PROJECT / "examples"


@pytest.fixture(scope="session", autouse=True)
def taggram_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder for models, so that no test sees or touches the user's own."""
    home = tmp_path_factory.mktemp("home")
    os.environ["TAGGRAM_HOME"] = str(home)
    return home


@pytest.fixture(scope="session")
def wheels() -> Path:
    """The folder with the musicnn wheel, which `make test` fetches."""
    folder = Path(os.environ.get("TAGGRAM_WHEELS", PROJECT / ".venv" / "wheels"))
    if not list(folder.glob("musicnn-0.1.0-*.whl")):
        pytest.skip(f"no musicnn wheel in {folder}; fetch it with: pip download musicnn==0.1.0 --no-deps -d {folder}")
    return folder


@pytest.fixture(scope="session")
def published(taggram_home: Path, request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Import published weights on first use; returns the model's folder."""

    def get(name: str) -> Path:
        from taggram.models import directories
        from taggram.models.importing import import_model
        from taggram.models.published import PUBLISHED

        if name not in directories.installed_models():
            wheel = PUBLISHED[name].member is not None
            import_model(name, request.getfixturevalue("wheels" if wheel else "shared"))
        return directories.find_model(name)

    return get
