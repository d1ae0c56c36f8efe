"""Packing that is killed, at any moment and again and again: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from taggram.datasets import Listing, PackedStore, pack, unpacked
from taggram.errors import DatasetError

SHARD = 20000 / 16000  # seconds: two clips each
PACK = [sys.executable, "-c", "from taggram.cli import main; main()", "data", "pack", "table"]
OPTIONS = ["--workers", "2", "--shard-seconds", str(SHARD)]


def size(store: Path) -> int:
    """Bytes that are written so far."""
    with contextlib.suppress(FileNotFoundError):  # one that is removed meanwhile
        return sum(file.stat().st_size for file in store.glob("*"))
    return 0


def killed(source: Path, store: Path, written: int, delay: float, everyone: bool) -> bool:
    """Pack, and kill the command once so much is written, its workers too or only itself; False if it was quicker."""
    process = subprocess.Popen(
        [*PACK, source, store, *OPTIONS], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while process.poll() is None and size(store) < written:
        time.sleep(0.0005)
    time.sleep(delay)
    if process.poll() is None:
        (os.killpg if everyone else os.kill)(process.pid, signal.SIGKILL)
    assert process.wait() in (0, -signal.SIGKILL)
    return process.returncode != 0


@pytest.mark.parametrize(("seed", "kills"), [(0, 3), pytest.param(1, 12, marks=pytest.mark.slow)])
def test_a_killed_run_is_taken_up_again(
    seed: int, kills: int, listing: Listing, tmp_path: Path, contents: Callable[[Path], dict[str, bytes]]
) -> None:
    calm, store = tmp_path / "calm", tmp_path / "store"
    pack(listing, calm, shard_seconds=SHARD)
    rng = np.random.default_rng(seed)
    left = len(listing.clips)
    hit = 0
    for written in np.sort(rng.integers(1, size(calm), kills)).tolist():
        delay = rng.choice([0.0, 0.005, 0.3])
        if not killed(listing.folder, store, written, delay, everyone=rng.random() < 0.5):
            break
        hit += 1
        if not (store / "manifest.parquet").exists():
            with pytest.raises(DatasetError, match="is no"):
                PackedStore(store)
        before, left = left, len(list(unpacked(listing, store)))
        assert left <= before
    assert hit
    subprocess.run([*PACK, listing.folder, store, *OPTIONS], check=True, capture_output=True)

    packed, expected = PackedStore(store), PackedStore(calm)
    assert packed.clips.ids.tolist() == expected.clips.ids.tolist() == [clip.id for clip in listing.clips]
    for i in range(len(expected)):
        np.testing.assert_array_equal(packed.read(i), expected.read(i))
    assert contents(store) == contents(calm)
    twice = packed.clips.ids.tolist().index("twin.wav")
    once = packed.clips.lengths.sum() - packed.clips.lengths[twice]
    assert sum(map(len, contents(store).values())) == 2 * once
    for name in ("journal.jsonl", "manifest.parquet"):
        assert (store / name).read_bytes() == (calm / name).read_bytes()
