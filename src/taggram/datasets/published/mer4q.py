"""mer4q: 30-second previews with genres, moods and the quadrant of valence and arousal."""

from __future__ import annotations

import csv
from pathlib import Path

from taggram.datasets.base import Dataset, DatasetProtocol, PublishedFile
from taggram.datasets.index import ClipIndex
from taggram.datasets.registry import register_dataset
from taggram.datasets.synthetic import write_noise
from taggram.datasets.table import list_table
from taggram.vocabularies import Category, Vocabulary

COLUMNS: dict[str, tuple[str, Category]] = {
    "genres": ("genres", "genre"),
    "moods": ("moods", "mood"),
    "quadrant": ("quadrant", "mood"),
}
SPLIT = "No artist is in two splits. The authors publish no split; this one has 620, 110 and 79 clips."
SIZES = {"train": 620, "valid": 110, "test": 79}


@register_dataset
class MER4Q(Dataset):
    """Panda, Malheiro and Paiva's clips for music emotion recognition."""

    name = "mer4q"
    title = "4Q audio emotion data set"
    about = (
        "30-second previews from AllMusic with its genres (21) and moods (217). The authors mapped the moods to the "
        "four quadrants of valence and arousal, and selected about the same number of clips for each."
    )
    citation = (
        "R. Panda, R. Malheiro, R. P. Paiva: Novel audio features for music emotion recognition. "
        "IEEE Transactions on Affective Computing 11(4), 2020 (online 2018)."
    )
    licence = "Audio: previews of commercial recordings, for research only. Annotations: as published by the authors."
    homepage = "http://mir.dei.uc.pt/downloads.html"
    how_to_get = (
        "Request the data set on the homepage. taggram reads a table labels.tsv with the columns track_id, path, "
        "artist, title, quadrant, genres, moods (both separated by ;) and split, next to the folder audio/."
    )
    known_issues = (
        "Genres and moods are those of the artist or album on AllMusic, not of the clip: many do not fit the audio.",
        "The quadrant of a clip is derived from its mood tags, so moods and quadrant are not independent.",
    )
    files = (PublishedFile("labels.tsv"),)
    protocols = (
        DatasetProtocol("genres", f"The 21 genres. {SPLIT}", SIZES),
        DatasetProtocol("moods", f"All 217 mood tags. {SPLIT}", SIZES),
        DatasetProtocol("quadrant", f"Q1 (happy) to Q4 (calm), exactly one per clip. {SPLIT}", SIZES),
    )
    seconds = (5.0, 31.0)

    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:
        """Return the labels of one column, sorted; see `Dataset`."""
        name = self.protocol(protocol).name
        tags = sorted({label for clip in self.index(folder, name).clips for label in clip.labels})
        categories = dict.fromkeys(tags, COLUMNS[name][1])
        return Vocabulary(name=f"{self.name}-{name}", source=self.title, tags=categories)

    def index(self, folder: Path, protocol: str | None = None) -> ClipIndex:
        """List the clips in the order of the table; see `Dataset`."""
        column, _ = COLUMNS[self.protocol(protocol).name]
        return list_table(self.find(folder, "labels.tsv"), id="track_id", labels=[column])

    def write_sample(self, folder: Path) -> None:
        """Write six clips of three artists; see `Dataset`."""
        rows = []
        for i, split in enumerate(("train", "train", "train", "train", "valid", "test")):
            write_noise(folder / "audio" / f"MT{i:010}.opus", 6.0, seed=i)
            rows.append(
                {
                    "track_id": f"MT{i:010}",
                    "path": f"audio/MT{i:010}.opus",
                    "artist": {"train": f"Artist {i // 2}", "valid": "Artist 2", "test": "Artist 3"}[split],
                    "title": f"Title {i}",
                    "quadrant": f"Q{1 + i % 4}",
                    "genres": ("jazz", "pop/rock;latin")[i % 2],
                    "moods": ("calm;warm", "fierce")[i % 2],
                    "split": split,
                }
            )
        with (folder / "labels.tsv").open("w", newline="", encoding="utf-8") as text:
            writer = csv.DictWriter(text, list(rows[0]), delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
