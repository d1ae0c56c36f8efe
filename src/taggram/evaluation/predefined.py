"""The protocols that have a name."""

from __future__ import annotations

from dataclasses import dataclass

from taggram.errors import DatasetError, did_you_mean
from taggram.evaluation.protocol import Placement
from taggram.tagging.prediction import Aggregation

__all__ = ["PROTOCOLS", "ProtocolDefinition", "find_definition"]


@dataclass(frozen=True)
class ProtocolDefinition:
    """A protocol before its clips are listed.

    Attributes
    ----------
    name
        Of the protocol.
    dataset, subset
        The data set, and which of its protocols.
    about
        What it is, in a line.
    tags
        Number of MagnaTagATune's most frequent tags; None for the vocabulary of the data set.
    placement, segments, slices, aggregation, leaky
        As of `Protocol`.
    """

    name: str
    dataset: str
    subset: str
    about: str
    tags: int | None = None
    placement: Placement = "own"
    segments: int | None = None
    slices: int = 0
    aggregation: Aggregation = "mean"
    leaky: bool = False


_MTAT = "MagnaTagATune, {clips}, its {tags}; artists are in several splits"
_JAMENDO = "MTG-Jamendo, {tags}, split 0, by artist"

# The first protocol of a data set is its default.
PROTOCOLS = {
    definition.name: definition
    for definition in (
        ProtocolDefinition(
            "mtat-full", "mtat", "full", _MTAT.format(clips="all clips", tags="50 usual tags"), leaky=True
        ),
        ProtocolDefinition(
            "mtat-clean", "mtat", "clean", _MTAT.format(clips="clips with a tag", tags="50 usual tags"), leaky=True
        ),
        ProtocolDefinition(
            "mtat-full-188",
            "mtat",
            "full",
            _MTAT.format(clips="all clips", tags="188 tags"),
            tags=188,
            leaky=True,
        ),
        ProtocolDefinition(
            "mtat-clean-188",
            "mtat",
            "clean",
            _MTAT.format(clips="clips with a tag", tags="188 tags"),
            tags=188,
            leaky=True,
        ),
        ProtocolDefinition(
            "won2020",
            "mtat",
            "clean",
            "mtat-clean with the 16 segments per clip of Won et al. (2020)",
            placement="won",
            segments=16,
            leaky=True,
        ),
        ProtocolDefinition(
            "won2020-vote",
            "mtat",
            "clean",
            "won2020 with the majority vote of the segments: a score is the share of them above the tag's threshold",
            placement="won",
            segments=16,
            aggregation="vote",
            leaky=True,
        ),
        ProtocolDefinition(
            "msd-lastfm50",
            "msd_lastfm50",
            "choi",
            "Million Song Dataset, 50 tags of Last.fm, Choi's split by song",
            leaky=True,
        ),
        ProtocolDefinition(
            "jamendo-top50-split0", "mtg_jamendo", "top50-split0", _JAMENDO.format(tags="50 most frequent tags")
        ),
        ProtocolDefinition("jamendo-genre-split0", "mtg_jamendo", "genre-split0", _JAMENDO.format(tags="87 genres")),
        ProtocolDefinition(
            "jamendo-instrument-split0", "mtg_jamendo", "instrument-split0", _JAMENDO.format(tags="40 instruments")
        ),
        ProtocolDefinition(
            "jamendo-moodtheme-split0", "mtg_jamendo", "moodtheme-split0", _JAMENDO.format(tags="56 moods and themes")
        ),
        ProtocolDefinition("fma-yu", "fma", "genre-mood", "FMA, six genres and three moods after Yu (2018), by artist"),
        ProtocolDefinition("gtzan", "gtzan", "filtered", "GTZAN, ten genres, without its known faults"),
        ProtocolDefinition("mer4q-artist", "mer4q", "genres", "mer4q, 21 genres, by artist"),
        ProtocolDefinition("mer4q-moods", "mer4q", "moods", "mer4q, 217 moods, by artist"),
        ProtocolDefinition(
            "mer4q-slice",
            "mer4q",
            "genres",
            "mer4q, 21 genres, ten slices of each recording split at random: leaky, to show what that does",
            slices=10,
            leaky=True,
        ),
        ProtocolDefinition("emotify", "emotify", "emotions", "Emotify, nine induced emotions, by artist"),
        ProtocolDefinition("emotify-genres", "emotify", "genres", "Emotify, four genres, by artist"),
        ProtocolDefinition("table", "table", "own", "your own clips, labels and split"),
    )
}


def find_definition(dataset: str, name: str | None = None) -> ProtocolDefinition:
    """Return a protocol of a data set by name; None selects the first.

    Raises
    ------
    DatasetError
        If the data set has no protocol of that name.

    Examples
    --------
    >>> find_definition("mtat").name, find_definition("mtat", "won2020").segments
    ('mtat-full', 16)
    """
    names = [definition.name for definition in PROTOCOLS.values() if definition.dataset == dataset]
    if not names:
        known = dict.fromkeys(definition.dataset for definition in PROTOCOLS.values())
        near = did_you_mean(dataset, known) or f"; there are: {', '.join(known)}"
        raise DatasetError(f"no protocol is of a data set named {dataset!r}{near}")
    if name is None:
        return PROTOCOLS[names[0]]
    if name not in names:
        raise DatasetError(f"{dataset} has no protocol {name!r} of evaluation; it has {', '.join(names)}")
    return PROTOCOLS[name]
