"""Prediction: the scores of a clip, per segment and for the whole clip."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram._text import encode_path
from taggram.errors import MissingExtraError, ModelError, did_you_mean
from taggram.models.card import LEVELS, Level, ModelCard, ThresholdCriterion, level_of
from taggram.vocabularies import Vocabulary, VocabularyMap
from taggram.vocabularies.vocabulary import SCALE

if TYPE_CHECKING:
    from pandas import DataFrame
else:
    DataFrame = Any  # pandas is optional, and loaded only when it is used

Aggregation = Literal["mean", "max", "vote"]
SCHEMA = 1  # version of prediction.schema.json: raised when a field is removed or changes its meaning
VOTE_THRESHOLD = 0.5  # for tags without a threshold on the model card


class TagScore(NamedTuple):
    """A tag and its clip score.

    Attributes
    ----------
    tag
        Name of the tag in the vocabulary of the prediction.
    score
        Probability that the tag applies to the clip, 0 to 1.

    Examples
    --------
    >>> tag, score = TagScore("piano", 0.75)
    """

    tag: str
    score: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """The scores of a clip, per segment and for the whole clip.

    Attributes
    ----------
    path
        The file, as given; None for an array or bytes.
    model
        Name or folder of the model, as given to the `Tagger`.
    vocabulary
        The tags, in the order of the scores.
    scores : (segments, tags) float32
        The taggram: probability of each tag in each segment, 0 to 1.
    times : (segments, 2) float64
        Start and end of each segment, in seconds from the beginning of the file.
    embeddings : (segments, size) float32
        The model's embedding of each segment.
    duration
        Length of the tagged audio, in seconds.
    aggregation
        Default aggregation of the segments' scores in `clip_scores`.
    thresholds
        Clip scores from which on a tag applies, by criterion and tag; empty for a model without thresholds.
    probabilities : (tags,) float32
        Probability that each tag is right for the clip; None for a model without levels.
    segment_probabilities : (segments, tags) float32
        The same by the scores of each segment, as if it were the clip.
    silent
        Whether the audio is silent, so that its tags mean nothing.
    warnings
        Problems of the audio, one line each.
    metadata
        Title, artist and so on, as in the file; keys in lower case.

    Examples
    --------
    >>> import taggram
    >>> prediction = taggram.Tagger().tag("examples/hungarian-dance.opus")
    >>> "violin" in [tag for tag, score in prediction.tags()]
    True
    >>> prediction["violin"] > prediction["guitar"]
    True
    >>> prediction.in_vocabulary("mtat").clip_scores("max").shape
    (50,)
    """

    path: str | None
    model: str
    vocabulary: Vocabulary
    scores: NDArray[np.float32]
    times: NDArray[np.float64]
    embeddings: NDArray[np.float32]
    duration: float
    aggregation: Aggregation = "mean"
    thresholds: dict[ThresholdCriterion, dict[str, float]] = field(default_factory=dict)
    probabilities: NDArray[np.float32] | None = None
    segment_probabilities: NDArray[np.float32] | None = None
    silent: bool = False
    warnings: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, tag: str) -> float:
        """Return the clip score of a tag, such as ``prediction["piano"]``.

        Raises
        ------
        KeyError
            If the vocabulary has no such tag; the text has similar ones.
        """
        return float(self.clip_scores()[self._column(tag)])

    def _column(self, tag: str) -> int:
        if tag not in self.vocabulary.tags:
            raise KeyError(f"no tag is named {tag!r}{did_you_mean(str(tag), self.vocabulary.names)}")
        return self.vocabulary.names.index(tag)

    __iter__: ClassVar[None] = None  # else iterating would try the tags 0, 1, ...

    @property
    def embedding(self) -> NDArray[np.float32]:
        """The embedding (size,) of the whole clip, float32: the mean over its segments."""
        mean: NDArray[np.float32] = self.embeddings.mean(axis=0)
        return mean

    def clip_scores(self, aggregation: Aggregation | None = None) -> NDArray[np.float32]:
        """Aggregate the scores of the segments.

        Parameters
        ----------
        aggregation
            ``"mean"`` or ``"max"`` over the segments, or ``"vote"``: the share of segments whose score reaches the
            tag's ``"f1"`` threshold, or 0.5 without one. None is the prediction's own aggregation.

        Returns
        -------
        (tags,) float32
            Scores of the clip, 0 to 1, in the order of the vocabulary.

        Raises
        ------
        ModelError
            For any other aggregation.
        """
        match aggregation or self.aggregation:
            case "mean":
                scores: NDArray[np.float32] = self.scores.mean(axis=0)
            case "max":
                scores = self.scores.max(axis=0)
            case "vote":
                by_tag = self.thresholds.get("f1", {})
                limits = np.array([by_tag.get(tag, VOTE_THRESHOLD) for tag in self.vocabulary.names])
                scores = (self.scores >= limits).mean(axis=0, dtype=np.float32)
            case other:
                raise ModelError(f"no aggregation is named {other!r}; there are: mean, max, vote")
        return scores

    def top(self, n: int = 5, aggregation: Aggregation | None = None) -> list[TagScore]:
        """Return the `n` likeliest tags, best first; for a model without levels, those with the highest clip scores.

        Quantities, the category ``"scale"``, are no tags; see `scales`. Scores of different tags are not comparable;
        with an aggregation, for which no probability is known, they decide nevertheless.
        """
        scores = self.clip_scores(aggregation)
        likely = scores if self.probabilities is None or aggregation is not None else self.probabilities
        names, tags = self.vocabulary.names, self.vocabulary.tags
        order = [i for i in np.lexsort((-scores, -likely)).tolist() if tags[names[i]] != SCALE]
        return [TagScore(names[i], float(scores[i])) for i in order[:n]]

    @property
    def scales(self) -> dict[str, float]:
        """Quantities of the clip from 0 to 1, such as valence and energy; none for silence.

        A quantity is the probability that it is high; for a model without levels, its clip score.
        """
        if self.silent:
            return {}
        scores = self.clip_scores() if self.probabilities is None else self.probabilities
        return {
            name: value
            for (name, category), value in zip(self.vocabulary.tags.items(), scores.tolist(), strict=True)
            if category == SCALE
        }

    def with_levels(self, card: ModelCard) -> Prediction:
        """Return the prediction with the probabilities of a model's levels, if it has any.

        They follow from the scores by the aggregation of the card, with which they were fitted.
        """
        if (levels := card.levels) is None:
            return self

        def probabilities(scores: NDArray[np.float32]) -> list[float]:
            return [levels.probability(*pair) for pair in zip(self.vocabulary.names, scores.tolist(), strict=True)]

        return replace(
            self,
            probabilities=np.array(probabilities(self.clip_scores(card.aggregation)), np.float32),
            segment_probabilities=np.array([probabilities(row) for row in self.scores], np.float32),
        )

    def probability(self, tag: str) -> float | None:
        """Return the probability that a tag is right for the clip; None for a model without levels.

        Raises
        ------
        KeyError
            If the vocabulary has no such tag.
        """
        column = self._column(tag)
        return None if self.probabilities is None else float(self.probabilities[column])

    def level(self, tag: str) -> Level | None:
        """Return how likely a tag is right for the clip.

        Returns
        -------
        ``"sure"``, ``"likely"``, ``"maybe"`` or None
            A probability of at least 0.9, 0.7 or 0.4; ``"maybe"`` also for a less probable tag that is above its
            threshold. None below, for silence, and for a model without levels.
        """
        probability = self.probability(tag)
        if probability is None or self.silent:
            return None
        shown = self[tag] >= self.thresholds.get("balanced", {}).get(tag, np.inf)
        return level_of(probability) or ("maybe" if shown else None)

    def tags(self, thresholds: ThresholdCriterion = "balanced", *, level: Level = "maybe") -> list[TagScore]:
        """Return the tags whose clip score reaches their threshold, best first; none for silence.

        Parameters
        ----------
        thresholds
            ``"balanced"``, ``"f1"`` or ``"precision"``, see `ModelCard`. A tag without a threshold is left out.
        level
            The least level of a tag; ``"maybe"`` includes all.

        Raises
        ------
        ModelError
            If there are no such thresholds or levels.
        """
        if level not in LEVELS:
            raise ModelError(f"no level is named {level!r}; there are: {', '.join(LEVELS)}")
        if level != "maybe" and self.probabilities is None:
            raise ModelError(f"{self.model} has no levels; use thresholds or top()")
        limits = self.thresholds.get(thresholds)
        if limits is None:
            hint = f"choose: {', '.join(self.thresholds)}" if self.thresholds else "use top()"
            raise ModelError(f"{self.model} has no thresholds {thresholds!r}; {hint}")
        if self.silent:
            return []
        return [
            entry
            for entry in self.top(len(self.vocabulary))
            if entry.score >= limits.get(entry.tag, np.inf)
            and (level == "maybe" or (self.probability(entry.tag) or 0.0) >= LEVELS[level])
        ]

    def in_vocabulary(self, name: str) -> Prediction:
        """Return the prediction in the tags of another vocabulary.

        A tag with several sources gets the highest of their scores and the lowest of their thresholds; tags without a
        source are left out.

        Parameters
        ----------
        name
            ``"taggram"`` or a published vocabulary.

        Raises
        ------
        ModelError
            If the name is unknown, or if the model's vocabulary is a custom one.
        """
        mapping = VocabularyMap.from_names(self.vocabulary, name)
        thresholds: dict[ThresholdCriterion, dict[str, float]] = {
            criterion: {
                tag: min(values)
                for tag, sources in mapping.sources.items()
                if (values := [limits[source] for source in sources if source in limits])
            }
            for criterion, limits in self.thresholds.items()
        }
        return replace(
            self,
            vocabulary=mapping.target,
            scores=mapping.scores(self.scores),
            thresholds=thresholds,
            probabilities=None if self.probabilities is None else mapping.scores(self.probabilities),
            segment_probabilities=(
                None if self.segment_probabilities is None else mapping.scores(self.segment_probabilities)
            ),
        )

    def to_dict(self, tags: Sequence[TagScore] | None = None, *, over_time: bool = False) -> dict[str, Any]:
        """Return the prediction as plain data, ready for JSON, as described by `prediction.schema.json`.

        Parameters
        ----------
        tags
            Tags to include, as `top` and `tags` return them; None includes all, best first.
        over_time
            Whether to include the segments: their times and their scores of these tags.
        """
        tags = self.top(len(self.vocabulary)) if tags is None else tags
        data: dict[str, Any] = {
            "schema": SCHEMA,
            "path": None if self.path is None else encode_path(self.path),
            "title": self.metadata.get("title"),
            "artist": self.metadata.get("artist"),
            "model": self.model,
            "duration": round(self.duration, 3),
            "tags": [self._describe(entry) for entry in tags],
            "warnings": [encode_path(warning) for warning in self.warnings],
        }
        if scales := self.scales:
            data["scales"] = {name: round(value, 4) for name, value in scales.items()}
        if over_time:
            columns = [self.vocabulary.names.index(tag) for tag, _ in tags]
            data["segments"] = [
                {"start": round(start, 3), "end": round(end, 3), "scores": [round(float(s), 6) for s in row[columns]]}
                for (start, end), row in zip(self.times.tolist(), self.scores, strict=True)
            ]
        return data

    def _describe(self, entry: TagScore) -> dict[str, Any]:
        about = {"tag": entry.tag, "category": self.vocabulary.tags[entry.tag], "score": round(entry.score, 6)}
        probability = self.probability(entry.tag)
        if probability is None:
            return about
        return {**about, "probability": round(probability, 4), "level": self.level(entry.tag)}

    def to_json(self, tags: Sequence[TagScore] | None = None, *, over_time: bool = False) -> str:
        """Return the prediction as one line of JSON; see `to_dict`."""
        return json.dumps(self.to_dict(tags, over_time=over_time), ensure_ascii=False)

    def to_pandas(self) -> DataFrame:
        """Return the taggram as a data frame: a row per segment, a column per tag, indexed by start and end."""
        try:
            import pandas as pd
        except ModuleNotFoundError:
            raise MissingExtraError("a data frame", "pandas") from None
        index = pd.MultiIndex.from_arrays(self.times.T, names=["start", "end"])
        return pd.DataFrame(self.scores, index=index, columns=list(self.vocabulary.names))
