"""Headline: the tags of a clip as a line of English."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from taggram.models.card import LEVELS
from taggram.tagging.prediction import Prediction
from taggram.vocabularies import Category, label

__all__ = ["headline"]

NOTHING, SILENCE = "Nothing certain", "Silence"
GENRES, SOUNDS, WORDS = 2, 3, 4  # largest number of each in a headline

# Genres that are adjectives, or read better so: "classical music", but "jazz".
ADJECTIVES = frozenset(
    {"African", "alternative", "ambient", "children's", "chillout", "Christmas", "classical", "dance", "downtempo"}
    | {"easy listening", "electronic", "experimental", "game", "gospel", "Indian", "indie", "Latin", "lounge"}
    | {"Middle Eastern", "new age", "orchestral", "religious", "world"}
)
SPELLINGS = {
    "african": "African",
    "christmas": "Christmas",
    "french horn": "French horn",
    "game music": "game",
    "indian": "Indian",
    "latin": "Latin",
    "middle eastern": "Middle Eastern",
    "rnb": "R&B",
}
# Tags of sounds that need an article or another noun, whatever their category.
SOUND_OF = {
    "beat": "a beat",
    "child voice": "a child's voice",
    "choir": "a choir",
    "computer": "computer sounds",
    "female voice": "a female voice",
    "male voice": "a male voice",
}
# Tags that are no sounds, whatever their category, as they end a headline.
WORD_OF = {
    "a cappella": "a cappella",
    "acoustic": "acoustic",
    "no vocals": "instrumental",
    "oldies": "an oldie",
    "party": "for a party",
    "60s": "from the 1960s",
    "70s": "from the 1970s",
    "80s": "from the 1980s",
    "90s": "from the 1990s",
    "00s": "from the 2000s",
}
WORD_ORDER: tuple[Category, ...] = ("tempo", "mood", "instrument", "other", "voice", "era")
VOICES = frozenset({"vocals", "female voice", "male voice", "choir", "child voice", "rapping", "a cappella"})
# Of two tags of such a pair, the one with the higher score is kept.
OPPOSITES = (
    *(
        ("slow", "fast"),
        ("quiet", "loud"),
        ("soft", "loud"),
        ("happy", "sad"),
        ("calm", "energetic"),
        ("calm", "angry"),
    ),
    *(("relaxing", "tense"), ("relaxing", "energetic"), *(("no vocals", voice) for voice in sorted(VOICES))),
)


class _Claim(NamedTuple):
    """A tag of a clip that is at least maybe right."""

    tag: str
    category: Category
    is_stated: bool  # it is sure or likely


def headline(prediction: Prediction) -> str | None:
    """Describe a clip in a line of English, such as "Jazz with vibraphone and drums; slow, instrumental".

    Tags that are sure or likely are stated. A genre, sound or quality that is only maybe right follows "perhaps", and
    only if there is no better one.

    Parameters
    ----------
    prediction
        Scores of a clip.

    Returns
    -------
    str or None
        A line without a full stop; None for a model without levels or thresholds.
    """
    if prediction.probabilities is None or "balanced" not in prediction.thresholds:
        return None
    if prediction.silent:
        return SILENCE
    claims = _claims(prediction)
    genres = _choose((claim for claim in claims if claim.category == "genre"), GENRES)
    sounds = _choose(filter(_is_sound, claims), SOUNDS)
    rest = (claim for claim in claims if claim.category != "genre" and not _is_sound(claim))
    words = sorted(_choose(rest, WORDS), key=lambda claim: WORD_ORDER.index(claim.category))
    sound_text = _join([SOUND_OF.get(claim.tag, _spell(claim.tag)) for claim in sounds])
    word_text = _hedge(words) + ", ".join(WORD_OF.get(claim.tag, _spell(claim.tag)) for claim in words)
    text = _main_part(genres, sounds, sound_text)
    text = "; ".join(filter(None, [text, word_text])) or NOTHING
    return text[0].upper() + text[1:]


def _main_part(genres: Sequence[_Claim], sounds: Sequence[_Claim], sound_text: str) -> str:
    """Return genres and sounds, each with its hedge."""
    if not genres:
        return _hedge(sounds) + sound_text
    text = _hedge(genres) + _genre_text([_spell(claim.tag) for claim in genres])
    if not sounds:
        return text
    if _hedge(genres):  # a comma ends what is hedged
        return f"{text} with {sound_text}" if _hedge(sounds) else f"{text}, with {sound_text}"
    return f"{text}, perhaps with {sound_text}" if _hedge(sounds) else f"{text} with {sound_text}"


def _claims(prediction: Prediction) -> list[_Claim]:
    """Return the tags above their thresholds, without those that a better one excludes.

    Those with the highest scores come first: of tags that are as likely, they are the more prominent ones.
    """
    claims: list[_Claim] = []
    for name, _ in sorted(prediction.tags(), key=lambda entry: -entry.score):
        tag, category = label(name).lower(), prediction.vocabulary.tags[name]
        excluded = any({tag, claim.tag} == set(pair) for claim in claims for pair in OPPOSITES)
        excluded |= category == "era" and any(claim.category == "era" for claim in claims)
        if not excluded:
            claims.append(_Claim(tag, category, (prediction.probability(name) or 0.0) >= LEVELS["likely"]))
    return claims


def _choose(claims: Iterable[_Claim], limit: int) -> list[_Claim]:
    """Return the stated claims of a part without those that another one implies, or the best hedged one."""
    claims = list(claims)
    stated = [claim for claim in claims if claim.is_stated]
    specific = [claim for claim in stated if not any(_implies(other.tag, claim.tag) for other in stated)]
    return specific[:limit] or claims[:1]


def _implies(tag: str, other: str) -> bool:
    """Return whether a tag is a kind of another one, as "hard rock" of "rock"."""
    is_voice = other == "vocals" and tag in VOICES - {"vocals"}
    return is_voice or set(tag.split()) > set(other.split())


def _is_sound(claim: _Claim) -> bool:
    return claim.tag not in WORD_OF and (claim.category in ("instrument", "voice") or claim.tag in SOUND_OF)


def _hedge(claims: Sequence[_Claim]) -> str:
    return "" if not claims or claims[0].is_stated else "perhaps "


def _genre_text(genres: list[str]) -> str:
    """Return genres with "music" after adjectives, once for several."""
    if all(genre in ADJECTIVES for genre in genres):
        return f"{_join(genres)} music"
    return _join([f"{genre} music" if genre in ADJECTIVES else genre for genre in genres])


def _spell(tag: str) -> str:
    return SPELLINGS.get(tag, tag)


def _join(names: list[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
