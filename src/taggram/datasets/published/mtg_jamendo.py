"""mtg_jamendo: full tracks under Creative Commons licences, tagged by the uploaders."""

from __future__ import annotations

from pathlib import Path

from taggram.datasets._io import read_lines
from taggram.datasets.base import Dataset, DatasetProtocol, PublishedFile
from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.datasets.registry import register_dataset
from taggram.datasets.synthetic import write_noise
from taggram.errors import DatasetError
from taggram.vocabularies import Category, Vocabulary

MTG = "https://raw.githubusercontent.com/MTG/mtg-jamendo-dataset/master/"
COLUMNS = ["TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS"]
SUBSETS = {
    "top50": ("top50tags", "The 50 most frequent tags"),
    "genre": ("genre", "The 87 genres"),
    "instrument": ("instrument", "The 40 instruments"),
    "moodtheme": ("moodtheme", "The 56 moods and themes"),
}
SPLITS = {"train": "train", "valid": "validation", "test": "test"}
CATEGORIES: dict[str, Category] = {"genre": "genre", "instrument": "instrument", "mood/theme": "mood"}
AUDIO = (("audio/", ".mp3"), ("audio-low/", ".low.mp3"), ("", ".mp3"))
SHA256 = {  # of the files that were available to us
    "autotagging_top50tags-train.tsv": "6dee445ddd1901286184c2059d3d5eef7486f083ae80de9011705f852a850dde",
    "autotagging_top50tags-validation.tsv": "4f5f0f0a7662f523b45727476f67d799d6e98151b2c585a8e94e19d980ad93c1",
    "autotagging_top50tags-test.tsv": "3ede06a35e6cb27e1dbe8cfc84708a607622e30e5cd0a7199fce6c081124bc35",
}


def _protocols() -> tuple[DatasetProtocol, ...]:
    return tuple(
        DatasetProtocol(
            f"{subset}-split{n}",
            f"{about}, in the authors' split {n} of 0 to 4, which is by artist. Tracks with none of these tags are "
            "excluded.",
            {"train": 32_136, "valid": 10_888, "test": 11_356} if (subset, n) == ("top50", 0) else {},
        )
        for subset, (_, about) in SUBSETS.items()
        for n in range(5)
    )


def _file(subset: str, split: str) -> str:
    return f"autotagging_{SUBSETS[subset][0]}-{SPLITS[split]}.tsv"


def _published() -> tuple[PublishedFile, ...]:
    tables = (
        (f"data/splits/split-{n}/", _file(subset, split)) for n in range(5) for subset in SUBSETS for split in SPLITS
    )
    return tuple(
        PublishedFile(
            f"{where}{name}", SHA256.get(name, "") if "split-0" in where else "", f"{MTG}{where}{name}", required=False
        )
        for where, name in tables
    )


