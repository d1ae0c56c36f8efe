"""Variants of training clips."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from taggram.audio import read
from taggram.datasets import ClipIndex, ClipInfo
from taggram.deform import Chain
from taggram.errors import MissingExtraError, RecipeError
from taggram.training.augmentation.variants import MAX_SPEED, add_variants
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


def test_a_variant_is_as_much_higher_as_it_is_shorter(index: ClipIndex, tmp_path: Path) -> None:
    speeds = []
    for seed in range(3):
        found = add_variants(index, "train", 1, tmp_path / "variants", 16000, seed)
        assert found.clips[:3] == index.clips
        (clip,) = found.clips[3:]  # none of b, which only validates, nor of what cannot be read
        assert (clip.id, clip.split, clip.labels) == ("mine/a@1", "train", ("mine/x",))
        samples = read(found.file(clip))
        pitch = np.abs(np.fft.rfft(samples)).argmax() * 16000 / len(samples)
        speeds.append(2 / (len(samples) / 16000))
        assert pitch == pytest.approx(440 * speeds[-1], rel=0.003)
    assert len(set(speeds)) == 3
    assert all(1 / MAX_SPEED <= speed <= MAX_SPEED for speed in speeds)


def test_every_second_variant_is_mixed_with_another_clip(tmp_path: Path) -> None:
    for name, pitch in (("low", 300), ("high", 2000)):
        soundfile.write(tmp_path / f"{name}.wav", 0.5 * np.sin(2 * np.pi * pitch * np.arange(RATE) / RATE), RATE)
    clips = tuple(ClipInfo(name, f"{name}.wav", "train", (name,)) for name in ("low", "high"))
    found = add_variants(ClipIndex(tmp_path, clips), "train", 8, tmp_path / "variants", 16000, 0, workers=2)
    variants = [clip for clip in found.clips[2:] if clip.id.startswith("low")]
    assert [clip.id for clip in variants] == [f"low@{i}" for i in range(1, 9)]
    assert {clip.labels for clip in variants[::2]} == {("low",)}
    assert {clip.labels for clip in variants[1::2]} == {("low",), ("low", "high")}
    for clip in variants:
        samples = read(found.file(clip))
        spectrum = np.abs(np.fft.rfft(samples))
        split = round(800 * len(samples) / 16000)
        softer = 20 * np.log10(spectrum[split:].max() / spectrum[:split].max())
        assert np.abs(samples).max() <= 1
        assert -14 < softer < 2 if "high" in clip.labels else softer < -30


def test_existing_variants_are_kept_and_depend_on_the_seed(index: ClipIndex, tmp_path: Path) -> None:
    folder = tmp_path / "variants"
    first = add_variants(index, "train", 1, folder, 16000, 0)
    written = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert add_variants(index, "train", 1, folder, 16000, 0) == first
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == written
    assert add_variants(index, "train", 1, folder, 16000, 1).clips[-1].path != first.clips[-1].path


def test_variants_have_the_sample_rate_of_the_store(index: ClipIndex, tmp_path: Path) -> None:
    infos = []
    for rate in (16000, 22050):
        (clip,) = add_variants(index, "train", 1, tmp_path / "variants", rate, 0).clips[3:]
        infos.append(soundfile.info(index.file(clip)))
    assert [info.samplerate for info in infos] == [16000, 22050]
    assert infos[0].duration == pytest.approx(infos[1].duration, abs=1e-3), "the same variant"


def test_variants_are_deformed_by_one_of_several(index: ClipIndex, tmp_path: Path) -> None:
    clips = (ClipInfo("a", "a.wav", "train", ("piano", "noisy")),)
    chains = [Chain.parse(text) for text in ("gain=-20", "low_pass=100", "noise=0")]
    found = add_variants(ClipIndex(tmp_path, clips), "train", 24, tmp_path / "variants", 16000, 0, 2, chains)
    plain = add_variants(ClipIndex(tmp_path, clips), "train", 24, tmp_path / "plain", 16000, 0)
    heard, noises = set(), []
    for variant, original in zip(found.clips[1:], plain.clips[1:], strict=True):
        x, y = read(plain.file(original)), read(found.file(variant))
        candidates = {"gain": chains[0](x, 16000), "low_pass": chains[1](x, 16000)}
        name = next((name for name, z in candidates.items() if np.abs(y - z).max() < 1e-3), "noise")
        heard.add(name)
        assert variant.labels == (("piano",) if name == "noise" else ("piano", "noisy"))
        noises += [y[:1000] / np.abs(y[:1000]).max()] if name == "noise" else []
    assert heard == {"gain", "low_pass", "noise"}
    assert len({noise.tobytes() for noise in noises}) == len(noises) > 2


def test_a_missing_extra_is_an_error(index: ClipIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_stretch.Signalsmith", None)
    with pytest.raises(MissingExtraError, match="deform"):
        add_variants(index, "train", 1, tmp_path / "variants", 16000, 0, 1, [Chain.parse("time_stretch=1.2")])


@pytest.mark.parametrize(
    ("augment", "error"),
    [
        ("{deform: [mp3=64]}", r"augment\.deform: needs augment\.variants"),
        ("{deform: [mp3=63]}", r"augment\.deform: .*bit_rate must be one of"),
        ("{deform: [mp4]}", r"augment\.deform: .*no deformation is named 'mp4'"),
    ],
)
def test_deformations_of_a_recipe_are_checked(augment: str, error: str) -> None:
    with pytest.raises(RecipeError, match=error):
        Recipe.parse(f"{{name: fcn.x, model: {{architecture: fcn}}, data: {{store: s}}, augment: {augment}}}")


def test_variants_need_teachers_and_sources() -> None:
    with pytest.raises(RecipeError, match=r"augment\.variants: needs data\.sources and distill\.teachers"):
        Recipe.parse("{name: fcn.x, model: {architecture: fcn}, data: {store: s}, augment: {variants: 1}}")
