"""Attributes of music that a deformation changes, and the tags that name them."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["Attribute", "describes"]

Attribute = Literal["tempo", "key", "loudness", "noise", "distortion", "reverberation", "fidelity"]

_ITALIAN = "largo|lento|adagio|andante|moderato|allegro|vivace|presto"
_WORDS: dict[Attribute, str] = {
    "tempo": rf"slow|fast|quick|(up|mid|down)?[- ]?tempo|\d* ?bpm|{_ITALIAN}",
    "key": r"[a-g]([#b♯♭]|[- ]?(sharp|flat))?[- ]?(major|minor|maj|min)",
    "loudness": "loud|quiet|soft(?! (rock|pop))",
    "noise": "noise|noisy|hiss|static",
    "distortion": "distortion|distorted|fuzz|clipping",
    "reverberation": "reverb|reverberation|reverberant|echo",
    "fidelity": "(lo|hi)[- ]?fi|(low|high) (quality|fidelity)|muffled",
}


def describes(tag: str, attribute: Attribute) -> bool:
    """Return whether a tag names an attribute, by its words.

    Examples
    --------
    >>> describes("fast beat", "tempo"), describes("genre---downtempo", "tempo"), describes("fast", "key")
    (True, True, False)
    >>> describes("F# minor", "key"), describes("minor", "key")
    (True, False)
    """
    return re.search(rf"\b({_WORDS[attribute]})\b", tag, re.IGNORECASE) is not None
