"""Tags in the order of a model's outputs."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable
from importlib import resources
from typing import Annotated, Any, Literal

from msgspec import Meta

from taggram.errors import ModelError
from taggram.record import Record

TABLE = "taggram.tsv"  # taggram's own tags, each with the published tags of the same meaning

Category = Literal["genre", "instrument", "mood", "voice", "era", "tempo", "other", "scale"]
SCALE: Category = "scale"  # of quantities, which are no tags


class Vocabulary(Record, frozen=True, kw_only=True):
    """Tags in output order, each with its category.

    Attributes
    ----------
    name
        Short name, e.g. ``"mtat"``.
    source
        Where the tags come from.
    tags
        From tag to category, in the order of the outputs. ``"tempo"`` includes loudness; a ``"scale"`` is a quantity
        from 0 to 1, such as the energy, and no tag that applies or not.

    Examples
    --------
    >>> vocabulary = Vocabulary.from_names("mtat")
    >>> len(vocabulary), vocabulary.names[:2], vocabulary.tags["guitar"]
    (50, ('guitar', 'classical'), 'instrument')
    """

    name: str
    source: str = ""
    tags: Annotated[dict[str, Category], Meta(min_length=1)]

    def __len__(self) -> int:
        return len(self.tags)

    @property
    def names(self) -> tuple[str, ...]:
        """The tags in output order."""
        return tuple(self.tags)

    @classmethod
    def from_names(cls, tags: Vocabulary | str | Iterable[str]) -> Vocabulary:
        """Return a vocabulary by its name or its tags.

        Parameters
        ----------
        tags
            Name of a vocabulary: a published one (``"mtat"``, ``"msd"``, ``"jamendo"``, ``"audioset"``), or
            ``"taggram"``, which joins the first three. Or tags in output order, which get the category ``"other"`` and
            are converted to NFC. A vocabulary is returned as it is.

        Raises
        ------
        ModelError
            For an unknown name, for no tags, and for a tag that is no text or occurs twice.
        """
        if isinstance(tags, Vocabulary):
            return tags
        if isinstance(tags, str):
            if tags == "taggram":
                return cls._joint()
            file = resources.files(__package__) / f"{tags}.json"
            if not file.is_file():
                raise ModelError(f"no vocabulary is named {tags!r}; there are: taggram, {', '.join(cls.published())}")
            return cls.from_json(file.read_bytes())
        names = []
        for number, tag in enumerate(tags, 1):
            if not isinstance(tag, str):
                raise ModelError(f"tag {number} of a vocabulary is {tag!r}, not text: put it in quotes")
            names.append(unicodedata.normalize("NFC", tag))
        if not names or len(set(names)) < len(names):
            raise ModelError("a vocabulary needs at least one tag and each tag once")
        return cls(name="custom", tags=dict.fromkeys(names, "other"))

    @classmethod
    def _joint(cls) -> Vocabulary:
        with (resources.files(__package__) / TABLE).open(encoding="utf-8") as text:
            tags: dict[str, Any] = {row["tag"]: row["category"] for row in csv.DictReader(text, delimiter="\t")}
        source = "the tags of mtat, msd and jamendo, those that mean the same joined"
        return cls(name="taggram", source=source, tags=tags)

    @staticmethod
    def published() -> list[str]:
        """Return the names of the published vocabularies."""
        folder = resources.files(__package__)
        return sorted(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json"))


def label(tag: str) -> str:
    """Return a tag for display, without the category that MTG-Jamendo puts in front (``mood/theme---happy``).

    Examples
    --------
    >>> label("mood/theme---happy")
    'happy'
    """
    return tag.rpartition("---")[2]
