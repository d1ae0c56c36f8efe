"""Variants of the training clips: at another speed, mixed with another clip, or deformed.

They are files that are packed like any other clip, so that teachers score them, too.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram._files import atomic_file
from taggram.audio import fill, read
from taggram.datasets import ClipIndex, ClipInfo
from taggram.datasets.index import relative_path
from taggram.datasets.packed.shards import to_int16
from taggram.deform import Chain
from taggram.errors import AudioError
from taggram.parallel import parallel_map

MAX_SPEED = 2 ** (3 / 12)  # three semitones; the slowest is its inverse
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')  # in file names on Windows
MIN_LEVEL = -12.0  # dB, of the mixed-in clip relative to the clip itself


@dataclass(frozen=True)
class Variant:
    """A variant of a clip.

    Attributes
    ----------
    file, speed
        The clip, and its playback speed.
    sample_rate
        In Hz.
    other_file, other_speed, level
        The clip that is mixed in, its playback speed, and its level in dB relative to the first clip; None for a
        variant of one clip alone.
    deformation
        Deformation of the result; None for none.
    """

    file: Path
    speed: float
    sample_rate: int
    other_file: Path | None = None
    other_speed: float = 1.0
    level: float = 0.0
    deformation: Chain | None = field(default=None, repr=False)

    @property
    def digest(self) -> str:
        """Hexadecimal digits that differ for every other variant."""
        deformation = f" {self.deformation}" if self.deformation else ""  # names of other variants stay as they were
        return hashlib.sha256(f"{self!r}{deformation}".encode()).hexdigest()

    def render(self) -> NDArray[np.float32]:
        """Return the samples, scaled down if they would exceed full scale.

        Returns
        -------
        (samples,) float32
            At `sample_rate`; full scale is 1.0.

        Raises
        ------
        AudioError
            If a file cannot be read.
        MissingExtraError
            If the deformation needs the deform extra.
        """
        samples = self._read(self.file, self.speed)
        if self.other_file is not None:
            other = fill(self._read(self.other_file, self.other_speed), len(samples))[: len(samples)]
            samples = samples + other * np.float32(10 ** (self.level / 20) * _rms(samples) / max(_rms(other), 1e-6))
        if self.deformation is not None:
            samples = self.deformation(samples, self.sample_rate, int(self.digest[:16], 16))
        return samples / max(1.0, float(np.abs(samples).max(initial=0.0)))

    def _read(self, file: Path, speed: float) -> NDArray[np.float32]:
        """Read samples at another rate than they are played at, which changes speed and pitch."""
        return read(file, round(self.sample_rate / speed))

    def write(self, file: Path) -> None:
        """Write a 16-bit WAV file, or nothing if a clip cannot be read."""
        try:
            samples = to_int16(self.render())
        except AudioError:
            return
        with atomic_file(file) as part, wave.open(str(part), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(self.sample_rate)
            out.writeframes(samples.tobytes())


def add_variants(
    clips: ClipIndex,
    split: str,
    count: int,
    folder: Path,
    sample_rate: int,
    seed: int,
    workers: int = 1,
    deformations: Sequence[Chain] = (),
) -> ClipIndex:
    """Add variants of the clips of a split, each faster and higher, or slower and lower, by up to three semitones.

    Every second variant is mixed with another clip of the split, at its own speed and 0 to 12 dB softer, which gives
    combinations of sounds that no recording has.

    Parameters
    ----------
    clips
        The clips. A variant has the labels of all clips in it, without those that its deformation may make wrong, and
        the id of its clip with ``@1``, ``@2`` and so on.
    split
        The split to augment; variants belong to it, too.
    count
        Variants per clip.
    folder
        Where the variants are written, as 16-bit WAV files; existing ones are kept.
    sample_rate
        Of these files, in Hz.
    seed
        Of all choices: speeds are uniform in semitones, levels in decibels.
    workers
        Processes that write.
    deformations
        Each variant is deformed by one of them, drawn at random; none by default.

    Returns
    -------
    ClipIndex
        The clips, then their variants. A clip that cannot be read has none: packing reports it.

    Raises
    ------
    MissingExtraError
        If a deformation needs the deform extra.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    originals = [clip for clip in clips.clips if clip.split == split]
    speeds = MAX_SPEED ** rng.uniform(-1, 1, (len(originals), count, 2))
    others = rng.integers(len(originals), size=(len(originals), count))
    levels = rng.uniform(MIN_LEVEL, 0, (len(originals), count))
    drawn = rng.integers(max(1, len(deformations)), size=(len(originals), count))

    listed: list[ClipInfo] = []
    jobs: list[tuple[Variant, Path]] = []
    for row, clip in enumerate(originals):
        for i in range(count):
            speed, other_speed = speeds[row, i].tolist()
            other = originals[others[row, i]] if i % 2 else None
            if other is None:
                variant = Variant(clips.file(clip), speed, sample_rate)
            else:
                level = float(levels[row, i])
                variant = Variant(clips.file(clip), speed, sample_rate, clips.file(other), other_speed, level)
            labels = tuple(dict.fromkeys(clip.labels + (other.labels if other else ())))
            if deformations:
                deformation = deformations[drawn[row, i]]
                variant = dataclasses.replace(variant, deformation=deformation)
                labels = tuple(label for label in labels if not deformation.changes_tag(label))
            name = f"{_FORBIDDEN.sub('-', clip.id)}@{i + 1}-{variant.digest[:8]}.wav"
            jobs.append((variant, folder / name))
            path = relative_path(folder / name, clips.folder)
            listed.append(dataclasses.replace(clip, id=f"{clip.id}@{i + 1}", path=path, labels=labels))
    if missing := [(variant, file) for variant, file in jobs if not file.exists()]:
        for _ in parallel_map(_write, missing, workers=workers, on_crash=_no_variant):
            pass
    written = tuple(clip for clip, (_, file) in zip(listed, jobs, strict=True) if file.exists())
    return clips.replace(clips.clips + written)


def _write(job: tuple[Variant, Path]) -> None:
    variant, file = job
    variant.write(file)


def _no_variant(job: tuple[Variant, Path], reason: str) -> None:
    """Leave out a variant whose worker died: packing reports the original clip."""


def _rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
