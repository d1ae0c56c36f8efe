"""What is listed: models, and architectures where torch is."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import taggram
from taggram.cli import app
from taggram.errors import MissingExtraError
from taggram.models import registry
from taggram.models.published import PUBLISHED


def listed(*arguments: str) -> tuple[str, str]:
    done = CliRunner().invoke(app, ["models", "list", *arguments], env={"COLUMNS": "300"})
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def test_all_models_and_all_architectures() -> None:
    models, _, architectures = listed()[0].partition("\n\n")
    assert {*PUBLISHED, "default"} <= {line.split()[0] for line in models.splitlines()}
    names = [line.split()[0] for line in architectures.splitlines()]
    assert names == ["architecture", *taggram.list_architectures()]
    assert "Choi, Fazekas and Sandler, Automatic tagging" in architectures


def test_a_pattern_is_for_both() -> None:
    names = [line.split()[0] for line in listed("*_pons*")[0].splitlines() if line]
    assert names == [
        *("model", "musicnn_pons.msd-pons2019", "musicnn_pons.mtat-pons2019"),
        *("vgg_pons.msd-pons2019", "vgg_pons.mtat-pons2019", "architecture", "musicnn_pons", "vgg_pons"),
    ]


def test_without_torch_models_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise MissingExtraError("an architecture", "train")

    monkeypatch.setattr(registry, "known_architectures", missing)
    shown, said = listed("fcn.*")
    assert "fcn.mtat-won2020" in shown
    assert "architecture" not in shown
    assert said.startswith("architectures are not listed: ")
    assert "taggram[train]" in said
