"""Deformed copies of audio files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from taggram._files import atomic_file
from taggram.audio import probe, read
from taggram.deform.chain import Chain
from taggram.errors import DeformationError

__all__ = ["deform_file"]


def deform_file(
    path: str | os.PathLike[str], out: str | os.PathLike[str], chain: Chain | str, *, seed: int = 0
) -> None:
    """Write a deformed copy of an audio file.

    Parameters
    ----------
    path
        A file of any format FFmpeg decodes; its channels are averaged.
    out
        The copy: mono, at the sample rate of the file, as 32-bit float wav, so that nothing is clipped.
    chain
        What is done, or its text form.
    seed
        Seed of all random steps together.

    Raises
    ------
    AudioError
        If the file cannot be read or has no audio.
    DeformationError
        If `out` has another suffix than ``.wav``, is the file itself or in no folder, or if the chain is malformed.
    MissingExtraError
        If a step needs the deform extra.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     deform_file("examples/lets-go-fishin.opus", f"{folder}/out.wav", "low_pass=2000,noise=20")
    ...     probe(f"{folder}/out.wav").sample_rate
    48000
    """
    out, chain = Path(out), Chain.parse(chain) if isinstance(chain, str) else chain
    if out.suffix.lower() != ".wav":
        raise DeformationError(f"{out} would be a wav file: give it the suffix .wav")
    if not out.parent.is_dir():
        raise DeformationError(f"{out.parent} is no folder: create it")
    sample_rate = probe(path).sample_rate
    if out.exists() and os.path.samefile(path, out):
        raise DeformationError(f"{out} is the original: write the copy to another file")
    samples = chain(read(path, sample_rate), sample_rate, seed)
    with atomic_file(out) as part:
        _write(part, samples, sample_rate)


def _write(file: Path, samples: NDArray[np.float32], sample_rate: int) -> None:
    """Write a mono wav file of 32-bit floats."""
    with file.open("wb") as target, av.open(target, "w", format="wav") as container:
        stream: Any = container.add_stream("pcm_f32le", rate=sample_rate, layout="mono")
        frame: Any = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.sample_rate = sample_rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
