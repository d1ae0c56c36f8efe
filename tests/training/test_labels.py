"""Labels of clips as targets."""

from __future__ import annotations

import numpy as np
import pytest

from taggram.errors import RecipeError
from taggram.training.labels import Labels

ROWS = np.array([0, 1, 1])


def test_every_segment_has_the_labels_of_its_clip() -> None:
    labels = Labels.from_clips([["b", "other"], ["a", "b"]], ["a", "b"])
    assert labels.of_clips(ROWS).tolist() == [[0, 1], [1, 1], [1, 1]]
    assert labels.of_segments(ROWS, np.array([0, 5, 9]), 3).tolist() == [[0, 1], [1, 1], [1, 1]]


def test_a_label_can_have_a_degree() -> None:
    tags = ["valence", "a=b"]
    labels = Labels.from_clips([["valence=0.25", "tempo=120"], ["a=b", "valence=1"], ["valence"]], tags)
    assert labels.array.tolist() == [[0.25, 0], [1, 1], [1, 0]]


@pytest.mark.parametrize("label", ["valence=1.2", "valence=nan", "valence=much", "valence="])
def test_a_degree_is_a_number_from_0_to_1(label: str) -> None:
    with pytest.raises(RecipeError, match=f"the label '{label}': the degree of a tag must be a number from 0 to 1"):
        Labels.from_clips([[label]], ["valence"])
