"""The audio to tag: stereo mp3 files at 44.1 kHz and 128 kb/s, mixed from the example pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.measure import PROJECT

RATE = 44100
SHORT = 10.0  # seconds
STRETCH = 30.0  # seconds, after which another pair of pieces follows


@dataclass(frozen=True)
class Material:
    """Audio files of several lengths, mixed on first use and kept.

    Parameters
    ----------
    cache
        Folder for them; 180 MB.
    clip, song, mix, track, single
        Lengths in seconds of the files for cold, warm, memory, worker and page measurements.
    tracks
        Number of files for the worker measurements; a few files are repeated.
    shorts
        Number of files of 10 seconds for the measurements of engines; a few files are repeated.
    index
        Number of clips of the large index.
    library
        Number of tracks of the library.
    indexed
        Number of tracks of the library with an index in LanceDB; 0: it is not measured.
    scored
        Number of clips with scores; 5,329 is the test split of MagnaTagATune.
    requests
        Number of requests after which the memory of the server is measured.
    """

    cache: Path
    clip: float = 30.0
    song: float = 600.0
    mix: float = 3 * 3600.0
    track: float = 60.0
    single: float = 240.0
    tracks: int = 24
    shorts: int = 1000
    index: int = 1_000_000
    library: int = 200_000
    indexed: int = 0
    scored: int = 5329
    requests: int = 2000

    def clip_file(self) -> str:
        """One short clip."""
        return self._made(f"clip-{self.clip:g}s.mp3", partial(self._encode, seconds=self.clip))

    def song_file(self) -> str:
        """One file that is long enough for start-up not to matter."""
        return self._made(f"song-{self.song:g}s.mp3", partial(self._encode, seconds=self.song))

    def single_file(self) -> str:
        """One file of the length of a song."""
        return self._made(f"single-{self.single:g}s.mp3", partial(self._encode, seconds=self.single))

    def mix_file(self) -> str:
        """One very long file: the song again and again."""
        song = self.song_file()
        return self._made(f"mix-{self.mix:g}s.mp3", partial(_repeat, song, times=round(self.mix / self.song)))

    def track_files(self) -> list[str]:
        """Many files."""
        files = [
            self._made(f"track-{i}-{self.track:g}s.mp3", partial(self._encode, seconds=self.track, first=i))
            for i in range(min(6, self.tracks))
        ]
        return [files[i % len(files)] for i in range(self.tracks)]

    def short_files(self) -> list[str]:
        """Very many short files."""
        files = [
            self._made(f"short-{i}-{SHORT:g}s.mp3", partial(self._encode, seconds=SHORT, first=i)) for i in range(6)
        ]
        return [files[i % len(files)] for i in range(self.shorts)]

    @cached_property
    def _pieces(self) -> list[Path]:
        return sorted((PROJECT / "examples").glob("*.opus"))

    def _made(self, name: str, make: Callable[[Path], None]) -> str:
        version = hashlib.sha256(b"".join(piece.read_bytes() for piece in self._pieces)).hexdigest()[:8]
        file = self.cache / version / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_name(f"unfinished-{name}")
            make(unfinished)
            unfinished.replace(file)
        return str(file)

    def _encode(self, file: Path, seconds: float, first: int = 0) -> None:
        """Write an mp3: in each stretch one piece in front, another one behind it, each begun elsewhere."""
        pieces = [_decode(piece) for piece in self._pieces]
        with av.open(file, "w", format="mp3") as container:
            stream: Any = container.add_stream("libmp3lame", rate=RATE, layout="stereo", bit_rate=128_000)
            left = round(seconds * RATE)
            number = first
            while left > 0:
                front, behind = pieces[number % 3], pieces[(number + 1) % 3]
                sound = 0.65 * front + 0.35 * np.roll(behind, number * RATE * 7 // 3, axis=1)
                sound = np.ascontiguousarray(sound[:, : round(STRETCH * RATE)][:, :left], dtype=np.float32)
                frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="stereo")
                frame.sample_rate = RATE
                container.mux(stream.encode(frame))
                left -= sound.shape[1]
                number += 1
            container.mux(stream.encode(None))


def _decode(piece: Path) -> np.ndarray:
    """Read a piece as (2, samples) float32."""
    resampler = av.AudioResampler("fltp", "stereo", RATE)
    with av.open(piece) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray() for frame in [*frames, *resampler.resample(None)]], axis=1)


def _repeat(source: str, file: Path, times: int) -> None:
    """Write the packets of an mp3 several times over, which is as good as encoding it all, and much faster."""
    with av.open(file, "w", format="mp3") as target:
        stream: Any = None
        shift = 0
        for _ in range(times):
            with av.open(source) as container:
                original = container.streams.audio[0]
                stream = stream or target.add_stream_from_template(original)
                begin, end = None, 0
                for packet in container.demux(original):
                    if packet.pts is None:
                        continue
                    begin = packet.pts if begin is None else begin
                    end = packet.pts - begin + packet.duration
                    packet.pts = packet.dts = shift + packet.pts - begin
                    packet.stream = stream
                    target.mux(packet)
                shift += end
