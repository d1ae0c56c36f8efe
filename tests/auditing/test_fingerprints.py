"""Fingerprints of audio files, and their cache."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from taggram.auditing.cache import FingerprintCache
from taggram.auditing.fingerprints import Fingerprint, Fingerprints, hash_files
from taggram.datasets.synthetic import write_noise
from taggram.errors import DatasetError


def test_hashes(tmp_path: Path) -> None:
    """The same noise in two formats without loss has the same samples, and a copy has the same file."""
    for name, seed in (("a.wav", 0), ("b.flac", 0), ("c.wav", 1)):
        write_noise(tmp_path / name, 0.5, seed)
    (tmp_path / "d.wav").write_bytes((tmp_path / "a.wav").read_bytes())
    (tmp_path / "e.wav").write_text("no music")
    a, b, c, d, e = hash_files([tmp_path / f"{name}" for name in ("a.wav", "b.flac", "c.wav", "d.wav", "e.wav")], 1)
    assert a == d and a.samples == b.samples != c.samples and len({a.file, b.file, c.file}) == 3
    assert not e.samples and str(tmp_path / "e.wav") in e.error


def test_a_changed_file_is_not_known_any_more(tmp_path: Path) -> None:
    file = tmp_path / "clip.wav"
    file.write_bytes(b"one")
    embedding = np.arange(3, dtype=np.float32)
    with FingerprintCache(tmp_path / "cache" / "fingerprints.sqlite", "model") as cache:
        assert cache.get(file) is None
        cache.put(file, "file", "samples", embedding)
    with FingerprintCache(tmp_path / "cache" / "fingerprints.sqlite", "model") as cache:
        file_hash, sample_hash, again = cache.get(file)
        assert (file_hash, sample_hash) == ("file", "samples")
        assert np.array_equal(again, embedding) and again.dtype == np.float32
        os.utime(file, ns=(0, 0))
        assert cache.get(file) is None
    with FingerprintCache(tmp_path / "cache" / "fingerprints.sqlite", "another model") as cache:
        assert cache.get(file) is None


def test_a_cache_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "fingerprints.sqlite").write_text("this is no database at all, and long enough to be seen as none")
    with pytest.raises(DatasetError, match="fingerprints.sqlite cannot be used as a cache"):
        FingerprintCache(tmp_path / "fingerprints.sqlite", "model")


def test_clips_without_audio_keep_their_places() -> None:
    fingerprints = Fingerprints.from_clips("model", [None, Fingerprint("f", "s", np.ones(2, np.float32)), None])
    assert fingerprints.files == ("", "f", "") and fingerprints.embeddings.shape == (3, 2)
    assert np.isnan(fingerprints.embeddings[[0, 2]]).all() and fingerprints.embeddings[1].tolist() == [1, 1]
