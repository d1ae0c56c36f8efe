"""Search for tracks by words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.errors import LibraryError
from taggram.library.collection import EPSILON, Collection, Track
from taggram.library.query import Query, parse
from taggram.models.card import LEVELS, Level

__all__ = ["SearchHit", "SearchResult", "search"]


@dataclass(frozen=True)
class SearchHit:
    """A track that fits a query.

    Attributes
    ----------
    track
        The track.
    probabilities
        How probable each wanted or unwanted word of the query is for it.
    """

    track: Track
    probabilities: dict[str, float]


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The tracks that fit a query, best first.

    Attributes
    ----------
    query
        As it was understood.
    hits
        The best tracks.
    ids : (matches,) int64
        Numbers of all tracks that meet the conditions and the least level, best first.
    """

    query: Query
    hits: list[SearchHit]
    ids: NDArray[np.int64]

    @property
    def matches(self) -> int:
        """Number of tracks that meet the conditions and the least level."""
        return len(self.ids)


def search(collection: Collection, text: str, *, n: int = 20, level: Level | None = None) -> SearchResult:
    """Find the tracks that fit words best; see `Library.search`.

    The tracks are sorted by the sum of the log odds of the words, with the opposite sign for unwanted ones. The log
    odds of a word with several tags are their mean.
    """
    query = parse(text, collection.card.vocabulary)
    if level is not None and collection.card.levels is None:
        raise LibraryError(f"{collection.card.name} has no levels: search without a least level")
    odds = {term.word: _log_odds(collection, term.tags) for term in query.terms}
    total = np.zeros(len(collection), np.float32)
    kept = np.ones(len(collection), bool)
    for term in query.terms:
        total += -odds[term.word] if term.negative else odds[term.word]
        if level is not None:
            least = np.log(LEVELS[level] / (1 - LEVELS[level]))
            kept &= odds[term.word] < least if term.negative else odds[term.word] >= least
    for condition in query.conditions:
        kept &= np.fromiter(map(condition.holds, collection.column(condition.field)), bool, len(collection))
    rows = np.flatnonzero(kept)
    rows = rows[np.argsort(-total[rows], kind="stable")]
    best = rows[:n]
    found = [
        SearchHit(track, {word: float(1 / (1 + np.exp(-values[row]))) for word, values in odds.items()})
        for row, track in zip(best.tolist(), collection.tracks(best), strict=True)
    ]
    return SearchResult(query, found, collection.ids[rows])


def _log_odds(collection: Collection, tags: tuple[str, ...]) -> NDArray[np.float32]:
    columns = [collection.card.vocabulary.names.index(tag) for tag in tags]
    p = np.clip(collection.probabilities[:, columns], EPSILON, 1 - EPSILON)
    odds: NDArray[np.float32] = np.log(p / (1 - p)).mean(axis=1)
    return odds
