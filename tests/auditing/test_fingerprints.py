"""Fingerprints of audio files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from taggram.auditing.fingerprints import Fingerprint, Fingerprints, hash_files
from taggram.datasets.synthetic import write_noise


def test_hashes(tmp_path: Path) -> None:
    """The same noise in two formats without loss has the same samples, and a copy has the same file."""
    for name, seed in (("a.wav", 0), ("b.flac", 0), ("c.wav", 1)):
        write_noise(tmp_path / name, 0.5, seed)
    (tmp_path / "d.wav").write_bytes((tmp_path / "a.wav").read_bytes())
    (tmp_path / "e.wav").write_text("no music")
    a, b, c, d, e = hash_files([tmp_path / f"{name}" for name in ("a.wav", "b.flac", "c.wav", "d.wav", "e.wav")], 1)
    assert a == d and a.samples == b.samples != c.samples and len({a.file, b.file, c.file}) == 3
    assert not e.samples and str(tmp_path / "e.wav") in e.error


def test_clips_without_audio_keep_their_places() -> None:
    fingerprints = Fingerprints.from_clips("model", [None, Fingerprint("f", "s", np.ones(2, np.float32)), None])
    assert fingerprints.files == ("", "f", "") and fingerprints.embeddings.shape == (3, 2)
    assert np.isnan(fingerprints.embeddings[[0, 2]]).all() and fingerprints.embeddings[1].tolist() == [1, 1]
