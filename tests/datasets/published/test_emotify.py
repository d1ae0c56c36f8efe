"""emotify: genres, emotions and shares of one table."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from taggram.datasets import dataset
from taggram.datasets.published.emotify import EMOTIONS
from taggram.errors import DatasetError
from taggram.training.labels import Labels

EMOTIFY = dataset("emotify")


def test_published_table(shared: Path) -> None:
    folder = shared / "data" / "emotify"
    genres, emotions, shares = (EMOTIFY.index(folder, name) for name in ("genres", "emotions", "shares"))
    assert Counter(clip.labels for clip in genres.clips) == {
        ("classical",): 93,
        ("rock",): 80,
        ("pop",): 77,
        ("electronic",): 75,
    }
    assert emotions.clips[0].labels == ("calmness", "sadness", "solemnity")
    assert shares.clips[0].labels[4] == "calmness=0.625"
    assert sum(not clip.labels for clip in emotions.clips) == 4  # as in its known issues
    assert len({clip.group for clip in emotions.clips}) == 122
    assert genres.clips[0].album.startswith("Bach and Telemann") and genres.clips[0].group == "Voices of Music"


def test_an_emotion_holds_from_a_share_of_30_percent(shared: Path) -> None:
    folder = shared / "data" / "emotify"
    held, share = (
        Labels.from_clips([clip.labels for clip in EMOTIFY.index(folder, name).clips], EMOTIONS).array
        for name in ("emotions", "shares")
    )
    assert held.shape == (325, 9)
    np.testing.assert_array_equal(held, share >= np.float32(0.3))


def test_a_share_that_is_none(tmp_path: Path) -> None:
    names, row = "\t".join(EMOTIONS), "\t".join(["many", *["0.5000"] * 8])
    (tmp_path / "labels.tsv").write_text(f"track_id\tpath\ttags\t{names}\n1\t1.opus\tmood---power\t{row}\n")
    assert EMOTIFY.index(tmp_path, "emotions").clips[0].labels == ("power",)
    with pytest.raises(DatasetError, match=r"labels\.tsv is malformed: amazement must be a number .*, not 'many'"):
        EMOTIFY.index(tmp_path, "shares")


def test_a_table_without_shares(tmp_path: Path) -> None:
    (tmp_path / "labels.tsv").write_text("track_id\tpath\tgenre\ttags\n1\t1.opus\tpop\tgenre---pop\n")
    assert EMOTIFY.index(tmp_path, "emotions").clips[0].labels == ()
    with pytest.raises(DatasetError, match="amazement must be a number"):
        EMOTIFY.index(tmp_path, "shares")
