"""Protocols list their clips, and nothing that fits gets a clip that is scored."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from pathlib import Path

import pytest

from taggram.datasets import dataset, published
from taggram.errors import DatasetError
from taggram.evaluation import PROTOCOLS, load_protocol
from taggram.evaluation.predefined import find_definition


def write_table(folder: Path, rows: list[str], columns: str = "id,path,labels,split,artist") -> Path:
    (folder / "clips.csv").write_text("\n".join([columns, *rows]), encoding="utf-8")
    return folder / "clips.csv"


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples of data sets have empty files of audio, which no protocol reads."""

    def touch(file: Path, *_: object, **__: object) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    for module in pkgutil.iter_modules(published.__path__, f"{published.__name__}."):
        if hasattr(importlib.import_module(module.name), "write_noise"):
            monkeypatch.setattr(f"{module.name}.write_noise", touch)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_lists_the_sample_of_its_data_set(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition = PROTOCOLS[name]
    if definition.tags is not None:  # of the 188 tags the sample has 15
        definition = dataclasses.replace(definition, tags=15)
        monkeypatch.setitem(PROTOCOLS, name, definition)
    source = dataset(definition.dataset)
    source.write_sample(tmp_path)
    data = load_protocol(definition.dataset, tmp_path, name, all_splits=definition.dataset == "table")
    clips = [clip for clip in source.index(tmp_path, definition.subset).clips if clip.split == "test"]
    if not definition.slices and definition.dataset != "table":
        assert [clip.id for clip in data.test] == [clip.id for clip in clips]
        assert all(clip.group for clip in data.test)
    assert (
        data.protocol.leaky == definition.leaky == (source.protocol(definition.subset).leaky or definition.slices > 0)
    )
    if definition.tags is None:
        assert data.protocol.vocabulary == source.vocabulary(tmp_path, definition.subset)
    else:
        assert len(data.protocol.vocabulary) == definition.tags
    assert data.truth(data.test).shape == (len(data.test), len(data.protocol.vocabulary))
    assert data.truth(data.test).sum() == sum(len(clip.labels) for clip in data.test) > 0


def test_the_protocols_of_the_papers_are_there() -> None:
    assert {
        *("mtat-full", "mtat-clean", "msd-lastfm50", "jamendo-top50-split0", "won2020", "fma-yu", "gtzan"),
        *("mer4q-artist", "mer4q-slice", "emotify", "table"),
    } <= set(PROTOCOLS)
    assert len({definition.name for definition in PROTOCOLS.values()}) == len(PROTOCOLS)


def test_protocols_of_won_differ_in_segments_and_aggregation(tmp_path: Path) -> None:
    dataset("mtat").write_sample(tmp_path)
    names = ("won2020", "mtat-clean", "won2020-vote")
    won, clean, vote = (load_protocol("mtat", tmp_path, name).protocol for name in names)
    assert won.differences(clean) == ("placement",)
    assert won.differences(vote) == ("aggregation",)


@pytest.mark.parametrize(
    ("data", "protocol", "reason"),
    [("mtat", "gtzan", "mtat has no protocol 'gtzan'"), ("emotfy", None, "did you mean emotify")],
)
def test_unknown_names_are_errors(data: str, protocol: str | None, reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        find_definition(data, protocol)


def test_nothing_fits_on_the_test_split(tmp_path: Path) -> None:
    rows = ["1,1.flac,a,train,x", "2,2.flac,b,valid,y", "3,3.flac,a;b,test,z", "4,4.flac,b,,w"]
    data = load_protocol("table", write_table(tmp_path, rows))
    assert [clip.id for clip in data.test] == ["3"]
    assert [clip.id for split in ("train", "valid") for clip in data.fitting_clips(split)] == ["1", "2"]
    assert [clip.id for clip in data.fitting_index().clips] == ["1", "2"]
    for split in ("test", "", "all"):
        with pytest.raises(DatasetError, match="only train and valid are for fitting"):
            data.fitting_clips(split)


def test_where_all_clips_are_scored_nothing_is_left_to_fit_on(tmp_path: Path) -> None:
    rows = ["1,1.flac,a,train,x", "2,2.flac,b,valid,y", "3,3.flac,a;b,test,z"]
    data = load_protocol("table", write_table(tmp_path, rows), all_splits=True)
    assert len(data.test) == 3 and data.protocol.name == "table-all"
    assert not data.fitting_clips("train") and not data.fitting_clips("valid") and not data.fitting_index().clips


def test_a_file_in_two_splits_is_refused(tmp_path: Path) -> None:
    rows = ["1,1.flac,a,train,x", "2,1.flac,b,test,y"]
    with pytest.raises(DatasetError, match="clip 1 is both in train and in test"):
        load_protocol("table", write_table(tmp_path, rows))


def test_an_artist_in_two_splits_is_a_warning(tmp_path: Path) -> None:
    rows = ["1,1.flac,a,train,x", "2,2.flac,b,test,x"]
    assert load_protocol("table", write_table(tmp_path, rows)).warnings == (
        "table: 1 artists are in test and in train or valid, such as x",
    )
    rows[0] = "1,1.flac,a,train,y"
    assert load_protocol("table", write_table(tmp_path, rows)).warnings == ()


def test_duplicate_ids_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="2 clips have the id '1'"):
        load_protocol("table", write_table(tmp_path, ["1,1.flac,a,test,x", "1,2.flac,a,test,x"]))


def test_an_empty_split_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no clip is in the split 'test': .* --all"):
        load_protocol("table", write_table(tmp_path, ["1,1.flac,a,train,x"]))


def test_graded_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"'valence=0\.5' is graded"):
        load_protocol("table", write_table(tmp_path, ["1,1.flac,valence=0.5,test,x"]))


