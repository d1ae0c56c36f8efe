"""The sdist, and the wheel built from it: contents, metadata, and the version that the project's files state."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

import taggram
from taggram.models import ModelCard

PROJECT = Path(__file__).resolve().parents[1]
SOURCE = PROJECT / "src"
DEFAULT_MODEL = SOURCE / "taggram" / "models" / "default"
NEEDED = {
    *("taggram/py.typed", "taggram/evaluation/published.csv", "taggram/reporting/templates/audit.html"),
    "taggram/tagging/prediction.schema.json",
    "taggram/training/recipe/published/ferraro2020/vgg_cnn.yaml",
    *(f"taggram/models/default/{name}" for name in ("model.onnx", "card.json", "golden.json", "LICENSE")),
    *(
        f"taggram/vocabularies/{name}"
        for name in ("jamendo.json", "msd.json", "mtat.json", "labels.tsv", "taggram.tsv")
    ),
}
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and with the wheel, which `build` makes from that sdist; no network is used."""
    folder = tmp_path_factory.mktemp("distributions")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, PROJECT]
    done = subprocess.run(build, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def sdist(distributions: Path) -> Path:
    (file,) = distributions.glob("*.tar.gz")
    return file


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    (file,) = distributions.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def dist_info(wheel: Path) -> zipfile.Path:
    return zipfile.Path(wheel, f"taggram-{taggram.__version__}.dist-info/")


@pytest.fixture(scope="module")
def installed(dist_info: zipfile.Path) -> PathDistribution:
    """What `importlib.metadata` reads once the wheel is installed."""
    return PathDistribution(dist_info)  # type: ignore[arg-type]


def test_twine_accepts_both(sdist: Path, wheel: Path) -> None:
    check = [sys.executable, "-m", "twine", "check", "--strict", sdist, wheel]
    done = subprocess.run(check, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_sdist_has_what_the_wheel_is_built_from_and_nothing_else(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {Path(name).relative_to(f"taggram-{taggram.__version__}").parts[0] for name in archive.getnames()}
    assert names == {
        *("src", "examples", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff"),
        *("PKG-INFO", ".gitignore"),  # which hatchling adds
    }


def test_wheel_has_the_whole_package_and_nothing_else(wheel: Path) -> None:
    files = {file.relative_to(SOURCE) for file in SOURCE.rglob("*") if file.is_file()}
    expected = {file.as_posix() for file in files if "__pycache__" not in file.parts}
    expected |= {f"taggram/web/examples/{file.name}" for file in (PROJECT / "examples").iterdir()}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == expected
    assert names >= NEEDED


def test_wheel_carries_the_licences(dist_info: zipfile.Path, installed: PathDistribution) -> None:
    assert installed.metadata["License-Expression"] == "MIT"
    licences = installed.metadata.get_all("License-File")
    assert licences == ["LICENSE", "src/taggram/models/default/LICENSE"]
    for name in licences:
        assert (dist_info / "licenses" / name).read_text("utf-8") == (PROJECT / name).read_text("utf-8")


def test_licence_of_the_default_model_is_the_one_on_its_card() -> None:
    text = (DEFAULT_MODEL / "LICENSE").read_text(encoding="utf-8")
    assert text.split() == ModelCard.read(DEFAULT_MODEL).licence.split()


def test_wheel_installs_the_command(installed: PathDistribution) -> None:
    (entry,) = installed.entry_points
    assert (entry.group, entry.name, entry.value) == ("console_scripts", "taggram", "taggram.cli:main")


def test_links_of_the_description_work_outside_the_repository(installed: PathDistribution) -> None:
    """Each relative link of the README leads to that file of the release."""
    urls = dict(url.split(", ") for url in installed.metadata.get_all("Project-URL"))
    release = f"{urls['Source']}/blob/v{taggram.__version__}/"
    readme = LINK.findall((PROJECT / "README.md").read_text(encoding="utf-8"))
    links = LINK.findall(installed.metadata["Description"])
    assert any(":" not in link for link in readme)
    assert links == [link if ":" in link else release + link for link in readme]


def test_classifiers_name_the_pythons_that_continuous_integration_runs(installed: PathDistribution) -> None:
    workflow = (PROJECT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    classifiers = "\n".join(installed.metadata.get_all("Classifier"))
    pythons = set(re.findall(r"^Programming Language :: Python :: (3\.\d+)$", classifiers, re.M))
    assert pythons == set(re.findall(r"\b3\.\d+\b", workflow))
    assert installed.metadata["Requires-Python"] == f">={min(pythons, key=lambda text: int(text.split('.')[1]))}"


def test_changelog_is_of_this_version() -> None:
    """Its first section is the release, or the changes that are to become it."""
    text = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    section = text.split("\n## ")[1]
    version = re.escape(taggram.__version__)
    assert re.match(rf"\[Unreleased\]\s+To become {version}\.|\[{version}\] - \d{{4}}-\d\d-\d\d\n", section)


def test_citation_is_of_this_version() -> None:
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == taggram.__version__
    assert citation["license"] == "MIT"
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
