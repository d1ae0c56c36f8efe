"""The index of a packed store of a million clips: time and memory to open it."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import numpy as np

from benchmarks.measure import PROGRAM, programs
from benchmarks.record import Row, shown
from benchmarks.setting import Setting
from taggram.datasets import ClipInfo
from taggram.datasets.packed.journal import Entry
from taggram.datasets.packed.manifest import write_manifest
from taggram.datasets.packed.pack import SAMPLE_RATE, SHARD_SECONDS
from taggram.datasets.packed.shards import SAMPLE, shard_file

MODELS = ()
TARGETS = {("opened", "wall"): "<= 2", ("opened", "peak"): "<= 476"}  # 500 MB in MiB
UNITS = {"wall": "s", "peak": "MiB"}
OPEN = "import sys; from taggram.datasets import PackedStore; store = PackedStore(sys.argv[1])"
READ = f"{OPEN}; sum(clip.length for clip in store.clips)"
SECONDS = 30  # of a clip
TAGS = [f"{mood} {sound}" for mood in "calm dark fast happy slow".split() for sound in "abcdefghij"]


def measure(setting: Setting) -> list[Row]:
    """Wall time and peak memory of a process that opens the index, of one that reads all of it, and of showing it."""
    folder = _index(setting)
    commands = {
        "opened": [sys.executable, "-c", OPEN, str(folder)],
        "opened, and each clip asked for": [sys.executable, "-c", READ, str(folder)],
        "taggram data show": [PROGRAM, "data", "show", str(folder)],
    }
    found = programs(commands, setting.runs)
    return [
        Row(
            f"index of {setting.material.index} clips, {kind}",
            name,
            unit,
            [getattr(usage, kind) for usage in found[name]],
            TARGETS.get((name, kind), ""),
            shown(command),
        )
        for name, command in commands.items()
        for kind, unit in UNITS.items()
    ]


def _index(setting: Setting) -> Path:
    """Make a store whose shards are holes, of clips of 12 to an artist, three labels each, in three splits."""
    clips = setting.material.index
    folder = setting.material.cache / f"index-{clips}"
    if folder.exists():
        return folder
    unfinished = folder.with_name(f"unfinished-{folder.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    rng = np.random.default_rng(0)
    length, in_shard = SECONDS * SAMPLE_RATE, round(SHARD_SECONDS / SECONDS)
    splits = rng.choice(["train", "valid", "test"], clips, p=[0.8, 0.1, 0.1]).tolist()
    tags = rng.permuted(np.tile(np.arange(len(TAGS), dtype=np.uint8), (clips, 1)), axis=1)[:, :3].tolist()
    rows = []
    for i, (split, of_clip) in enumerate(zip(splits, tags, strict=True)):
        path = f"audio/{i // 1000:04}/{i:07}.mp3"
        labels = tuple(TAGS[tag] for tag in of_clip)
        shard, place = divmod(i, in_shard)
        digest = hashlib.sha256(path.encode()).hexdigest()
        entry = Entry(path, 480_000, 0, digest, shard, place * length, length, "")
        rows.append((ClipInfo(f"{i:07}", path, split, labels, f"artist {i // 12}"), entry))
    write_manifest(unfinished, SAMPLE_RATE, rows)
    for shard in range(rows[-1][1].shard + 1):
        with shard_file(unfinished, shard).open("wb") as file:
            file.truncate(in_shard * length * SAMPLE.itemsize)
    unfinished.replace(folder)
    return folder
