"""The tutorial is followed to the letter, in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import generate
import pytest

import taggram

pytestmark = pytest.mark.slow
PAGE = (generate.DOCS / "add-a-model.md").read_text()
STEP = re.compile(r"(?:`([\w./-]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIED = ("src", "docs", "tests/contracts", "tests/conftest.py", "pyproject.toml")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy, in which the page was worked through."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        (copy / name).parent.mkdir(exist_ok=True)
        if (generate.PROJECT / name).is_dir():
            shutil.copytree(
                generate.PROJECT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "_build")
            )
        else:
            shutil.copy(generate.PROJECT / name, copy / name)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(copy / "src"), "COLUMNS": "80", "OMP_NUM_THREADS": "1"}
    printed = ""
    for file, kind, body in STEP.findall(PAGE):
        match kind:
            case "sh":
                done = subprocess.run(
                    ["/bin/sh", "-ec", body], cwd=copy, env=environment, capture_output=True, text=True, timeout=300
                )
                assert done.returncode == 0, body + done.stdout + done.stderr
                printed += done.stdout
            case "text":
                assert settled(body) in settled(printed)
            case _:
                (copy / file).parent.mkdir(parents=True, exist_ok=True)
                (copy / file).write_text(body)
    (copy / "printed").write_text(printed)
    return copy


def settled(text: str) -> str:
    """Without what differs between machines: decimals, and the width of columns."""
    return " ".join(re.sub(r"\d+\.\d+", "#", text).split())


def test_what_is_written_passes_the_contract(checkout: Path) -> None:
    (passed,) = re.findall(r"=+ (\d+) passed, \d+ deselected in", (checkout / "printed").read_text())
    assert int(passed) > 10


def test_what_was_trained_tags_without_its_architecture(checkout: Path) -> None:
    assert "tiny_cnn" not in taggram.list_architectures()
    tagger = taggram.Tagger(checkout / "runs" / "lesson" / "model")
    for sound, label in [("22.wav", "low"), ("23.wav", "high")]:
        assert tagger.tag(checkout / "runs" / "lesson" / sound).top(1)[0][0] == label


def test_it_has_a_page(checkout: Path) -> None:
    page = (checkout / "docs" / "models" / "tiny_cnn.md").read_text()
    assert "Two convolutions that leave one band" in page
    assert "| 2 | 32 | (8, 2) | 1 x 15 |" in page
    assert (
        "16 \N{MULTIPLICATION SIGN} 8 \N{MULTIPLICATION SIGN} 31" in (checkout / "docs/models/tiny_cnn.svg").read_text()
    )
    assert "tiny_cnn.md" in (checkout / "docs" / "models" / "index.md").read_text()


def test_a_module_of_ones_own_is_listed(checkout: Path) -> None:
    assert len(re.findall(r"^band_means ", (checkout / "printed").read_text(), re.MULTILINE)) == 2
