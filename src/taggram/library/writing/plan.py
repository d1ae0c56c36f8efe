"""What would be written into the files of a library."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from taggram._text import printable
from taggram.audio.discovery.playlists import is_url
from taggram.audio.discovery.remote import absolute
from taggram.errors import LibraryError, MissingExtraError, TaggramError
from taggram.library.collection import Collection
from taggram.library.store import FileState, LibraryStore
from taggram.library.writing.file_tags import ALL_TAGS, FIELDS, Field, Sidecar, open_tags
from taggram.models.card import LEVELS, Level
from taggram.vocabularies import Vocabulary, label

__all__ = ["Change", "Policy", "WriteMode", "plan", "read_names"]

WriteMode = Literal["replace", "merge", "missing"]
SMALL_WORDS = {"and", "of", "the"}
SPELLINGS = {"rnb": "R&B", "hip hop": "Hip-Hop", "drum and bass": "Drum and Bass", "a cappella": "A Cappella"}


@dataclass(frozen=True)
class Policy:
    """What is written.

    Attributes
    ----------
    fields
        Of ``"genre"``, ``"mood"`` and ``"tags"``, which has the tags of every category.
    level
        The least level of a tag.
    most
        Genres and moods, at most; ``"tags"`` has all.
    mode
        ``"replace"`` what the field has, ``"merge"`` new values behind it, or write only where it is ``"missing"``.
    keep
        Values that stay in the field in any mode, in any case.
    names
        How a tag is written, by its name in lower case; an empty name leaves it out. Other tags are written with
        capital letters.
    sidecar
        Whether to write a file ``.tags.json`` beside each file instead of the file itself.
    """

    fields: tuple[Field, ...] = ("genre", "mood")
    level: Level = "likely"
    most: int = 3
    mode: WriteMode = "missing"
    keep: frozenset[str] = frozenset()
    names: Mapping[str, str] | None = None
    sidecar: bool = False

    def __post_init__(self) -> None:
        if not self.fields:
            raise LibraryError(f"no field is given; there are: {', '.join(FIELDS)}")
        if unknown := set(self.fields) - set(FIELDS):
            raise LibraryError(f"no field is named {min(unknown)}; there are: {', '.join(FIELDS)}")
        if self.level not in LEVELS:
            raise LibraryError(f"no level is named {self.level!r}; there are: {', '.join(LEVELS)}")

    def name(self, tag: str) -> str:
        """Return how a tag is written."""
        if self.names is not None and (key := label(tag).casefold()) in self.names:
            return self.names[key]
        return SPELLINGS.get(label(tag)) or " ".join(
            word if word in SMALL_WORDS else word[:1].upper() + word[1:] for word in label(tag).split()
        )

    def tags(self, vocabulary: Vocabulary, probabilities: NDArray[np.float32], field: Field) -> list[str]:
        """Return the tags of a field that reach the level, best first."""
        names, categories = vocabulary.names, vocabulary.tags
        order = (-probabilities).argsort(kind="stable")
        reached = [names[i] for i in order if probabilities[i] >= LEVELS[self.level]]
        return [tag for tag in reached if field in (categories[tag], ALL_TAGS)]

    def after(self, field: Field, before: list[str], tags: list[str]) -> list[str]:
        """Return the values of a field that had some, for tags of the model, best first."""
        values = [value for value in before if value.strip()]
        if values and self.mode == "missing":
            return before
        new = list(dict.fromkeys(name for tag in tags if (name := self.name(tag))))
        if field != ALL_TAGS:
            new = new[: self.most]
        kept = values if self.mode == "merge" else [value for value in values if value.casefold() in self.keep]
        if not new:
            return before
        known = {value.casefold() for value in kept}
        return kept + [name for name in new if name.casefold() not in known]


@dataclass(frozen=True)
class Change:
    """A change of a file, or of a sidecar: the values of fields before and after it."""

    path: str
    before: dict[Field, list[str]]
    after: dict[Field, list[str]]


def read_names(file: Path) -> dict[str, str]:
    """Read a table of tags and how they are written, with a tab between both; an empty name leaves a tag out.

    Raises
    ------
    LibraryError
        If the file cannot be read, or a line has no tab.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LibraryError(f"{file} cannot be read ({error})") from error
    for number, line in enumerate(lines, 1):
        if line.strip() and "\t" not in line:
            raise LibraryError(f"{file}, line {number}: {line!r} has no tab between tag and name")
    rows = (line.partition("\t") for line in lines if line.strip())
    return {tag.strip().casefold(): name.strip() for tag, _, name in rows}


def plan(
    store: LibraryStore,
    collection: Collection,
    paths: Iterable[str | os.PathLike[str]],
    policy: Policy,
    *,
    on_error: Callable[[str, TaggramError], None],
) -> Iterator[Change]:
    """Yield the changes of the files of the library that are in folders; nothing is written."""
    roots = {absolute(path) for path in paths}
    for root in filter(is_url, roots):
        raise LibraryError(f"{root} is a URI, and tags are written into files on a disk only: copy them to one")
    tracks = sorted(enumerate(collection.tracks(range(len(collection)))), key=lambda pair: pair[1].path)
    known = store.files()
    for root in roots:
        if root not in known and not any(path.startswith(os.path.join(root, "")) for path in known):
            raise LibraryError(f"{printable(root)} is not in the library: scan it with taggram library scan")
    for row, track in tracks:
        if roots.isdisjoint({track.path, *map(str, Path(track.path).parents)}):
            continue
        try:
            tags = open_tags(Path(track.path), sidecar=policy.sidecar)
            if track.path in known and FileState.if_any(track.path) not in (None, known[track.path].state):
                raise LibraryError(f"{printable(track.path)} has changed since it was scanned: scan it again")
        except MissingExtraError:
            raise
        except TaggramError as error:
            on_error(track.path, error)
            continue
        before = {field: tags.get(field) for field in policy.fields}
        vocabulary, scores = collection.card.vocabulary, collection.probabilities[row]
        after = {
            field: policy.after(field, values, policy.tags(vocabulary, scores, field))
            for field, values in before.items()
        }
        if after != before:
            changed = [field for field in policy.fields if before[field] != after[field]]
            yield Change(
                str(tags.file) if isinstance(tags, Sidecar) else track.path,
                {field: before[field] for field in changed},
                {field: after[field] for field in changed},
            )
