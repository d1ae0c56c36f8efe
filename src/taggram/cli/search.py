"""``taggram search``, ``similar`` and ``path``: find music in the library."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from taggram._text import counted, encode_path, printable
from taggram.cli.library import File, Model
from taggram.cli.render import DIM, from_here, paint
from taggram.cli.times import format_time

if TYPE_CHECKING:
    from taggram.library import Track

UNWANTED = re.compile(r"-(?!n\d+$)[^\W_][\w:].*", re.DOTALL)  # -n is the only option of one letter
M3U = Annotated[Path | None, typer.Option("--m3u", metavar="FILE", help="Write a playlist.")]
Number = Annotated[int, typer.Option("--number", "-n", min=1, help="Number of tracks, at most.")]
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON per track.")]


class SearchCommand(TyperCommand):
    """Takes ``-word``, ``-field:text`` and ``-two words`` of one argument for what is unwanted, and not for options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments with unwanted words written out."""
        return super().parse_args(ctx, [f"not {arg[1:]}" if UNWANTED.fullmatch(arg) else arg for arg in args])


def search(
    words: Annotated[
        list[str], typer.Argument(metavar="WORD", help="Tags or words like them; -WORD for unwanted ones.")
    ],
    n: Number = 20,
    min_: Annotated[
        str | None, typer.Option("--min", metavar="LEVEL", help="Least level of each word: maybe, likely or sure.")
    ] = None,
    m3u: M3U = None,
    json_: Json = False,
    model: Model = None,
    library: File = None,
) -> None:
    """Search the library by words, such as `calm piano -vocals year:1990-1999`.

    artist:, album:, title: and genre: look into the tags of the files. Quotes hold words together. The numbers are the
    probabilities of the words.
    """
    from taggram.errors import LibraryError
    from taggram.library import Library
    from taggram.models.card import LEVELS

    if min_ is not None and min_ not in LEVELS:
        raise LibraryError(f"no level is named {min_!r}; there are: {', '.join(LEVELS)}")
    with Library(library, create=False) as music:
        result = music.search(" ".join(words), n=n, level=min_, model=model)
    for word, near in result.query.unknown.items():
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        print(f"warning: nothing is known by the name {printable(word)}{hint}", file=sys.stderr)
    for term in result.query.terms:
        if term.tags != (term.word,):
            print(paint(f"{term.word}: {', '.join(term.tags)}", DIM), file=sys.stderr)
    shown = [(hit.track, "  ".join(f"{word} {p:.2f}" for word, p in hit.probabilities.items())) for hit in result.hits]
    if json_:
        for hit in result.hits:
            _print_json(hit.track, probabilities={word: round(p, 4) for word, p in hit.probabilities.items()})
    else:
        _print(shown)
        print(f"{len(shown)} of {counted(result.matches, 'track')}")
    _write(m3u, [track for track, _ in shown])


def similar(
    track: Annotated[str, typer.Argument(metavar="FILE|TRACK", help="A file, or the number of a track.")],
    n: Number = 20,
    other_artists: Annotated[
        bool, typer.Option("--other-artists", help="Leave out tracks of the same artist.")
    ] = False,
    per_album: Annotated[int, typer.Option(min=1, help="Tracks of one album, at most.")] = 2,
    m3u: M3U = None,
    json_: Json = False,
    model: Model = None,
    library: File = None,
) -> None:
    """Find music in the library that sounds like a file, by the cosine of embeddings.

    Copies of one recording are shown as one track with their number.
    """
    from taggram.library import Library

    with Library(library, create=False) as music:
        found = music.similar(_track(track), n=n, other_artists=other_artists, per_album=per_album, model=model)
    if json_:
        for neighbour in found:
            copies = [encode_path(copy.path) for copy in neighbour.copies]
            _print_json(neighbour.track, similarity=round(neighbour.similarity, 4), copies=copies)
    else:
        _print(
            [
                (
                    neighbour.track,
                    f"{neighbour.similarity:.2f}"
                    + (f"  {len(neighbour.copies) + 1} copies" if neighbour.copies else ""),
                )
                for neighbour in found
            ]
        )
    _write(m3u, [neighbour.track for neighbour in found])


def path(
    first: Annotated[str, typer.Argument(metavar="FROM", help="A file of the library, or the number of a track.")],
    last: Annotated[str, typer.Argument(metavar="TO", help="Another one.")],
    n: Annotated[int, typer.Option("--number", "-n", min=2, help="Number of tracks, with both.")] = 10,
    m3u: M3U = None,
    json_: Json = False,
    model: Model = None,
    library: File = None,
) -> None:
    """Make a playlist that moves from one track of the library to another."""
    from taggram.library import Library

    with Library(library, create=False) as music:
        tracks = music.path(_track(first), _track(last), n=n, model=model)
    if json_:
        for track in tracks:
            _print_json(track)
    else:
        _print([(track, "") for track in tracks])
    _write(m3u, tracks)


def _track(text: str) -> str | int:
    """Return the number of a track; a file of that name comes first."""
    return int(text) if text.isdecimal() and not Path(text).exists() else text


def _print(rows: Sequence[tuple[Track, str]]) -> None:
    for track, about in rows:
        name = " - ".join(filter(None, (track.artist, track.title))) or Path(track.path).stem
        print(f"{track.id:>6}  {format_time(track.duration):>5}  {printable(name)}" + (f"  {about}" if about else ""))
        print(paint(f"        {printable(from_here(track.path))}", DIM))


def _print_json(track: Track, **about: Any) -> None:
    print(json.dumps(track._asdict() | {"path": encode_path(track.path)} | about))


def _write(m3u: Path | None, tracks: Sequence[Track]) -> None:
    from taggram.library.playlist import write_m3u

    if m3u is not None:
        write_m3u(tracks, m3u)
        print(f"{counted(len(tracks), 'track')} in {m3u}", file=sys.stderr)
