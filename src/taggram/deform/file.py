"""Deformed copies of audio files."""

from __future__ import annotations

import os
from pathlib import Path

from taggram.audio import probe, read
from taggram.audio.encode import check_copy, write_wav
from taggram.deform.chain import Chain

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
        If the file cannot be read or has no audio, or if `out` has another suffix than ``.wav``, is the file itself or
        in no folder.
    DeformationError
        If the chain is malformed.
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
    check_copy(path, out)
    sample_rate = probe(path).sample_rate
    write_wav(out, chain(read(path, sample_rate), sample_rate, seed), sample_rate)