@register_dataset
class MTGJamendo(Dataset):
    """Bogdanov, Won, Tovstogan, Porter and Serra's data set of music from Jamendo."""

    name = "mtg_jamendo"
    title = "MTG-Jamendo"
    about = (
        "55,609 full tracks by 3,565 artists from Jamendo, all under Creative Commons licences, with 195 tags for "
        "genre, instrument, mood and theme, of which 183 are in the splits. Each of the five splits has four "
        "protocols: top50-split0 to moodtheme-split4."
    )
    citation = (
        "D. Bogdanov, M. Won, P. Tovstogan, A. Porter, X. Serra: The MTG-Jamendo dataset for automatic music tagging. "
        "Machine Learning for Music Discovery Workshop, ICML 2019."
    )
    licence = (
        "Audio: Creative Commons, a licence for each track (audio_licenses.txt). Metadata: CC BY-NC-SA 4.0, not for "
        "commercial use."
    )
    homepage = "https://mtg.github.io/mtg-jamendo-dataset/"
    how_to_get = (
        "Clone https://github.com/MTG/mtg-jamendo-dataset, whose folder data/splits contains the tables. In the clone, "
        "run python scripts/download/download.py --dataset raw_30s --type audio --unpack --remove audio (508 GB), or "
        "with --type audio-low ... audio-low for smaller files. A track such as 15/215.mp3 is read from "
        "audio/15/215.mp3 if the folder audio exists, else from audio-low/15/215.low.mp3 if that folder exists, else "
        "from 15/215.mp3. The tables of split 0 may also be in the folder itself."
    )
    known_issues = (
        "The uploaders tagged the tracks, mostly with one or two tags: an absent tag is unknown rather than false.",
        "Tracks are full-length, 30 seconds to more than an hour, and a tag need not apply to every part.",
        "The five splits share their tracks: do not test a model trained on one split on the test clips of another.",
    )
    files = _published()
    protocols = _protocols()
    seconds = (29.5, float("inf"))

    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:
        """Return the 50 published tags, or the tags of another subset, sorted; see `Dataset`."""
        subset, _, _ = self.protocol(protocol).name.partition("-")
        top50 = Vocabulary.from_names("jamendo")
        if subset == "top50":
            return top50
        tags = sorted({tag for clip in self.index(folder, protocol).clips for tag in clip.labels})
        categories = {tag: top50.tags.get(tag, CATEGORIES.get(tag.partition("---")[0], "other")) for tag in tags}
        return Vocabulary(name=f"{self.name}-{subset}", source=f"{self.title}, {subset}", tags=categories)

    def index(self, folder: Path, protocol: str | None = None) -> ClipIndex:
        """List the tracks in the order of the tables; see `Dataset`. Groups are artists."""
        subset, _, n = self.protocol(protocol).name.partition("-split")
        audio, suffix = next((layout for layout in AUDIO if (folder / layout[0]).is_dir()), AUDIO[-1])
        clips = []
        for split in SPLITS:
            name = _file(subset, split)
            table = self.find(folder, f"data/splits/split-{n}/{name}", *([name] if n == "0" else []))
            for row in _rows(table):
                track, artist, album, path, _, *tags = row
                file = f"{audio}{path.removesuffix('.mp3')}{suffix}"
                clips.append(ClipInfo(track, file, split, tuple(tags), group=artist, artist=artist, album=album))
        return ClipIndex(folder, tuple(clips))

    def write_sample(self, folder: Path) -> None:
        """Write five tracks of four artists, and the tables of all splits; see `Dataset`."""
        tags = (
            ("genre---rock", "instrument---guitar", "mood/theme---happy"),
            ("genre---jazz", "genre---funk", "instrument---piano", "mood/theme---relaxing"),
        )
        for i in range(5):
            write_noise(folder / "audio" / f"{i:02}" / f"{100 + i}.mp3", 30.0, seed=i)
        for n in range(5):
            where = folder / "data" / "splits" / f"split-{n}"
            where.mkdir(parents=True, exist_ok=True)
            for subset in SUBSETS:
                for split, artists in {"train": (0, 1), "valid": (2,), "test": (3,)}.items():
                    lines = ["\t".join(COLUMNS)]
                    for i in (i for i in range(5) if (min(i, 3) + n) % 4 in artists):
                        kept = [tag for tag in tags[i % 2] if subset in ("top50", _subset(tag))]
                        who = f"artist_{min(i, 3):06}\talbum_{i:06}"
                        lines.append("\t".join([f"track_{100 + i:07}", who, f"{i:02}/{100 + i}.mp3", "30.0", *kept]))
                    text = "".join(f"{line}\r\n" for line in lines)
                    (where / _file(subset, split)).write_bytes(text.encode())


def _subset(tag: str) -> str:
    return tag.partition("---")[0].replace("/", "")


def _rows(file: Path) -> list[list[str]]:
    """Read a table whose last column is repeated once per tag."""
    header, *lines = read_lines(file) or [""]
    if header.split("\t") != COLUMNS:
        raise DatasetError(f"{file} is not the published table: its columns must be {', '.join(COLUMNS)}")
    rows = [line.split("\t") for line in lines]
    for number, row in enumerate(rows, 2):
        if len(row) < len(COLUMNS):
            raise DatasetError(f"{file} is truncated or damaged in line {number}: download it again")
    return rows
