"""More to learn from: copies of the training clips at other speeds, which teachers hear like any other clip."""

from __future__ import annotations

import dataclasses
import os
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from taggram.audio import read
from taggram.datasets import Listing
from taggram.datasets.shards import to_int16
from taggram.errors import TaggramError

if TYPE_CHECKING:
    from taggram.datasets import Listed

FASTEST = 2 ** (3 / 12)  # three semitones; the slowest is its inverse
RATE = 16000


def with_copies(listing: Listing, split: str, copies: int, folder: Path, seed: int) -> Listing:
    """Add copies of the clips of a split, each faster or slower, and so higher or lower, by up to three semitones.

    Parameters
    ----------
    listing
        The clips; a copy has the labels of its own, and the id with ``@1``, ``@2`` and so on.
    split
        Which clips are copied; copies are in it, too.
    copies
        Of each clip.
    folder
        Where the copies are written, as 16-bit WAV files of 16 kHz; those that are there are kept.
    seed
        Of the speeds, evenly distributed over semitones.

    Returns
    -------
    Listing
        The clips, then their copies. A clip that cannot be read has none: packing says what is wrong with it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [clip for clip in listing.clips if clip.split == split]
    speeds = FASTEST ** np.random.default_rng(seed).uniform(-1, 1, (len(chosen), copies))
    made: list[Listed] = []
    for clip, of_clip in zip(chosen, speeds.tolist(), strict=True):
        for i, speed in enumerate(of_clip, 1):
            file = folder / f"{clip.id.replace('/', '-')}@{i}-{speed:.4f}.wav"
            try:
                if not file.exists():
                    _write(listing.file(clip), speed, file)
            except TaggramError:
                continue
            path = os.path.relpath(file, listing.folder)
            made.append(dataclasses.replace(clip, id=f"{clip.id}@{i}", path=path))
    return Listing(listing.folder, listing.clips + tuple(made))


def _write(source: Path, speed: float, file: Path) -> None:
    """Write a file that says 16 kHz of samples that were taken at fewer, which plays it faster, or at more."""
    samples = to_int16(read(source, round(RATE / speed)))
    scratch = file.with_name(f".{file.name}.part")
    with wave.open(str(scratch), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())
    os.replace(scratch, file)
