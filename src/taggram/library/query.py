"""Queries: the words of a search, as tags that are wanted or unwanted, and conditions on the tags in files."""

from __future__ import annotations

import csv
import difflib
import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

from taggram._text import printable
from taggram.errors import LibraryError
from taggram.vocabularies import Vocabulary, label

__all__ = ["FIELDS", "Condition", "Query", "Term", "parse"]

FIELDS = ("artist", "album", "title", "genre", "year")
SYNONYMS = "synonyms.tsv"
STOP_WORDS = {"a", "an", "and", "for", "from", "in", "music", "of", "some", "songs", "the", "to", "with"}
NEGATIONS = {"no", "not", "without"}
TOKEN = re.compile(
    rf'(?P<minus>-?)(?:(?P<field>{"|".join(FIELDS)}):(?:"(?P<phrase>[^"]*)"?|(?P<value>\S*))'
    r'|"(?P<quoted>[^"]*)"?|(?P<word>\S+))',
    re.IGNORECASE,
)
YEARS = re.compile(r"(\d{4})(-(\d{4})?)?|-(\d{4})")


@dataclass(frozen=True)
class Term:
    """A word of a query.

    Attributes
    ----------
    word
        As it was written.
    tags
        What it stands for: tags of the model's vocabulary.
    negative
        Whether these tags are unwanted.
    """

    word: str
    tags: tuple[str, ...]
    negative: bool = False


@dataclass(frozen=True)
class Condition:
    """A condition on a tag in the files: a text that is part of it, or a range of years.

    Attributes
    ----------
    field
        One of `FIELDS`.
    text
        As it was written.
    negative
        Whether tracks that meet it are left out.
    """

    field: str
    text: str
    negative: bool = False

    def __post_init__(self) -> None:
        if not self.text:
            raise LibraryError(f"{self.field}: is followed by nothing: leave no space after the colon")
        if self.field == "year" and not _years(self.text):
            raise LibraryError(f"year:{self.text} is no year: write year:1994, year:1990-1999 or year:1990-")

    def holds(self, value: str | int | None) -> bool:
        """Return whether a track with this value meets the condition."""
        if value is None:
            met = False
        elif isinstance(value, int):
            met = value in _years(self.text)
        else:
            met = _fold(self.text) in _fold(value)
        return met != self.negative


@dataclass(frozen=True)
class Query:
    """A query as it was understood.

    Attributes
    ----------
    terms
        Words that stand for tags.
    conditions
        On the tags in files.
    unknown
        Words that stand for nothing, with those that are most like them.
    """

    terms: tuple[Term, ...]
    conditions: tuple[Condition, ...]
    unknown: Mapping[str, tuple[str, ...]]


def parse(text: str, vocabulary: Vocabulary) -> Query:
    """Read a query.

    Parameters
    ----------
    text
        Words, each the name of a tag or a synonym of some tags; several words may be one name, as in ``female voice``.
        ``-word`` and ``without female voice`` are unwanted. ``artist:name``, ``album:``, ``title:``, ``genre:`` and
        ``year:1990-1999`` are conditions on the tags in files. Quotes hold words together.
    vocabulary
        Of the model.

    Raises
    ------
    LibraryError
        If a year is malformed, or nothing of the query is understood.

    Examples
    --------
    >>> query = parse("calm piano -vocals year:1990-1999", Vocabulary.from_names(["mellow", "piano", "vocals"]))
    >>> [(term.word, term.tags, term.negative) for term in query.terms]
    [('calm', ('mellow',), False), ('piano', ('piano',), False), ('vocals', ('vocals',), True)]
    """
    names = _names(vocabulary)
    terms: list[Term] = []
    conditions: list[Condition] = []
    unknown: dict[str, tuple[str, ...]] = {}
    words: list[tuple[str, str]] = []  # whose names may go on, each with "-", "not" or "" before it
    negated = False

    def flush() -> None:
        found, missing = _longest(words, names)
        terms.extend(found)
        unknown.update({word: _nearest(word, names) for word in missing})
        words.clear()

    for token in TOKEN.finditer(text):
        sign = token["minus"] or ("not" if negated else "")
        if token["field"]:
            flush()
            conditions.append(Condition(token["field"].casefold(), token["phrase"] or token["value"] or "", bool(sign)))
        elif token["quoted"] is not None:
            flush()
            words.append((token["quoted"], sign))
            flush()
        else:
            word = token["word"].strip(",;")
            if word.casefold() in NEGATIONS:
                negated = True
                continue
            words.append((word, sign))
        negated = False
    flush()
    query = Query(tuple(terms), tuple(conditions), unknown)
    if not terms and not conditions:
        near = [name for names in unknown.values() for name in names]
        examples = ", ".join(map(label, vocabulary.names[:3]))
        hint = f"; did you mean {' or '.join(near[:3])}?" if near else f": use tags of the model, such as {examples}"
        raise LibraryError(f"no tag is meant by {printable(text.strip()) or 'an empty query'}{hint}")
    return query


def _names(vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Return what stands for which tags: the synonyms, and before them the names of the tags."""
    names = {}
    for word, tags in _synonyms().items():
        if known := tuple(tag for tag in tags if tag in vocabulary.tags):
            names[word] = known
    return names | {label(tag).casefold(): (tag,) for tag in vocabulary.names}


@functools.cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    with (resources.files(__package__) / SYNONYMS).open(encoding="utf-8") as text:
        return {row["word"]: tuple(row["tags"].split(";")) for row in csv.DictReader(text, delimiter="\t")}


def _longest(words: list[tuple[str, str]], names: Mapping[str, tuple[str, ...]]) -> tuple[list[Term], list[str]]:
    """Take the longest names from words that follow each other; return the terms, and the words that are no name."""
    terms, missing = [], []
    most = max(len(name.split()) for name in names)
    start = 0
    while start < len(words):
        first, sign = words[start]
        end = start + 1
        # "without" holds for a name of several words, a minus for the word that it is attached to.
        while end < min(len(words), start + most) and words[end][1] == ("-" if sign == "-" else ""):
            end += 1
        for stop in range(end, start, -1):
            phrase = " ".join(word for word, _ in words[start:stop])
            key = phrase.casefold()
            tags = names.get(key) or names.get(key.removesuffix("s"))
            if tags and key not in STOP_WORDS:
                terms.append(Term(phrase, tags, bool(sign)))
                break
        else:
            stop = start + 1
            if first.casefold() not in STOP_WORDS:
                missing.append(first)
        start = stop
    return terms, missing


def _nearest(word: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(word.casefold(), names, 3))


def _years(text: str) -> range:
    """Return the years that a condition names; none if it names none."""
    if (years := YEARS.fullmatch(text)) is None:
        return range(0)
    first, dash, last, until = years.groups()
    return range(int(first or 0), int(until or last or (9999 if dash else first)) + 1)


def _fold(text: str) -> str:
    """Return a text without differences of case, and of composed and decomposed characters."""
    return unicodedata.normalize("NFC", text).casefold()
