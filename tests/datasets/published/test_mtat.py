"""MagnaTagATune: the published index, labels and lists, and the sample in the published layout."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from taggram.datasets import ClipIndex, dataset
from taggram.datasets.published.mtat import BROKEN, ENTRY, MTAT
from taggram.datasets.split_hash import size_mismatch, split_sizes
from taggram.errors import DatasetError
from taggram.vocabularies import Vocabulary, VocabularyMap

LISTS = ("train", "valid", "test")


@pytest.fixture(scope="module")
def data() -> MTAT:
    found = dataset("mtat")
    assert isinstance(found, MTAT)
    return found


@pytest.fixture(scope="module")
def published(shared: Path) -> Path:
    return shared / "metadata" / "mtat"


@pytest.fixture(scope="module")
def full(data: MTAT, published: Path) -> ClipIndex:
    return data.index(published)


@pytest.fixture(scope="module")
def clean(data: MTAT, published: Path) -> ClipIndex:
    return data.index(published, "clean")


@pytest.fixture(scope="module")
def sample(data: MTAT, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mtat")
    data.write_sample(folder)
    return folder


def shared_artists(index: ClipIndex, split: str) -> tuple[int, int, float]:
    """Artists of a split that are in train too, all its artists, and which part of its clips is by the former."""
    train = {clip.artist for clip in index.clips if clip.split == "train"}
    clips = [clip for clip in index.clips if clip.split == split]
    artists = {clip.artist for clip in clips}
    return len(artists & train), len(artists), sum(clip.artist in train for clip in clips) / len(clips)


def test_sizes_are_the_published_ones(data: MTAT, full: ClipIndex, clean: ClipIndex) -> None:
    assert split_sizes(full) == {"train": 18_706, "valid": 1_825, "test": 5_329}
    assert split_sizes(clean) == {"train": 15_244, "valid": 1_529, "test": 4_332}
    assert size_mismatch(full, data.protocol("full")) == size_mismatch(clean, data.protocol("clean")) == ""


def test_broken_clips_are_what_full_leaves_out(published: Path, full: ClipIndex, clean: ClipIndex) -> None:
    index = dict(line.split("\t") for line in (published / "index_mtt.tsv").read_text().splitlines())
    listed = {clip.id: clip for clip in full.clips}
    assert index.keys() - listed.keys() == BROKEN == {"35644", "55753", "57881"}
    assert all(index[clip][0] in "0123456789ab" for clip in BROKEN)
    assert all(listed[clip.id].path == clip.path and listed[clip.id].split == clip.split for clip in clean.clips)


def test_clean_is_exactly_the_clips_with_a_tag(full: ClipIndex, clean: ClipIndex) -> None:
    kept = {clip.id for clip in clean.clips}
    for split, without in (("valid", 296), ("test", 997)):
        clips = [clip for clip in full.clips if clip.split == split]
        assert {clip.id for clip in clips if clip.labels} == {clip.id for clip in clips} & kept
        assert sum(not clip.labels for clip in clips) == without
    assert not any(clip.labels for clip in full.clips if clip.split == "train"), "their file is not here"


def test_synonyms_are_tags_of_their_own(full: ClipIndex) -> None:
    silent = [len({"no vocal", "no vocals", "no voice"}.intersection(clip.labels)) for clip in full.clips]
    assert (sum(n > 0 for n in silent), silent.count(1)) == (601, 466)


def test_labels_agree_with_wons_arrays(published: Path, clean: ClipIndex, data: MTAT) -> None:
    known = {clip.path: clip.labels for clip in clean.clips}
    own = [name.replace(" ", "").lower() for name in data.vocabulary(published).names]
    wons = [name.lower() for name in (published / "top50_tags.txt").read_text().split()]
    assert [name for i, name in enumerate(wons) if own[i] != name] == ["femalevoice", "metal"], (
        "the two that trade places"
    )
    for split in ("valid", "test"):
        truth = np.load(published / f"y_{split}_pub.npy")
        paths = ENTRY.findall((published / f"clean_split_{split}.txt").read_text())
        ours = [{label.replace(" ", "") for label in known[f"{path}.mp3"]} for path in paths]
        assert [{wons[i] for i in row.nonzero()[0]} for row in truth] == ours


def test_the_vocabulary_is_that_of_the_labels(data: MTAT, published: Path) -> None:
    scope: dict[str, list[str]] = {}
    exec((published / "output_labels_mtt.txt").read_text(), scope)  # noqa: S102 - how its authors publish it
    assert (
        list(data.vocabulary(published).names) == list(data.vocabulary(published, "clean").names) == scope["MTT_LABELS"]
    )


def test_paths_name_recordings(full: ClipIndex) -> None:
    recordings = {tuple(clip.path.removesuffix(".mp3").split("-")[:4]) for clip in full.clips}
    assert len(recordings) == 5_405
    names = {(clip.artist, clip.album, clip.title) for clip in full.clips}
    assert len(names) == 5_405 - 65
    assert all(clip.group == clip.artist for clip in full.clips)
    splits: dict[tuple[str, ...], set[str]] = {}
    for clip in full.clips:
        splits.setdefault((clip.artist, clip.album), set()).add(clip.split)
    assert all(len(found) == 1 for found in splits.values()), "no album is torn apart"
    clip = next(clip for clip in full.clips if clip.id == "2")
    assert (clip.artist, clip.album, clip.title) == (
        "american_bach_soloists",
        "j_s__bach_solo_cantatas",
        "bwv54__i_aria",
    )


def test_artists_are_in_several_splits(full: ClipIndex, clean: ClipIndex, data: MTAT) -> None:
    assert all(protocol.leaky for protocol in data.protocols)
    assert shared_artists(full, "test") == (45, 75, pytest.approx(0.616, abs=5e-4))
    assert shared_artists(clean, "test") == (45, 75, pytest.approx(0.619, abs=5e-4))
    assert shared_artists(full, "valid")[:2] == (13, 26)


def test_recordings_are_in_several_splits(full: ClipIndex) -> None:
    train = {(clip.artist, clip.title) for clip in full.clips if clip.split == "train"}
    test = {
        (clip.artist, clip.album, clip.title, clip.path.split("-")[2]) for clip in full.clips if clip.split == "test"
    }
    assert len(test) == 1_129
    assert sum((artist, title) in train for artist, _, title, _ in test) == 11
    named = {f"{title}_{artist}" for artist, title in train} | {f"{artist}_{title}" for artist, title in train}
    compiled = [entry for entry in test if entry[0].startswith("magnatune") or entry[0] == "various_artists"]
    assert sum(title in named for _, _, title, _ in compiled) == 58


def test_published_files_are_recognised(data: MTAT, published: Path, tmp_path: Path) -> None:
    assert list(data.check_files(published)) == []
    checked = {file.name: file for file in data.files}
    for split in LISTS:  # the same lists as their authors pickle them
        entries = (published / f"clean_split_{split}.txt").read_text().split()
        lines = (f"S'{entry}'\np{i}\n" for i, entry in enumerate(entries, 2))
        pickled = f"(lp1\n{'a'.join(lines)}a.".encode()
        file = checked[f"{split}_list_pub.cP"]
        assert (hashlib.sha256(pickled).hexdigest(), len(pickled)) == (file.sha256, file.size)
        (tmp_path / file.name).write_bytes(pickled)
    (tmp_path / "index_mtt.tsv").write_bytes((published / "index_mtt.tsv").read_bytes())
    assert split_sizes(data.index(tmp_path, "clean")) == split_sizes(data.index(published, "clean"))
    (tmp_path / "index_mtt.tsv").write_text("2\tx\n")
    assert [line.split(": ")[0] for line in data.check_files(tmp_path)] == [
        f"{tmp_path / 'index_mtt.tsv'} is not the published file"
    ]


def test_all_annotations_are_listed(data: MTAT, published: Path, tmp_path: Path) -> None:
    tags = [row["tag"] for row in table()]
    some = (np.random.default_rng(0).random((500, 188)) < 0.018).astype(int).tolist()
    with (tmp_path / "annotations_final.csv").open("w", newline="") as text:
        writer = csv.writer(text, delimiter="\t", quoting=csv.QUOTE_ALL)
        writer.writerow(["clip_id", *tags, "mp3_path"])
        for i, line in enumerate((published / "index_mtt.tsv").read_text().splitlines()):
            clip, path = line.split("\t")
            writer.writerow([clip, *some[i % 500], path])
    assert (tmp_path / "annotations_final.csv").stat().st_size == 21_517_373, "as large as the published table"
    index = data.index(tmp_path)
    assert size_mismatch(index, data.protocol()) == ""


def table() -> list[dict[str, str]]:
    from taggram.datasets.published import mtat

    with Path(mtat.__file__).with_name("mtat_tags.tsv").open(encoding="utf-8") as text:
        return list(csv.DictReader(text, delimiter="\t"))


def test_the_table_of_tags() -> None:
    rows = {row["tag"]: row for row in table()}
    assert len(rows) == 188
    top50 = Vocabulary.from_names("mtat")
    assert {tag: rows[tag]["category"] for tag in top50.names} == top50.tags
    assert all(rows[row["same_as"]]["same_as"] == "" for row in rows.values() if row["same_as"])
    for tags in VocabularyMap.between("mtat", "taggram").sources.values():  # the other place that knows synonyms
        assert len({rows[tag]["same_as"] or tag for tag in tags}) <= 1
    order = {tag: i for i, tag in enumerate(top50.names)}
    merged = [(order[tag], order[rows[tag]["same_as"]]) for tag in order if rows[tag]["same_as"]]
    assert merged and all(name < tag for tag, name in merged), "the name is the most usual of them"


def test_the_sample_is_laid_out_as_published(data: MTAT, sample: Path) -> None:
    full, clean = data.index(sample), data.index(sample, "clean")
    assert split_sizes(full) == {"train": 3, "valid": 1, "test": 2}
    assert split_sizes(clean) == {"train": 3, "valid": 1, "test": 1}
    assert all(full.file(clip).stat().st_size for clip in full.clips)
    assert full.clips[0].labels == ("guitar", "female", "woman"), "in the order of the vocabulary"
    assert "35644" not in {clip.id for clip in full.clips}
    assert len({(clip.artist, clip.album, clip.title) for clip in full.clips[:2]}) == 1, "two segments of a recording"


def test_any_number_of_tags(data: MTAT, sample: Path) -> None:
    vocabulary, index = data.with_tags(sample, "clean", top=3)
    assert vocabulary.names == ("guitar", "strings", "female")
    assert [clip.labels for clip in index.clips] == [
        ("guitar", "female"),
        ("guitar",),
        ("strings",),
        (),
        ("strings",),
    ]
    everything, index = data.with_tags(sample, top=15)
    assert everything.tags["clasical"] == "genre" and "birds" in everything.tags
    assert index.clips[-1].labels == ("birds",)
    with pytest.raises(DatasetError, match=r"annotations_final\.csv has 15 tags, not 50: use fewer"):
        data.with_tags(sample)


def test_synonyms_are_merged(data: MTAT, sample: Path) -> None:
    vocabulary, index = data.with_tags(sample, top=5, merge=True)
    assert vocabulary.names == ("classical", "female", "guitar", "strings", "no vocals")
    labels = {clip.id: set(clip.labels) for clip in index.clips}
    assert labels["2"] == labels["3"] == {"female", "guitar"}
    assert labels["5"] == labels["8"] == {"classical", "strings", "no vocals"}, "clasical, no voice and no vocals"


def test_other_tags_need_the_annotations(data: MTAT, published: Path) -> None:
    with pytest.raises(DatasetError, match=r"has no annotations_final\.csv: taggram data info mtat"):
        data.with_tags(published)


def test_labels_of_training_are_read_where_they_are(data: MTAT, tmp_path: Path) -> None:
    path = "0/artist-album-01-title-0-29.mp3"
    (tmp_path / "index_mtt.tsv").write_text(f"7\t{path}\n8\t1/artist-album-02-other-0-29.mp3\n")
    (tmp_path / "train_gt_mtt.tsv").write_text(f"7\t{json.dumps([1.0] + [0.0] * 48 + [1.0])}\n")
    assert [clip.labels for clip in data.index(tmp_path).clips] == [("guitar", "choral"), ()]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("annotations_final.csv", "", "is not the published table"),
        ("annotations_final.csv", "clip_id,no voice,mp3_path\n", "is not the published table"),
        ("annotations_final.csv", '"clip_id"\t"rock"\t"mp3_path"\n"2"\t"0"\n', "is truncated or damaged in line 2"),
        ("index_mtt.tsv", "2\tf/artist-album-title.mp3\n", "clip 2 has the path 'f/artist-album-title.mp3'"),
        ("val_gt_mtt.tsv", "2\t[1.0, 0.0]\n", "clip 2 does not have 50 labels"),
        ("val_gt_mtt.tsv", "2\n", "clip 2 does not have 50 labels"),
        ("test_list_pub.cP", "(lp1\na.", "contains no clips"),
        ("test_list_pub.cP", "S'd/a-b-01-c-0-29.npy'", "a clip without annotations: d/a-b-01-c-0-29.mp3"),
    ],
)
def test_bad_files(data: MTAT, name: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "index_mtt.tsv").write_text("1\t0/a-b-01-c-0-29.mp3\n2\tc/a-b-01-c-0-29.mp3\n")
    for split, folder in zip(LISTS, "0cd", strict=True):
        (tmp_path / f"{split}_list_pub.cP").write_text(f"S'{folder}/a-b-01-c-0-29.npy'")
    (tmp_path / name).write_text(text)
    with pytest.raises(DatasetError) as caught:
        data.index(tmp_path, "clean")
    assert said in str(caught.value) and str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_folder(data: MTAT, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"has no annotations_final\.csv or index_mtt\.tsv"):
        data.index(tmp_path)
