"""A small collection of real audio files, and helpers to pack it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from taggram.datasets import ClipIndex, list_folder

RATE = 16000


def place(clip: int, position: np.ndarray | int) -> np.ndarray | int:
    """The int16 sample at a position of a numbered clip: it tells which clip it is, and where."""
    return (np.asarray(position) * 7 + clip * 1009) % 65536 - 32768


@pytest.fixture(scope="session")
def ramps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 clips at the store's rate, one of them short, two of equal content, whose samples say where they are from."""
    folder = tmp_path_factory.mktemp("ramps")
    for clip in range(60):
        samples = place(clip, np.arange(1000 if clip == 7 else 9000 + clip))
        soundfile.write(folder / f"{clip:02}.wav", samples.astype(np.int16), RATE, subtype="PCM_16")
    (folder / "twin.wav").write_bytes((folder / "03.wav").read_bytes())
    return folder


@pytest.fixture
def mixed(tmp_path: Path, pieces: Path) -> Path:
    """Folders with a healthy, a cut, a wrong and a far too loud file."""
    folder = tmp_path / "mixed"
    for name in ("piano", "synth"):
        (folder / name).mkdir(parents=True)
    (folder / "piano" / "good.opus").write_bytes((pieces / "piano-prelude.opus").read_bytes())
    noise = np.random.default_rng(0).normal(0, 0.1, (22050 * 3, 2))
    soundfile.write(folder / "synth" / "cut.wav", noise, 22050)
    whole = (folder / "synth" / "cut.wav").read_bytes()
    (folder / "synth" / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (folder / "synth" / "loud.wav").touch()
    soundfile.write(folder / "synth" / "loud.wav", noise * 32768, 22050, subtype="FLOAT")
    (folder / "wrong.mp3").write_text("this is no music")
    (folder / ".hidden.wav").write_bytes(whole)
    (folder / "notes.txt").write_text("nor is this")
    return folder


@pytest.fixture
def index(ramps: Path) -> ClipIndex:
    return list_folder(ramps)


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """A function that gives the shards of a store."""

    def of(store: Path) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in sorted(store.glob("shard-*.pcm"))}

    return of
