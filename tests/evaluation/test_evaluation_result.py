"""Results survive a round trip bit for bit, and those that were changed or truncated are refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from taggram.errors import EvaluationError
from taggram.evaluation.evaluation_result import (
    EvaluationInfo,
    EvaluationResult,
    LabelledScores,
    find_results,
    read_result,
    write_result,
)
from taggram.evaluation.protocol import Protocol
from taggram.vocabularies import Vocabulary

PROTOCOL = Protocol(
    name="mine", dataset="table", subset="own", split_hash="ab", vocabulary=Vocabulary.from_names(["é", "b", "c"])
)


def info(**changes: object) -> EvaluationInfo:
    fields = {"protocol": PROTOCOL, "protocol_hash": PROTOCOL.hash, "model": "net.mine", "model_hash": "cd"}
    return EvaluationInfo(
        **{**fields, "mode": "zero-shot", "sources": {"é": ("e",)}, "missing": {"4": "why"}, **changes}
    )


def scores(seed: int = 0) -> LabelledScores:
    rng = np.random.default_rng(seed)
    values = rng.random((4, 3), np.float32)
    values[:, 1] = np.nan
    names = np.array(["1", "2", "ü", "3"])
    return LabelledScores(names, np.array(["x", "x", "y", "x"]), PROTOCOL.vocabulary.names, values, values > 0.5)


@pytest.fixture
def result(tmp_path: Path) -> EvaluationResult:
    return write_result(tmp_path / info().folder_name, info(), scores(0), scores(1))


def test_a_result_is_read_as_it_was_written(result: EvaluationResult) -> None:
    again = read_result(result.folder)
    assert again.info == result.info and again.info.missing == {"4": "why"}
    for name in ("test", "valid"):
        one, other = getattr(result, name), getattr(again, name)
        for field in ("clips", "groups", "scores", "truth"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
        assert other.tags == one.tags
        assert other.scored.tolist() == [True, False, True]


def test_results_from_before_there_were_deformations_stay_intact() -> None:
    sealed = info().sealed({"scores.parquet": "ef"})
    assert sealed.content_hash == "bdb3b2c7a3d85025bdcab2dca997b77d0630b2e8e3d94417083d51dca66ed094"
    assert (sealed.folder_name, sealed.protocol_hash) == ("mine_net.mine_zero-shot_743eedf6", "3fa4b1f4c4db")
    deformed = info(protocol=PROTOCOL.replace(deformation="gain=-6")).sealed({"scores.parquet": "ef"})
    assert deformed.content_hash != sealed.content_hash
    assert info(protocol=PROTOCOL.replace(deformation="gain=-6")).folder_name.startswith("mine_gain=-6_net.mine_zero")


def test_the_file_has_one_row_per_clip_and_tag(result: EvaluationResult) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    rows = pq.read_table(result.folder / "scores.parquet").to_pylist()
    assert [row["clip"] for row in rows[:4]] == ["1", "1", "1", "2"] and len(rows) == 12
    assert rows[1]["score"] is None and rows[1]["truth"] is False and rows[6]["group"] == "y"


def test_validation_scores_are_optional(tmp_path: Path) -> None:
    write_result(tmp_path / "a", info(), scores(), None)
    assert read_result(tmp_path / "a").valid is None


def test_results_are_found_in_a_folder(result: EvaluationResult) -> None:
    assert find_results(result.folder.parent) == [result.folder] == find_results(result.folder)


@pytest.mark.parametrize(
    ("field", "value"), [("model", "other"), ("missing", {}), ("time", "now"), ("files", {}), ("protocol_hash", "00")]
)
def test_an_edited_description_is_refused(result: EvaluationResult, field: str, value: object) -> None:
    file = result.folder / "protocol.json"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), field: value}))
    with pytest.raises(EvaluationError, match=r"protocol\.json was changed after it was written: delete .*") as error:
        read_result(result.folder)
    assert len(str(error.value).splitlines()) == 1


def test_an_edited_protocol_is_refused(result: EvaluationResult) -> None:
    file = result.folder / "protocol.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"mean"', '"max"'), encoding="utf-8")
    with pytest.raises(EvaluationError, match="was changed"):
        read_result(result.folder)


@pytest.mark.parametrize("name", ["scores.parquet", "valid.parquet"])
@pytest.mark.parametrize("change", ["edit", "truncate", "remove", "swap"])
def test_changed_scores_are_refused(result: EvaluationResult, name: str, change: str, tmp_path: Path) -> None:
    file = result.folder / name
    if change == "edit":
        content = bytearray(file.read_bytes())
        content[100] ^= 1
        file.write_bytes(content)
    elif change == "truncate":
        file.write_bytes(file.read_bytes()[:-10])
    elif change == "remove":
        file.unlink()
    else:
        file.write_bytes((write_result(tmp_path / "b", info(), scores(2), scores(3)).folder / name).read_bytes())
    with pytest.raises(EvaluationError, match="missing, incomplete or was changed"):
        read_result(result.folder)


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file"), ("{}", "malformed"), ("not JSON", "malformed")]
)
def test_other_folders_are_no_results(content: str | None, reason: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "protocol.json").write_text(content)
    with pytest.raises(EvaluationError, match=reason):
        read_result(tmp_path)


def test_every_evaluation_has_a_folder_of_its_own() -> None:
    other = PROTOCOL.replace(aggregation="max")
    names = {
        each.folder_name
        for each in (
            info(),
            info(mode="probe"),
            info(model_hash="ef"),
            info(protocol=other, protocol_hash=other.hash),
        )
    }
    assert len(names) == 4
    assert info().folder_name.startswith("mine_net.mine_zero-shot_")
