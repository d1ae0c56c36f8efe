"""The packed store: how fast audio is packed, and how fast segments come out."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from benchmarks.measure import PROGRAM, Loop, interleaved, loops, run_program
from benchmarks.record import Row, shown
from benchmarks.setting import Setting

MODELS = ()
PACKING = ">= 1.8"
WARM = ">= 20000"
ALONE = "decoding alone, warm"
SUBJECTS = {"1 process": "1", "2 processes": "2"}


def measure(setting: Setting) -> list[Row]:
    """Seconds of audio per second while packing, and random segments per second, from memory and from disk."""
    cache, tracks = setting.material.cache, _folder(setting)
    rows = _packing("mp3", ["table", str(tracks)], tracks, cache / "packed", setting)
    store = cache / "packed" / "mp3-2"
    if setting.data is not None and (setting.data / "mer4q").is_dir():
        clips = setting.data / "mer4q"
        rows += _packing("mer4q", ["mer4q", str(clips)], clips / "audio", cache / "packed", setting, PACKING)
        store = cache / "packed" / "mer4q-2"
    warm = Loop("loops", "segments", str(store), one_core=True)
    cold = Loop("loops", "segments_from_disk", str(store), one_core=True)
    for name, loop, target in (("warm", warm, WARM), ("cold", cold, "")):
        drawn = loops({name: loop}, setting.runs)[name]
        rows.append(
            Row(f"random segments of 3 s, {name}", "PackedStore", "segments/s", drawn, target, shown(loop.command))
        )
    return rows


def _packing(name: str, source: list[str], sounds: Path, stores: Path, setting: Setting, target: str = "") -> list[Row]:
    """Pack with one process and with two, and decode in one, in turn; ratios are formed round by round."""
    folders = {subject: stores / f"{name}-{workers}" for subject, workers in SUBJECTS.items()}
    commands = {
        subject: [PROGRAM, "data", "pack", *source, str(folders[subject]), "--workers", workers]
        for subject, workers in SUBJECTS.items()
    }
    packing = {subject: partial(_pack, command, folders[subject]) for subject, command in commands.items()}
    with Loop("loops", "decode_all", str(sounds), one_core=True) as decoding:
        walls = interleaved({ALONE: decoding, **packing}, setting.runs, warm_up=False)
    seconds = _seconds(folders["1 process"])
    speeds = {subject: [seconds / wall for wall in of_subject] for subject, of_subject in walls.items()}
    benchmark = f"packing {name}, start to end"
    rows = [
        Row(benchmark, subject, "x real time", speed, "", shown(commands.get(subject, decoding.command)))
        for subject, speed in speeds.items()
    ]
    alone, one, two = speeds.values()
    ratios = [b / a for a, b in zip(one, two, strict=True)]
    rows.append(Row(benchmark, "2 over 1", "x", ratios, target))
    rows.append(Row(benchmark, "1 process over decoding alone", "x", [b / a for a, b in zip(alone, one, strict=True)]))
    return rows


def _pack(command: list[str], store: Path) -> float:
    """Pack into a new store; returns how many seconds it took."""
    shutil.rmtree(store, ignore_errors=True)
    return run_program(command).wall


def _seconds(store: Path) -> float:
    from taggram.datasets import PackedStore

    return float(PackedStore(store).clips.durations.sum())


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
