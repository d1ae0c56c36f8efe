from __future__ import annotations

import base64
import io
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from taggram.errors import MissingExtraError, TaggramError
from taggram.features import FrontEnd
from taggram.sonification import write_listening_page

RATE = 12000
FRONT_END = FrontEnd(sample_rate=RATE, n_mels=48, hop=512)


@pytest.fixture
def song(music: NDArray[np.float32], tmp_path: Path) -> Path:
    file = tmp_path / "one & <two>.wav"
    soundfile.write(file, music[: 2 * RATE], RATE, subtype="FLOAT")
    return file


def test_each_resolution_has_a_player_and_a_picture(song: Path, tmp_path: Path) -> None:
    write_listening_page(song, tmp_path / "page.html", FRONT_END, duration=1.5)
    html = (tmp_path / "page.html").read_text()
    titles = re.findall(r"<figcaption><b>(.+?)</b>", html)
    assert titles == [
        *("Original", "48 bands, hop 512"),
        *(f"48 bands, hop 512, {bits} bits" for bits in (8, 6, 4)),
        *(f"{mels} bands, hop 512" for mels in (128, 96, 32, 24, 16, 8)),
        *(f"48 bands, hop {hop}" for hop in (256, 768, 1024, 1280, 2560)),
    ]
    audio = [base64.b64decode(text) for text in re.findall(r'src="data:audio/ogg;base64,([^"]+)"', html)]
    pictures = [base64.b64decode(text) for text in re.findall(r'src="data:image/png;base64,([^"]+)"', html)]
    assert len(audio) == len(set(audio)) == len(pictures) == len(set(pictures)) == len(titles)
    for file in audio:
        samples, rate = soundfile.read(io.BytesIO(file))
        assert samples.ndim == 1 and len(samples) / rate == pytest.approx(1.5, abs=0.03)
        assert np.sqrt(np.mean(samples**2)) > 0.01
    assert html.count(" dB</small>") == len(titles) - 1
    assert "1,125 values/s, 9.0 kb/s" in html  # of 8 bits
    assert "http" not in re.sub(r'src="data:[^"]+"', "", html)
    assert "one &amp; &lt;two&gt;.wav" in html and "<two>" not in html


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_a_name_may_have_any_bytes(song: Path, tmp_path: Path) -> None:
    other = song.rename(tmp_path / os.fsdecode(b"caf\xe9\n.wav"))
    write_listening_page(other, tmp_path / "page.html", FRONT_END, duration=0.1)
    assert r"<h1>caf\udce9\n.wav</h1>" in (tmp_path / "page.html").read_text()


def test_bits_hold_for_the_whole_page(song: Path, tmp_path: Path) -> None:
    write_listening_page(song, tmp_path / "page.html", FRONT_END, bits=6, duration=0.5)
    html = (tmp_path / "page.html").read_text()
    bits = re.findall(r"<figcaption><b>.+?, (\d) bits</b>", html)
    assert bits == ["6", "8", "4", *["6"] * 11]


def test_what_is_missing_is_said_before_the_work(song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taggram.sonification.listening_page.read", None)
    with pytest.raises(TaggramError, match="nowhere is no folder: create it"):
        write_listening_page(song, tmp_path / "nowhere" / "page.html", FRONT_END)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"needs the \[report\] extra"):
        write_listening_page(song, tmp_path / "page.html", FRONT_END)
