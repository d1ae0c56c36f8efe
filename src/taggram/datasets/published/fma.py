"""fma: Creative Commons music from the Free Music Archive, with genres, and with moods for a part of it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from taggram.datasets.base import Dataset, DatasetProtocol, PublishedFile
from taggram.datasets.graded_labels import parse_grade
from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.datasets.published._multi_level_csv import read_levels, write_levels
from taggram.datasets.registry import register_dataset
from taggram.datasets.synthetic import write_noise
from taggram.errors import DatasetError
from taggram.vocabularies import Category, Vocabulary

SPLITS = {"training": "train", "validation": "valid", "test": "test"}
SUBSETS = ("small", "medium", "large")  # each contains the ones before it
ECHONEST_FEATURES = ("valence", "energy", "danceability")
MOODS = ("sad", "neutral", "happy")
SIX_GENRES = ("Rock", "Pop", "Hip-Hop", "Instrumental", "Electronic", "Folk")
SONGS = 75  # per genre
TRACKS = [
    *(("set", "subset"), ("set", "split"), ("track", "genres_all")),
    *(("artist", "id"), ("artist", "name"), ("album", "title"), ("track", "title")),
]
GENRES = [("parent",), ("title",)]
ECHONEST = [("echonest", "audio_features", name) for name in ECHONEST_FEATURES]
# Subsets in the index, and archives with the audio.
USES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "small": (SUBSETS[:1], ("fma_small", "fma_medium", "fma_large")),
    "medium": (SUBSETS[:2], ("fma_medium", "fma_large")),
    "large": (SUBSETS, ("fma_large",)),
    "full": (SUBSETS, ("fma_full",)),
    "echonest": (SUBSETS, ("fma_large",)),
    "genre-mood": (SUBSETS[:2], ("fma_medium", "fma_large")),
}
SPLIT = "The authors' split: 80, 10 and 10 % by top-level genre, no artist in two splits."
ARCHIVES = "https://os.unil.cloud.switch.ch/fma/"


@register_dataset
class FMA(Dataset):
    """Defferrard, Benzi, Vandergheynst and Bresson's dump of the Free Music Archive."""

    name = "fma"
    title = "FMA: a data set for music analysis"
    about = (
        "106,574 tracks by 16,341 artists, as 30-second clips or in full, with genres chosen by the artists, 161 in a "
        "tree with 16 roots. 13,129 tracks have features by Echo Nest, such as valence."
    )
    citation = (
        "M. Defferrard, K. Benzi, P. Vandergheynst, X. Bresson: FMA: a dataset for music analysis. 18th International "
        "Society for Music Information Retrieval Conference (ISMIR), 2017."
    )
    licence = (
        "Audio: a licence per track, mostly Creative Commons, in the column track.license of tracks.csv. Metadata: "
        "CC BY 4.0. Intended for research."
    )
    homepage = "https://github.com/mdeff/fma"
    how_to_get = (
        f"Download fma_metadata.zip (342 MiB) and one of fma_small.zip (7.2 GiB), fma_medium.zip (22 GiB), "
        f"fma_large.zip (93 GiB) or fma_full.zip (879 GiB) from {ARCHIVES}, compare their SHA-1 with those on the "
        "homepage, and extract them into one folder; 7-Zip extracts archives for which unzip fails."
    )
    known_issues = (
        "Some clips were cut with wrong durations: 099134, 108925 and 133297 of the small subset contain no audio, "
        "three more of it and some of the other subsets are far shorter than 30 seconds.",
        "Artists chose the genres themselves, and many tracks of the large subset have several root genres or none.",
        "All tracks without a genre are in the train split.",
        "The authors did not remove duplicates in metadata or audio.",
        "Only the tracks of the small and medium subsets were selected for quality and a single root genre.",
    )
    files = (
        PublishedFile("fma_metadata/tracks.csv"),
        PublishedFile("fma_metadata/genres.csv"),
        PublishedFile("fma_metadata/echonest.csv", required=False),
    )
    protocols = (
        DatasetProtocol(
            "small",
            f"8,000 clips, 1,000 of each of eight top-level genres. {SPLIT}",
            {"train": 6400, "valid": 800, "test": 800},
        ),
        DatasetProtocol(
            "medium",
            f"25,000 clips, each of one of 16 top-level genres, some of them rare. {SPLIT}",
            {"train": 19922, "valid": 2505, "test": 2573},
        ),
        DatasetProtocol("large", f"106,574 clips with any number of 16 top-level genres. {SPLIT}"),
        DatasetProtocol("full", f"As large, with full tracks. {SPLIT}"),
        DatasetProtocol(
            "echonest",
            "Valence, energy and danceability from 0 to 1, as graded labels, of all clips with features by Echo "
            f"Nest. {SPLIT}",
        ),
        DatasetProtocol(
            "genre-mood",
            "After Yu (2018): 75 songs of the medium subset for each of Rock, Pop, Hip-Hop, Instrumental, Electronic "
            "and Folk, and a mood by valence: sad below 0.3, neutral below 0.6, else happy. Yu used unpublished "
            "valences from Spotify and describes a random choice of songs; the published code takes the first that "
            "Spotify finds. Here they are the first with a valence by Echo Nest, so the songs differ. Yu split by "
            "slice, which leaks (see leaky_by_slice); this split is that of FMA, by artist.",
        ),
    )
    seconds = (29.0, float("inf"))

    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:
        """Return the genres that occur, sorted; the features; or six genres and three moods; see `Dataset`."""
        name = self.protocol(protocol).name
        tags: dict[str, Category]
        if name == "echonest":
            tags = dict.fromkeys(ECHONEST_FEATURES, "mood")
        elif name == "genre-mood":
            tags = {**dict.fromkeys(SIX_GENRES, "genre"), **dict.fromkeys(MOODS, "mood")}
        else:
            genres = {label for clip in self.index(folder, name).clips for label in clip.labels}
            tags = dict.fromkeys(sorted(genres), "genre")
        return Vocabulary(name=f"fma-{name}", source=self.title, tags=tags)

    def index(self, folder: Path, protocol: str | None = None) -> ClipIndex:
        """List the tracks by id; see `Dataset`."""
        name = self.protocol(protocol).name
        subsets, archives = USES[name]
        audio = next((archive for archive in archives if (folder / archive).is_dir()), archives[0])
        tracks = [track for track in self._tracks(folder) if track.subset in subsets]
        labels = self._labels(folder, name, tracks)
        clips = []
        for track in tracks:
            if track.id in labels:
                path, names = f"{audio}/{_path(track.id)}", (track.artist, track.album, track.title)
                split = SPLITS[track.split]
                clips.append(ClipInfo(track.id, path, split, labels[track.id], track.artist_id, *names))
        return ClipIndex(folder, tuple(clips))

    def _tracks(self, folder: Path) -> Iterator[_Track]:
        file = self.find(folder, "fma_metadata/tracks.csv", "tracks.csv")
        for row in read_levels(file, TRACKS, "track_id"):
            track = _Track(*row)
            if not track.id.isdecimal() or track.subset not in SUBSETS or track.split not in SPLITS:
                raise DatasetError(
                    f"{file} is malformed: track {track.id!r} has no valid subset and split; download it again"
                )
            yield track

    def _labels(self, folder: Path, protocol: str, tracks: Sequence[_Track]) -> Mapping[str, tuple[str, ...]]:
        """Return the labels of the tracks of a protocol, by id."""
        if protocol == "echonest":
            return {
                track: tuple(f"{name}={value:g}" for name, value in zip(ECHONEST_FEATURES, values, strict=True))
                for track, values in self._echonest(folder).items()
            }
        genres = self._genres(folder, tracks)
        return self._genre_and_mood(genres, self._echonest(folder)) if protocol == "genre-mood" else genres

    def _genres(self, folder: Path, tracks: Sequence[_Track]) -> dict[str, tuple[str, ...]]:
        """Return the root genres of each track."""
        file = self.find(folder, "fma_metadata/genres.csv", "genres.csv")
        roots = {genre: title for genre, parent, title in read_levels(file, GENRES, "genre_id") if parent == "0"}
        labels = {}
        for track in tracks:
            try:
                genres = {str(genre) for genre in json.loads(track.genres)}
            except (ValueError, TypeError):
                problem = f"track {track.id} has the genres {track.genres!r}"
                raise DatasetError(
                    f"{file.with_name('tracks.csv')} is malformed: {problem}; download it again"
                ) from None
            labels[track.id] = tuple(sorted(roots[genre] for genre in genres & roots.keys()))
        return labels

    def _genre_and_mood(
        self, genres: Mapping[str, tuple[str, ...]], features: Mapping[str, Sequence[float]]
    ) -> dict[str, tuple[str, ...]]:
        """Select the first songs of each genre with a valence."""
        labels: dict[str, tuple[str, ...]] = {}
        songs: Counter[str] = Counter()
        for track, (genre, *_) in ((track, roots) for track, roots in genres.items() if roots and track in features):
            if genre in SIX_GENRES and songs[genre] < SONGS:
                valence = features[track][ECHONEST_FEATURES.index("valence")]
                labels[track] = (genre, MOODS[(valence >= 0.3) + (valence >= 0.6)])
                songs[genre] += 1
        return labels

    def _echonest(self, folder: Path) -> dict[str, list[float]]:
        file = self.find(folder, "fma_metadata/echonest.csv", "echonest.csv")
        return {
            track: [parse_grade(value, name, file) for name, value in zip(ECHONEST_FEATURES, values, strict=True)]
            for track, *values in read_levels(file, ECHONEST, "track_id")
        }

    def write_sample(self, folder: Path) -> None:
        """Write eight clips of four artists, the last one in the large subset only; see `Dataset`."""
        metadata = folder / "fma_metadata"
        metadata.mkdir(parents=True, exist_ok=True)
        tracks, features = [], []
        for i, split in enumerate(("training",) * 4 + ("validation",) * 2 + ("test",) * 2):
            track, artist = str(2 + 998 * i), str(100 + i // 2)
            subset = "large" if i == 7 else ("small", "medium")[i % 2]
            genres = {6: "[10, 90]", 7: "[10, 11]"}.get(i, f"[{10 + i}]")
            tracks.append([track, subset, split, genres, artist, f"Artist {artist}", f"An\nalbum {i}", f"Title, {i}"])
            features.append([track, *(f"{(i + k) / 10:.10f}" for k in range(len(ECHONEST_FEATURES)))])
            clip, whole = (folder / archive / _path(track) for archive in ("fma_large", "fma_full"))
            write_noise(clip, 30.0, seed=i)
            whole.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(clip, whole)
        roots = [[str(10 + i), "0", title] for i, title in enumerate(SIX_GENRES)]
        write_levels(metadata / "tracks.csv", TRACKS, "track_id", tracks)
        write_levels(metadata / "genres.csv", GENRES, "genre_id", [*roots, ["90", "10", "Punk"]])
        write_levels(metadata / "echonest.csv", ECHONEST, "track_id", features[:7])


class _Track(NamedTuple):
    """A row of tracks.csv: the id and the columns `TRACKS`."""

    id: str
    subset: str
    split: str
    genres: str
    artist_id: str
    artist: str
    album: str
    title: str


def _path(track: str) -> str:
    name = f"{int(track):06}"
    return f"{name[:3]}/{name}.mp3"
