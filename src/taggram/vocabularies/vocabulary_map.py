"""Maps between vocabularies, to convert scores and labels of one data set's tags to those of another.

The table ``vocabularies/taggram.tsv`` lists for each of taggram's own tags the published tags of the same meaning,
and ``vocabularies/labels.tsv`` for labels of other data sets the own tags of the same meaning, by which models are
scored. A table for `VocabularyMap.read` lists what a label implies, by which models learn: `anguished` implies `sad`
and does not mean the same.
"""

from __future__ import annotations

import csv
import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from taggram._delimited import read_delimited
from taggram.errors import ModelError
from taggram.vocabularies.vocabulary import TABLE, Vocabulary

LABELS = "labels.tsv"  # labels of data sets, each with the own tags of the same meaning

S = TypeVar("S", bound=np.floating[Any])


@dataclass(frozen=True)
class VocabularyMap:
    """Map from the tags of a source vocabulary to those of a target vocabulary.

    Attributes
    ----------
    source, target
        The two vocabularies.
    sources
        For each target tag the source tags of the same meaning; empty where the source has no such tag.
    ambiguous
        Source tags that mean one of several target tags, without saying which.
    """

    source: Vocabulary
    target: Vocabulary
    sources: Mapping[str, tuple[str, ...]]
    ambiguous: frozenset[str] = frozenset()

    @classmethod
    def between(cls, source: str, target: str) -> VocabularyMap:
        """Return the map between two of taggram's vocabularies, by name.

        Two tags of published vocabularies have the same meaning if one of taggram's own tags lists both.

        Raises
        ------
        ModelError
            For an unknown name.

        Examples
        --------
        >>> VocabularyMap.between("mtat", "taggram").sources["female voice"]
        ('female', 'woman', 'female vocal', 'female voice')
        >>> VocabularyMap.between("mtat", "msd").sources["female vocalists"]
        ('female', 'woman', 'female vocal', 'female voice')
        """
        from_tags, to_tags = Vocabulary.from_names(source), Vocabulary.from_names(target)
        if source == target:
            return cls(from_tags, to_tags, {tag: (tag,) for tag in to_tags.names})
        sources: dict[str, list[str]] = {tag: [] for tag in to_tags.names}
        for own, published in _same_meaning().items():
            names = {"taggram": (own,), **published}
            for tag in names[target]:
                sources[tag].extend(other for other in names[source] if other not in sources[tag])
        return cls(from_tags, to_tags, {tag: tuple(names) for tag, names in sources.items()})

    @classmethod
    def from_names(cls, vocabulary: Vocabulary, target: str) -> VocabularyMap:
        """Return the map from a model's vocabulary to one of taggram's, by its name.

        Parameters
        ----------
        vocabulary
            All or some tags of one of taggram's vocabularies.
        target
            Name of the target vocabulary. The target of the map has only the tags that have a source.

        Raises
        ------
        ModelError
            For an unknown target, and for a custom vocabulary.
        """
        if target == vocabulary.name:
            return cls(vocabulary, vocabulary, {tag: (tag,) for tag in vocabulary.names})
        to_tags = Vocabulary.from_names(target)
        mapped = {"taggram", *Vocabulary.published()}
        whole = cls.between(vocabulary.name, target).sources if vocabulary.name in mapped else {}
        sources = {tag: tuple(name for name in names if name in vocabulary.tags) for tag, names in whole.items()}
        sources = {tag: names for tag, names in sources.items() if names}
        if not sources:
            raise ModelError(
                f"the vocabulary {vocabulary.name!r} is a custom one: there is no map from its tags to {target}"
            )
        covered = to_tags.replace(tags={tag: to_tags.tags[tag] for tag in sources})
        return cls(vocabulary, covered, sources)

    @classmethod
    def to_labels(cls, vocabulary: Vocabulary, labels: Vocabulary) -> VocabularyMap:
        """Return the map from a model's vocabulary to the labels of a data set, by which it is evaluated zero-shot.

        A label is mapped to the tags of the same meaning by the tables of this package, or else to the model's tag of
        the same name, also if that begins with a source (``mer4q/jazz``). A name means the same in a custom vocabulary.

        Parameters
        ----------
        vocabulary
            Tags of the model, of any vocabulary.
        labels
            Labels of the data set; those without a tag have no source.

        Examples
        --------
        >>> gtzan = Vocabulary(name="gtzan", tags={"disco": "genre", "hiphop": "genre"})
        >>> VocabularyMap.to_labels(Vocabulary.from_names("msd"), gtzan).sources
        {'disco': (), 'hiphop': ('Hip-Hop',)}
        """
        mapped = {"taggram", *Vocabulary.published()}
        if {vocabulary.name, labels.name} <= mapped:
            between = cls.between(vocabulary.name, labels.name).sources
            sources = {tag: [name for name in names if name in vocabulary.tags] for tag, names in between.items()}
        else:
            by_name = {name.partition("/")[2]: name for name in vocabulary.tags} | {tag: tag for tag in vocabulary.tags}
            listed, same = _listed_tags(labels.name), _same_meaning()
            own_tag = {name: own for own, published in same.items() for name in _names(own, published, "")}

            def tags_of(label: str) -> list[str]:
                if label in by_name and (label not in listed or vocabulary.name not in mapped):
                    return [by_name[label]]
                own_tags = listed.get(label, filter(None, [own_tag.get(label)]))
                names = (name for own in own_tags for name in _names(own, same[own], vocabulary.name))
                return [by_name[name] for name in dict.fromkeys(names) if name in by_name]

            sources = {label: tags_of(label) for label in labels.names}
        return cls(vocabulary, labels, {label: tuple(sources[label]) for label in labels.names})

    @classmethod
    def read(cls, file: str | os.PathLike[str], target: str = "taggram") -> VocabularyMap:
        """Read a map of a data set's own labels from a table.

        Parameters
        ----------
        file
            Text in UTF-8, delimited by tabs, commas or semicolons, with the columns ``label`` and ``tags``. Tags that
            all hold are joined by ``+``; tags of which one holds are separated by ``;``, which makes the label
            ambiguous; a label without a corresponding tag has none.
        target
            Name of the vocabulary of the tags.

        Raises
        ------
        ModelError
            If the table cannot be read, or names a tag that the target does not have.
        """
        to_tags = Vocabulary.from_names(target)
        sources: dict[str, list[str]] = {tag: [] for tag in to_tags.names}
        labels, ambiguous = [], set()
        try:
            for row in read_delimited(Path(file), "label"):
                labels.append(unicodedata.normalize("NFC", row["label"]))
                for tag in filter(None, map(str.strip, row["tags"].replace("+", ";").split(";"))):
                    sources[tag].append(labels[-1])
                if ";" in row["tags"]:
                    ambiguous.add(labels[-1])
        except OSError as error:
            raise ModelError(f"{file} cannot be read ({error.strerror or error}): check the path") from error
        except (KeyError, ValueError) as error:
            raise ModelError(
                f"{file}: a map has the columns label and tags, with tags of {target}: see {error}"
            ) from error
        mapped = {tag: tuple(names) for tag, names in sources.items()}
        return cls(Vocabulary.from_names(labels), to_tags, mapped, frozenset(ambiguous))

    def inverse(self) -> VocabularyMap:
        """Return the map from the target to the source."""
        sources = {
            label: tuple(tag for tag in self.target.names if label in self.sources[tag]) for label in self.source.names
        }
        return VocabularyMap(self.target, self.source, sources)

    def covered(self) -> tuple[str, ...]:
        """Return the target tags that have a source, in the target's order."""
        return tuple(tag for tag in self.target.names if self.sources[tag])

    def scores(self, scores: NDArray[S]) -> NDArray[S]:
        """Map scores of source tags to scores of target tags: the highest one of the same meaning.

        Parameters
        ----------
        scores : (..., source tags) float
            In the source's order.

        Returns
        -------
        (..., target tags) float
            In the target's order; NaN for a tag without a source.
        """
        column = {tag: i for i, tag in enumerate(self.source.names)}
        out = np.full((*scores.shape[:-1], len(self.target)), np.nan, scores.dtype)
        for i, tag in enumerate(self.target.names):
            if columns := [column[name] for name in self.sources[tag]]:
                out[..., i] = scores[..., columns].max(axis=-1)
        return out

    def labels(self, labels: Iterable[str]) -> list[str]:
        """Map the labels of a clip to target tags, in the target's order; labels without one are dropped."""
        unique = set(labels)
        return [tag for tag in self.target.names if unique.intersection(self.sources[tag])]


def _listed_tags(labels: str) -> dict[str, list[str]]:
    """Read the table: taggram's own tags of the labels of a data set, none where no tag means the same."""
    with (resources.files(__package__) / LABELS).open(encoding="utf-8") as text:
        rows = [row for row in csv.DictReader(text, delimiter="\t") if row["vocabulary"] == labels]
    return {row["label"]: list(filter(None, row["tags"].split(";"))) for row in rows}


def _names(own: str, published: Mapping[str, Sequence[str]], vocabulary: str) -> Sequence[str]:
    """Return the names of one of taggram's tags in a vocabulary; in a custom one it may have any of its names."""
    if vocabulary == "taggram":
        return (own,)
    return published[vocabulary] if vocabulary in published else (own, *chain.from_iterable(published.values()))


def _same_meaning() -> dict[str, dict[str, Sequence[str]]]:
    """Read the table: for each of taggram's tags and each published vocabulary, the tags of the same meaning."""
    with (resources.files(__package__) / TABLE).open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text, delimiter="\t"))
    published = [name for name in rows[0] if name not in ("tag", "category")]
    return {row["tag"]: {name: tuple(filter(None, row[name].split(";"))) for name in published} for row in rows}
