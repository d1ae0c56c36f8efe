"""The audit as a whole: as figures, as lines and as a page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from taggram.datasets import Listed, Listing, dataset
from taggram.datasets.audit import Audit, Sound, Sounds, Source, audit, facts, page
from taggram.datasets.audit.duplicates import FEWEST
from taggram.datasets.protocols import split_hash
from taggram.vocabularies import Vocabulary

TAGS = Vocabulary.from_names(["jazz", "rock", "never"])


def heard(count: int, seed: int = 0) -> list[Sound | None]:
    embeddings = np.random.default_rng(seed).normal(size=(count, 32)).astype(np.float32)
    return [Sound(f"file {seed} {i}", f"samples {seed} {i}", row) for i, row in enumerate(embeddings)]


@pytest.fixture
def ours(listing) -> Source:
    """60 clips: 4 has the file of 3, 6 the samples of 5, 8 (in test) sounds like 7, and 9 is not there."""
    clips = listing(
        *(
            ("train" if i < 50 and i != 8 else "test", ("jazz", "rock", "")[i % 3], f"Artist {i // 2}")
            for i in range(60)
        )
    )
    sounds = heard(60)
    sounds[4] = sounds[3]
    sounds[6] = Sound("another", sounds[5].samples, sounds[5].embedding)
    sounds[8] = Sound("8", "8", sounds[7].embedding + np.float32(0.01))
    sounds[9] = None
    return Source("ours", clips, Sounds.of("a.model", sounds, failed=1))


@pytest.fixture
def theirs(listing, ours: Source) -> Source:
    """Two clips of other names: the second has the samples of our first."""
    first = ours.sounds.samples[0], ours.sounds.embeddings[0]
    return Source("theirs", listing(("train",), ("test",)), Sounds.of("a.model", [*heard(1, 1), Sound("x", *first)]))


@pytest.fixture
def found(ours: Source, theirs: Source) -> Audit:
    return audit(ours, TAGS, [theirs])


def test_what_is_there_twice_is_found(found: Audit) -> None:
    twins = found.duplicates
    assert (twins.heard, twins.failed, twins.model) == (59, 1, "a.model")
    assert [[str(place) for place in group] for group in twins.files] == [["3", "4"]]
    assert [[str(place) for place in group] for group in twins.samples] == [["0", "theirs/1"], ["3", "4"], ["5", "6"]]
    pairs = {(str(pair.one), str(pair.other)): pair.same for pair in twins.near}
    assert pairs == {("0", "theirs/1"): "", ("3", "4"): "", ("5", "6"): "", ("7", "8"): ""}
    assert len(twins.nearest) == 59 and max(twins.nearest) == 1


def test_names_tell_which_near_duplicates_to_expect(listing) -> None:
    sounds = heard(FEWEST)
    for i in (1, 3, 5):
        sounds[i] = sounds[i - 1]
    named = [
        ("", "", "A", "", "Song"),
        ("", "", "The A", "", "song (live)"),
        ("", "", "B", "", "One"),
        ("", "", "b", "", "Two"),
    ]
    clips = listing(*named, *[("",)] * (FEWEST - 4))
    found = audit(Source("x", clips, Sounds.of("m", sounds)), TAGS)
    assert [pair.same for pair in sorted(found.duplicates.near, key=lambda pair: pair.one.id)] == ["song", "artist", ""]


def test_lines(found: Audit) -> None:
    lines = list(facts(found))
    assert lines[0] == f"ours: 60 clips, 3 tags, split {found.hash}"
    for line in (
        "split train: 49 of 60 (81.7 %) clips; without tags 15 of 49 (30.6 %)",
        "split test: 1 of 3 (33.3 %) tags without positives: never",
        "artists of test also in train: 1 of 6 (16.7 %), with 1 of 11 (9.1 %) clips",
        "albums: not known of 60 of 60 (100.0 %) clips, which do not say",
        "songs also in theirs: not known, the clips do not say",
        "audio: 59 of 60 (98.3 %) clips heard; 1 cannot be decoded",
        "equal files: 3 (train), 4 (train)",
        "near duplicates: 7 (train), 8 (test): 1.000",
    ):
        assert line in lines


def test_nothing_is_claimed_of_what_is_not_here(listing) -> None:
    clips = listing(("train",), ("train",), ("test", "jazz"), ("test", "rock"))
    lines = list(facts(audit(Source("bare", clips), TAGS)))
    assert "split train: 2 of 4 (50.0 %) clips; no labels here" in lines
    assert "artists: not known of 4 of 4 (100.0 %) clips, which do not say" in lines
    assert "audio: none heard" in lines
    assert not any("train" in line and "without" in line for line in lines)
    assert not any(" 0 of" in line and "artists" in line for line in lines)


def test_too_few_clips(listing) -> None:
    source = Source("few", listing(("train", "jazz"), ("test", "jazz")), Sounds.of("m", heard(2)))
    assert list(facts(audit(source, TAGS)))[-1] == "near duplicates: too few clips to tell"


def test_json_has_everything(found: Audit) -> None:
    said = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert said["clips"] == 60 and said["hash"] == found.hash
    assert said["splits"]["train"]["tags"] == {"jazz": 17, "rock": 17, "never": 0}
    assert said["splits"]["test"]["absent"] == ["never"]
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
    text = page(found, dataset("mer4q"), mer4q)
    shown = Page(text)
    assert shown.links == [dataset("mer4q").homepage]
    assert "url(" not in text and "@import" not in text and str(mer4q) not in text
    for said in ("Known traps", "quadrant", "1 of 11 (9.1 %)", "theirs/1", "4 pairs of clips", "never", found.hash):
        assert said in shown.text
    assert "published: train 620" in shown.text  # the sample is smaller


def test_a_page_of_what_is_not_here(listing, tmp_path: Path) -> None:
    bare = audit(Source("mer4q", listing(("train",), ("test",))), TAGS)
    shown = Page(page(bare, dataset("mer4q"), tmp_path))
    assert "its files are not here" in shown.text and "no labels here" in shown.text
    assert "No clip was heard" in shown.text and "not known" in shown.text


def test_a_page_minds_what_is_in_names(listing, mer4q: Path) -> None:
    nasty = "<b>&\"'"
    clips = listing(("train", nasty, nasty, nasty, nasty), (nasty, nasty, nasty, nasty, nasty))
    other = Source("mtat", clips, Sounds.of(nasty, heard(2)))
    found = audit(Source("mer4q", clips, Sounds.of(nasty, heard(2))), Vocabulary.from_names([nasty]), [other])
    text = page(found, dataset("mer4q"), mer4q)
    Page(text)
    assert "<b>&" not in text and "&lt;b&gt;&amp;" in text


def test_a_page_of_many_tags_stays_small(mer4q: Path) -> None:
    tags = [f"a tag of many letters {i}" for i in range(500)]
    rng = np.random.default_rng(0)
    clips = tuple(
        Listed(
            str(i), "x.wav", ("train", "valid", "test")[i % 3], tuple(rng.choice(tags, 8, replace=False)), artist="x"
        )
        for i in range(3000)
    )
    found = audit(Source("mer4q", Listing(mer4q, clips)), Vocabulary.from_names(tags))
    text = page(found, dataset("mer4q"), mer4q)
    assert len(text.encode()) < 300_000
    assert len(re.findall("<svg", text)) > 10


COMMITTED = ("mer4q", "emotify")


@pytest.mark.parametrize("name", COMMITTED)
def test_the_committed_pages_are_of_these_splits(name: str, shared: Path, examples: Path) -> None:
    text = (examples.parent / "docs" / "data" / f"{name}.html").read_text(encoding="utf-8")
    of, protocol, digest = re.search(r'<meta name="taggram-split" content="(\S+) (\S+) (\S+)">', text).groups()
    assert of == name
    assert digest == split_hash(dataset(name).listing(shared / "data" / name, protocol)), "write the page again"
    assert str(shared.resolve()) not in text
    assert len(text.encode()) < 300_000
