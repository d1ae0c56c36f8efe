"""From the tags of one vocabulary to those of another, so that a model can be asked and scored in another set's words.

The table ``vocabularies/taggram.tsv`` lists for each of taggram's own tags the published tags that mean the same.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from taggram.errors import ModelError
from taggram.vocabularies.vocabulary import TABLE, Vocabulary

if TYPE_CHECKING:
    import os

    from jaxtyping import Float


@dataclass(frozen=True)
class VocabularyMap:
    """Which tags of a source mean the same as those of a target.

    Attributes
    ----------
    source
        Tags that one has scores or labels for.
    target
        Tags that one wants scores or labels for.
    sources
        For each target tag the source tags of the same meaning; none where the source has no such tag.
    """

    source: Vocabulary
    target: Vocabulary
    sources: Mapping[str, tuple[str, ...]]

    @classmethod
    def between(cls, source: str, target: str) -> VocabularyMap:
        """Return the map between two of taggram's vocabularies, by name.

        Published vocabularies are joined through taggram's own: two tags mean the same if one of its tags lists both.

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
        asked, wanted = Vocabulary.of(source), Vocabulary.of(target)
        if source == target:
            return cls(asked, wanted, {tag: (tag,) for tag in wanted.names})
        meanings = _meanings()
        sources: dict[str, list[str]] = {tag: [] for tag in wanted.names}
        for own, published in meanings.items():
            names = {"taggram": (own,), **published}
            for tag in names[target]:
                sources[tag].extend(other for other in names[source] if other not in sources[tag])
        return cls(asked, wanted, {tag: tuple(found) for tag, found in sources.items()})

    @classmethod
    def of(cls, vocabulary: Vocabulary, target: str) -> VocabularyMap:
        """Return the map from the tags that a model answers with, all or some of one of taggram's vocabularies.

        Its target holds only the tags that have a source.

        Raises
        ------
        ModelError
            For an unknown target, and if the tags are somebody's own.
        """
        if target == vocabulary.name:
            return cls(vocabulary, vocabulary, {tag: (tag,) for tag in vocabulary.names})
        wanted = Vocabulary.of(target)
        known = {"taggram", *Vocabulary.published()}
        every = cls.between(vocabulary.name, target).sources if vocabulary.name in known else {}
        sources = {tag: tuple(name for name in names if name in vocabulary.tags) for tag, names in every.items()}
        sources = {tag: names for tag, names in sources.items() if names}
        if not sources:
            raise ModelError(
                f"the tags of the vocabulary {vocabulary.name!r} are somebody's own: which of them stand for those of "
                f"{target} is not known"
            )
        covered = wanted.replace(tags={tag: wanted.tags[tag] for tag in sources})
        return cls(vocabulary, covered, sources)

    @classmethod
    def read(cls, file: str | os.PathLike[str], target: str = "taggram") -> VocabularyMap:
        """Read a map of a data set's own labels from a table.

        Parameters
        ----------
        file
            Tab-separated text in UTF-8 with the columns ``label`` and ``tags``; several tags are split at ``;``, and a
            label that no tag corresponds to has none.
        target
            Vocabulary of the tags.

        Raises
        ------
        ModelError
            If the table cannot be read, or names a tag that the target does not have.
        """
        wanted = Vocabulary.of(target)
        sources: dict[str, list[str]] = {tag: [] for tag in wanted.names}
        labels = []
        try:
            with open(file, encoding="utf-8", newline="") as text:
                for row in csv.DictReader(text, delimiter="\t"):
                    labels.append(row["label"])
                    for tag in filter(None, row["tags"].split(";")):
                        sources[tag].append(row["label"])
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"{file} cannot be read: {error}") from error
        except (KeyError, AttributeError) as error:
            raise ModelError(
                f"{file}: a map has the columns label and tags, with tags of {target}: see {error}"
            ) from error
        return cls(Vocabulary.of(labels), wanted, {tag: tuple(found) for tag, found in sources.items()})

    def inverse(self) -> VocabularyMap:
        """Return the map the other way round: what was wanted is now there, and what was there is wanted."""
        sources = {
            label: tuple(tag for tag in self.target.names if label in self.sources[tag]) for label in self.source.names
        }
        return VocabularyMap(self.target, self.source, sources)

    def covered(self) -> tuple[str, ...]:
        """Target tags that have a source, in the target's order."""
        return tuple(tag for tag in self.target.names if self.sources[tag])

    def scores(self, scores: Float[np.ndarray, "*any source"]) -> Float[np.ndarray, "*any target"]:
        """Turn scores of source tags into scores of target tags: the highest of those that mean the same.

        Parameters
        ----------
        scores
            In the source's order along the last axis.

        Returns
        -------
        array
            In the target's order; NaN for a tag without a source.
        """
        column = {tag: i for i, tag in enumerate(self.source.names)}
        out = np.full((*scores.shape[:-1], len(self.target)), np.nan, scores.dtype)
        for i, tag in enumerate(self.target.names):
            if found := [column[name] for name in self.sources[tag]]:
                out[..., i] = scores[..., found].max(axis=-1)
        return out

    def labels(self, labels: Iterable[str]) -> list[str]:
        """Turn the labels of a clip into target tags, in the target's order; labels without one are dropped."""
        have = set(labels)
        return [tag for tag in self.target.names if have.intersection(self.sources[tag])]


def _meanings() -> dict[str, dict[str, Sequence[str]]]:
    """Read the table: taggram's tag, vocabulary, tags of that vocabulary."""
    with (resources.files(__package__) / TABLE).open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text, delimiter="\t"))
    published = [name for name in rows[0] if name not in ("tag", "category")]
    return {row["tag"]: {name: tuple(filter(None, row[name].split(";"))) for name in published} for row in rows}
