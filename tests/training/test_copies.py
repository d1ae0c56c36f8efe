"""Copies of training clips at other speeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from taggram.audio import read
from taggram.datasets import ClipIndex, ClipInfo
from taggram.errors import RecipeError
from taggram.training.copies import FASTEST, with_copies
from taggram.training.recipe import Recipe

RATE = 44100


@pytest.fixture
def index(tmp_path: Path) -> ClipIndex:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", tone, RATE)
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    clips = (
        ClipInfo("mine/a", "a.wav", "train", ("mine/x",)),
        ClipInfo("mine/b", "b.wav", "valid"),
        ClipInfo("mine/c", "broken.wav", "train"),
    )
    return ClipIndex(tmp_path, clips)


def test_a_copy_is_as_much_higher_as_it_is_shorter(index: ClipIndex, tmp_path: Path) -> None:
    speeds = []
    for seed in range(3):
        found = with_copies(index, "train", 1, tmp_path / "copies", seed)
        assert found.clips[:3] == index.clips
        (clip,) = found.clips[3:]  # none of b, which only validates, nor of what cannot be read
        assert (clip.id, clip.split, clip.labels) == ("mine/a@1", "train", ("mine/x",))
        samples = read(found.file(clip))
        pitch = np.abs(np.fft.rfft(samples)).argmax() * 16000 / len(samples)
        speeds.append(2 / (len(samples) / 16000))
        assert pitch == pytest.approx(440 * speeds[-1], rel=0.003)
    assert len(set(speeds)) == 3
    assert all(1 / FASTEST <= speed <= FASTEST for speed in speeds)


def test_another_clip_sounds_with_every_second_copy(tmp_path: Path) -> None:
    for name, pitch in (("low", 300), ("high", 2000)):
        soundfile.write(tmp_path / f"{name}.wav", 0.5 * np.sin(2 * np.pi * pitch * np.arange(RATE) / RATE), RATE)
    clips = tuple(ClipInfo(name, f"{name}.wav", "train", (name,)) for name in ("low", "high"))
    found = with_copies(ClipIndex(tmp_path, clips), "train", 8, tmp_path / "copies", 0, workers=2)
    copies = [clip for clip in found.clips[2:] if clip.id.startswith("low")]
    assert [clip.id for clip in copies] == [f"low@{i}" for i in range(1, 9)]
    assert {clip.labels for clip in copies[::2]} == {("low",)}
    assert {clip.labels for clip in copies[1::2]} == {("low",), ("low", "high")}
    for clip in copies:
        samples = read(found.file(clip))
        spectrum = np.abs(np.fft.rfft(samples))
        split = round(800 * len(samples) / 16000)
        softer = 20 * np.log10(spectrum[split:].max() / spectrum[:split].max())
        assert np.abs(samples).max() <= 1
        assert -14 < softer < 2 if "high" in clip.labels else softer < -30


def test_copies_that_are_there_are_kept_and_the_seed_decides(index: ClipIndex, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    first = with_copies(index, "train", 1, folder, 0)
    written = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert with_copies(index, "train", 1, folder, 0) == first
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == written
    assert with_copies(index, "train", 1, folder, 1).clips[-1].path != first.clips[-1].path


def test_copies_need_somebody_who_says_what_is_true_of_them() -> None:
    with pytest.raises(RecipeError, match="copies: are made of material"):
        Recipe.parse("{name: fcn.x, architecture: fcn, store: s, copies: 1}")
