"""What cannot be read, and what can be read in part: one clear line each, never a traceback."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taggram.audio import AudioStream, probe, read, source
from taggram.audio.decode import read_channels
from taggram.errors import AudioError, AudioWarning


def refused(path, pattern, **options):
    """The one line that `read` refuses a path with; it names the file."""
    with pytest.raises(AudioError, match=pattern) as caught:
        read(path, 16000, **options)
    line = str(caught.value)
    assert "\n" not in line
    assert Path(str(path)).name.split("\n")[0] in line
    return line


def scrambled(eighths, part):
    """A function that puts random bytes in place of one `part`-th of a file, from so many eighths of it on."""

    def scramble(data):
        begin, size = len(data) * eighths // 8, len(data) // part
        return data[:begin] + np.random.default_rng(0).bytes(size) + data[begin + size :]

    return scramble


def test_missing_file(tmp_path):
    refused(tmp_path / "none.mp3", "does not exist")
    with pytest.raises(AudioError, match="does not exist"):
        probe(tmp_path / "none.mp3")


def test_directory(tmp_path):
    refused(tmp_path, "is a directory")


def test_empty_file(tmp_path):
    path = tmp_path / "empty.mp3"
    path.touch()
    refused(path, "empty")


def test_text_with_an_audio_name(tmp_path):
    path = tmp_path / "text.mp3"
    path.write_text("This is not music, it is only a text.\n" * 400)
    refused(path, "is not audio")


@pytest.mark.parametrize("content", [np.random.default_rng(0).bytes(100_000), bytes(100_000)], ids=["random", "zeros"])
@pytest.mark.parametrize("suffix", [".mp3", ".wav", ".ogg", ".m4a", ""])
def test_bytes_that_are_no_audio(tmp_path, content, suffix):
    path = tmp_path / f"bytes{suffix}"
    path.write_bytes(content)
    refused(path, "is not audio")


def test_an_mp3_of_a_few_bytes(damaged):
    refused(damaged("bare.mp3", lambda data: data[:300]), "is not audio|has no audio|nothing in it")


@pytest.mark.parametrize("size", [700, 0.4, 0.9])
def test_a_cut_mp3_that_does_not_know_its_length_is_noticed_by_its_last_frame(damaged, size):
    path = damaged("bare.mp3", lambda data: data[: size if size > 1 else int(size * len(data))])
    with pytest.warns(AudioWarning, match="cut short after .* inside a frame"):
        assert read(path).size > 0


def test_a_whole_mp3_without_a_header_gives_no_warning(files):
    assert read(files / "bare.mp3").size > 0


def test_an_mp3_of_1000_bytes_is_salvaged_with_a_warning(damaged):
    with pytest.warns(AudioWarning, match=r"[78]\.\d s of 8\.0 s could not be decoded"):
        assert 0 < read(damaged("tone.mp3", lambda data: data[:1000])).size < 4000


def test_wav_without_samples(tmp_path):
    path = tmp_path / "nothing.wav"
    soundfile.write(path, np.zeros((0, 2)), 44100)
    refused(path, "has no audio samples")


@pytest.mark.parametrize("name", ["alac.m4a", "tone.mp4"])
def test_mp4_without_its_header_says_so(damaged, name):
    refused(damaged(name, lambda data: data[: len(data) // 2]), "moov")


def test_mp4_with_a_damaged_header_says_so(damaged):
    def scramble(data):
        at = data.index(b"moov")
        return data[: at - 4] + bytes(200) + data[at + 196 :]

    refused(damaged("tone.m4a", scramble), "moov")


def test_video_without_sound(tmp_path):
    path = tmp_path / "silent film.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8))
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    refused(path, "has no audio stream, only video")


@pytest.mark.parametrize("rate", [1, 4_000_000_000])
def test_an_absurd_sample_rate(damaged, rate):
    path = damaged("tone.wav", lambda data: data[:24] + rate.to_bytes(4, "little") + data[28:])
    refused(path, "its header is damaged|is not audio")


@pytest.mark.skipif(sys.platform == "win32", reason="permission bits are POSIX")
def test_a_file_that_may_not_be_read(files):
    """As root permission bits block nothing, so the reader runs as nobody there."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "locked.wav")
        path.write_bytes((files / "tone.wav").read_bytes())
        path.chmod(0)
        if os.geteuid() != 0:
            refused(path, "cannot be read: check its permissions")
            return
        code = (
            "import os, sys; from taggram.audio import read; from taggram.errors import AudioError\n"
            "import taggram.audio.stream\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "try: read(sys.argv[1])\n"
            "except AudioError as error: print(error)"
        )
        result = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        assert result.stdout == f"{path} cannot be read: check its permissions\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_never_blocks(tmp_path):
    path = tmp_path / "pipe.mp3"
    os.mkfifo(path)
    reader = threading.Thread(target=refused, args=(path, "is a pipe, device or socket"), daemon=True)
    reader.start()
    reader.join(5)
    assert not reader.is_alive()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
