"""mtat: MagnaTagATune, 29-second clips of Magnatune's recordings with tags from a game."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import resources
from itertools import compress
from pathlib import Path
from typing import Any

from taggram.datasets._io import read_lines
from taggram.datasets.base import Dataset, DatasetProtocol, PublishedFile
from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.datasets.registry import register_dataset
from taggram.datasets.synthetic import write_noise
from taggram.errors import DatasetError
from taggram.vocabularies import Vocabulary

ANNOTATIONS = "annotations_final.csv"
INDEX = "index_mtt.tsv"
LABELS = ("train_gt_mtt.tsv", "val_gt_mtt.tsv", "test_gt_mtt.tsv")
BROKEN = frozenset({"35644", "55753", "57881"})  # their audio files are damaged
SPLITS = {"train": "0123456789ab", "valid": "c", "test": "def"}
PATH = re.compile(r"[0-9a-f]/([^-/]+)-([^-/]+)-\d+-([^-/]+)-\d+-\d+\.mp3")
ENTRY = re.compile(r"([0-9a-f]/[^'\s]+)\.npy")
CITY = "https://mirg.city.ac.uk/datasets/magnatagatune/"
PONS = "https://raw.githubusercontent.com/jordipons/musicnn-training/master/data/index/mtt/"
PONS_FILES = (
    (INDEX, "e4bb40f3bcb7efec044aeae2a5cf1a94cadab143b71e5d23f6a4398673af5e9d", 1_937_215),
    (LABELS[0], "", 0),
    (LABELS[1], "257716aa50b6c3c287f26b442e5d1469ec2e7186113219510dacb681e0438ec1", 468_571),
    (LABELS[2], "b5dc5dd44ebfadae0781aac8d3cc9c83187456fa6e1f8d50cc3a59628d58570c", 1_368_560),
)
WON = "https://raw.githubusercontent.com/minzwon/sota-music-tagging-models/master/split/mtat/"
WON_FILES = (
    ("train_list_pub.cP", "76c9eec0fdd3d7533adda0cb4be4844996ed7469586b337bfc97f863fd3ec09a", 1_208_643),
    ("valid_list_pub.cP", "b3528613a6832ce49f11628fd21103dbf266e43086b465798221519ae64c2917", 122_390),
    ("test_list_pub.cP", "43edc3b8951f7c9e613f618ab828ab80036b2e2e604bb20a93e623b186b63b30", 353_102),
)


@register_dataset
class MTAT(Dataset):
    """Law, West, Mandel, Bay and Downie's MagnaTagATune, in its two common protocols."""

    name = "mtat"
    title = "MagnaTagATune"
    about = (
        "25,863 clips of 29 seconds from 5,405 recordings of the label Magnatune, with 188 tags by players of the game "
        "TagATune; models usually predict the 50 most frequent."
    )
    citation = (
        "E. Law, K. West, M. Mandel, M. Bay, J. S. Downie: Evaluation of algorithms using games: the case of music "
        "tagging. ISMIR 2009."
    )
    licence = "CC BY-NC-SA 3.0, annotations as well as clips: not for commercial use."
    homepage = "https://mirg.city.ac.uk/codeapps/the-magnatagatune-dataset"
    how_to_get = (
        f"Download {ANNOTATIONS} and mp3.zip.001 to 003 from the homepage; join these (cat mp3.zip.* > mp3.zip) and "
        "extract them next to it, as the folders 0 to f. The protocol clean also needs Lee's lists "
        f"train_list_pub.cP, valid_list_pub.cP and test_list_pub.cP from {WON}, or the same lists as plain text, "
        f"clean_split_train.txt and so on. Without {ANNOTATIONS}, clips are read from {INDEX} and their labels from "
        f"{', '.join(LABELS)} ({PONS}); if the file of a split is missing, its clips have no labels."
    )
    known_issues = (
        "A tag that no player entered may still apply: absent tags are unknown rather than false.",
        "Synonyms are separate tags: no vocal, no vocals and no voice, or female, woman and female voice. Of 601 "
        "validation and test clips with one of the first three, 466 have only one.",
        "997 of the 5,329 test clips and 296 of the 1,825 validation clips have none of the 50 tags: full counts them "
        "as negatives, clean excludes them. Scores of the two protocols are not comparable.",
        "Artists are in several splits: 45 of the 75 test artists are in train as well, with 61.6 % of the test clips "
        "of full and 61.9 % of those of clean.",
        "Recordings are in several splits on different albums: of the 1,129 test recordings, 58 are on compilations "
        "and in train under their artist's name, and 11 others in train on another album of the same artist.",
        "Compilations name the label (magnatune, magnatune_com, magnatune_compilation) or various_artists as artist, "
        "and a few artists have two spellings (c_layne, c__layne).",
        "top50_tags.txt and y_*_pub.npy of Won's repository have female voice before metal; all other sources have "
        "metal first.",
    )
    files = (
        PublishedFile(ANNOTATIONS, "", f"{CITY}{ANNOTATIONS}", 21_517_373, required=False),
        *(PublishedFile(name, sha256, f"{PONS}{name}", size, required=False) for name, sha256, size in PONS_FILES),
        *(PublishedFile(name, sha256, f"{WON}{name}", size, required=False) for name, sha256, size in WON_FILES),
    )
    protocols = (
        DatasetProtocol(
            "full",
            "All clips by folder: 0 to b train, c validation, d to f test. Of the 18,709 clips in 0 to b, three with "
            "damaged files (35644, 55753, 57881) are excluded. Clips without any of the 50 tags are included. Albums "
            "are not divided between splits, but artists are.",
            {"train": 18_706, "valid": 1_825, "test": 5_329},
            leaky=True,
        ),
        DatasetProtocol(
            "clean",
            "Full without the clips that have none of the 50 tags, in Lee's lists. The lists of validation and test "
            f"contain exactly the clips with a tag; for training this can be verified with {ANNOTATIONS} only. Won's "
            "own list of training clips has 15,247.",
            {"train": 15_244, "valid": 1_529, "test": 4_332},
            leaky=True,
        ),
    )
    seconds = (29.0, 30.0)

    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:  # noqa: ARG002 - always the same
        """Return the 50 tags in the order of published models' outputs; see `Dataset`."""
        self.protocol(protocol)
        return Vocabulary.from_names("mtat")

    def index(self, folder: Path, protocol: str | None = None) -> ClipIndex:
        """List the clips in the order of their ids; see `Dataset`.

        Artist, album and title are taken from the path. They identify the recording of a clip, except for 65 that
        share all three with another track of their album.
        """
        return self._select(folder, protocol, self._clips(folder), Vocabulary.from_names("mtat"), {})

    def with_tags(
        self, folder: Path, protocol: str | None = None, *, top: int = 50, merge: bool = False
    ) -> tuple[Vocabulary, ClipIndex]:
        """List the clips of a protocol with another number of tags than the usual 50, up to 188.

        Parameters
        ----------
        folder
            Folder with the published files, including ``annotations_final.csv``.
        protocol
            Protocol of the clips and the split; None selects the default.
        top
            Number of tags, the most frequent of all clips.
        merge
            Merge synonyms into the most frequent of them, as ``mtat_tags.tsv`` beside this file defines.

        Returns
        -------
        vocabulary : Vocabulary
            The tags by descending frequency; ties in the order of the columns.
        index : ClipIndex
            The clips with these tags.

        Raises
        ------
        DatasetError
            If a file is missing, is not as published, or has fewer tags.
        """
        clips = _annotated(self.find(folder, ANNOTATIONS))
        table = _tag_table()
        merged = {tag: row["same_as"] or tag for tag, row in table.items()} if merge else {}
        counts = Counter(
            tag for clip in clips for tag in dict.fromkeys(merged.get(label, label) for label in clip.labels)
        )
        tags = [tag for tag, _ in counts.most_common(top)]
        if len(tags) < top:
            raise DatasetError(f"{folder / ANNOTATIONS} has {len(tags)} tags, not {top}: use fewer")
        vocabulary = Vocabulary(
            name=f"mtat-{top}{'-merged' if merge else ''}",
            source=f"MagnaTagATune, its {top} most frequent tags{', synonyms merged' if merge else ''}",
            tags={tag: table[tag]["category"] if tag in table else "other" for tag in tags},
        )
        return vocabulary, self._select(folder, protocol, clips, vocabulary, merged)

    def _clips(self, folder: Path) -> list[ClipInfo]:
        """List all clips with the available labels."""
        source = self.find(folder, ANNOTATIONS, INDEX)
        if source.name == ANNOTATIONS:
            return _annotated(source)
        labels = {clip: tags for name in LABELS for clip, tags in _top50(folder / name)}
        rows = (line.partition("\t") for line in read_lines(source))
        return [_clip(source, clip, path, labels.get(clip, ())) for clip, _, path in rows]

    def _select(
        self,
        folder: Path,
        protocol: str | None,
        clips: Iterable[ClipInfo],
        vocabulary: Vocabulary,
        merged: Mapping[str, str],
    ) -> ClipIndex:
        """Select the clips of a protocol, and their labels that are tags of the vocabulary once synonyms are merged."""
        order = {tag: i for i, tag in enumerate(vocabulary.names)}
        split_of = {letter: split for split, letters in SPLITS.items() for letter in letters}
        splits = {clip.path: split_of[clip.path[0]] for clip in clips if clip.id not in BROKEN}
        if self.protocol(protocol).name == "clean":
            clean = self._clean(folder)
            if unknown := clean.keys() - splits.keys():
                raise DatasetError(f"{folder}: the lists of clean contain a clip without annotations: {min(unknown)}")
            splits = clean
        kept = (
            dataclasses.replace(
                clip,
                split=splits[clip.path],
                labels=tuple(
                    sorted({merged.get(tag, tag) for tag in clip.labels} & order.keys(), key=order.__getitem__)
                ),
            )
            for clip in clips
            if clip.path in splits
        )
        return ClipIndex(folder, tuple(kept))

    def _clean(self, folder: Path) -> dict[str, str]:
        """Return the split of each path in Lee's lists."""
        splits: dict[str, str] = {}
        for split in SPLITS:
            file = self.find(folder, f"{split}_list_pub.cP", f"clean_split_{split}.txt")
            # A .cP file is a pickle of Python 2, which is text and can be read without executing it.
            paths = ENTRY.findall("\n".join(read_lines(file)))
            if not paths:
                raise DatasetError(f"{file} contains no clips: download it again")
            splits.update((f"{path}.mp3", split) for path in paths)
        return splits

    def write_sample(self, folder: Path) -> None:
        """Write seven clips, one of them broken, with all annotations; see `Dataset`."""
        clips = [
            ("2", "0/aria-songs-01-morning-0-29.mp3", {"guitar", "female", "woman"}),
            ("3", "0/aria-songs-01-morning-29-58.mp3", {"guitar", "female voice", "slow"}),
            ("5", "b/the_quartet-opus_1-03-allegro-0-29.mp3", {"strings", "classical", "no vocals"}),
            ("35644", "6/the_quartet-opus_1-08-gently-117-146.mp3", {"classic", "violin"}),
            ("7", "c/drummers-live-01-noon-0-29.mp3", {"drums", "rock"}),
            ("8", "d/the_quartet-opus_2-01-adagio-59-88.mp3", {"clasical", "strings", "no voice"}),
            ("9", "f/synthesist-night-01-midnight-0-29.mp3", {"birds"}),
        ]
        tags = list(_tag_table())
        for i, (clip, path, _) in enumerate(clips):
            if clip in BROKEN:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).touch()
            else:
                write_noise(folder / path, 29.1, seed=i)
        with (folder / ANNOTATIONS).open("w", newline="", encoding="utf-8") as text:
            writer = csv.writer(text, delimiter="\t", quoting=csv.QUOTE_ALL)
            writer.writerow(["clip_id", *tags, "mp3_path"])
            writer.writerows([clip, *(int(tag in has) for tag in tags), path] for clip, path, has in clips)
        for split, letters in SPLITS.items():
            has_any = (path for clip, path, has in clips if path[0] in letters and clip not in BROKEN | {"9"})
            entries = (f"S'{path.removesuffix('.mp3')}.npy'\np{i}\n" for i, path in enumerate(has_any, 2))
            (folder / f"{split}_list_pub.cP").write_text(f"(lp1\n{'a'.join(entries)}a.", encoding="utf-8")


