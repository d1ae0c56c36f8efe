"""A library of music."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from taggram._progress import ProgressHook, no_progress
from taggram._text import encode_path, printable
from taggram.audio.segments import EvenlySpaced
from taggram.errors import LibraryError, TaggramError
from taggram.library.collection import Candidate, Collection, Track
from taggram.library.index import EmbeddingIndex, IndexSummary
from taggram.library.map import LibraryMap, make_map
from taggram.library.scan import ScanSummary, model_hash, scan
from taggram.library.search import SearchResult, search
from taggram.library.similar import Nearest, Neighbour, find_duplicates, find_path, find_similar
from taggram.library.store import LibraryStore, StoredRun, default_file
from taggram.library.upkeep import LibraryStatus, describe, forget, verify
from taggram.library.writing.plan import Change, Policy
from taggram.library.writing.run import WriteSummary, undo, write
from taggram.models.card import Level, level_of
from taggram.models.directories import DEFAULT_MODEL
from taggram.tagging import Tagger

__all__ = ["Library"]

FAST_SEGMENTS = 8  # of a file in a fast scan


class Library:
    """A library of music: what is in folders, with the tags and embeddings of models.

    It is one SQLite database, which several processes may use at once. What was scanned is known by size and
    modification time, then by content, so that moved and renamed files keep their scores.

    Parameters
    ----------
    file
        The database, on a local disk. None: ``library.sqlite`` in taggram's data folder.
    create
        Whether to make it if it does not exist.

    Raises
    ------
    LibraryError
        If the file does not exist and is not to be made, is damaged, of another program or version, or cannot be
        written; so do all methods.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Library(f"{folder}/library.sqlite") as library:
    ...     scanned = library.scan(["examples"])
    ...     hits = library.search("female voice").hits
    ...     similar = library.similar("examples/vibe-ace.opus", n=1)
    >>> scanned.new, hits[0].track.artist, len(similar)
    (3, 'Karissa Hobbs', 1)
    """

    def __init__(self, file: str | os.PathLike[str] | None = None, *, create: bool = True) -> None:
        place = default_file() if file is None else Path(file)
        if not create and not place.exists():
            raise LibraryError(f"{printable(str(place))} does not exist: make it with taggram library scan FOLDER")
        self._store = LibraryStore(place)
        self._collections: dict[str | None, Collection] = {}
        self._collections_state: object = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    @property
    def file(self) -> Path:
        """The database."""
        return self._store.file

    def scan(
        self,
        folders: Iterable[str | os.PathLike[str]],
        *,
        model: str | os.PathLike[str] | Tagger = DEFAULT_MODEL,
        fast: bool = False,
        workers: int = 1,
        progress: ProgressHook = no_progress,
        on_error: Callable[[str, TaggramError], None] | None = None,
    ) -> ScanSummary:
        """Tag the audio files of folders that are not known, or whose contents have changed.

        A scan may be interrupted at any moment; the next one goes on.

        Parameters
        ----------
        folders
            They are searched with all their sub-folders, as by ``taggram tag``; also URIs, see `taggram.Tagger.tag`.
        model
            Name or folder of a model, or a tagger. A library may be scanned with several models, one after the other.
        fast
            Tag 8 evenly spaced segments of each file, which are read by seeking, instead of all. A later scan without
            it tags these files again.
        workers
            Number of processes, or within `taggram.parallel.use_ray` of actors.
        progress
            Shows the progress in files.
        on_error
            Called with each file that cannot be tagged and the reason; the scan goes on.

        Returns
        -------
        ScanSummary
            How many files are known, new, changed, moved or gone, and which failed.

        Raises
        ------
        LibraryError
            If a folder does not exist.
        ModelError
            If the model is not usable.
        """
        tagger = model if isinstance(model, Tagger) else Tagger(model)
        if fast:
            tagger = tagger.with_segmentation(EvenlySpaced(FAST_SEGMENTS, exact=False))
        return scan(self._store, folders, tagger, fast=fast, workers=workers, progress=progress, on_error=on_error)

    def collection(self, model: str | None = None) -> Collection:
        """Return the tracks that can be found, with scores and embeddings as arrays; kept while nothing changes.

        Parameters
        ----------
        model
            As in `search`.

        Raises
        ------
        LibraryError
            If the library was not scanned.
        """
        if (state := self._store.state()) != self._collections_state:
            self._collections, self._collections_state = {}, state
        if model not in self._collections:
            self._collections[model] = Collection.of_model(self._store, model)
        return self._collections[model]

    def search(self, query: str, *, n: int = 20, level: Level | None = None, model: str | None = None) -> SearchResult:
        """Find the tracks that fit words best.

        Parameters
        ----------
        query
            Tags or synonyms of tags, such as ``calm piano``; ``-vocals`` or ``without vocals`` for unwanted ones;
            ``artist:``, ``album:``, ``title:``, ``genre:`` with a part of what the file's tags say; ``year:1994`` or
            ``year:1990-1999``. Quotes hold words together.
        n
            Number of tracks.
        level
            Every wanted word must be at least ``"maybe"``, ``"likely"`` or ``"sure"``, and every unwanted one below.
        model
            Name of the model that tagged the tracks; None: that of the latest scan.

        Returns
        -------
        SearchResult
            The tracks, best first, and how the query was understood. Silent and missing files are never among them.

        Raises
        ------
        LibraryError
            If nothing of the query is understood, or the library was not scanned.
        """
        return search(self.collection(model), query, n=n, level=level)

    def similar(
        self,
        track: str | os.PathLike[str] | int,
        *,
        n: int = 20,
        other_artists: bool = False,
        per_album: int = 2,
        model: str | None = None,
    ) -> list[Neighbour]:
        """Find the tracks that sound most like one.

        Parameters
        ----------
        track
            A file, in the library or not, or the number of a track. A file outside the library is tagged.
        n
            Number of tracks.
        other_artists
            Leave out tracks of the same artist.
        per_album
            Number of tracks of one album, at most.
        model
            As in `search`.

        Returns
        -------
        list of Neighbour
            The nearest first. Copies of one recording are one entry; those of the track itself are left out.

        Raises
        ------
        LibraryError
            If the library has no such track, or was not scanned.
        AudioError
            If a file outside the library cannot be tagged.
        """
        collection = self.collection(model)
        given = self._find(collection, track)
        if given is not None:
            artist, embedding = given.track.artist, given.embedding
        else:
            tagger = Tagger(collection.model.name)
            if model_hash(tagger) != collection.model.hash:
                raise LibraryError(f"{tagger.model} is not the model that it was: scan the library again")
            prediction = tagger.tag(os.fspath(track))  # type: ignore[arg-type]
            artist, embedding = prediction.metadata.get("artist"), prediction.embedding
        return find_similar(
            self._nearest(collection),
            embedding,
            n=n,
            per_album=per_album,
            without=given,
            without_artist=artist if other_artists else None,
        )

    def path(
        self,
        first: str | os.PathLike[str] | int,
        last: str | os.PathLike[str] | int,
        *,
        n: int = 10,
        model: str | None = None,
    ) -> list[Track]:
        """Find a playlist that moves from one track to another in even steps.

        Parameters
        ----------
        first, last
            Files of the library, or numbers of tracks.
        n
            Number of tracks, with both ends.
        model
            As in `search`.

        Raises
        ------
        LibraryError
            If the library has no such track, or was not scanned.
        """
        if n < 2:
            raise LibraryError(f"a playlist from one track to another has at least 2 tracks, not {n}")
        collection = self.collection(model)
        ends = [self._find(collection, track) for track in (first, last)]
        for end, track in zip(ends, (first, last), strict=True):
            if end is None:
                raise LibraryError(f"{printable(str(track))} is not in the library: scan its folder first")
        most = len(collection) + (ends[0].track.id == ends[1].track.id)  # type: ignore[union-attr]
        return find_path(self._nearest(collection), ends[0], ends[1], n=min(n, most))  # type: ignore[arg-type]

    def index(self, to: str | os.PathLike[str] | None = None, *, model: str | None = None) -> IndexSummary:
        """Build or update an index of the embeddings in LanceDB, which `similar` and `path` then ask.

        For more than about 500,000 tracks, which it need not hold in memory, and for embeddings on an object store. Its
        answers are approximate. What changes in the library is indexed before the next answer.

        Parameters
        ----------
        to
            Folder, or URI of an object store such as ``s3://bucket/folder``, for a new index; None: the present one,
            or a new one beside the library.
        model
            As in `search`.

        Returns
        -------
        IndexSummary
            Where the index is, and how many recordings it has.

        Raises
        ------
        LibraryError
            If the index cannot be written.
        MissingExtraError
            Without the [lance] extra.
        """
        index = EmbeddingIndex(self._store, self.collection(model).model)
        if to is not None or index.place is None:
            index.create(os.fspath(to) if to is not None else str(self.file.with_suffix(".lance")))
        changed = index.update()
        index.cluster()
        return IndexSummary(str(index.place), len(index), changed)

    def remove_index(self, *, model: str | None = None) -> None:
        """Remove the index: `similar` and `path` compare with all tracks again."""
        EmbeddingIndex(self._store, self.collection(model).model).remove()

    def map(self, *, model: str | None = None) -> LibraryMap:
        """Lay out the tracks in a plane, where those that sound alike are neighbours; the same each time.

        Takes 9 s for 20,000 tracks on one core, see `benchmarks/projection.py`.

        Parameters
        ----------
        model
            As in `search`.
        """
        return make_map(self.collection(model))

    def duplicates(self, *, model: str | None = None) -> list[list[Track]]:
        """Find groups of files that seem to hold the same recording.

        Their embeddings have a cosine of at least 0.99, and their lengths differ by at most two seconds: listen before
        you delete.
        """
        return find_duplicates(self.collection(model))

    def write(
        self,
        paths: Iterable[str | os.PathLike[str]],
        policy: Policy | None = None,
        *,
        apply: bool = False,
        keep_times: bool = False,
        model: str | None = None,
        on_change: Callable[[Change], None] = lambda _: None,
        on_error: Callable[[str, TaggramError], None] = lambda *_: None,
    ) -> WriteSummary:
        """Write genres and moods into files, or say what would be written.

        Only these fields are written: each file is copied, the copy changed and compared, and put in place of the file
        if every other tag and all audio is the same. The former values are kept for `undo`. A file whose format holds
        no tags gets them in a ``.tags.json`` beside it.

        Parameters
        ----------
        paths
            Files and folders of the library.
        policy
            What is written; None: genres and moods that are at least likely, at most three, where there are none.
        apply
            Whether to write. Without it nothing is touched.
        keep_times
            Keep the modification times.
        model
            As in `search`.
        on_change
            Called with each change, after it is made.
        on_error
            Called with a file that cannot be written and the reason; the others are written.

        Returns
        -------
        WriteSummary
            The number of the run, its changes, and what failed.

        Raises
        ------
        LibraryError
            If the library was not scanned.
        MissingExtraError
            Without the [tags] extra.
        """
        collection = self.collection(model)
        return write(
            self._store,
            collection,
            paths,
            policy or Policy(),
            apply=apply,
            keep_times=keep_times,
            on_change=on_change,
            on_error=on_error,
        )

    def undo(
        self,
        run: int | None = None,
        *,
        keep_times: bool = False,
        on_change: Callable[[Change], None] = lambda _: None,
        on_error: Callable[[str, TaggramError], None] = lambda *_: None,
    ) -> WriteSummary:
        """Restore the values that files had before a run of `write`.

        A file whose values are not those of the run any more is left alone; such a file can be undone later.

        Parameters
        ----------
        run
            Its number; None: the latest.
        keep_times, on_change, on_error
            As in `write`.

        Raises
        ------
        LibraryError
            If there is no such run.
        MissingExtraError
            Without the [tags] extra.
        """
        return undo(self._store, run, keep_times=keep_times, on_change=on_change, on_error=on_error)

    def runs(self) -> list[StoredRun]:
        """Return the runs of `write` that can be undone, the latest first."""
        return self._store.runs()

    def rows(self, *, model: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield what is known of each track as plain data, with the probability and level of each tag.

        Yields
        ------
        dict
            ``path`` and ``id``, what the file's tags say, and ``tags``: for each tag its ``probability`` and
            ``level``, which is None below all levels, best first.
        """
        collection = self.collection(model)
        names = collection.card.vocabulary.names
        for row, track in enumerate(collection.tracks(range(len(collection)))):
            values = collection.probabilities[row]
            order = (-values).argsort(kind="stable")
            tags = [(names[i], round(float(values[i]), 4)) for i in order]
            data = track._asdict() | {"path": encode_path(track.path)}
            yield data | {"tags": [{"tag": tag, "probability": p, "level": level_of(p)} for tag, p in tags]}

    def status(self) -> LibraryStatus:
        """Return what the library contains."""
        return describe(self._store)

    def forget(self, paths: Iterable[str | os.PathLike[str]] = (), *, gone: bool = False) -> int:
        """Remove files from the library, not from the disk.

        Parameters
        ----------
        paths
            Files and folders.
        gone
            Remove the files that are gone, too.

        Returns
        -------
        int
            Number of files that were removed.

        Raises
        ------
        LibraryError
            If a path is not in the library; then nothing is removed.
        """
        return forget(self._store, paths, gone=gone)

    def verify(self) -> list[str]:
        """Return what is wrong with the library, one line each: damage, files that are gone or have changed."""
        return verify(self._store)

    def _find(self, collection: Collection, track: str | os.PathLike[str] | int) -> Candidate | None:
        """Return a track; None for a file outside the library."""
        found = collection.find(track if isinstance(track, int) else os.fspath(track))
        if found is None and isinstance(track, int):
            raise LibraryError(f"the library has no track {track}")
        return found

    def _nearest(self, collection: Collection) -> Nearest:
        """Return what finds the nearest tracks: the index, if there is one, or a comparison with all tracks."""
        index = EmbeddingIndex(self._store, collection.model)
        return collection.nearest if index.place is None else index.nearest
