"""Each epoch is described; a training that learns nothing warns."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import torch
from tones import Tones, recipe

from taggram.training.loop.curves import draw_curves
from taggram.training.loop.devices import Devices
from taggram.training.loop.fit import fit
from taggram.training.loop.health import check_change, check_scores
from taggram.training.loop.history import Row, describe
from taggram.training.plan import Plan, make_plan

CPU = Devices("cpu")


@pytest.fixture(autouse=True)
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taggram.models.weights.export_onnx", lambda _, file: file.write_bytes(b""))


def plan(**settings: object) -> Plan:
    return make_plan(recipe(**settings), Tones())


def test_each_epoch_has_the_metrics_of_the_validation_split(tmp_path: Path) -> None:
    lines: list[str] = []
    rows: list[Row] = []
    tags = {"vocabulary": ["low", "high"]}
    _, kept = fit(plan(data=tags, optim={"epochs": 6}), tmp_path / "m", CPU, report=lines.append, on_epoch=rows.append)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert kept == min(rows, key=lambda row: row["validation_loss"])
    assert kept["roc_auc"] == kept["average_precision"] == 1.0, "tones are easy"
    assert len(lines) == 6
    assert lines[0].startswith("epoch 1/6: loss 0.")
    assert ", ROC-AUC " in lines[0] and "segments/s" in lines[0]
    with (tmp_path / "m" / "history.csv").open() as stream:
        assert [float(row["roc_auc"]) for row in csv.DictReader(stream)] == [row["roc_auc"] for row in rows]
    picture = (tmp_path / "m" / "history.svg").read_text()
    assert "<svg" in picture and "ROC-AUC" in picture


def test_time_left() -> None:
    row = {"epoch": 3.0, "lr": 1e-3, "training_loss": 0.5, "validation_loss": 0.25, "roc_auc": 0.81234}
    rows = [{**row, "segments_per_second": 210.4, "seconds": seconds} for seconds in (50.0, 70.0, 60.0)]
    assert describe(rows, 5) == (
        "epoch 3/5: loss 0.5000, validation loss 0.2500, ROC-AUC 0.812; learning rate 0.001, 210.4 segments/s, "
        "0:02:00 left"
    )
    assert "left" not in describe(rows, 3)


def test_tags_without_clips_warn(tmp_path: Path) -> None:
    lines: list[str] = []
    fit(
        plan(data={"vocabulary": ["low", "high", "rare", "none"]}, optim={"epochs": 1}),
        tmp_path,
        CPU,
        report=lines.append,
    )
    assert lines[0] == "warning: 1 tag (none) without a training clip, which cannot be learned"
    assert lines[1] == "warning: 2 tags (rare, none) without a validation clip, which do not count in ROC-AUC"


def test_a_learning_rate_that_moves_nothing_warns(tmp_path: Path) -> None:
    lines: list[str] = []
    optim = {"epochs": 2, "optimizer": {"kind": "sgd", "lr": 1e-12}}
    fit(plan(data={"vocabulary": ["low", "high"]}, optim=optim), tmp_path, CPU, report=lines.append)
    expected = "warning: the first epoch hardly changed the weights; a learning rate of 1e-12 may be too low"
    assert [line for line in lines if line.startswith("warning")] == [expected]


def test_constant_scores_warn(tmp_path: Path) -> None:
    from taggram.training.loop.devices import make_fabric
    from taggram.training.loop.trainer import Trainer

    trainer = Trainer(plan(data={"vocabulary": ["low", "high"]}), make_fabric(CPU))
    with torch.no_grad():
        trainer.network.head.weight[1] = 0
    assert trainer.validate().constant_tags == ("high",)
    assert check_scores(("high",)) == ["warning: 1 tag (high) with the same score for all validation clips"]
    assert check_scores(()) == []


def test_a_change_is_relative_to_the_weights() -> None:
    before = {"a": torch.full((10,), 1000.0)}
    assert check_change(before, {"a": before["a"] + 0.001}, 1e-3)
    assert not check_change(before, {"a": before["a"] + 1.0}, 1e-3)


def test_the_dot_of_the_curves_is_the_kept_epoch(tmp_path: Path) -> None:
    rows = [
        {"epoch": float(i), "training_loss": 1.0 / i, "validation_loss": 1.5 / i, "roc_auc": 1 - 0.5 / i}
        for i in (1, 2, 3)
    ]
    for name, kept in (("a", rows[0]), ("b", rows[0]), ("c", rows[2])):
        draw_curves(rows, kept, tmp_path / f"{name}.svg")
    pictures = [(tmp_path / f"{name}.svg").read_bytes() for name in "abc"]
    assert b"ROC-AUC" in pictures[0] and pictures[0] == pictures[1] != pictures[2]


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_the_ticks_of_the_curves_are_whole_epochs(epochs: int, tmp_path: Path) -> None:
    rows = [{"epoch": float(i), "training_loss": 50.5, "validation_loss": 51.5} for i in range(1, epochs + 1)]
    draw_curves(rows, rows[0], tmp_path / "a.svg")
    ticks = re.findall(r">([^<>]+)</text>", (tmp_path / "a.svg").read_text())
    assert [tick for tick in ticks if tick.replace(".", "").isdigit() and float(tick) < 40] == list("123"[:epochs])
