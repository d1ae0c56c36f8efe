"""The packed store: how fast audio is packed, and how fast segments come out."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.measure import PROGRAM, Loop, loops, programs
from benchmarks.record import Row, shown
from benchmarks.setting import Setting

MODELS = ()
TARGET = ">= 20000"


def measure(setting: Setting) -> list[Row]:
    """Seconds of audio per second while packing with one process and with two; random segments per second, warm."""
    source, seconds = _folder(setting), setting.material.track * setting.material.tracks
    rows, speeds = [], {}
    for workers in ("1", "2"):
        store = source.with_name(f"store-{workers}")
        command = [PROGRAM, "data", "pack", "table", str(source), str(store), "--workers", workers]
        walls = []
        for _ in range(setting.runs):
            shutil.rmtree(store, ignore_errors=True)
            walls.append(programs({"pack": command}, 1, warm_up=False)["pack"][0].wall)
        speeds[workers] = [seconds / wall for wall in walls]
        name = f"{workers} process{'es' if workers != '1' else ''}"
        rows.append(Row("packing mp3, start to end", name, "x real time", speeds[workers], "", shown(command)))
    ratios = [two / one for one, two in zip(*speeds.values(), strict=True)]
    rows.append(Row("packing mp3, start to end", "2 over 1", "x", ratios))
    loop = Loop("loops", "segments", str(store), one_core=True)
    drawn = loops({"drawn": loop}, setting.runs)["drawn"]
    rows.append(Row("random segments of 3 s, warm", "PackedStore", "segments/s", drawn, TARGET, shown(loop.command)))
    return rows


def _folder(setting: Setting) -> Path:
    """Put all tracks into one folder, each under a name of its own."""
    files = setting.material.track_files()
    folder = Path(files[0]).with_name(f"tracks-{len(files)}")
    if not folder.exists():
        unfinished = folder.with_name(f"unfinished-{folder.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for i, file in enumerate(files):
            (unfinished / f"{i}.mp3").hardlink_to(file)
        unfinished.replace(folder)
    return folder
