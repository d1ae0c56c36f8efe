"""Scans of a library: ``--fast`` beside the full scan, its speed and how far it agrees."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from benchmarks.measure import interleaved
from benchmarks.record import Row
from benchmarks.setting import Setting
from taggram import Tagger
from taggram.audio.discovery.files import audio_files
from taggram.audio.segments import EvenlySpaced
from taggram.library import Library
from taggram.library.library import FAST_SEGMENTS
from taggram.tagging import DEFAULT_MODEL, Prediction
from taggram.tagging.selection import Selection

MODELS = (DEFAULT_MODEL,)
EVERY = 8  # files of the music in the data folder are compared
FULL, FAST = "full", f"{FAST_SEGMENTS} segments of each file"


def measure(setting: Setting) -> list[Row]:
    """Seconds to scan a song, both ways; agreement of both on real music, if it is there."""
    song = Path(setting.material.single_file())
    scans: dict[str, Callable[[], float]] = {
        FULL: partial(_scan, song, fast=False),
        FAST: partial(_scan, song, fast=True),
    }
    found = interleaved(scans, setting.runs, warm_up=True)
    benchmark = f"scan of an mp3 of {setting.material.single:g} s, 1 process"
    ratios = [full / fast for full, fast in zip(found[FULL], found[FAST], strict=True)]
    rows = [
        *(Row(benchmark, name, "s", seconds, "", "taggram library scan") for name, seconds in found.items()),
        Row(benchmark, f"{FULL} over {FAST}", "x", ratios, ">= 3"),
    ]
    return rows if setting.data is None else [*rows, *_agreement(setting.data / "music")]


def _scan(file: Path, fast: bool) -> float:
    tagger = Tagger(DEFAULT_MODEL)
    with tempfile.TemporaryDirectory() as folder:
        music = Path(folder, "music")
        music.mkdir()
        (music / file.name).symlink_to(file)
        with Library(Path(folder, "library.sqlite")) as library:
            began = time.perf_counter()
            library.scan([music], model=tagger, fast=fast)
            return time.perf_counter() - began


def _agreement(folder: Path) -> list[Row]:
    files = list(audio_files(str(folder)))[::EVERY]
    full = Tagger(DEFAULT_MODEL)
    fast = full.with_segmentation(EvenlySpaced(FAST_SEGMENTS, exact=False))
    pairs = [(full.tag(file), fast.tag(file)) for file in files]
    seconds = float(np.median([one.duration for one, _ in pairs]))
    benchmark = f"fast scan, {len(files)} files of about {seconds:.0f} s"
    correlations = [float(spearmanr(one.clip_scores(), other.clip_scores()).statistic) for one, other in pairs]
    kept = [len(_shown(one) & _shown(other)) / max(1, len(_shown(one))) for one, other in pairs]
    same = [one.top(1)[0][0] == other.top(1)[0][0] for one, other in pairs]
    return [
        Row(benchmark, "Spearman correlation of the scores of a file's tags", "", correlations),
        Row(benchmark, "shown tags that the fast scan shows, too, mean", "", [float(np.mean(kept))]),
        Row(benchmark, "files with the same first tag", "", [float(np.mean(same))]),
    ]


def _shown(prediction: Prediction) -> set[str]:
    return {tag for tag, _ in Selection("balanced", None)(prediction, len(prediction.vocabulary))}
