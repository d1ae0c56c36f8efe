"""Made-up listings, in a few letters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from taggram.datasets import Listed, Listing


@pytest.fixture
def listing() -> Callable[..., Listing]:
    """A function that lists clips, each given as (split, labels, artist, album, title), all but the split optional."""

    def of(*clips: tuple[str, ...]) -> Listing:
        made = []
        for i, clip in enumerate(clips):
            split, labels, artist, album, title = (*clip, *[""] * (5 - len(clip)))
            made.append(
                Listed(str(i), f"{i}.wav", split, tuple(labels.split()), artist=artist, album=album, title=title)
            )
        return Listing(Path("music"), tuple(made))

    return of
