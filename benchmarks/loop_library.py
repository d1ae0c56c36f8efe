"""The child process of the library benchmarks: ``python -m benchmarks.loop_library PROGRAM QUESTION FOLDER``.

Each line on standard input returns the seconds of one answer; `once` gives all answers once, to measure its memory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks.collection import WORDS, BareLibrary
from benchmarks.measure import serve, timed
from taggram.library import Library
from taggram.library.similar import find_similar
from taggram.tagging import DEFAULT_MODEL, Tagger

QUESTIONS = "known", "search", "similar"


def answers(program: str, folder: Path, stack: ExitStack) -> dict[str, Callable[[], object]]:
    """Open a library; return what answers each question."""
    rng, tagger = np.random.default_rng(0), Tagger(DEFAULT_MODEL)
    if program == "bare":
        bare = stack.enter_context(BareLibrary(folder))
        columns = [tagger.card.vocabulary.names.index(word) for word in WORDS]
        return {
            "known": bare.known,
            "search": lambda: bare.search(columns),
            "similar": lambda: bare.similar(int(rng.integers(1, 1000))),
        }
    library = stack.enter_context(Library(folder / "library.sqlite"))
    if program == "exact":
        collection = library.collection()
        return {
            "similar": lambda: find_similar(collection.nearest, collection.find(int(rng.integers(1, 1000))).embedding)
        }
    return {
        "known": lambda: library.scan([folder / "music"], model=tagger),
        "search": lambda: library.search(" ".join(WORDS)),
        "similar": lambda: library.similar(int(rng.integers(1, 1000))),
    }


def main(program: str, question: str, place: str) -> None:
    """Answer a question for each line; ``first QUESTION`` opens the library anew each time, which is not timed."""
    folder = Path(place)
    with ExitStack() as stack:
        if question == "once":
            for answer in answers(program, folder, stack).values():
                answer()
        elif question == "once similar":
            answers(program, folder, stack)["similar"]()
        elif question.startswith("first "):

            def first() -> float:
                with ExitStack() as inner:
                    return timed(answers(program, folder, inner)[question.removeprefix("first ")])()

            serve(first)
        else:
            serve(timed(answers(program, folder, stack)[question]))


if __name__ == "__main__":
    main(*sys.argv[1:])
