"""How a tutorial is followed to the letter, in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import generate
import pytest

STEP = re.compile(r"(?:`([\w./-]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIED = ("src", "docs", "benchmarks/results", "tests/contracts", "tests/conftest.py", "pyproject.toml")


@pytest.fixture(scope="session")
def follow() -> Callable[[str, Path], str]:
    """A function that works through a page in a folder, and returns what the commands printed."""

    def work_through(page: str, folder: Path) -> str:
        _copy(folder)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        ours = {"PATH": path, "PYTHONPATH": str(folder / "src"), "COLUMNS": "80", "OMP_NUM_THREADS": "1"}
        printed = ""
        for file, kind, body in STEP.findall((generate.DOCS / page).read_text()):
            match kind:
                case "sh":
                    done = subprocess.run(
                        ["/bin/sh", "-ec", body],
                        cwd=folder,
                        env={**os.environ, **ours},
                        capture_output=True,
                        text=True,
                        timeout=300,
                    )
                    assert done.returncode == 0, body + done.stdout + done.stderr
                    printed += done.stdout
                case "text":
                    assert _settled(body) in _settled(printed)
                case _:
                    (folder / file).parent.mkdir(parents=True, exist_ok=True)
                    (folder / file).write_text(body)
        return printed

    return work_through


def _copy(folder: Path) -> None:
    for name in COPIED:
        (folder / name).parent.mkdir(exist_ok=True)
        if (generate.PROJECT / name).is_dir():
            shutil.copytree(
                generate.PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "_build")
            )
        else:
            shutil.copy(generate.PROJECT / name, folder / name)


def _settled(text: str) -> str:
    """Without what differs between machines: decimals, and the width of columns."""
    return " ".join(re.sub(r"\d+\.\d+", "#", text).split())