def test_slices_leak_and_say_so(tmp_path: Path) -> None:
    dataset("mer4q").write_sample(tmp_path)
    data = load_protocol("mer4q", tmp_path, "mer4q-slice")
    assert data.protocol.leaky and data.protocol.slices == 10 and len(data.test) == 3
    assert all(clip.duration == 3 and clip.start == 3 * int(clip.id.rpartition("/")[2]) for clip in data.test)
    trained = {clip.file for clip in data.fitting_clips("train")}
    assert all(clip.file in trained for clip in data.test)
    assert not {clip.id for clip in data.fitting_clips("train")} & {clip.id for clip in data.test}
    with pytest.raises(DatasetError, match="cannot be packed"):
        data.fitting_index()


def test_the_hash_is_that_of_the_scored_clips(tmp_path: Path) -> None:
    rows = ["1,1.flac,a,train,x", "2,2.flac,b,test,y", "3,3.flac,b,test,z"]
    protocol = load_protocol("table", write_table(tmp_path, rows)).protocol
    assert load_protocol("table", write_table(tmp_path, [rows[2], rows[1], rows[0]])).protocol.hash == protocol.hash
    other = load_protocol("table", write_table(tmp_path, rows[:2])).protocol
    assert "split" in protocol.differences(other)


def test_recordings_that_another_data_set_trains_on_are_left_out(tmp_path: Path) -> None:
    mtat, emotify = tmp_path / "mtat", tmp_path / "emotify"
    dataset("mtat").write_sample(mtat)
    dataset("emotify").write_sample(emotify)
    table = emotify / "labels.tsv"
    whole = load_protocol("emotify", emotify)
    assert load_protocol("emotify", emotify, without={"mtat": mtat}).protocol.split_hash == whole.protocol.split_hash
    table.write_text(table.read_text().replace("Artist 3", "The Quartet").replace("Title 6", "Allegro"))
    with pytest.raises(DatasetError, match="emotify-without-mtat: no clip"):
        load_protocol("emotify", emotify, without={"mtat": mtat})
    everything = load_protocol("emotify", emotify, all_splits=True, without={"mtat": mtat})
    assert len(everything.test) == 5 and everything.protocol.name == "emotify-without-mtat-all"


def test_definitions_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROTOCOLS["gtzan"].dataset = "mtat"  # type: ignore[misc]
