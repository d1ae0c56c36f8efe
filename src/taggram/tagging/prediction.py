"""What a model says of a piece of music."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from taggram.errors import MissingExtraError, ModelError
from taggram.vocabularies import VocabularyMap

if TYPE_CHECKING:
    import pandas as pd
    from jaxtyping import Float32, Float64

    from taggram.models.card import Policy
    from taggram.vocabularies import Vocabulary

Choice = list[tuple[str, float]]  # tags with their song scores, best first
Aggregation = Literal["mean", "max", "vote"]
VOTE_THRESHOLD = 0.5  # for tags whose model card names no threshold


@dataclass(frozen=True, eq=False)
class Prediction:
    """The scores of a clip, over time and as a whole.

    Attributes
    ----------
    path
        The file, as it was asked for; None for an array.
    model
        Name of the model.
    vocabulary
        The tags, in the order of the scores.
    scores
        The taggram: probability of each tag in each segment, shape (segments, tags), 0 to 1.
    times
        Begin and end of each segment, in seconds from the beginning of the file, shape (segments, 2).
    embeddings
        The model's embedding of each segment, shape (segments, size).
    duration
        How much audio was looked at, in seconds.
    aggregation
        How `song_scores` are made of the segments' scores unless one asks otherwise.
    thresholds
        From which song score on a tag holds, by policy and tag, where the model's card says so.
    warnings
        What was wrong with the audio, one line each.
    """

    path: str | None
    model: str
    vocabulary: Vocabulary
    scores: Float32[np.ndarray, "segments tags"]
    times: Float64[np.ndarray, "segments 2"]
    embeddings: Float32[np.ndarray, "segments size"]
    duration: float
    aggregation: Aggregation = "mean"
    thresholds: dict[Policy, dict[str, float]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def embedding(self) -> Float32[np.ndarray, " size"]:
        """The embedding of the whole clip: the mean over its segments."""
        mean: np.ndarray = self.embeddings.mean(axis=0)
        return mean

    def song_scores(self, aggregation: Aggregation | None = None) -> Float32[np.ndarray, " tags"]:
        """One score per tag for the whole clip.

        Parameters
        ----------
        aggregation
            ``"mean"`` or ``"max"`` over the segments, or ``"vote"``: the share of segments whose score reaches the
            tag's threshold for the best F1 (0.5 where the card has none). None is the prediction's own.

        Raises
        ------
        ModelError
            For any other aggregation.
        """
        match aggregation or self.aggregation:
            case "mean":
                song: np.ndarray = self.scores.mean(axis=0)
            case "max":
                song = self.scores.max(axis=0)
            case "vote":
                known = self.thresholds.get("f1", {})
                limits = np.array([known.get(tag, VOTE_THRESHOLD) for tag in self.vocabulary.names])
                song = (self.scores >= limits).mean(axis=0, dtype=np.float32)
            case other:
                raise ModelError(f"no aggregation is named {other!r}; there are: mean, max, vote")
        return song

    def top(self, n: int = 5, aggregation: Aggregation | None = None) -> Choice:
        """Return the `n` tags with the highest song scores, best first."""
        song = self.song_scores(aggregation)
        order = np.argsort(-song, kind="stable")[:n]
        return [(self.vocabulary.names[i], float(song[i])) for i in order]

    def decide(self, policy: Policy = "top") -> Choice:
        """Return the tags that hold: those whose song score reaches their threshold, best first.

        Parameters
        ----------
        policy
            ``"top"``, ``"f1"`` or ``"precision"``, see `ModelCard`. A tag without a threshold does not hold.

        Raises
        ------
        ModelError
            If the model's card has no thresholds for the policy.
        """
        limits = self.thresholds.get(policy)
        if limits is None:
            there = f"there are: {', '.join(self.thresholds)}" if self.thresholds else "nor for any other; take the top"
            raise ModelError(f"{self.model} has no thresholds for the policy {policy!r}; {there}")
        return [(tag, score) for tag, score in self.top(len(self.vocabulary)) if score >= limits.get(tag, np.inf)]

    def in_vocabulary(self, name: str) -> Prediction:
        """Return the prediction in the tags of another vocabulary.

        A tag of several sources has the highest of their scores and the lowest of their thresholds; tags without a
        source are left out.

        Parameters
        ----------
        name
            ``"taggram"`` or a published vocabulary.

        Raises
        ------
        ModelError
            If the name is unknown, or nothing is known about the model's own vocabulary.
        """
        there = VocabularyMap.from_names(self.vocabulary, name)
        thresholds: dict[Policy, dict[str, float]] = {
            policy: {
                tag: min(known)
                for tag, sources in there.sources.items()
                if (known := [limits[source] for source in sources if source in limits])
            }
            for policy, limits in self.thresholds.items()
        }
        return replace(self, vocabulary=there.target, scores=there.scores(self.scores), thresholds=thresholds)

    def to_dict(self, tags: Choice | None = None, *, over_time: bool = False) -> dict[str, Any]:
        """Return the prediction as plain data, ready for JSON.

        Parameters
        ----------
        tags
            Which tags, as `top` and `decide` return them; None is all, best first.
        over_time
            Whether to add the segments: their times and the scores of those tags in each.
        """
        tags = self.top(len(self.vocabulary)) if tags is None else tags
        data: dict[str, Any] = {
            "path": self.path,
            "model": self.model,
            "duration": round(self.duration, 3),
            "tags": [
                {"tag": tag, "category": self.vocabulary.tags[tag], "score": round(score, 6)} for tag, score in tags
            ],
            "warnings": list(self.warnings),
        }
        if over_time:
            columns = [self.vocabulary.names.index(tag) for tag, _ in tags]
            data["segments"] = [
                {"start": round(start, 3), "end": round(end, 3), "scores": [round(float(s), 6) for s in row[columns]]}
                for (start, end), row in zip(self.times.tolist(), self.scores, strict=True)
            ]
        return data

    def to_json(self, tags: Choice | None = None, *, over_time: bool = False) -> str:
        """Return the prediction as one line of JSON; see `to_dict`."""
        return json.dumps(self.to_dict(tags, over_time=over_time), ensure_ascii=False)

    def to_pandas(self) -> pd.DataFrame:
        """Return the taggram as a data frame: a row per segment, a column per tag, indexed by begin and end."""
        try:
            import pandas as pd
        except ModuleNotFoundError:
            raise MissingExtraError("a data frame", "pandas") from None
        index = pd.MultiIndex.from_arrays(self.times.T, names=["start", "end"])
        return pd.DataFrame(self.scores, index=index, columns=list(self.vocabulary.names))
