import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from taggram.audio import probe, read
from taggram.errors import AudioError, ModelError
from taggram.features import FrontEnd
from taggram.sonification import log_spectral_distance, model_front_end, sonify, sonify_file

RATE = 16000
BASE = FrontEnd(n_mels=64, mel_scale="slaney", mel_norm="slaney", log="log10", padding="none")
LOGS = ["power", "db", "ln", "log10", "stabilized"]


@pytest.fixture
def clip(music: NDArray[np.float32]) -> NDArray[np.float32]:
    return music[: 3 * RATE]


@pytest.mark.parametrize("settings", [{}, {"hop": 512}, {"n_mels": 128, "win_length": 400, "hop": 160, "log": "db"}])
@pytest.mark.parametrize("hz", [300, 1000, 3000])
def test_a_sine_comes_back_at_its_frequency(hz: float, settings: dict) -> None:
    front_end = BASE.replace(**settings)
    x = 0.3 * np.sin(2 * np.pi * hz * np.arange(2 * RATE) / RATE)
    found = sonify(x, front_end)
    middle = found[RATE // 2 : 3 * RATE // 2]
    peak = np.argmax(np.abs(np.fft.rfft(middle * np.hanning(RATE))))  # bins of 1 Hz
    assert peak == pytest.approx(hz, abs=max(25, 0.05 * hz))
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.2)


@pytest.mark.parametrize("name", ["n_mels", "hop"])
def test_the_finer_the_resolution_the_closer(name: str, clip: NDArray[np.float32]) -> None:
    values = {"n_mels": (8, 16, 32, 64, 128), "hop": (2560, 1280, 512, 128)}[name]
    distances = [log_spectral_distance(clip, sonify(clip, BASE.replace(**{name: n})), RATE) for n in values]
    assert all(fine < coarse for coarse, fine in itertools.pairwise(distances)), distances


def test_at_a_fine_resolution_little_changes(clip: NDArray[np.float32]) -> None:
    assert log_spectral_distance(clip, sonify(clip, BASE.replace(n_mels=128, hop=128)), RATE) < 2


@pytest.mark.parametrize("log", LOGS[1:])
def test_eight_bits_are_nearly_enough_and_fewer_are_worse(log: str, clip: NDArray[np.float32]) -> None:
    front_end = BASE.replace(log=log)
    full, *few = (log_spectral_distance(clip, sonify(clip, front_end, bits=n), RATE) for n in (None, 8, 4, 2))
    assert few[0] == pytest.approx(full, abs=0.1)
    assert few[0] < few[1] < few[2]


@pytest.mark.parametrize("log", LOGS)
def test_silence_stays_silence(log: str) -> None:
    found = sonify(np.zeros(RATE, np.float32), BASE.replace(log=log), bits=4)
    assert found.shape == (RATE,) and np.abs(found).max() < 1e-6


@pytest.mark.parametrize("log", LOGS)
def test_every_logarithm_is_inverted(log: str, clip: NDArray[np.float32]) -> None:
    assert log_spectral_distance(clip, sonify(clip, BASE.replace(log=log)), RATE) < 5


@pytest.mark.parametrize("padding", ["none", "zero", "reflect"])
@pytest.mark.parametrize("hop", [128, 200, 512])
def test_onsets_stay_where_they_are(padding: str, hop: int) -> None:
    x = np.zeros(RATE, np.float32)
    x[8000:8400] = np.random.default_rng(0).normal(0, 0.1, 400)
    energy = sonify(x, BASE.replace(padding=padding, hop=hop)) ** 2
    centre = (energy * np.arange(RATE)).sum() / energy.sum()
    assert centre == pytest.approx(8200, abs=hop / 2 + 20)


def test_frames_far_apart_leave_no_gaps() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    found = sonify(noise, BASE.replace(hop=2560))
    levels = np.sqrt(np.mean(found.reshape(-1, 320) ** 2, axis=1))
    assert levels.min() > 0.02


def test_the_normalization_is_left_out(clip: NDArray[np.float32]) -> None:
    for settings in ({"normalize": "data", "mean": -3.0, "std": 2.0}, {"normalize": "band"}):
        assert np.array_equal(sonify(clip, BASE.replace(**settings)), sonify(clip, BASE))


@pytest.mark.parametrize("samples", [1, 100, 511, 513])
def test_short_clips_keep_their_length(samples: int) -> None:
    x = np.full(samples, 0.1, np.float32)
    for padding in ("none", "reflect"):
        found = sonify(x, BASE.replace(padding=padding))
        assert found.shape == (samples,) and np.isfinite(found).all()


def test_the_seed_chooses_the_phases(clip: NDArray[np.float32]) -> None:
    one, same, other = (sonify(clip, BASE, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_what_is_no_clip_is_refused() -> None:
    with pytest.raises(AudioError, match="must be mono"):
        sonify(np.zeros((2, RATE), np.float32), BASE)
    with pytest.raises(ValueError, match="bits must be 1 to 16"):
        sonify(np.zeros(RATE, np.float32), BASE, bits=32)


def test_a_part_of_a_file(pieces: Path, tmp_path: Path) -> None:
    song, out = pieces / "piano-prelude.opus", tmp_path / "out.wav"
    sonify_file(song, out, BASE, bits=6, start=10, duration=2, seed=3)
    info = probe(out)
    assert (info.sample_rate, info.channels, info.codec) == (RATE, 1, "pcm_f32le")
    assert np.array_equal(read(out), sonify(read(song, RATE, start=10, duration=2), BASE, bits=6, seed=3))


def test_a_copy_does_not_replace_the_original(clip: NDArray[np.float32], tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    soundfile.write(song, clip, RATE)
    with pytest.raises(AudioError, match="is the original"):
        sonify_file(song, song, BASE)
    with pytest.raises(AudioError, match="give it the suffix"):
        sonify_file(song, tmp_path / "out.mp3", BASE)


def test_the_front_end_of_a_model() -> None:
    assert model_front_end("default") == BASE
    assert model_front_end("default", hop=512).hop == 512
    with pytest.raises(ModelError, match="no model is named 'nothing'"):
        model_front_end("nothing")
    with pytest.raises(ModelError, match=r"the front end of default cannot be changed so: 0 <= f_min < f_max"):
        model_front_end("default", f_max=9000.0)


def test_a_model_without_a_log_mel_spectrogram(tmp_path: Path) -> None:
    from taggram.features import RawFrontEnd
    from taggram.models import ModelCard
    from taggram.models.directories import find_model

    card = ModelCard.read(find_model("default")).replace(front_end=RawFrontEnd())
    (tmp_path / "card.json").write_text(card.to_json())
    with pytest.raises(ModelError, match="is no log-mel-spectrogram: choose another model"):
        model_front_end(str(tmp_path))
