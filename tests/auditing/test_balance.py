"""Counts of clips and tags."""

from __future__ import annotations

import numpy as np
import pytest

from taggram.auditing.balance import Balance
from taggram.errors import DatasetError
from taggram.vocabularies import Vocabulary

TAGS = Vocabulary.from_names(["a", "b", "c"])


def test_counts(index) -> None:
    clips = index(("test", "a b"), ("train", "a"), ("train", "a b"), ("train",), ("test", "b"))
    balance = Balance.from_index(clips, TAGS)
    assert balance.splits == {"train": 3, "test": 2} and balance.clips == 5
    assert balance.untagged == {"train": 1, "test": 0}
    assert balance.counts.tolist() == [[2, 1, 0], [1, 2, 0]]
    assert balance.cooccurrence.tolist() == [[3, 2, 0], [2, 3, 0], [0, 0, 0]]
    assert balance.total.tolist() == [3, 3, 0]
    assert balance.without_positives("test") == ["c"]
    assert balance.pairs(5) == [("a", "b", 2, 0.5)]


def test_a_split_without_labels_is_not_one_without_tags(index) -> None:
    balance = Balance.from_index(index(("train",), ("train",), ("valid", "a"), ("valid",)), TAGS)
    assert balance.labelled == ["valid"]


def test_cooccurrence_equals_the_matrix_product(index) -> None:
    rng = np.random.default_rng(0)
    has = rng.random((200, 3)) < 0.4
    clips = [("", " ".join(np.array(TAGS.names)[row])) for row in has]
    assert np.array_equal(Balance.from_index(index(*clips), TAGS).cooccurrence, has.T.astype(int) @ has)


def test_a_label_that_is_no_tag(index) -> None:
    with pytest.raises(DatasetError, match="clip 1 has a label that is not in the vocabulary custom: d"):
        Balance.from_index(index(("train", "a"), ("train", "d")), TAGS)


def test_graded_labels_count_for_their_tags(index) -> None:
    balance = Balance.from_index(index(("train", "a=0.25 b=1"), ("train", "a=0")), TAGS)
    assert balance.counts.tolist() == [[2, 1, 0]]