def test_a_device():
    refused("/dev/zero", "is a pipe, device or socket")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no local sockets here")
def test_a_socket(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket is limited to about 100 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.mp3")
        refused("socket.mp3", "is a pipe, device or socket")


def test_names_that_cannot_exist(tmp_path):
    refused(tmp_path / ("n" * 300), r"cannot be opened \(.+\): check the path$")
    with pytest.raises(AudioError, match=r"^a\\x00b\.mp3 cannot be opened \(.+\): check the path$") as caught:
        read("a\0b.mp3")
    assert "\n" not in str(caught.value)


def test_a_name_with_a_line_break_stays_one_line(tmp_path):
    refused(tmp_path / "two\nlines.mp3", "does not exist")


def test_a_playlist_reaches_no_other_file(tmp_path, files):
    path = tmp_path / "playlist.m3u8"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:8\n#EXTINF:8,\n{files / 'tone.aac'}\n#EXT-X-ENDLIST\n")
    refused(path, "is not audio")


@pytest.mark.parametrize("name", ["tone.mp3", "tone.wav", "tone.opus", "tone.m4a", "tone.flac"])
def test_a_start_beyond_the_end_tells_the_length(files, name):
    assert re.search(r"has no audio at 9 s: it lasts 8\.0\d s", refused(files / name, "no audio", start=9))


@pytest.mark.parametrize(
    "options",
    [
        {"start": -1},
        {"start": float("nan")},
        {"start": float("inf")},
        {"duration": 0},
        {"duration": -1},
        {"duration": float("nan")},
    ],
)
def test_stretches_that_make_no_sense(files, options):
    refused(files / "tone.wav", "the (start|duration) must be", **options)


@pytest.mark.parametrize("rate", [0, -16000, 16000.5, 10**9])
def test_sample_rates_that_make_no_sense(files, rate):
    with pytest.raises(AudioError, match="must be a whole number"):
        read(files / "tone.wav", rate)


@pytest.mark.parametrize(
    "name", ["tone.mp3", "tone.wav", "s24.wav", "f32.wav", "tone.flac", "tone.aiff", "tone.m4a", "tone.mka"]
)
def test_a_file_cut_short_gives_what_is_there_and_says_what_is_not(files, damaged, name):
    path = damaged(name, lambda data: data[: len(data) * 4 // 10])
    whole = read(files / name)
    with pytest.warns(AudioWarning, match=re.escape(str(path))) as caught:
        part = read(path)
    seconds = part.size / 44100
    assert 2 < seconds < 5
    lost = re.search(r"([\d.]+) s of ([\d.]+) s could not be decoded", str(caught[0].message))
    assert float(lost[1]) == pytest.approx(8 - seconds, abs=0.1)
    assert float(lost[2]) == pytest.approx(8, abs=0.1)
    np.testing.assert_allclose(part[:-5000], whole[: part.size - 5000], atol=1e-6)


def test_a_stretch_that_is_there_gives_no_warning_though_the_rest_is_missing(damaged):
    path = damaged("tone.wav", lambda data: data[: len(data) * 4 // 10])
    assert read(path, start=1, duration=1).size == 44100
    with pytest.warns(AudioWarning, match=r"1\.8 s of 2\.0 s"):
        read(path, start=3, duration=2)


@pytest.mark.parametrize("name", ["tone.mp3", "tone.flac", "tone.aac", "tone.ogg", "tone.opus", "tone.wma"])
def test_what_surrounds_damage_is_salvaged(files, damaged, name):
    path = damaged(name, scrambled(4, 8))
    with AudioStream(path) as stream:
        waveform = np.concatenate(list(stream))
    seconds = waveform.size / stream.info.sample_rate
    assert 5.5 < seconds < 8.5
    assert np.abs(waveform).max() <= 4
    whole = read(files / name)
    size = 3 * stream.info.sample_rate
    np.testing.assert_allclose(waveform[:size], whole[:size], atol=1e-6)


def test_packets_that_fail_are_counted_where_they_concern_the_stretch(files, monkeypatch):
    choose = source._decoder

    class Failing:
        """A decoder that fails on the packets of the second second."""

        def __init__(self, context):
            self.decoder = choose(context)

        def decode(self, packet):
            if packet.pts is not None and 1 <= packet.pts * packet.time_base < 2:
                raise av.InvalidDataError(1, "damaged")
            return self.decoder.decode(packet)

    monkeypatch.setattr(source, "_decoder", Failing)
    with pytest.warns(AudioWarning, match=r"1\.0 s of 8\.0 s could not be decoded"):
        assert read(files / "bare.mp3").size == pytest.approx(7 * 44100, abs=3000)
    for start in (2.1, 5):
        assert read(files / "bare.mp3", start=start, duration=1).size == 44100


@pytest.mark.parametrize("name", ["tone.ogg", "oga.ogg"])
def test_reading_goes_on_after_damage_that_interrupts_it(files, damaged, name):
    path = damaged(name, scrambled(3, 6))
    with pytest.warns(AudioWarning, match=r"\d\.\d s of 8\.\d s could not be decoded"):
        waveform = read(path)
    whole = read(files / name)
    rate = probe(path).sample_rate
    np.testing.assert_allclose(waveform[-rate:], whole[-rate:], atol=0.01)


def test_planes_that_pyav_makes_up_are_not_read():
    """For frames of more than 8 channels it lists planes that do not exist; reading them would end the process."""
    form = SimpleNamespace(packed=SimpleNamespace(name="flt"), is_planar=True)
    planes = [np.full(4, value, dtype=np.float32) for value in (0.5, 0.25, np.nan)]
    frame = SimpleNamespace(format=form, layout=SimpleNamespace(nb_channels=2), samples=4, planes=planes)
    out = np.zeros((2, 4), dtype=np.float32)
    assert read_channels([(frame, 0, 4)], out) == 1
    assert out.tolist() == [[0.5] * 4, [0.25] * 4]


def test_a_hole_is_reported_in_seconds(damaged):
    path = damaged("tone.mp3", lambda data: data[: len(data) // 4] + bytes(len(data) // 2) + data[len(data) * 3 // 4 :])
    with pytest.warns(AudioWarning, match=r"[34]\.\d s of 8\.0 s could not be decoded"):
        read(path)


def test_nothing_is_printed_not_even_by_ffmpeg(damaged):
    path = damaged("tone.mp3", lambda data: data[:40000] + data[:20] * 1000 + data[60000:])
    code = "import sys, warnings; warnings.simplefilter('ignore'); from taggram.audio import read; read(sys.argv[1])"
    result = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=True)
    assert (result.stdout, result.stderr) == (b"", b"")


SMALL = ["tone.mp3", "tone.m4a", "tone.opus", "tone.ogg", "tone.flac", "tone.wma", "tone.webm", "tone.wav", "f32.wav"]


@pytest.fixture(scope="module")
def short_files(files, tmp_path_factory):
    """The first 20 kB of each kind of file: header and a second of audio, quick to decode."""
    return {name: (files / name).read_bytes()[:20_000] for name in SMALL}, tmp_path_factory.mktemp("mutants")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SMALL), st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=20))
def test_whatever_the_bytes_either_an_error_or_finite_samples(short_files, name, mutations):
    contents, folder = short_files
    data = bytearray(contents[name])
    for where, what in mutations:
        at = int(where**3 * (len(data) - 4))  # more often in the header
        data[at : at + len(what)] = what
    path = folder / name
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AudioWarning)
        try:
            waveform = read(path, 16000, duration=5)
        except AudioError as error:
            assert str(path) in str(error)
        else:
            assert waveform.dtype == np.float32
            assert np.isfinite(waveform).all()
            assert 0 < waveform.size <= 80_000
            assert np.abs(waveform).max() < 8
