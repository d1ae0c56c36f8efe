"""The log-mel module against librosa, over every law it offers."""

import itertools

import librosa
import numpy as np
import pytest
import torch

from taggram.features import FrontEnd
from taggram.features.dft import TwoStepDFT
from taggram.features.log_mel import LogMel
from taggram.features.mel import mel_filters

RNG = np.random.default_rng(7)
WAVEFORM = (0.3 * RNG.standard_normal((2, 20000))).astype(np.float32)


def librosa_mel(waveform: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """The mel spectrum that librosa computes in float64 for the same settings."""
    mel: np.ndarray = librosa.feature.melspectrogram(
        y=waveform.astype(np.float64),
        sr=front_end.sample_rate,
        n_fft=front_end.n_fft,
        win_length=front_end.win_length,
        window="hann" if front_end.window == "periodic" else np.hanning(front_end.frame_length),
        power=1 if front_end.spectrum == "magnitude" else 2,
        hop_length=front_end.hop,
        center=front_end.padding != "none",
        pad_mode="reflect" if front_end.padding == "reflect" else "constant",
        n_mels=front_end.n_mels,
        fmin=front_end.f_min,
        fmax=front_end.f_max,
        htk=front_end.mel_scale == "htk",
        norm=None if front_end.mel_norm == "none" else "slaney",
        dtype=np.float64,
    )
    return mel


UNDO = {
    "power": lambda x: x,
    "db": lambda x: 10 ** (x / 10),
    "ln": lambda x: np.expm1(x) / 10000,
    "log10": lambda x: np.expm1(x * np.log(10)) / 10000,
    "stabilized": lambda x: np.exp(x) - 0.001,
}


CASES = [
    FrontEnd(mel_scale=scale, mel_norm=norm, log=log, padding=padding)
    for scale, norm, log, padding in itertools.product(
        ("htk", "slaney"), ("none", "slaney", "unit_tri"), ("power", "db", "ln", "log10"), ("none", "zero", "reflect")
    )
] + [
    FrontEnd(n_fft=1024, hop=300, n_mels=40, f_min=50, f_max=7000),
    FrontEnd(n_fft=512, hop=512, n_mels=48, sample_rate=12000),
    FrontEnd(n_fft=2048, hop=512, n_mels=128, sample_rate=22050, mel_scale="slaney", mel_norm="slaney"),
    FrontEnd(win_length=400, hop=160, n_mels=40, spectrum="magnitude", log="stabilized"),
    FrontEnd(win_length=300, padding="zero", log="ln"),
    FrontEnd(window="symmetric", win_length=500),
]


@pytest.mark.parametrize("front_end", CASES, ids=lambda f: f"{f.n_fft}-{f.mel_scale}-{f.mel_norm}-{f.log}-{f.padding}")
@pytest.mark.parametrize("exported", [False, True], ids=["torch", "exported"])
def test_equals_librosa(front_end: FrontEnd, exported: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: exported)
    ours = UNDO[front_end.log](LogMel(front_end)(torch.from_numpy(WAVEFORM)).double().numpy())
    theirs = np.stack([librosa_mel(y, front_end) for y in WAVEFORM])
    assert ours.shape == theirs.shape == (2, front_end.n_mels, front_end.frames(WAVEFORM.shape[1]))
    # Relative to the value, and to a billionth of the loudest one where the bins of a band happen to be quiet.
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-9 * theirs.max())


@pytest.mark.parametrize("exported", [False, True], ids=["torch", "exported"])
def test_amplitude_db_and_top_db_are_power_to_db_of_the_square(exported: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: exported)
    settings = {"sample_rate": 12000, "mel_scale": "slaney", "mel_norm": "slaney"}
    front_end = FrontEnd(**settings, log="amplitude_db", top_db=80)
    waveform = WAVEFORM.copy()
    waveform[0, 10000:] *= 1e-3
    ours = LogMel(front_end)(torch.from_numpy(waveform)).numpy()
    theirs = np.stack([librosa.power_to_db(librosa_mel(y, front_end) ** 2) for y in waveform])
    assert theirs[0].min() == theirs[0].max() - 80
    assert theirs[1].min() > theirs[1].max() - 80
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


