"""Audio files of every format, written once a session from one signal, and the folder of real recordings."""

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

RATE = 44100
SECONDS = 8.0

# File name: FFmpeg's encoder, sample rate, channel layout, muxer options. All other files are libsndfile's.
ENCODED = {
    "tone.mp3": ("libmp3lame", RATE, "stereo", {}),
    "bare.mp3": ("libmp3lame", RATE, "stereo", {"write_xing": "0"}),
    "low.mp3": ("libmp3lame", 22050, "mono", {}),
    "tone.m4a": ("aac", RATE, "stereo", {"movflags": "faststart"}),
    "tone.aac": ("aac", RATE, "stereo", {}),
    "tone.mp4": ("libmp3lame", RATE, "stereo", {}),
    "alac.m4a": ("alac", RATE, "stereo", {}),
    "tone.opus": ("libopus", 48000, "stereo", {}),
    "tone.webm": ("libopus", 48000, "stereo", {}),
    "tone.wma": ("wmav2", RATE, "stereo", {}),
    "tone.mka": ("flac", RATE, "stereo", {}),
    "oga.ogg": ("flac", RATE, "stereo", {}),
}
LOSSLESS = {
    "tone.wav": "PCM_16",
    "s24.wav": "PCM_24",
    "s32.wav": "PCM_32",
    "u8.wav": "PCM_U8",
    "f32.wav": "FLOAT",
    "f64.wav": "DOUBLE",
    "tone.aiff": "PCM_16",
    "tone.flac": "PCM_16",
    "s24.flac": "PCM_24",
}
MUXERS = {".aac": "adts", ".mka": "matroska"}
ALL = [*ENCODED, *LOSSLESS, "tone.ogg"]


def music(seconds: float = SECONDS, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Two unlike channels (2, samples): a chord with beats, and a melody over noise; within -0.7..0.7."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(seed).normal(0, 0.02, time.size)
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (220, 277.2, 329.6)) * np.exp(-3 * (time % 0.5))
    melody = np.sin(2 * np.pi * np.cumsum(440 * 2 ** (np.floor(4 * time) * 7 % 12 / 12)) / rate)
    return np.stack([0.2 * chord, 0.4 * melody + noise]).astype(np.float32)


def encode(
    path: Path,
    signal: np.ndarray,
    encoder: str,
    rate: int,
    layout: str,
    options: dict[str, str] | None = None,
    bit_rate: int = 96000,
) -> Path:
    """Write (channels, samples) at `rate` with one of FFmpeg's encoders."""
    with av.open(str(path), "w", format=MUXERS.get(path.suffix), options=options or {}) as out:
        stream = out.add_stream(encoder, rate=rate, layout=layout)
        if encoder in ("libmp3lame", "libopus", "aac", "wmav2"):
            stream.bit_rate = bit_rate
        convert = av.AudioResampler(stream.codec_context.format, layout, rate, frame_size=1152)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(signal, dtype=np.float32), "fltp", layout)
        frame.rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for piece in [*convert.resample(frame), *convert.resample(None), None]:
            out.mux(stream.encode(piece))
    return path


@pytest.fixture(scope="session", name="music")
def music_fixture() -> Callable[..., np.ndarray]:
    return music


@pytest.fixture(scope="session", name="encode")
def encode_fixture() -> Callable[..., Path]:
    return encode


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one file of every format in `ALL`."""
    folder = tmp_path_factory.mktemp("formats")
    for name, (encoder, rate, layout, options) in ENCODED.items():
        signal = music(rate=rate)
        encode(folder / name, signal[:1] if layout == "mono" else signal, encoder, rate, layout, options)
    for name, subtype in LOSSLESS.items():
        soundfile.write(folder / name, music().T, RATE, subtype=subtype)
    soundfile.write(folder / "tone.ogg", music().T, RATE, format="OGG", subtype="VORBIS")
    return folder


@pytest.fixture(params=ALL)
def file(request: pytest.FixtureRequest, files: Path) -> Path:
    """Each of the `files` in turn."""
    return files / request.param


@pytest.fixture(params=[*LOSSLESS, "alac.m4a", "tone.mka", "oga.ogg"])
def lossless(request: pytest.FixtureRequest, files: Path) -> Path:
    """Each of the lossless `files` in turn."""
    return files / request.param


@pytest.fixture
def damaged(tmp_path: Path, files: Path) -> Callable[[str, Callable[[bytes], bytes]], Path]:
    """A function that writes a changed copy of one of the `files`."""

    def change(name: str, how: Callable[[bytes], bytes]) -> Path:
        path = tmp_path / f"damaged-{name}"
        path.write_bytes(how((files / name).read_bytes()))
        return path

    return change


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of real recordings that developers share; it is not part of the repository."""
    shared = Path(os.environ.get("TAGGRAM_SHARED", Path(__file__).parents[3] / "shared"))
    if not (shared / "data").is_dir():
        pytest.skip("no real recordings here: set TAGGRAM_SHARED to a folder that has data/")
    return shared / "data"
