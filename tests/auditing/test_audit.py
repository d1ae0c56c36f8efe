"""The audit as data, as text and as HTML."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from taggram.auditing import Audit, Source, html_report, text_report
from taggram.auditing.audit import IndexedSource, audit
from taggram.auditing.duplicates import FEWEST
from taggram.auditing.fingerprints import Fingerprint, Fingerprints
from taggram.datasets import ClipIndex, ClipInfo, dataset
from taggram.datasets.split_hash import split_hash
from taggram.vocabularies import Vocabulary

TAGS = Vocabulary.from_names(["jazz", "rock", "never"])


def fingerprints(count: int, seed: int = 0) -> list[Fingerprint | None]:
    embeddings = np.random.default_rng(seed).normal(size=(count, 32)).astype(np.float32)
    return [Fingerprint(f"file {seed} {i}", f"samples {seed} {i}", row) for i, row in enumerate(embeddings)]


@pytest.fixture
def ours(index) -> IndexedSource:
    """60 clips: 4 has the file of 3, 6 the samples of 5, 8 (in test) sounds like 7, and 9 is not there."""
    clips = index(
        *(
            ("train" if i < 50 and i != 8 else "test", ("jazz", "rock", "")[i % 3], f"Artist {i // 2}")
            for i in range(60)
        )
    )
    sounds = fingerprints(60)
    sounds[4] = sounds[3]
    sounds[6] = Fingerprint("another", sounds[5].samples, sounds[5].embedding)
    sounds[8] = Fingerprint("8", "8", sounds[7].embedding + np.float32(0.01))
    sounds[9] = None
    return IndexedSource("ours", clips, Fingerprints.from_clips("a.model", sounds, errors=["9: no audio"]))


@pytest.fixture
def theirs(index, ours: IndexedSource) -> IndexedSource:
    """Two clips of other names: the second has the samples of our first."""
    first = Fingerprint("x", ours.fingerprints.samples[0], ours.fingerprints.embeddings[0])
    return IndexedSource(
        "theirs",
        index(("train",), ("test",)),
        Fingerprints.from_clips("a.model", [*fingerprints(1, 1), first]),
    )


@pytest.fixture
def found(ours: IndexedSource, theirs: IndexedSource) -> Audit:
    return audit(ours, TAGS, [theirs])


def test_what_is_there_twice_is_found(found: Audit) -> None:
    twins = found.duplicates
    assert (twins.decoded, twins.failed, twins.model) == (59, 1, "a.model")
    assert [[str(place) for place in group] for group in twins.files] == [["3", "4"]]
    assert [[str(place) for place in group] for group in twins.samples] == [["0", "theirs/1"], ["3", "4"], ["5", "6"]]
    pairs = {(str(pair.one), str(pair.other)): pair.same for pair in twins.near}
    assert pairs == {("0", "theirs/1"): "", ("3", "4"): "", ("5", "6"): "", ("7", "8"): ""}
    assert len(twins.nearest) == 59 and max(twins.nearest) == 1


def test_names_tell_which_near_duplicates_to_expect(index) -> None:
    sounds = fingerprints(FEWEST)
    for i in (1, 3, 5):
        sounds[i] = sounds[i - 1]
    named = [
        ("", "", "A", "", "Song"),
        ("", "", "The A", "", "song (live)"),
        ("", "", "B", "", "One"),
        ("", "", "b", "", "Two"),
    ]
    clips = index(*named, *[("",)] * (FEWEST - 4))
    found = audit(IndexedSource("x", clips, Fingerprints.from_clips("m", sounds)), TAGS)
    assert [pair.same for pair in sorted(found.duplicates.near, key=lambda pair: pair.one.id)] == ["song", "artist", ""]


def test_lines(found: Audit) -> None:
    lines = list(text_report(found))
    assert lines[0] == f"ours: 60 clips, 3 tags, split {found.hash}"
    for line in (
        "split train: 49 of 60 (81.7 %) clips; without tags 15 of 49 (30.6 %)",
        "split test: 1 of 3 (33.3 %) tags without positives: never",
        "artists of test also in train: 1 of 6 (16.7 %), with 1 of 11 (9.1 %) clips",
        "albums: unknown for 60 of 60 (100.0 %) clips",
        "songs also in theirs: unknown, the clips are not named",
        "audio: 59 of 60 (98.3 %) clips decoded; 1 cannot be decoded",
        "equal files: 3 (train), 4 (train)",
        "near duplicates: 7 (train), 8 (test): 1.000",
    ):
        assert line in lines


def test_nothing_is_claimed_of_what_is_not_here(index) -> None:
    clips = index(("train",), ("train",), ("test", "jazz"), ("test", "rock"))
    lines = list(text_report(audit(IndexedSource("bare", clips), TAGS)))
    assert "split train: 2 of 4 (50.0 %) clips; labels are missing" in lines
    assert "artists: unknown for 4 of 4 (100.0 %) clips" in lines
    assert "audio: not available" in lines
    assert not any("train" in line and "without" in line for line in lines)
    assert not any(" 0 of" in line and "artists" in line for line in lines)


def test_too_few_clips(index) -> None:
    clips = index(("train", "jazz"), ("test", "jazz"))
    source = IndexedSource("few", clips, Fingerprints.from_clips("m", fingerprints(2)))
    assert list(text_report(audit(source, TAGS)))[-1] == "near duplicates: too few clips"


def test_json_has_everything(found: Audit) -> None:
    said = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert said["clips"] == 60 and said["hash"] == found.hash
    assert said["splits"]["train"]["tags"] == {"jazz": 17, "rock": 17, "never": 0}
    assert said["splits"]["test"]["without_positives"] == ["never"]
    assert said["within"][0]["shared"] == ["Artist 4"]
    assert said["duplicates"]["near"][0]["other"]["split"] in ("train", "test")


class Page(HTMLParser):
    """A page whose elements are closed in the order in which they are opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs) -> None:
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href")]
        assert tag not in ("script", "link", "img", "iframe")
        if tag not in ("meta", "br", "rect", "path", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        pass

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text += data


@pytest.fixture
def mer4q(tmp_path: Path) -> Path:
    dataset("mer4q").write_sample(tmp_path / "mer4q")
    return tmp_path / "mer4q"


def test_a_page_stands_alone(found: Audit, mer4q: Path) -> None:
    text = html_report(found, Source(dataset("mer4q"), mer4q))
    shown = Page(text)
    assert shown.links == [dataset("mer4q").homepage]
    assert "url(" not in text and "@import" not in text and str(mer4q) not in text
    for said in (
        "Known issues",
        "quadrant",
        "1 of 11 (9.1 %)",
        "theirs/1",
        "4 pairs of clips",
        "never",
        found.hash,
    ):
        assert said in shown.text
    assert "published: train 620" in shown.text  # the sample is smaller


def test_a_page_of_what_is_not_here(index, tmp_path: Path) -> None:
    bare = audit(IndexedSource("mer4q", index(("train",), ("test",))), TAGS)
    shown = Page(html_report(bare, Source(dataset("mer4q"), tmp_path)))
    assert "files are missing" in shown.text and "labels are missing" in shown.text
    assert "No audio was available" in shown.text and "unknown" in shown.text


def test_a_page_minds_what_is_in_names(index, mer4q: Path) -> None:
    nasty = "<b>&\"'"
    clips = index(("train", nasty, nasty, nasty, nasty), (nasty, nasty, nasty, nasty, nasty))
    other = IndexedSource("mtat", clips, Fingerprints.from_clips(nasty, fingerprints(2)))
    source = IndexedSource("mer4q", clips, Fingerprints.from_clips(nasty, fingerprints(2)))
    found = audit(source, Vocabulary.from_names([nasty]), [other])
    text = html_report(found, Source(dataset("mer4q"), mer4q))
    Page(text)
    assert "<b>&" not in text and "&lt;b&gt;&amp;" in text


def test_a_page_of_many_tags_stays_small(mer4q: Path) -> None:
    tags = [f"a tag of many letters {i}" for i in range(500)]
    rng = np.random.default_rng(0)
    clips = tuple(
        ClipInfo(
            str(i), "x.wav", ("train", "valid", "test")[i % 3], tuple(rng.choice(tags, 8, replace=False)), artist="x"
        )
        for i in range(3000)
    )
    found = audit(IndexedSource("mer4q", ClipIndex(mer4q, clips)), Vocabulary.from_names(tags))
    text = html_report(found, Source(dataset("mer4q"), mer4q))
    assert len(text.encode()) < 300_000
    assert len(re.findall("<svg", text)) > 10


COMMITTED = ("mer4q", "emotify")


@pytest.mark.parametrize("name", COMMITTED)
def test_the_committed_pages_are_of_these_splits(name: str, shared: Path, project: Path) -> None:
    text = (project / "docs" / "data" / f"{name}.html").read_text(encoding="utf-8")
    of, protocol, digest = re.search(r'<meta name="taggram-split" content="(\S+) (\S+) (\S+)">', text).groups()
    assert of == name
    assert digest == split_hash(dataset(name).index(shared / "data" / name, protocol)), "write the page again"
    assert str(shared.resolve()) not in text
    assert len(text.encode()) < 300_000
