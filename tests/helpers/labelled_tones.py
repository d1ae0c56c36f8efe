"""Files of tones: labelled by pitch, of several artists."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

RATE = 16000
HERTZ = {"low": 220, "high": 2500}


def write_tone(file: Path, hertz: float, seed: int = 0, *, seconds: float = 2.0, artist: str = "") -> Path:
    """Write a FLAC file with a tone and a little noise, and an artist in its tags."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    samples = 0.3 * np.sin(2 * np.pi * hertz * rng.uniform(0.9, 1.1) * time) + 0.01 * rng.standard_normal(len(time))
    return write(file, samples, artist)


def write(file: Path, samples: np.ndarray, artist: str = "") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w", format="flac") as out:
        if artist:
            out.metadata["artist"] = artist
        stream = out.add_stream("flac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray((32767 * samples).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return file


def write_tones(folder: Path, artists: int = 3, clips: int = 2) -> Path:
    """Write a folder for each pitch, with a folder for each artist, with clips."""
    for number in range(artists):
        for clip in range(clips):
            for tag, hertz in HERTZ.items():
                seed = clips * number + clip + (1000 if tag == "high" else 0)
                write_tone(folder / tag / f"artist {number}" / f"{clip}.flac", hertz, seed)
    return folder
