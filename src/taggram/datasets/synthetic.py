"""Synthetic audio files for the samples of data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["write_noise"]

RATE = 22050  # in Hz; half that of a CD halves the time that encoders take
CODECS = {
    ".mp3": "libmp3lame",
    ".opus": "libopus",
    ".ogg": "libopus",
    ".flac": "flac",
    ".wav": "pcm_s16le",
    ".au": "pcm_s16be",
}


def write_noise(file: Path, seconds: float, seed: int) -> None:
    """Write mono noise to an audio file.

    Parameters
    ----------
    file
        The suffix selects the format; missing folders are created.
    seconds
        Duration.
    seed
        Seed of the noise.
    """
    import av

    file.parent.mkdir(parents=True, exist_ok=True)
    rate = 48000 if CODECS[file.suffix] == "libopus" else RATE
    noise = np.random.default_rng(seed).normal(0, 3000, round(seconds * rate)).clip(-32768, 32767).astype(np.int16)
    with av.open(str(file), "w") as out:
        options = {"compression_level": "9"} if file.suffix == ".mp3" else {}  # the fastest
        stream = out.add_stream(CODECS[file.suffix], rate=rate, layout="mono", options=options)
        frame = av.AudioFrame.from_ndarray(noise[None], format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
