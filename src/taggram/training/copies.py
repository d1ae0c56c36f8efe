"""More to learn from: copies of the training clips that sound otherwise, which teachers hear like any other clip."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from taggram.audio import fill, read
from taggram.datasets import ClipIndex
from taggram.datasets.index import relative_path
from taggram.datasets.packed.shards import to_int16
from taggram.errors import TaggramError
from taggram.parallel import parallel_map

if TYPE_CHECKING:
    from jaxtyping import Float32

    from taggram.datasets import ClipInfo

FASTEST = 2 ** (3 / 12)  # three semitones; the slowest is its inverse
SOFTEST = -12.0  # dB: how much softer than the clip itself another one may sound with it
RATE = 16000
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')  # in file names on Windows


@dataclass(frozen=True)
class Copy:
    """What a copy is made of.

    Attributes
    ----------
    source, speed
        The clip's file, and how many times faster it is played.
    other, other_speed, level
        Another clip that sounds with it, how many times faster that is, and how loud, in dB relative to the clip; None
        for a copy of one clip alone.
    """

    source: Path
    speed: float
    other: Path | None = None
    other_speed: float = 1.0
    level: float = 0.0

    def samples(self) -> Float32[np.ndarray, " samples"]:
        """Make the sound, at 16 kHz; one that would go beyond full scale is made softer.

        Raises
        ------
        AudioError
            If a file cannot be read.
        """
        sound = _faster(self.source, self.speed)
        if self.other is not None:
            with_it = fill(_faster(self.other, self.other_speed), len(sound))[: len(sound)]
            sound = sound + with_it * np.float32(10 ** (self.level / 20) * _rms(sound) / max(_rms(with_it), 1e-6))
        return sound / max(1.0, float(np.abs(sound).max(initial=0.0)))

    def write(self, file: Path) -> None:
        """Write the sound as a 16-bit WAV file, or nothing if a source cannot be read."""
        try:
            samples = to_int16(self.samples())
        except TaggramError:
            return
        scratch = file.with_name(f".{file.name}.part")
        with wave.open(str(scratch), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes(samples.tobytes())
        os.replace(scratch, file)


def with_copies(index: ClipIndex, split: str, copies: int, folder: Path, seed: int, workers: int = 1) -> ClipIndex:
    """Add copies of the clips of a split, each faster or slower, and so higher or lower, by up to three semitones.

    With every second copy of a clip sounds another clip of the split, itself faster or slower, as loud or up to 12 dB
    softer: what is heard together there is in no recording.

    Parameters
    ----------
    index
        The clips; a copy has the labels of all that sounds in it, and the id with ``@1``, ``@2`` and so on.
    split
        Which clips are copied; copies are in it, too.
    copies
        Of each clip.
    folder
        Where the copies are written, as 16-bit WAV files of 16 kHz; those that are there are kept.
    seed
        Of all choices: speeds evenly distributed over semitones, levels over decibels.
    workers
        Processes that write.

    Returns
    -------
    ClipIndex
        The clips, then their copies. A clip that cannot be read has none: packing says what is wrong with it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    chosen = [clip for clip in index.clips if clip.split == split]
    speeds = FASTEST ** rng.uniform(-1, 1, (len(chosen), copies, 2))
    others = rng.integers(len(chosen), size=(len(chosen), copies))
    levels = rng.uniform(SOFTEST, 0, (len(chosen), copies))

    listed: list[ClipInfo] = []
    made: list[tuple[Copy, Path]] = []
    for row, clip in enumerate(chosen):
        for i in range(copies):
            speed, other_speed = speeds[row, i].tolist()
            other = chosen[others[row, i]] if i % 2 else None
            if other is None:
                copy = Copy(index.file(clip), speed)
            else:
                copy = Copy(index.file(clip), speed, index.file(other), other_speed, float(levels[row, i]))
            name = f"{_FORBIDDEN.sub('-', clip.id)}@{i + 1}-{hashlib.sha256(repr(copy).encode()).hexdigest()[:8]}.wav"
            made.append((copy, folder / name))
            labels = tuple(dict.fromkeys(clip.labels + (other.labels if other else ())))
            path = relative_path(folder / name, index.folder)
            listed.append(dataclasses.replace(clip, id=f"{clip.id}@{i + 1}", path=path, labels=labels))
    if missing := [(copy, file) for copy, file in made if not file.exists()]:
        for _ in parallel_map(_write, missing, workers=workers, on_crash=_no_copy):
            pass
    kept = tuple(clip for clip, (_, file) in zip(listed, made, strict=True) if file.exists())
    return ClipIndex(index.folder, index.clips + kept)


def _write(job: tuple[Copy, Path]) -> None:
    copy, file = job
    copy.write(file)


def _no_copy(job: tuple[Copy, Path], reason: str) -> None:
    """Leave out a copy whose worker died: packing reports the file that it was to be made of."""


def _faster(file: Path, speed: float) -> Float32[np.ndarray, " samples"]:
    """Read samples at another rate than they are played at."""
    return read(file, round(RATE / speed))


def _rms(samples: Float32[np.ndarray, " samples"]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
