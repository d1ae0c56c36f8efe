"""A page to compare resolutions by ear."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram._progress import ProgressHook, no_progress
from taggram._text import printable
from taggram.audio import read
from taggram.audio.encode import encode_opus
from taggram.errors import TaggramError
from taggram.features import FrontEnd
from taggram.reporting import data_uri, picture, render, require_jinja2, require_matplotlib, write_report
from taggram.sonification.distance import log_spectral_distance
from taggram.sonification.sonify import reconstruct, spectrogram

__all__ = ["write_listening_page"]

# The grid of Ferraro et al. 2020, and the bits that they leave to future work.
MELS = (128, 96, 48, 32, 24, 16, 8)
HOPS = (256, 512, 768, 1024, 1280, 2560)
BITS = (8, 6, 4)
BIT_RATE = 48_000  # of the players, in bits per second
COLUMNS = 600  # of a picture


@dataclass(frozen=True)
class _Recording:
    """A player of the page.

    Attributes
    ----------
    title
        Its resolution.
    size
        Amount of data in its spectrogram.
    audio, picture
        Data URIs.
    distance
        Distance from the original in decibels; None for the original.
    """

    title: str
    size: str
    audio: str
    picture: str
    distance: float | None


def write_listening_page(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    front_end: FrontEnd,
    *,
    bits: int | None = None,
    start: float = 0.0,
    duration: float | None = 30.0,
    seed: int = 0,
    progress: ProgressHook = no_progress,
) -> None:
    """Write a page with players of a file, reconstructed from spectrograms of many resolutions.

    The page is one HTML file. It has the original, the reconstruction at the given resolution, and those with another
    number of bits, mel bands or another hop, as in the study of Ferraro et al. 2020.

    Parameters
    ----------
    path
        A file of any format FFmpeg decodes; its channels are averaged.
    out
        The page; it replaces an old one.
    front_end, bits, seed
        As for `sonify`: the resolution from which the others differ in one setting.
    start, duration
        The part of the file, in seconds; None reads to the end, with memory for all of it.
    progress
        Shows the progress.

    Raises
    ------
    AudioError
        If the file cannot be read, has no audio or ends before `start`.
    MissingExtraError
        If Jinja2 or matplotlib is not installed.
    TaggramError
        If the page cannot be written, or its folder is missing.
    """
    out = Path(out)
    require_jinja2()
    require_matplotlib()
    if not out.parent.is_dir():
        raise TaggramError(f"{out.parent} is no folder: create it")
    samples = read(path, front_end.sample_rate, start=start, duration=duration)
    settings: dict[str, list[tuple[FrontEnd, int | None]]] = {
        "given": [(front_end, bits)],
        "bits": [(front_end, n) for n in BITS if n != bits],
        "bands": [(front_end.replace(n_mels=n), bits) for n in MELS if n != front_end.n_mels],
        "hops": [(front_end.replace(hop=n), bits) for n in HOPS if n != front_end.hop],
    }
    todo = [each for part in settings.values() for each in part]
    recordings = {each: _reconstruct(samples, *each, seed) for each in progress(todo, len(todo), "reconstructions")}
    html = render(
        "listening.html",
        name=printable(os.path.basename(os.fsdecode(path))),
        front_end=front_end,
        original=_original(samples, front_end),
        parts={name: [recordings[each] for each in part] for name, part in settings.items()},
    )
    write_report(html, out)


def _original(samples: NDArray[np.float32], front_end: FrontEnd) -> _Recording:
    values = spectrogram(samples, front_end.replace(n_mels=MELS[0], hop=front_end.frame_length // 4))
    return _record("Original", f"{front_end.sample_rate:,} samples/s", samples, front_end.sample_rate, values, None)


def _reconstruct(samples: NDArray[np.float32], front_end: FrontEnd, bits: int | None, seed: int) -> _Recording:
    values = spectrogram(samples, front_end, bits)
    copy = reconstruct(values, front_end, samples.size, seed)
    rate = front_end.n_mels * front_end.sample_rate / front_end.hop
    title, size = f"{front_end.n_mels} bands, hop {front_end.hop}", f"{rate:,.0f} values/s"
    if bits is not None:
        title, size = f"{title}, {bits} bits", f"{size}, {rate * bits / 1000:.1f} kb/s"
    distance = log_spectral_distance(samples, copy, front_end.sample_rate)
    return _record(title, size, copy, front_end.sample_rate, values, distance)


def _record(
    title: str,
    size: str,
    samples: NDArray[np.float32],
    sample_rate: int,
    values: NDArray[np.float32],
    distance: float | None,
) -> _Recording:
    audio = data_uri(encode_opus(samples, sample_rate, BIT_RATE), "audio/ogg")
    return _Recording(title, size, audio, data_uri(picture(values, COLUMNS), "image/png"), distance)
