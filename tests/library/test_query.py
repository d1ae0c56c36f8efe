"""Queries: names of tags come before synonyms, the longest first, and what is not understood is said."""

from __future__ import annotations

import pytest

from taggram.errors import LibraryError
from taggram.library.query import Condition, parse
from taggram.vocabularies import Vocabulary

WORDS = Vocabulary.from_names(
    ["piano", "electric piano", "relaxing", "quiet", "female voice", "vocals", "rock", "classic rock", "genre---jazz"]
)


def terms(text: str) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(term.word, term.tags, term.negative) for term in parse(text, WORDS).terms]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("piano", [("piano", ("piano",), False)]),
        ("Piano, PIANOS", [("Piano", ("piano",), False), ("PIANOS", ("piano",), False)]),
        ("electric piano", [("electric piano", ("electric piano",), False)]),
        ("calm", [("calm", ("relaxing", "quiet"), False)]),
        ("classic rock piano", [("classic rock", ("classic rock",), False), ("piano", ("piano",), False)]),
        ("piano -vocals", [("piano", ("piano",), False), ("vocals", ("vocals",), True)]),
        ("piano without vocals", [("piano", ("piano",), False), ("vocals", ("vocals",), True)]),
        (
            "female -rock voice",
            [("female", ("female voice",), False), ("rock", ("rock",), True), ("voice", ("vocals",), False)],
        ),
        ('-"female voice" jazz', [("female voice", ("female voice",), True), ("jazz", ("genre---jazz",), False)]),
        ("some songs with a piano", [("piano", ("piano",), False)]),
        ("rock without female voice", [("rock", ("rock",), False), ("female voice", ("female voice",), True)]),
        ("no piano rock", [("piano", ("piano",), True), ("rock", ("rock",), False)]),
        ("-piano rock", [("piano", ("piano",), True), ("rock", ("rock",), False)]),
        ('"female voice', [("female voice", ("female voice",), False)]),
    ],
)
def test_words_stand_for_tags(text: str, expected: object) -> None:
    assert terms(text) == expected


def test_conditions_and_unknown_words() -> None:
    query = parse('piano artist:"Bill Evans" -genre:live year:1958-1961 paino xyzzy', WORDS)
    assert query.conditions == (
        Condition("artist", "Bill Evans"),
        Condition("genre", "live", negative=True),
        Condition("year", "1958-1961"),
    )
    assert query.unknown == {"paino": ("piano",), "xyzzy": ()}
    assert parse("http://x piano", WORDS).unknown == {"http://x": ()}


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        (Condition("artist", "evans"), "Bill EVANS Trio", True),
        (Condition("artist", "evans"), None, False),
        (Condition("artist", "evans", negative=True), None, True),
        (Condition("artist", "straße"), "STRASSE", True),
        (Condition("year", "1994"), 1994, True),
        (Condition("year", "1994"), 1995, False),
        (Condition("year", "1990-"), 2020, True),
        (Condition("year", "-1989"), 1990, False),
        (Condition("year", "1990-1999"), 1999, True),
        (Condition("artist", "Bj\u00f6rk"), "Bjo\u0308rk", True),
    ],
)
def test_conditions(condition: Condition, value: str | int | None, holds: bool) -> None:
    assert condition.holds(value) is holds


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "no tag is meant by an empty query: use tags of the model, such as piano, electric piano, relaxing"),
        ("paino", "no tag is meant by paino; did you mean piano?"),
        ("year:nineties", "year:nineties is no year: write year:1994, year:1990-1999 or year:1990-"),
        ("year:-", "year:- is no year: "),
        ("year:19901999", "year:19901999 is no year: "),
        ("year:1999-1990", "year:1999-1990 is no year: "),
        ("the music", "no tag is meant by the music: use tags of the model, such as piano, electric piano, relaxing"),
        ("year: 1994", "year: is followed by nothing: leave no space after the colon"),
    ],
)
def test_what_cannot_be_understood_is_one_line(text: str, line: str) -> None:
    with pytest.raises(LibraryError) as caught:
        parse(text, WORDS)
    assert str(caught.value).startswith(line)


def test_an_open_quote_is_closed_at_the_end() -> None:
    assert parse('artist:"Bill Evans', WORDS).conditions == (Condition("artist", "Bill Evans"),)


def test_a_long_query_is_read_at_once() -> None:
    words = 3000  # half an hour where every run of words is looked up
    assert len(parse("piano " * words, WORDS).terms) == words
