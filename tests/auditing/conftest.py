"""Made-up indexes, in a few letters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from taggram.datasets import ClipIndex, ClipInfo


@pytest.fixture
def index() -> Callable[..., ClipIndex]:
    """A function that lists clips, each given as (split, labels, artist, album, title), all but the split optional."""

    def of(*clips: tuple[str, ...]) -> ClipIndex:
        made = []
        for i, clip in enumerate(clips):
            split, labels, artist, album, title = (*clip, *[""] * (5 - len(clip)))
            made.append(
                ClipInfo(str(i), f"{i}.wav", split, tuple(labels.split()), artist=artist, album=album, title=title)
            )
        return ClipIndex(Path("music"), tuple(made))

    return of
