"""emotify: excerpts of Magnatune recordings with emotions induced in listeners."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

from taggram.datasets.base import Dataset, DatasetProtocol, PublishedFile
from taggram.datasets.graded_labels import parse_grade
from taggram.datasets.index import ClipIndex
from taggram.datasets.registry import register_dataset
from taggram.datasets.synthetic import write_noise
from taggram.datasets.table import list_table, read_table
from taggram.vocabularies import Vocabulary

GENRES = ("classical", "electronic", "pop", "rock")
EMOTIONS = (
    *("amazement", "solemnity", "tenderness", "nostalgia", "calmness"),
    *("power", "joyful_activation", "tension", "sadness"),
)
MOOD = "mood---"
SPLIT = "No artist is in two splits. The authors publish no split; this one has 213, 42 and 70 clips."
SIZES = {"train": 213, "valid": 42, "test": 70}


@register_dataset
class Emotify(Dataset):
    """Aljanaki, Wiering and Veltkamp's excerpts with induced emotions."""

    name = "emotify"
    title = "Emotify"
    about = (
        "Excerpts from Magnatune in four genres. In a game, listeners chose up to three of the nine emotions of the "
        "Geneva Emotional Music Scale that they felt; the share of an emotion is that of the listeners who chose it."
    )
    citation = (
        "A. Aljanaki, F. Wiering, R. C. Veltkamp: Studying emotion induced by music through a crowdsourcing game. "
        "Information Processing and Management 52(1), 2016."
    )
    licence = "Audio: recordings of Magnatune, for research only. Annotations: as published by the authors."
    homepage = "http://www2.projects.science.uu.nl/memotion/emotifydata/"
    how_to_get = (
        "Audio and the ratings of each listener are on the homepage. taggram reads a table labels.tsv with the "
        "columns track_id, path, genre, artist, album, title, n_votes, the share of each emotion (amazement, "
        "solemnity, tenderness, nostalgia, calmness, power, joyful_activation, tension, sadness), tags (mood---NAME "
        "for each share of at least 0.30, separated by ;) and split, next to the folder audio/."
    )
    known_issues = (
        "MagnaTagATune contains recordings of Magnatune, too: 169 of the 325 clips are of recordings in its train "
        "folders, so do not train on one of the two and test on the other.",
        "The emotions are those that listeners felt, not those that the music expresses.",
        "A share is of 11 to 59 votes with at most three per listener: few emotions reach 0.30.",
        "4 of the 325 clips have none of the nine emotions as a tag.",
        "The authors publish 400 excerpts of a minute; the sizes here refer to 325 clips of 30 seconds.",
    )
    files = (PublishedFile("labels.tsv"),)
    protocols = (
        DatasetProtocol("emotions", f"Nine emotions; those with a share of at least 0.30 are positive. {SPLIT}", SIZES),
        DatasetProtocol("shares", f"Nine emotions, each graded with its share, 0 to 1. {SPLIT}", SIZES),
        DatasetProtocol("genres", f"Four genres, exactly one per clip. {SPLIT}", SIZES),
    )
    seconds = (25.0, 61.0)

    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:
        """Return the genres, or the emotions in the order of the table; see `Dataset`."""
        del folder
        name = self.protocol(protocol).name
        if name == "genres":
            return Vocabulary(name="emotify-genres", source=self.title, tags=dict.fromkeys(GENRES, "genre"))
        return Vocabulary(name="emotify-emotions", source=self.title, tags=dict.fromkeys(EMOTIONS, "mood"))

    def index(self, folder: Path, protocol: str | None = None) -> ClipIndex:
        """List the clips in the order of the table; see `Dataset`."""
        name, table = self.protocol(protocol).name, self.find(folder, "labels.tsv")
        if name == "genres":
            return list_table(table, id="track_id", labels=["genre"])
        index = list_table(table, id="track_id", labels=["tags"] if name == "emotions" else [])
        if name == "emotions":
            labels = [
                tuple(label.removeprefix(MOOD) for label in clip.labels if label.startswith(MOOD))
                for clip in index.clips
            ]
        else:
            labels = [
                tuple(f"{emotion}={parse_grade(row.get(emotion, ''), emotion, table):g}" for emotion in EMOTIONS)
                for row in read_table(table)
            ]
        clips = zip(index.clips, labels, strict=True)
        return ClipIndex(
            index.folder, tuple(dataclasses.replace(clip, labels=clip_labels) for clip, clip_labels in clips)
        )

    def write_sample(self, folder: Path) -> None:
        """Write six clips of four artists; see `Dataset`."""
        rows = []
        for i, split in enumerate(("train", "train", "train", "train", "valid", "test"), 1):
            write_noise(folder / "audio" / f"{i:03}.opus", 30.0, seed=i)
            shares = {emotion: (i + 2 * k) % 10 / 16 for k, emotion in enumerate(EMOTIONS)}
            genre = GENRES[i % 4]
            moods = sorted(f"{MOOD}{emotion}" for emotion, share in shares.items() if share >= 0.3)
            rows.append(
                {
                    "track_id": str(i),
                    "path": f"audio/{i:03}.opus",
                    "genre": genre,
                    "artist": {"train": f"Artist {i // 3}", "valid": "Artist 2", "test": "Artist 3"}[split],
                    "album": f"Album {i}",
                    "title": f"Title {i}",
                    "n_votes": "16",
                    **{emotion: f"{share:.4f}" for emotion, share in shares.items()},
                    "tags": ";".join([f"genre---{genre}", *moods]),
                    "split": split,
                }
            )
        with (folder / "labels.tsv").open("w", newline="", encoding="utf-8") as text:
            writer = csv.DictWriter(text, list(rows[0]), delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
