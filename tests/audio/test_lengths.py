"""Promised lengths: that of the audio stream, not of its container; placeholders of pipes promise nothing."""

import re
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from taggram.audio import probe, read
from taggram.errors import AudioWarning

# Muxer, its options, encoders of audio and video; and whether the length of the audio beside a longer video is known.
CONTAINERS = {
    "mp4": ("mp4", {}, "aac", "mpeg4", True),
    "fragmented.mp4": ("mp4", {"movflags": "frag_keyframe+empty_moov"}, "aac", "mpeg4", True),
    "mov": ("mov", {}, "pcm_s16le", "mpeg4", True),
    "3gp": ("3gp", {}, "aac", "mpeg4", True),
    "mkv": ("matroska", {}, "flac", "mpeg4", True),
    "webm": ("webm", {}, "libopus", "libvpx", True),
    "mpg": ("mpeg", {}, "mp2", "mpeg2video", False),
    "ts": ("mpegts", {}, "aac", "mpeg2video", True),
    "rm": ("rm", {}, "ac3", "rv10", True),
    "avi": ("avi", {}, "libmp3lame", "mpeg4", False),
    "flv": ("flv", {}, "libmp3lame", "flv", False),
    "wmv": ("asf", {}, "wmav2", "wmv2", False),
}


def frames(signal, context, late):
    """Frames of (2, samples) for an encoder, with time stamps that begin `late` seconds after 0."""
    rate = context.sample_rate
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(signal, dtype=np.float32), "fltp", "stereo")
    frame.rate, frame.pts, frame.time_base = rate, round(late * rate), Fraction(1, rate)
    convert = av.AudioResampler(context.format, "stereo", rate, frame_size=context.frame_size or 1024)
    return [*convert.resample(frame), *convert.resample(None), None]


@pytest.fixture
def container(tmp_path, music):
    """A function that writes 2 s of audio, `late` seconds after 0, beside so many seconds of `video`."""

    def write(name, late=0.0, video=0.0):
        path = tmp_path / f"film.{name}"
        muxer, options, audio_encoder, video_encoder, _ = CONTAINERS[name]
        rate = 48000 if audio_encoder == "libopus" else 44100
        packets = []
        with av.open(str(path), "w", format=muxer, options=options) as out:
            if video:
                film = out.add_stream(video_encoder, rate=25)
                film.width = film.height = 64
                film.pix_fmt = "yuv420p"
            sound = out.add_stream(audio_encoder, rate=rate, layout="stereo")
            sound.bit_rate = 96000
            for frame in frames(music(2, rate), sound.codec_context, late):
                packets += sound.encode(frame)
            for number in range(round(25 * video)):
                picture = av.VideoFrame.from_ndarray(np.full((96, 64), number, dtype=np.uint8), "yuv420p")
                picture.pts, picture.time_base = number, Fraction(1, 25)
                packets += film.encode(picture)
            if video:
                packets += film.encode()
            for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
                out.mux(packet)
        return path

    return write


@pytest.mark.parametrize("name", CONTAINERS)
def test_audio_shorter_than_the_video_is_not_cut_short(container, name):
    path = container(name, video=6)
    assert read(path, 16000).size == pytest.approx(2 * 16000, abs=1000)
    if CONTAINERS[name][-1]:
        assert probe(path).duration == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("video", [0, 4, 7])
def test_audio_that_starts_late_is_not_cut_short(container, name, video):
    if name == "mpg" and not video:
        pytest.skip("FFmpeg writes no MPEG program stream of audio only")
    path = container(name, late=2, video=video)
    assert read(path, 16000).size == pytest.approx(2 * 16000, abs=1000)
    assert read(path, 16000, start=1).size == pytest.approx(16000, abs=1000)
    if CONTAINERS[name][-1] and name != "fragmented.mp4":
        assert probe(path).duration == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("name", ["mkv", "webm", "flv"])
def test_late_audio_that_is_cut_short_is_still_noticed(container, name):
    path = container(name, late=2)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    with pytest.warns(AudioWarning) as caught:
        seconds = read(path, 16000).size / 16000
    lost, expected = re.search(r"([\d.]+) s of ([\d.]+) s could not be decoded", str(caught[0].message)).groups()
    assert float(lost) == pytest.approx(2 - seconds, abs=0.1)
    assert float(expected) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("name", ["tone.tta", "tone.au", "tone.flv"])
def test_a_header_that_has_the_length_tells_how_much_is_cut(tmp_path, encode, music, name):
    encoder = {"tone.tta": "tta", "tone.au": "pcm_s16be", "tone.flv": "libmp3lame"}[name]
    path = encode(tmp_path / name, music(4), encoder, 44100, "stereo")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    with pytest.warns(AudioWarning, match=r" of 4\.\d s could not be decoded"):
        read(path)


