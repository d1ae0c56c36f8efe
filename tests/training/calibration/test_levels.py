"""Levels are probabilities of being right, fitted on judgements and measured on others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taggram.errors import DatasetError
from taggram.training.calibration.levels import Judgement, fit_levels, read_judgements

TAGS = {"rock": "genre", "jazz": "genre", "happy": "mood", "sad": "mood", "calm": "mood"}
OFFSETS = {"rock": 1.0, "jazz": 1.0, "happy": 4.0, "sad": 4.0, "calm": 2.0}
SLOPE = 1.5


def judge(clips: int) -> tuple[list[Judgement], dict[tuple[str, str], float]]:
    """Judgements that follow from the scores by this slope and these offsets."""
    rng = np.random.default_rng(0)
    judgements, scores = [], {}
    for clip in range(clips):
        for tag in ("rock", "jazz", "happy", "sad"):
            logit = rng.normal(-2, 1.5)
            right = rng.random() < 1 / (1 + np.exp(-(SLOPE * logit + OFFSETS[tag])))
            verdict = "unknown" if rng.random() < 0.2 else "right" if right else "wrong"
            judgements.append(Judgement(str(clip), tag, verdict))
            scores[str(clip), tag] = 1 / (1 + np.exp(-logit))
    return judgements, scores


def test_probabilities_are_those_of_the_judgements() -> None:
    levels = fit_levels(*judge(1500), TAGS)
    assert levels.slope == pytest.approx(SLOPE, abs=0.1)
    for tag in ("rock", "jazz", "happy", "sad"):
        assert levels.offsets[tag] == pytest.approx(OFFSETS[tag], abs=0.3)
        assert levels.probability(tag, levels.score(tag, 0.8)) == pytest.approx(0.8)
    for row, (low, high) in zip(levels.precision, ((0.9, 1.0), (0.7, 0.9), (0.4, 0.7)), strict=True):
        assert row.right + row.wrong > 200
        assert low - 0.03 < row.precision < high + 0.03
        assert row.unknown / (row.right + row.wrong + row.unknown) == pytest.approx(0.2, abs=0.06)


def test_few_judgements_stay_near_their_category() -> None:
    judgements, scores = judge(60)
    judgements += [Judgement("x", "calm", "wrong")]
    scores["x", "calm"] = 0.5
    levels = fit_levels(judgements, scores, TAGS)
    assert 1.0 < levels.offsets["calm"] < levels.offsets["happy"]


def test_a_tag_that_was_not_judged_has_no_level() -> None:
    judgements, scores = judge(60)
    levels = fit_levels(judgements, scores, TAGS)
    assert "calm" not in levels.offsets
    assert (levels.probability("calm", 0.999), levels.score("calm", 0.4)) == (0.0, 1.0)


def test_what_cannot_be_fitted_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="judged right and tags that were judged wrong"):
        fit_levels([Judgement("a", "rock", "right"), Judgement("b", "rock", "unknown")], {("a", "rock"): 0.5}, TAGS)
    table = tmp_path / "judgements.tsv"
    table.write_text("clip\ttag\tjudgement\na\trock\tright\nb\trock\tperhaps\n")
    with pytest.raises(DatasetError, match="judgement 2 needs a clip, a tag, and one of right, wrong and unknown"):
        read_judgements(table)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_judgements(tmp_path / "none.tsv")
    table.write_text("clip\ttag\tjudgement\na\trock\tright\n")
    assert read_judgements(table) == [Judgement("a", "rock", "right")]
    table.write_text("\ufeffclip;tag;judgement\na;rock;right\n", encoding="utf-8")
    assert read_judgements(table) == [Judgement("a", "rock", "right")]
