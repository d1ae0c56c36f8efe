"""The journal of writes: whatever is written, edited, killed and undone in whatever order, nothing is lost."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest

pytest.importorskip("mutagen")

import numpy as np
import soundfile
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from taggram.errors import TaggramError
from taggram.library import Library, Policy
from taggram.library.store import FileState, LibraryStore, Recording, StoredPrediction
from taggram.library.writing.apply import audio_digest, read_values, write_values
from taggram.library.writing.file_tags import FIELDS
from taggram.tagging import Tagger

FILES = ("a.flac", "b.wav", "c.ogg")
Values = dict[str, dict[str, list[str]]]


class Killed(BaseException):
    """The process ends here; nothing catches it."""


class Journal(RuleBasedStateMachine):
    """Files with three genres or none, in a library whose model finds two genres and a mood."""

    @initialize(edits=st.booleans())
    def make(self, edits: bool) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.music = self.folder / "music"
        self.music.mkdir()
        card = Tagger().card
        scores = np.full(len(card.vocabulary), 0.001, np.float32)
        scores[[card.vocabulary.names.index(tag) for tag in ("jazz", "classical", "happy")]] = 0.99
        with LibraryStore(self.folder / "library.sqlite") as store:
            model = store.put_model("ab" * 32, "default", card)
            for name in FILES:
                file = self.music / name
                soundfile.write(file, np.sin(np.arange(1600) / 9), 16000)
                recording = Recording(name, 0.1, False, None, None, None, None, None)
                store.put_prediction(model, recording, StoredPrediction("x", scores, np.ones(2, np.float32)))
                store.put_file(str(file), FileState.of(file), name)
        self.library = Library(self.folder / "library.sqlite")
        self.audio = {name: audio_digest(self.music / name) for name in FILES}
        self.expected = self.values()
        self.before: dict[int, Values] = {}  # of each run that can be undone
        self.edits, self.edited = edits, False

    def values(self) -> Values:
        return {name: read_values(str(self.music / name), FIELDS) for name in FILES}

    @rule(
        mode=st.sampled_from(["replace", "merge", "missing"]),
        fields=st.lists(st.sampled_from(FIELDS), min_size=1, unique=True),
        most=st.integers(1, 2),
    )
    def write(self, mode: str, fields: list[str], most: int) -> None:
        before = self.values()
        run = self.library.write([self.music], Policy(tuple(fields), most=most, mode=mode), apply=True).run  # type: ignore[arg-type]
        if run is not None:
            self.before[run] = before

    @rule(
        place=st.sampled_from(["shutil.copy2", "os.fsync", "os.replace", "taggram.library.writing.run.sha256"]),
        number=st.integers(1, 3),
        late=st.booleans(),
        undo=st.booleans(),
    )
    def kill(self, place: str, number: int, late: bool, undo: bool) -> None:
        """End a run, or undo, in one of its files, before or after a step."""
        before, calls = self.values(), 0
        module, _, name = place.rpartition(".")
        call, unlink = getattr(sys.modules[module], name), Path.unlink

        def end(*arguments: object, **options: object) -> object:
            nonlocal calls
            calls += 1
            if calls < number:
                return call(*arguments, **options)
            if late:
                call(*arguments, **options)
            raise Killed

        def remove(file: Path, **options: bool) -> None:
            if calls < number:  # what is killed removes nothing
                unlink(file, **options)

        with patch("pathlib.Path.unlink", remove), patch(place, end):
            try:
                if undo:
                    self.library.undo()
                else:
                    self.library.write([self.music], Policy(mode="replace"), apply=True)
            except (Killed, TaggramError):
                pass
        self.library.close()
        self.library = Library(self.folder / "library.sqlite")
        for run in self.library.runs():
            self.before.setdefault(run.id, before)

    @precondition(lambda self: self.edits)
    @rule(name=st.sampled_from(FILES), genre=st.sampled_from(["Mine", "Jazz"]))
    def edit(self, name: str, genre: str) -> None:
        """Another program changes a file; undo leaves it alone then."""
        write_values(str(self.music / name), {"genre": [genre]}, 0)
        self.edited = True

    @precondition(lambda self: not self.edited and self.library.runs())
    @rule()
    def undo(self) -> None:
        run = self.library.runs()[0].id
        assert self.library.undo().failed == {}
        assert self.values() == self.before.pop(run)

    @precondition(lambda self: self.edited)
    @rule()
    def undo_what_is_possible(self) -> None:
        for run in self.library.runs():
            now = self.values()
            summary = self.library.undo(run.id)
            left = {Path(path).name for path in summary.failed}
            assert {name: self.values()[name] for name in left} == {name: now[name] for name in left}
            if not left:
                self.before.pop(run.id, None)

    @invariant()
    def music_is_the_same(self) -> None:
        if hasattr(self, "audio"):
            assert {name: audio_digest(self.music / name) for name in FILES} == self.audio

    def teardown(self) -> None:
        if not hasattr(self, "library"):
            return
        for run in self.library.runs():
            failed = self.library.undo(run.id).failed
            assert self.edited or not failed
        assert self.edited or self.values() == self.expected
        assert sorted(file.name for file in self.music.iterdir()) == sorted(FILES)
        self.library.close()
        shutil.rmtree(self.folder)


Journal.TestCase.settings = settings(
    max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
TestJournal = Journal.TestCase
