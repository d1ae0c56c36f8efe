"""A whole audit as one function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from taggram import Tagger, auditing
from taggram.auditing import Source
from taggram.datasets import dataset
from taggram.errors import DatasetError


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """The sample of mer4q, of which two clips are the same file and one cannot be decoded."""
    monkeypatch.setenv("TAGGRAM_HOME", str(tmp_path / "home"))
    data = dataset("mer4q")
    data.write_sample(tmp_path / "mer4q")
    audio = sorted((tmp_path / "mer4q" / "audio").iterdir())
    audio[5].write_bytes(audio[0].read_bytes())
    audio[3].write_text("no music")
    return Source(data, tmp_path / "mer4q", "moods")


def test_fingerprints_are_computed_once(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    totals: list[tuple[str, int | None]] = []

    def watch(items: Iterable[object], total: int | None, title: str, **_: object) -> Iterator[object]:
        totals.append((title, total))
        yield from items

    first = auditing.run(source, progress=watch)  # type: ignore[arg-type]
    assert first.duplicates.decoded == 5 and first.duplicates.failed == 1
    assert [[str(clip) for clip in group] for group in first.duplicates.files] == [["MT0000000000", "MT0000000005"]]
    (line,) = first.unreadable
    assert "MT0000000003.opus" in line
    assert totals == [("hashes", 6), ("embeddings", 5)]
    monkeypatch.setattr(Tagger, "tag", None)  # calling it is an error
    again = auditing.run(source, progress=watch)  # type: ignore[arg-type]
    assert totals[2:] == [("hashes", 1), ("embeddings", 5)], "only the file that failed is tried again"
    assert again.to_dict() == first.to_dict()


def test_sources_are_indexed_by_protocol(source: Source) -> None:
    other = Source(source.dataset, source.folder, "genres")
    assert (other.name, Source(source.dataset, source.folder).name) == ("mer4q:genres", "mer4q")
    result = auditing.run(source, [other], audio=False)
    assert result.name == "mer4q" and result.duplicates is None and result.unreadable == ()
    assert {overlap.other.split()[0] for overlap in result.across} == {"mer4q:genres"}
    assert set(result.balance.vocabulary.names) == {"calm", "warm", "fierce"}
    none = Source(source.dataset, source.folder, "none")
    for arguments in ((none,), (source, [none])):
        with pytest.raises(DatasetError, match="no protocol 'none'"):
            auditing.run(*arguments, audio=False)
