"""Golden answers: written beside a model, and checked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from taggram.errors import CardError
from taggram.models.directories import find_model
from taggram.tagging import Tagger
from taggram.tagging.golden import check_golden, signals, write_golden


@pytest.fixture
def folder(tagger: Tagger, tmp_path: Path) -> Path:
    """A model without golden answers."""
    for file in find_model(tagger.card.name).iterdir():
        os.link(file, tmp_path / file.name)
    return tmp_path


def test_signals_are_sounds_of_a_usable_level() -> None:
    sounds = signals(48000, 16000)
    assert sounds.shape == (4, 48000) and sounds.dtype == np.float32
    assert (np.abs(sounds).max(1) > 0.2).all() and (np.abs(sounds).max(1) < 1).all()
    np.testing.assert_array_equal(sounds, signals(48000, 16000))


def test_what_was_written_is_found_again(folder: Path) -> None:
    with pytest.raises(CardError, match=r"golden\.json: missing"):
        check_golden(folder)
    file = write_golden(folder)
    check_golden(folder)

    golden = json.loads(file.read_text())
    assert len(golden) == 50 and all(len(scores) == 4 for scores in golden.values())
    golden["piano"][1] += 2e-4
    file.write_text(json.dumps(golden))
    with pytest.raises(CardError, match=r"the score of 'piano' differs by 0\.0002"):
        check_golden(folder)
    del golden["piano"]
    file.write_text(json.dumps(golden))
    with pytest.raises(CardError, match="has other tags than the model"):
        check_golden(folder)
