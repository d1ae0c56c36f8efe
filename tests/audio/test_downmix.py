"""Channels that cancel in their mean: one of them is taken, in files, parts of files and arrays."""

import numpy as np
import pytest
import soundfile

from taggram.audio import AudioStream, clean, read
from taggram.audio.downmix import CELL, MIN_CELL
from taggram.errors import AudioWarning

LINE = "the channels cancel in their mean: {} samples were taken from one channel"


def opposite(signal: np.ndarray, gain: float = 1.0) -> np.ndarray:
    """Channels (2, samples) of a signal and its inverse."""
    return np.stack([signal, -gain * signal])


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_a_file_of_opposite_channels_is_its_first_channel(tmp_path, music, subtype):
    signal = music(4)[1]
    path = tmp_path / "opposite.wav"
    soundfile.write(path, opposite(signal).T, 44100, subtype=subtype)
    with pytest.warns(AudioWarning, match=LINE.format(4 * 44100)):
        waveform = read(path)
    np.testing.assert_allclose(waveform, signal, atol=2.0**-15)


@pytest.mark.parametrize(
    ("name", "encoder", "bit_rate"),
    [
        ("tone.mp3", "libmp3lame", 64000),
        ("tone.m4a", "aac", 64000),
        ("tone.opus", "libopus", 32000),
        ("tone.wma", "wmav2", 96000),
    ],
)
@pytest.mark.parametrize("gain", [1.0, 0.9])
def test_lossy_files_of_opposite_channels(tmp_path, encode, music, name, encoder, bit_rate, gain):
    signal = music(3, 48000)[1]
    path = encode(tmp_path / name, opposite(signal, gain), encoder, 48000, "stereo", bit_rate=bit_rate)
    with pytest.warns(AudioWarning, match=LINE.format(r"\d+")) as caught:
        waveform = read(path)
    assert len(caught) == 1
    assert np.std(waveform) == pytest.approx(np.std(signal), rel=0.1)


@pytest.fixture(params=["tone.wav", "s24.wav", "tone.flac", "tone.mp3", "alac.m4a", "tone.m4a", "tone.opus"])
def changing(request, tmp_path, encode, music):
    """A recording whose channels are alike, opposite, and then unlike, 3 s each; its last rest is short."""
    name = request.param
    rate = 48000 if name.endswith("opus") else 44100
    both = music(9, rate)
    stereo = np.stack([both[1], both[1]])
    stereo[1, 3 * rate : 6 * rate] *= -1
    stereo[:, 6 * rate :] = both[:, 6 * rate :]
    assert stereo.shape[1] % CELL < MIN_CELL
    path = tmp_path / name
    if name.endswith((".wav", ".flac")):
        soundfile.write(path, stereo.T, rate, subtype="PCM_24" if name.startswith("s24") else "PCM_16")
        return path
    encoder = {"tone.mp3": "libmp3lame", "alac.m4a": "alac", "tone.m4a": "aac", "tone.opus": "libopus"}[name]
    return encode(path, stereo, encoder, rate, "stereo")


@pytest.mark.filterwarnings("ignore:.*cancel:taggram.errors.AudioWarning")
@pytest.mark.parametrize("rate", [None, 16000])
def test_a_part_chooses_as_the_whole_does(changing, rate):
    with AudioStream(changing, rate) as stream:
        whole = np.concatenate(list(stream))
    hertz = rate or stream.info.sample_rate
    assert len(stream.warnings) == 1
    assert 1.5 < int(stream.warnings[0].split()[6]) / stream.info.sample_rate < 3.5
    assert np.abs(whole[4 * hertz : 5 * hertz]).max() > 0.1
    for start in (0.3, 1.9, 2.7, 3.4, 4.2, 5.6, 6.1, 7.3, 8.3, 8.9):
        part = read(changing, rate, start=start, duration=0.5)
        first = round(start * hertz)
        np.testing.assert_allclose(part, whole[first : first + hertz // 2][: part.size], atol=2e-6, err_msg=str(start))


@pytest.mark.parametrize("seconds", [0.1, 1, 3, 4.2])
def test_an_array_is_treated_as_a_file(tmp_path, music, seconds):
    signal = music(seconds)
    channels = opposite(signal[1], 0.95)
    channels[:, : CELL // 3] = signal[:, : CELL // 3]
    path = tmp_path / "array.wav"
    soundfile.write(path, channels.T, 44100, subtype="DOUBLE")
    waveform, lines = clean(channels)
    with AudioStream(path) as stream:
        np.testing.assert_allclose(np.concatenate(list(stream)), waveform, atol=1e-7)
    assert lines == stream.warnings
    assert bool(lines) == (seconds > 1)  # the only cell of a second is stereo for a third of its time


def test_surround_is_the_first_of_the_loud_channels(music):
    signal = music(2)[1]
    channels = np.stack([0 * signal, 0.1 * signal, signal, -signal, -0.1 * signal])
    waveform, lines = clean(channels)
    assert lines == [LINE.format(signal.size)]
    np.testing.assert_array_equal(waveform, signal)


@pytest.mark.parametrize("gain", [0.7, 0.0, -0.5, -1.0])
def test_channels_that_do_not_cancel_are_averaged(music, gain):
    channels = opposite(music(2)[1], gain)
    waveform, lines = clean(channels)
    np.testing.assert_array_equal(waveform, channels.mean(0, dtype=np.float64).astype(np.float32))
    assert lines == []


def test_opposite_noise_below_80_db_is_silence():
    noise = np.random.default_rng(0).normal(0, 5e-5, CELL)
    waveform, lines = clean(opposite(noise))
    assert not waveform.any()
    assert lines == []


def test_a_short_rest_is_not_judged_by_itself(music):
    channels = np.stack([music(2)[1]] * 2)[:, : CELL + MIN_CELL - 1]
    channels[1, CELL:] *= -1
    waveform, lines = clean(channels)
    assert lines == []
    assert not waveform[CELL:].any()


def test_no_real_recording_is_affected(recordings):
    stereo = 0
    for path in sorted((recordings / "originals").iterdir()):
        with AudioStream(path) as stream:
            for _ in stream:
                pass
        assert stream.warnings == []
        stereo += stream.info.channels == 2
    assert stereo > 10
