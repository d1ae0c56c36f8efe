"""Chained Ogg files: every link is decoded by its own headers, as oggdec and opusdec do."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from taggram.audio import AudioStream, probe, read
from taggram.audio.ogg import find_links
from taggram.errors import AudioWarning

# Two links of one sample rate each, where nothing is resampled between them.
SAME_RATE = [
    ("vorbis", "vorbis_best"),
    ("vorbis_best", "vorbis_mono", "vorbis"),
    ("vorbis", "flac"),
    ("flac", "flac_mono"),
    ("opus", "opus_mono"),
    ("opus_mono", "vorbis_48"),
    ("vorbis", "vorbis"),  # the serial numbers are equal, too
]
OTHER_RATE = [("vorbis", "vorbis_22"), ("opus", "vorbis_22", "flac"), ("flac_96", "opus_mono"), ("vorbis_22", "opus")]


@pytest.fixture(scope="module")
def links(tmp_path_factory, music, encode):
    """Ogg files that differ in codec, codebooks, rate and channels, two seconds each."""
    folder = tmp_path_factory.mktemp("links")
    for name, rate, channels, quality in [
        ("vorbis", 44100, 2, 0.2),
        ("vorbis_best", 44100, 2, 0.9),
        ("vorbis_mono", 44100, 1, 0.5),
        ("vorbis_22", 22050, 1, 0.5),
        ("vorbis_48", 48000, 2, 0.5),
    ]:
        signal = music(2, rate, seed=len(name))[:channels]
        path = folder / f"{name}.ogg"
        soundfile.write(path, signal.T, rate, format="OGG", subtype="VORBIS", compression_level=1 - quality)
    encode(folder / "opus.ogg", music(2, 48000, 1), "libopus", 48000, "stereo")
    encode(folder / "opus_mono.ogg", music(2, 48000, 2)[:1], "libopus", 48000, "mono")
    encode(folder / "flac.ogg", music(2, 44100, 3), "flac", 44100, "stereo")
    encode(folder / "flac_mono.ogg", music(2, 44100, 4)[:1], "flac", 44100, "mono")
    encode(folder / "flac_96.ogg", music(2, 96000, 5), "flac", 96000, "stereo")
    return folder


@pytest.fixture
def chain(tmp_path, links):
    """A function that joins some of the `links`, and bytes, to one file."""

    def join(*parts: str | bytes) -> Path:
        path = tmp_path / "chain.ogg"
        path.write_bytes(b"".join(x if isinstance(x, bytes) else (links / f"{x}.ogg").read_bytes() for x in parts))
        return path

    return join


def pages(data: bytes) -> list[bytes]:
    """Split an Ogg file without damage into its pages."""
    begins = []
    position = 0
    while position < len(data):
        begins.append(position)
        count = data[position + 26]
        position += 27 + count + sum(data[position + 27 : position + 27 + count])
    return [data[begin:end] for begin, end in zip(begins, [*begins[1:], None], strict=True)]


def headers(path: Path) -> bytes:
    """The pages of an Ogg file without samples."""
    return b"".join(page for page in pages(path.read_bytes()) if not any(page[6:14]))


@pytest.mark.parametrize("names", SAME_RATE, ids="+".join)
def test_a_chain_is_its_links_one_after_another(chain, links, names):
    waveforms = [read(links / f"{name}.ogg") for name in names]
    assert np.array_equal(read(chain(*names)), np.concatenate(waveforms))


@pytest.mark.parametrize("names", OTHER_RATE, ids="+".join)
def test_links_of_other_rates_keep_time_and_level(chain, links, names):
    waveform = read(chain(*names), 16000)
    parts = [read(links / f"{name}.ogg", 16000) for name in names]
    assert waveform.size == sum(part.size for part in parts)
    np.testing.assert_allclose(waveform, np.concatenate(parts), atol=1e-6)


@pytest.mark.parametrize("names", [*SAME_RATE, *OTHER_RATE], ids="+".join)
def test_length_and_parts_of_a_chain(chain, links, names):
    path = chain(*names)
    whole = read(path, 16000)
    assert probe(path).duration == pytest.approx(whole.size / 16000, abs=0.02)
    for start, duration in [(0, 1), (1.9, 0.3), (2.34567, 1), (3.5, None)]:
        part = read(path, 16000, start=start, duration=duration)
        first = round(start * 16000)
        expected = whole[first:] if duration is None else whole[first : first + round(duration * 16000)]
        np.testing.assert_allclose(part, expected, atol=2e-6)
    with AudioStream(path) as stream:
        assert not stream.seekable


@pytest.mark.parametrize("names", [("vorbis", 7), ("vorbis", 7, "vorbis_best"), (7, "vorbis")], ids=str)
def test_links_that_cannot_be_decoded_are_counted(chain, links, names):
    damaged = (links / "vorbis_22.ogg").read_bytes().replace(b"\1vorbis", b"\1xorbis")
    path = chain(*[damaged if name == 7 else name for name in names])
    lost = f"no decodable audio in 1 of the {len(names)} links of this chained Ogg file"
    with pytest.warns(AudioWarning, match=rf"only {2 * len(names) - 2}\.0 s could be decoded: {lost}"):
        assert read(path).size == 2 * (len(names) - 1) * 44100


def test_links_without_samples_are_no_damage(chain, links):
    empty = headers(links / "opus.ogg")
    for names in ("vorbis", empty), ("vorbis", empty, "vorbis_best"), (empty, "vorbis"), ("vorbis", empty[:40]):
        path = chain(*names)
        expected = [read(links / f"{name}.ogg") for name in names if isinstance(name, str)]
        assert np.array_equal(read(path), np.concatenate(expected))
        assert probe(path).duration == 2 * len(expected)


def test_what_is_between_links_is_skipped(chain, links):
    waveforms = [read(links / f"{name}.ogg") for name in ("vorbis", "flac")]
    assert np.array_equal(read(chain("vorbis", b"radio" * 100, "flac")), np.concatenate(waveforms))


def test_only_chains_have_links(tmp_path, links, chain, music):
    path = tmp_path / "video.ogg"
    with av.open(str(path), "w", format="ogg") as out:
        video, audio = out.add_stream("libvpx", rate=25), out.add_stream("libopus", rate=48000, layout="stereo")
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        out.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8))))
        frame = av.AudioFrame.from_ndarray(music(0.02, 48000), "fltp", "stereo")
        frame.rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
        convert = av.AudioResampler(audio.codec_context.format, "stereo", 48000)
        for piece in [*convert.resample(frame), None]:
            out.mux(audio.encode(piece))
        out.mux(video.encode())
    assert path.read_bytes().count(b"OggS\0\2") == 2
    soundfile.write(tmp_path / "no.wav", music(0.1).T, 44100)
    for name in (path, links / "vorbis.ogg", links / "opus.ogg", links / "flac.ogg", tmp_path / "no.wav"):
        with io.FileIO(name) as file:
            assert find_links(file) == []
    with io.FileIO(chain(path.read_bytes(), "flac")) as file:
        size = path.stat().st_size
        assert find_links(file) == [range(size), range(size, file.seek(0, 2))]