@pytest.mark.filterwarnings("ignore:Empty filters:UserWarning")
@pytest.mark.parametrize("n_mels", [8, 96, 128])
@pytest.mark.parametrize("scale", ["htk", "slaney"])
def test_filter_bank_equals_librosa(n_mels: int, scale: str) -> None:
    ours = mel_filters(FrontEnd(n_mels=n_mels, mel_scale=scale))
    theirs = librosa.filters.mel(sr=16000, n_fft=512, n_mels=n_mels, htk=scale == "htk", norm=None, dtype=np.float64)
    np.testing.assert_allclose(ours.T, theirs, atol=1e-12)


def test_triangles_that_are_linear_in_mel() -> None:
    """As the HTK Book defines them: bins by their distance in mel from the centres, which are equally far apart."""
    filters = mel_filters(FrontEnd(n_mels=64, f_min=125.0, f_max=7500.0, mel_slope="mel"))
    mel = 1127 * np.log1p(np.linspace(0, 8000, 257)[:, None] / 700)
    low, high = 1127 * np.log1p(np.array([125, 7500]) / 700)
    width = (high - low) / 65
    np.testing.assert_allclose(
        filters, np.clip(1 - np.abs(mel - low - width * np.arange(1, 65)) / width, 0, 1), atol=2e-4
    )


def test_frames_shorter_than_the_transform_start_at_the_first_sample() -> None:
    """With `padding` none, as many frames as fit; the zeros around them change only the phase."""
    front_end = FrontEnd(win_length=400, hop=160, spectrum="magnitude", log="power", padding="none")
    frames = np.lib.stride_tricks.sliding_window_view(WAVEFORM[0].astype(np.float64), 400)[::160]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    theirs = np.abs(np.fft.rfft(frames * window, 512)) @ mel_filters(front_end)
    ours = LogMel(front_end)(torch.from_numpy(WAVEFORM[:1]))[0].numpy().T
    assert len(ours) == front_end.frames(WAVEFORM.shape[1]) == 1 + (20000 - 400) // 160
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_unit_triangles_have_unit_area() -> None:
    front_end = FrontEnd(n_fft=65536, n_mels=20, mel_norm="unit_tri")
    area = mel_filters(front_end).sum(axis=0) * front_end.sample_rate / front_end.n_fft
    np.testing.assert_allclose(area, 1.0, rtol=1e-3)


@pytest.mark.parametrize("n_fft", [512, 510, 514, 2048])
def test_two_step_transform_equals_numpy(n_fft: int) -> None:
    dft = TwoStepDFT(n_fft)
    frames = WAVEFORM.ravel()[: 3 * n_fft].reshape(3, n_fft)
    power = torch.eye(n_fft // 2 + 1)
    ours = dft(torch.from_numpy(frames).unflatten(1, (dft.rows, dft.columns))) @ dft.reorder(power)
    theirs = np.abs(np.fft.rfft(frames.astype(np.float64))) ** 2
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-4, atol=1e-6 * theirs.max())


def test_silence_is_finite() -> None:
    for log in ("power", "db", "ln", "log10", "stabilized"):
        assert torch.isfinite(LogMel(FrontEnd(log=log))(torch.zeros(1, 4000))).all()


@pytest.mark.parametrize(
    "settings", [{"n_fft": 511}, {"f_max": 9000}, {"f_min": 8000}, {"hop": 0}, {"window": 3}, {"win_length": 514}]
)
def test_impossible_settings_are_refused(settings: dict) -> None:
    with pytest.raises((ValueError, TypeError)):
        FrontEnd(**settings)