def _annotated(file: Path) -> list[ClipInfo]:
    rows = csv.reader(read_lines(file), delimiter="\t")
    header = next(rows, [])
    if header[:1] != ["clip_id"] or header[-1:] != ["mp3_path"]:
        raise DatasetError(f"{file} is not the published table: it must begin with clip_id and end with mp3_path")
    tags = header[1:-1]
    clips = []
    for row in rows:
        if len(row) != len(header):
            raise DatasetError(f"{file} is truncated or damaged in line {rows.line_num}: download it again")
        clips.append(_clip(file, row[0], row[-1], tuple(compress(tags, map("1".__eq__, row[1:-1])))))
    return clips


def _clip(file: Path, clip: str, path: str, labels: tuple[str, ...]) -> ClipInfo:
    recording = PATH.fullmatch(path)
    if recording is None:
        raise DatasetError(f"{file}: clip {clip} has the path {path!r}, not artist-album-number-title-start-end.mp3")
    artist, album, title = recording.groups()
    return ClipInfo(clip, path, labels=labels, group=artist, artist=artist, album=album, title=title)


def _top50(file: Path) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Yield ids and labels from lines with an id and a list of zeros and ones; a missing file has none."""
    tags = Vocabulary.from_names("mtat").names
    for line in read_lines(file) if file.is_file() else ():
        clip, _, truth = line.partition("\t")
        try:
            yield clip, tuple(tag for tag, true in zip(tags, json.loads(truth), strict=True) if true)
        except (TypeError, ValueError) as error:
            raise DatasetError(f"{file}: clip {clip} does not have {len(tags)} labels: download it again") from error


def _tag_table() -> dict[str, dict[str, Any]]:
    """Return the 188 tags in the order of their columns, each with its category and the tag that it is merged into."""
    with (resources.files(__package__) / "mtat_tags.tsv").open(encoding="utf-8") as text:
        return {row["tag"]: row for row in csv.DictReader(text, delimiter="\t")}