def test_a_cover_is_no_other_stream(tmp_path, files):
    picture = b"\x89PNG\r\n\x1a\n" + bytes(20)
    frame = b"\0image/png\0\3\0" + picture
    tag = b"APIC" + len(frame).to_bytes(4, "big") + bytes(2) + frame
    data = (files / "tone.mp3").read_bytes()
    header = data.index(b"Lavf", data.index(b"Info"))
    data = (
        data[:header] + bytes(9) + data[header + 9 :]
    )  # without an encoder only the size tells that the length is true
    data = data[data.index(b"\xff\xfb") :]
    path = tmp_path / "cover.mp3"
    path.write_bytes(b"ID3\3\0\0" + bytes([0, 0, 0, len(tag)]) + tag + data[: len(data) // 2])
    with av.open(str(path)) as file:
        assert len(file.streams) == 2
        assert "encoder" not in file.streams.best("audio").metadata
    with pytest.warns(AudioWarning, match=r"\d\.\d s of 8\.0 s could not be decoded"):
        read(path)


def riff(riff_size, data_size, data, *, marker=b"RIFF", extra=b""):
    """A wav file of 16 kHz, stereo, with these sizes in its header."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 16000, 64000, 4, 16)
    sizes = struct.pack("<4sI", marker, riff_size), struct.pack("<4sI", b"data", data_size)
    return sizes[0] + b"WAVE" + extra + form + sizes[1] + data


PLACEHOLDERS = [
    (0x7FFFF024, 0x7FFFF000),  # sox
    (0x7FFFF046, 0x7FFFF000),  # sox, with a longer header
    (0x7FFFFFFF, 0x7FFFFFDB),
    (0x7FFFFFFF, 0x7FFFFFFF),
    (0x80000000, 0x7FFFFFD8),
    (0x80000023, 0x7FFFFFFF),
    (0x80000024, 0x80000000),  # arecord
    (0xFFFFFFF7, 0xFFFFFFC0),
    (0xFFFFF024, 0xFFFFF000),
    (0xFFFFFFFF, 0xFFFFFFFF),  # FFmpeg
    (0, 0),
    (36, 0),
    (0xFFFFFFFF, 0),
    (0, 0xFFFFFFFF),
]


@pytest.fixture
def pcm(music):
    """Two seconds of 16 kHz, stereo: samples and bytes."""
    samples = np.round(music(2, 16000).T * 32767).astype("<i2")
    return samples.astype(np.float32).mean(1) / 32768, samples.tobytes()


@pytest.mark.parametrize("sizes", PLACEHOLDERS, ids=lambda sizes: f"{sizes[0]:x}-{sizes[1]:x}")
def test_placeholders_of_pipes_promise_nothing(tmp_path, pcm, sizes):
    path = tmp_path / "pipe.wav"
    path.write_bytes(riff(*sizes, pcm[1]))
    np.testing.assert_allclose(read(path), pcm[0], atol=1e-6)
    np.testing.assert_allclose(read(path, start=1.5), pcm[0][24000:], atol=1e-6)
    assert probe(path).duration == 2


@pytest.mark.parametrize("marker", [b"RF64", b"BW64"])
@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0xFFFFFFFF, (1 << 63) - 1])
def test_placeholders_of_large_files_promise_nothing(tmp_path, pcm, marker, size):
    path = tmp_path / "pipe.wav"
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, size, size, size // 4, 0)
    path.write_bytes(riff(0xFFFFFFFF, 0xFFFFFFFF, pcm[1], marker=marker, extra=ds64))
    np.testing.assert_allclose(read(path), pcm[0], atol=1e-6)
    np.testing.assert_allclose(read(path, start=1.5), pcm[0][24000:], atol=1e-6)
    assert probe(path).duration == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize(
    ("suffix", "limit"), [("aiff", 0x7F000000), ("aiff", 1 << 31), ("aiff", 0xFFFFFFFC), ("au", 0x7FFFF000)]
)
def test_placeholders_of_big_endian_files_promise_nothing(tmp_path, pcm, limit, suffix):
    path = tmp_path / f"pipe.{suffix}"
    data = np.frombuffer(pcm[1], "<i2").astype(">i2").tobytes()
    if suffix == "au":
        header = struct.pack(">4sIIIII", b".snd", 24, limit, 3, 16000, 2)
    else:
        comm = struct.pack(">4sIhIhHQ", b"COMM", 18, 2, limit // 4, 16, 0x400C, 0xFA00 << 48)
        header = struct.pack(">4sI4s", b"FORM", limit, b"AIFF") + comm + struct.pack(">4sIQ", b"SSND", limit, 0)
    path.write_bytes(header + data)
    np.testing.assert_allclose(read(path), pcm[0], atol=1e-6)
    assert probe(path).duration == pytest.approx(2, abs=0.01)


class Pipe:
    """A file that can only be written to, from its beginning to its end."""

    def __init__(self):
        self.parts = []

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)


@pytest.mark.parametrize(
    ("muxer", "encoder", "options"),
    [
        ("wav", "pcm_s16le", {}),
        ("wav", "pcm_s16le", {"rf64": "always"}),
        ("asf", "wmav2", {}),
        ("mp3", "libmp3lame", {}),
    ]
    + [(muxer, "flac", {}) for muxer in ("flac", "ogg", "matroska")],
)
def test_what_ffmpeg_writes_to_a_pipe_is_whole(tmp_path, music, muxer, encoder, options):
    pipe = Pipe()
    with av.open(pipe, "w", format=muxer, options=options) as out:
        stream = out.add_stream(encoder, rate=44100, layout="stereo")
        stream.bit_rate = 96000
        for frame in frames(music(2), stream.codec_context, 0):
            out.mux(stream.encode(frame))
    path = tmp_path / f"pipe.{muxer}"
    path.write_bytes(b"".join(pipe.parts))
    assert read(path).size == pytest.approx(2 * 44100, abs=2500)


def test_true_sizes_still_tell_what_is_cut(tmp_path, pcm):
    path = tmp_path / "cut.wav"
    for size in (len(pcm[1]), 3_000_000_000):
        path.write_bytes(riff(size + 36, size, pcm[1][: 64000 + 4 * 800]))
        with pytest.warns(AudioWarning, match=rf" of {size / 64000:.1f} s could not be decoded"):
            assert read(path).size == 16800
