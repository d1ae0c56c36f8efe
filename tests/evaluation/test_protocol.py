"""Protocols are equal by their rules, not by their names."""

from __future__ import annotations

import pytest

from taggram.audio import EvenlySpaced, EvenlySpacedWon
from taggram.errors import EvaluationError
from taggram.evaluation.protocol import Protocol
from taggram.vocabularies import Vocabulary

PROTOCOL = Protocol(
    name="mtat-clean", dataset="mtat", subset="clean", split_hash="ab", vocabulary=Vocabulary.from_names("mtat")
)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"dataset": "gtzan"}, "dataset"),
        ({"subset": "full"}, "subset"),
        ({"split": "all"}, "split"),
        ({"split_hash": "cd"}, "split"),
        ({"vocabulary": Vocabulary.from_names("msd")}, "vocabulary"),
        ({"placement": "won", "segments": 16}, "placement"),
        ({"slices": 10}, "placement"),
        ({"aggregation": "vote"}, "aggregation"),
        ({"decoder": "librosa"}, "decoder"),
    ],
)
def test_each_rule_changes_the_hash(changes: dict[str, object], rule: str) -> None:
    other = PROTOCOL.replace(**changes)
    assert other.hash != PROTOCOL.hash
    assert PROTOCOL.differences(other) == (rule,)
    with pytest.raises(EvaluationError, match=rf"mtat-clean \({PROTOCOL.hash}\) .* differ in {rule}$"):
        PROTOCOL.require_equal(other)


def test_names_and_the_order_of_tags_do_not_change_the_hash() -> None:
    tags = dict(reversed(PROTOCOL.vocabulary.tags.items()))
    other = PROTOCOL.replace(name="other", leaky=True, vocabulary=Vocabulary(name="x", source="y", tags=tags))
    assert other.hash == PROTOCOL.hash and PROTOCOL.differences(other) == ()
    PROTOCOL.require_equal(other)


def test_the_hash_does_not_change_between_versions() -> None:
    assert PROTOCOL.hash == "7ddaa2ed4cb5"


def test_placement_is_a_segmentation() -> None:
    assert PROTOCOL.segmentation is None
    assert PROTOCOL.replace(placement="won", segments=16).segmentation == EvenlySpacedWon(16)
    assert PROTOCOL.replace(placement="evenly-spaced", segments=4).segmentation == EvenlySpaced(4)


@pytest.mark.parametrize("changes", [{"placement": "won"}, {"segments": 3}, {"thresholds": "test"}])
def test_rules_that_do_not_fit_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="segments|thresholds"):
        PROTOCOL.replace(**changes)
