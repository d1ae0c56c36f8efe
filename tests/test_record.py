"""Records are checked when they are made and when they are read, and come back from their JSON."""

from __future__ import annotations

from typing import Literal

import pytest

from taggram.record import PositiveInt, Record


class Inner(Record, frozen=True, kw_only=True):
    size: PositiveInt = 1


class Outer(Record, frozen=True, kw_only=True):
    name: str
    kind: Literal["a", "b"] = "a"
    share: float = 0.5
    inner: Inner = Inner()
    words: tuple[str, ...] = ()

    def _check(self) -> None:
        if self.kind == "b" and not self.words:
            raise ValueError("b needs words")


def test_it_comes_back_from_its_text() -> None:
    record = Outer(name="\u266b", kind="b", share=1 / 3, inner=Inner(size=7), words=("x", "y"))
    assert Outer.from_json(record.to_json()) == record
    assert record.to_json().startswith('{\n  "name": "\u266b",\n  "kind": "b",\n  "share": 0.3333333333333333,')


def test_fields_become_what_they_are_declared_to_be() -> None:
    record = Outer(name="x", share=1, words=["y"])
    assert (record.words, repr(record.share)) == (("y",), "1.0")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"inner": {"size": 0}}, "size: Expected `int` >= 1|inner"),
        ({"kind": "c"}, "kind"),
        ({"share": "much"}, "share"),
        ({"kind": "b"}, "b needs words"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Outer(**{"name": "x", **fields})
    with pytest.raises(ValueError, match=said):
        Outer(name="x").replace(**fields)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"name": "x", "inner": {"size": 0}}', r"Expected `int` >= 1 - at `\$.inner.size`"),
        ('{"name": "x", "colour": 1}', "unknown field `colour`"),
        ("{}", "missing required field `name`"),
        ('{"name": "x", "kind": "b"}', "b needs words"),
        ("{", "truncated"),
        ("\ufffd", "malformed"),
    ],
)
def test_what_cannot_be_read_says_why_and_where(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Outer.from_json(text)


def test_it_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Outer(name="x").name = "y"
