"""The tags that a model answers with, in the order of its outputs."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from importlib import resources
from typing import Annotated, Any, Literal

from msgspec import Meta

from taggram.errors import ModelError
from taggram.record import Record

TABLE = "taggram.tsv"  # taggram's own tags, with the published ones that each of them stands for

Category = Literal["genre", "instrument", "mood", "voice", "era", "tempo", "other"]


class Vocabulary(Record, frozen=True, kw_only=True):
    """Tags in output order, each with its category.

    Attributes
    ----------
    name
        Short name, e.g. ``"mtat"``.
    source
        Where the tags come from.
    tags
        From tag to category; the order is the order of a model's outputs. ``"tempo"`` holds loudness too.
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
    def of(cls, tags: Vocabulary | str | Iterable[str]) -> Vocabulary:
        """Make a vocabulary of what people hand in.

        Parameters
        ----------
        tags
            A vocabulary; ``"taggram"``, which joins the published ones; the name of one of these (``"mtat"``,
            ``"msd"``, ``"jamendo"``); or tags of one's own, in output order, which get the category ``"other"``.

        Raises
        ------
        ModelError
            For an unknown name, for no tags and for a tag that occurs twice.
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
        names = list(tags)
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
        """Names of the published vocabularies."""
        folder = resources.files(__package__)
        return sorted(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json"))


def label(tag: str) -> str:
    """Return a tag as people read it: MTG-Jamendo writes its category before it (``mood/theme---happy``).

    Examples
    --------
    >>> label("mood/theme---happy")
    'happy'
    """
    return tag.rpartition("---")[2]
