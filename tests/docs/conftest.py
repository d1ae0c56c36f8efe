"""How a tutorial is followed to the letter, in a copy of the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import follow as follow_in_one_process
import generate
import pytest

STEP = re.compile(r"(?:`([\w./-]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIED = ("src", "docs", "benchmarks/results", "tests/contracts", "tests/conftest.py", "pyproject.toml")
# Pages and pictures are made of every architecture, and the reference of the command line by running all of it: the
# copy has one architecture for all, and no reference, so that a lesson takes the time of its own commands.
LEFT_OUT = ("__pycache__", "_build", "cli.md")
ARCHITECTURES = ("__init__.py", "small_vgg.py", "four_layer_cnn.py")  # the last is what the baselines see


@pytest.fixture(
    scope="session", params=["one process", pytest.param("a process for each command", marks=pytest.mark.slow)]
)
def follow(request: pytest.FixtureRequest) -> Callable[[str, Path], str]:
    """A function that works through a page in a folder, and returns what the commands printed."""

    def work_through(page: str, folder: Path) -> str:
        _copy(folder)
        steps = STEP.findall((generate.DOCS / page).read_text())
        if request.param == "one process":
            printed = _run([sys.executable, follow_in_one_process.__file__], folder, json.dumps(steps))
        else:
            printed = ""
            for file, kind, body in steps:
                if kind == "sh":
                    printed += _run(["/bin/sh", "-ec", body], folder)
                elif kind != "text":
                    (folder / file).parent.mkdir(parents=True, exist_ok=True)
                    (folder / file).write_text(body)
        for _, kind, body in steps:
            assert kind != "text" or _settled(body) in _settled(printed)
        return printed

    return work_through


def _run(command: list[str], folder: Path, stdin: str = "") -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ours = {"PATH": path, "PYTHONPATH": str(folder / "src"), "COLUMNS": "80", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **ours}, input=stdin, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _copy(folder: Path) -> None:
    for name in COPIED:
        (folder / name).parent.mkdir(exist_ok=True)
        if (generate.PROJECT / name).is_dir():
            shutil.copytree(generate.PROJECT / name, folder / name, ignore=_left_out)
        else:
            shutil.copy(generate.PROJECT / name, folder / name)


def _left_out(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "architectures":
        return set(names) - set(ARCHITECTURES)
    return set(names).intersection(LEFT_OUT)


def _settled(text: str) -> str:
    """Without what differs between machines: decimals, and the width of columns."""
    return " ".join(re.sub(r"\d+\.\d+", "#", text).split())
