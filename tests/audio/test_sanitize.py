"""The rules of `clean` for arrays, and the same rules in files."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from taggram.audio import AudioStream, clean, read
from taggram.audio.sanitize import Sanitizer
from taggram.errors import AudioError, AudioWarning


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([0, 64, -128], dtype=np.int8), [0, 0.5, -1]),
        (np.array([128, 192, 0], dtype=np.uint8), [0, 0.5, -1]),
        (np.array([0, 16384, -32768], dtype=np.int16), [0, 0.5, -1]),
        (np.array([32768, 49152, 0], dtype=np.uint16), [0, 0.5, -1]),
        (np.array([0, 2**30, -(2**31)], dtype=np.int32), [0, 0.5, -1]),
        (np.array([0, 2**62, -(2**63)], dtype=np.int64), [0, 0.5, -1]),
        (np.array([0, 0.5, -1], dtype=np.float16), [0, 0.5, -1]),
        (np.array([0, 0.5, -1], dtype=np.float32), [0, 0.5, -1]),
        (np.array([0, 0.5, -1], dtype=np.float64), [0, 0.5, -1]),
        (np.array([0, 0.5, -1], dtype=">f8"), [0, 0.5, -1]),
        ([0.0, 0.5, -1.0], [0, 0.5, -1]),
    ],
)
def test_every_number_type_has_its_full_scale(array, expected):
    waveform, warnings = clean(array)
    assert waveform.dtype == np.float32
    assert waveform.tolist() == expected
    assert warnings == []


def test_channels_are_averaged_not_added():
    waveform, _ = clean(np.array([[0.5, 0.5, 0.5], [0.5, -0.5, 0.1]]))
    assert waveform == pytest.approx([0.5, 0.0, 0.3])


def test_the_callers_array_is_left_alone():
    array = np.array([np.nan, 1000, 3], dtype=np.float32)
    waveform, _ = clean(array)
    assert np.isnan(array[0])
    assert not np.shares_memory(array, waveform)


def test_non_finite_samples_become_silence():
    waveform, warnings = clean(np.array([0.5, np.nan, np.inf, -np.inf]))
    assert waveform.tolist() == [0.5, 0, 0, 0]
    assert warnings == ["3 samples were NaN or infinite, set to 0"]


@pytest.mark.parametrize("peak", [1.0, 1.5, 4.0])
def test_peaks_up_to_12_db_are_kept(peak):
    waveform, warnings = clean(np.array([0.1, -peak]))
    assert waveform[1] == np.float32(-peak)
    assert warnings == []


def test_another_unit_is_divided_by_its_peak():
    waveform, warnings = clean(np.array([1000.0, -2000.0, np.nan]))
    assert waveform.tolist() == [0.5, -1, 0]
    assert len(warnings) == 2
    assert "the peak is 2000" in warnings[1]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(0), "no samples"),
        (np.zeros((2, 0)), "no samples"),
        (np.zeros((2, 3, 4)), "of shape"),
        (np.float32(1), "of shape"),
        (np.zeros((100, 2)), "transpose"),
        (np.zeros(3, dtype=complex), "not complex128"),
        (np.zeros(3, dtype=bool), "not bool"),
        (["a", "b"], "not <U1"),
        ([[1.0], [2.0, 3.0]], "of shape"),
        (None, "not object"),
    ],
)
def test_what_is_no_waveform_is_an_error(array, message):
    with pytest.raises(AudioError, match=message):
        clean(array)


@given(hnp.arrays(st.sampled_from([np.float32, np.float64, np.int16, np.uint8]), st.integers(1, 50)))
def test_clean_samples_are_finite_and_near_full_scale(array):
    waveform, _ = clean(array)
    assert waveform.shape == array.shape
    assert np.all(np.abs(waveform) <= 4)


def test_damage_in_a_codec_is_clipped_not_rescaled():
    sanitizer = Sanitizer()
    block = sanitizer.apply(np.array([0.5, 39498, -17, 3.9], dtype=np.float32))
    assert block.tolist() == [0.5, 1, -1, np.float32(3.9)]
    assert sanitizer.warnings() == ["2 samples were more than 12 dB over full scale, clipped"]


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_a_float_file_in_another_unit_agrees_in_blocks_seeks_and_whole(tmp_path, music, subtype):
    path = tmp_path / "loud.wav"
    signal = music(4).mean(0)
    signal[: signal.size // 2] *= 0.01  # the peak is late: only a scan of the whole file can know it
    soundfile.write(path, signal * 32768, 44100, subtype=subtype)
    with pytest.warns(AudioWarning, match="divided by it"):
        whole = read(path)
    np.testing.assert_allclose(whole, signal / np.abs(signal).max(), atol=1e-6)
    with pytest.warns(AudioWarning, match="divided by it"):
        assert np.array_equal(read(path, start=1, duration=0.5), whole[44100:66150])
    with AudioStream(path) as stream:
        assert np.array_equal(np.concatenate(list(stream)), whole)
    assert len(stream.warnings) == 1


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_non_finite_samples_in_a_file_are_counted(tmp_path, music, subtype):
    path = tmp_path / "nan.wav"
    signal = music(1).T.copy()
    signal[100, 0], signal[200, 1], signal[300] = np.nan, np.inf, (np.inf, -np.inf)
    soundfile.write(path, signal, 44100, subtype=subtype)
    with pytest.warns(AudioWarning, match="3 samples were NaN or infinite"):
        waveform = read(path)
    assert waveform[[100, 200, 300]].tolist() == [0, 0, 0]
    keep = np.delete(np.arange(44100), [100, 200, 300])
    np.testing.assert_allclose(waveform[keep], signal[keep].mean(1), atol=1e-7)


def test_numbers_beyond_float32_are_as_good_as_infinite(tmp_path):
    path = tmp_path / "huge.wav"
    soundfile.write(path, np.full((1000, 2), 1e300), 8000, subtype="DOUBLE")
    with pytest.warns(AudioWarning, match="1000 samples were NaN or infinite"):
        assert not read(path).any()
