"""Packing that is killed repeatedly at any point loses and duplicates nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from taggram.datasets import ClipIndex, PackedStore, missing_clips
from taggram.errors import DatasetError

Contents = Callable[[Path], dict[str, bytes]]

# Counts what the command does to files, and kills it before or after one such thing; its workers, who inherit nothing
# of this, die with it or not.
SITE = """
import atexit, os, signal, sys, threading

FILES = tuple(os.path.join(*name.split()) for name in ("packed shards.py", "packed journal.py", "taggram _files.py"))
DOINGS = ("write", "flush", "fsync", "truncate", "close")
at, kill = int(os.environ.pop("AT", 0)), {"all": os.killpg, "one": os.kill}[os.environ.pop("KILL", "one")]
events = 0

def count(frame, event, argument):
    global events
    if event.startswith("c_") and argument.__name__ in DOINGS and frame.f_code.co_filename.endswith(FILES):
        events += 1
        if events == at:
            kill(os.getpid(), signal.SIGKILL)

if "COUNT" in os.environ:
    file = os.environ.pop("COUNT")
    atexit.register(lambda: print(events, file=open(file, "w")))
    threading.setprofile(count)
    sys.setprofile(count)
"""


@pytest.fixture
def run(index: ClipIndex, tmp_path: Path) -> Callable[..., int]:
    """A function that runs the command with two workers, killed at a moment, and returns its exit code."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE)
    program = [sys.executable, "-c", "from taggram.cli import main; main()"]
    options = ["--workers", "2", "--shard-seconds", "1.25"]  # two clips to a shard
    path = os.pathsep.join(filter(None, [str(tmp_path / "site"), os.environ.get("PYTHONPATH")]))

    def pack(store: Path, **environment: str) -> int:
        command = [*program, "data", "pack", "table", index.folder, store, *options]
        environment = {**os.environ, "PYTHONPATH": path, "COUNT": str(tmp_path / "count"), **environment}
        return subprocess.run(command, env=environment, capture_output=True, start_new_session=True).returncode

    return pack


def alike(store: Path, calm: Path, contents: Contents) -> None:
    """Whether two stores have the same clips, and the same bytes."""
    found, expected = PackedStore(store), PackedStore(calm)
    assert found.clips.ids.tolist() == expected.clips.ids.tolist()
    for i in range(len(expected)):
        np.testing.assert_array_equal(found.read(i), expected.read(i))
    assert contents(store) == contents(calm)
    for name in ("journal.jsonl", "manifest.parquet"):
        assert (store / name).read_bytes() == (calm / name).read_bytes()


@pytest.mark.parametrize(("seed", "kills"), [(0, 3), pytest.param(1, 10, marks=pytest.mark.slow)])
def test_a_killed_run_is_taken_up_again(
    seed: int, kills: int, run: Callable[..., int], index: ClipIndex, tmp_path: Path, contents: Contents
) -> None:
    calm = tmp_path / "calm"
    assert run(calm) == 0
    packed = PackedStore(calm)
    assert packed.clips.ids.tolist() == [clip.id for clip in index.clips]
    twin = packed.clips.ids.tolist().index("twin.wav")  # whose audio is there already
    assert sum(map(len, contents(calm).values())) == 2 * (packed.clips.lengths.sum() - packed.clips.lengths[twin])

    events = int((tmp_path / "count").read_text())
    assert events > 300
    rng = np.random.default_rng(seed)
    store, left = tmp_path / "store 0", len(index.clips)
    while kills:
        code = run(store, AT=str(rng.integers(1, events)), KILL=str(rng.choice(["all", "one"])))
        if code == 0:  # it had come so far before that it was done sooner
            alike(store, calm, contents)
            store, left = tmp_path / f"store {kills}", len(index.clips)
            continue
        assert code == -signal.SIGKILL
        kills -= 1
        if not (store / "manifest.parquet").exists():
            with pytest.raises(DatasetError, match="is packed in part|is no packed store"):
                PackedStore(store)
        before, left = left, len(list(missing_clips(index, store)))
        assert left <= before
    assert run(store) == 0
    alike(store, calm, contents)
