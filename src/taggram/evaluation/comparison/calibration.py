"""How well scores fit the frequency of tags: reliability diagrams, and the levels of a model's card."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.evaluation.compare import ComparedModel, ComparisonTable
from taggram.metrics import Interval, draw_counts, expected_calibration_error, percentile_interval
from taggram.models import ModelCard
from taggram.models.card import LEVELS, Level
from taggram.models.directories import DEFAULT_MODEL, find_model, installed_models

__all__ = ["LevelShare", "Reliability", "level_shares", "probabilities", "reliability"]

BINS, LEAST = 10, 10  # bins of equal width, and the least number of values of one that is drawn
RESAMPLES = 1000


class Reliability(NamedTuple):
    """Points of a reliability diagram.

    Attributes
    ----------
    mean : (points,) float64
        Mean score in each bin with at least ten values.
    share : (points,) float64
        Share of the values in it whose clip has the tag.
    error
        Expected calibration error of all values.
    """

    mean: NDArray[np.float64]
    share: NDArray[np.float64]
    error: float


class LevelShare(NamedTuple):
    """Tags of a level, and how many of them the labels confirm.

    Attributes
    ----------
    level
        ``"sure"``, ``"likely"`` or ``"maybe"``.
    shown
        Number of tags of clips that have the level.
    confirmed
        Share of them that are labels of their clip, with its interval over groups; NaN if none is shown.
    judged
        Share that listeners judged right, from the card; None if it was not measured.
    """

    level: Level
    shown: int
    confirmed: Interval
    judged: float | None


def reliability(scores: NDArray[np.floating], truth: NDArray[np.bool_]) -> Reliability | None:
    """Compute a reliability diagram of all tags together.

    Parameters
    ----------
    scores, truth : (clips, tags)
        Tags with NaN are left out.

    Returns
    -------
    Reliability or None
        None if no tag has scores, or if they are not between 0 and 1.
    """
    scored = ~np.isnan(scores).any(axis=0)
    values, labels = scores[:, scored].ravel().astype(np.float64), truth[:, scored].ravel()
    if not values.size or values.min() < 0 or values.max() > 1:
        return None
    index = np.minimum((values * BINS).astype(int), BINS - 1)
    count, total, positives = (np.bincount(index, weights, BINS) for weights in (None, values, labels))
    drawn = count >= LEAST
    return Reliability(
        total[drawn] / count[drawn], positives[drawn] / count[drawn], expected_calibration_error(values, labels, BINS)
    )


def probabilities(model: ComparedModel, tags: tuple[str, ...]) -> NDArray[np.float64] | None:
    """Compute how likely tags are right, by the levels of the model's card.

    Parameters
    ----------
    model
        The model.
    tags
        Of the protocol.

    Returns
    -------
    (clips, tags) float64 or None
        NaN for a tag without a score or a level, or that is mapped to several tags of the model. None if the model has
        no levels, is not installed here as it was evaluated, or was scored by a probe.
    """
    card = _card(model)
    if card is None or card.levels is None:
        return None
    result = np.full(model.scores.shape, np.nan)
    for column, tag in enumerate(tags):
        sources = model.info.sources.get(tag, ())
        if len(sources) == 1 and sources[0] in card.levels.offsets:
            scores = np.clip(model.scores[:, column].astype(np.float64), 1e-6, 1 - 1e-6)
            logits = card.levels.slope * np.log(scores / (1 - scores)) + card.levels.offsets[sources[0]]
            result[:, column] = 1 / (1 + np.exp(-logits))
    return result


def level_shares(model: ComparedModel, table: ComparisonTable, likely: NDArray[np.float64]) -> list[LevelShare]:
    """Count the tags of each level, and those of them that labels confirm.

    Parameters
    ----------
    model, table
        The model, and the table that it is in.
    likely
        From `probabilities`.
    """
    card = _card(model)
    judged = {entry.level: entry.precision for entry in card.levels.precision} if card and card.levels else {}
    counts = draw_counts(table.groups, rng=np.random.default_rng(0), resamples=RESAMPLES).astype(np.int64)
    shares, above = [], np.inf
    for level, least in LEVELS.items():
        shown = (likely >= least) & (likely < above)
        above = least
        of_clip, right = shown.sum(axis=1), (shown & table.truth).sum(axis=1)
        with np.errstate(invalid="ignore"):
            value, resampled = right.sum() / np.float64(of_clip.sum()), (counts @ right) / (counts @ of_clip)
        interval = percentile_interval(value, resampled)
        if len(np.unique(table.groups)) == 1:
            interval = Interval(interval.value, np.nan, np.nan)
        shares.append(LevelShare(level, int(of_clip.sum()), interval, judged.get(level)))
    return shares


def _card(model: ComparedModel) -> ModelCard | None:
    """Return the card of the model file that was evaluated, if it is installed."""
    if model.info.origin != "model" or model.info.mode == "probe":
        return None
    for name in {DEFAULT_MODEL, model.info.model} & {DEFAULT_MODEL, *installed_models()}:
        card = ModelCard.read(find_model(name))
        if card.name == model.info.model and model.info.model_hash in card.files.values():
            return card
    return None
