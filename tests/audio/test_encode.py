"""Encoded samples are read back."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from taggram.audio import probe, read
from taggram.audio.encode import encode_opus, write_wav

SIGNAL = np.cumsum(np.random.default_rng(0).normal(0, 0.02, 150000)).astype(np.float32)
SIGNAL -= np.convolve(SIGNAL, np.full(200, 1 / 200, np.float32), "same")  # brown noise without rumble


def test_a_wav_file_keeps_every_sample(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    write_wav(file, 2 * SIGNAL, 22050)
    assert probe(file).sample_rate == 22050 and probe(file).codec == "pcm_f32le"
    assert np.array_equal(read(file), 2 * SIGNAL)
    write_wav(file, SIGNAL, 22050)
    assert np.array_equal(read(file), SIGNAL)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 96000])
def test_opus_has_the_same_length_and_sound_at_any_rate(rate: int, tmp_path: Path) -> None:
    content = encode_opus(SIGNAL, rate, 64_000)
    assert soundfile.info(io.BytesIO(content)).subtype == "OPUS"
    file = tmp_path / "a.ogg"
    file.write_bytes(content)
    found = read(file, rate)
    assert len(found) == pytest.approx(len(SIGNAL), abs=0.03 * rate)
    size = min(len(found), len(SIGNAL))
    error = found[:size] - SIGNAL[:size]
    assert np.mean(error**2) < 0.05 * np.mean(SIGNAL**2)
    assert len(content) < 1.3 * 64_000 / 8 * len(SIGNAL) / rate + 2000
