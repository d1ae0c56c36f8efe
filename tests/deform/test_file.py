import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from taggram.audio import probe, read
from taggram.deform import Chain, deform_file, gain
from taggram.errors import AudioError

RATE = 22050


@pytest.fixture
def song(music: NDArray[np.float32], tmp_path: Path) -> Path:
    file = tmp_path / "song.wav"
    soundfile.write(file, np.stack([music, music / 2], axis=1), RATE, subtype="FLOAT")
    return file


def test_a_copy_is_mono_at_the_same_rate_and_not_clipped(song: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.WAV"
    deform_file(song, out, "gain=12")
    info = probe(out)
    assert (info.sample_rate, info.channels, info.codec) == (RATE, 1, "pcm_f32le")
    samples = read(out)
    assert np.array_equal(samples, gain(read(song), RATE, 12))
    assert np.abs(samples).max() > 1.5
    assert set(os.listdir(tmp_path)) == {"song.wav", "out.WAV"}


def test_the_seed_is_that_of_the_chain(song: Path, tmp_path: Path) -> None:
    chain = Chain.parse("noise=10")
    deform_file(song, tmp_path / "out.wav", chain, seed=7)
    assert np.array_equal(read(tmp_path / "out.wav"), chain(read(song), RATE, 7))


def test_what_cannot_be_written_or_read_is_one_line(song: Path, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"out\.mp3 would be a wav file: give it the suffix \.wav"):
        deform_file(song, tmp_path / "out.mp3", "gain=1")
    with pytest.raises(AudioError, match="is the original"):
        deform_file(song, song, "gain=1")
    with pytest.raises(AudioError, match="does not exist"):
        deform_file(tmp_path / "missing.mp3", tmp_path / "out.wav", "gain=1")
    assert set(os.listdir(tmp_path)) == {"song.wav"}
