"""Records: frozen data classes for JSON files, validated when they are created or read."""

from __future__ import annotations

import functools
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

NonNegativeFloat = Annotated[float, Meta(ge=0)]
NonNegativeInt = Annotated[int, Meta(ge=0)]
PositiveFloat = Annotated[float, Meta(gt=0)]
PositiveInt = Annotated[int, Meta(gt=0)]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A data class; subclasses may `_check` more than the types of their fields.

    Raises
    ------
    ValueError
        If a field is of another type or out of its range.
    """

    def __post_init__(self) -> None:
        for name, kind in _fields(type(self)):
            try:
                msgspec.structs.force_setattr(self, name, msgspec.convert(getattr(self, name), kind))
            except msgspec.ValidationError as error:
                raise ValueError(f"{name}: {error}") from None
        self._check()

    def _check(self) -> None:
        """Raise a ValueError if the fields do not fit together."""

    def replace(self, **changes: Any) -> Self:
        """Return the record with some fields changed."""
        return msgspec.structs.replace(self, **changes)

    def to_json(self) -> str:
        """Return the record as text."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a record.

        Raises
        ------
        ValueError
            If the text is not JSON, or does not fit this record; the message has the reason and the field.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from error


@functools.cache
def _fields(record: type[Record]) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.type) for field in msgspec.structs.fields(record))
