"""JSON of predictions fits the schema that the package has."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import jsonschema
import numpy as np
import pytest
from command_line import run

from taggram.tagging import Tagger
from taggram.vocabularies import Category

SCHEMA = json.loads(files("taggram.tagging").joinpath("prediction.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def described(data: Any, schema: dict[str, Any]) -> bool:
    """Whether the schema has every field of some data: it allows others, for later versions of taggram."""
    schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(data, dict):
        return all(name in schema["properties"] and described(data[name], schema["properties"][name]) for name in data)
    return not isinstance(data, list) or all(described(item, schema["items"]) for item in data)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    prediction = SCHEMA["$defs"]["prediction"]["properties"]
    assert set(prediction["tags"]["items"]["properties"]["category"]["enum"]) == set(get_args(Category))


@pytest.mark.parametrize("options", [(), ("--over-time",), ("--top", "2"), ("--all", "--over-time")])
def test_what_the_command_prints_fits(options: tuple[str, ...], pieces: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    paths = (pieces / "synth-groove.opus", tmp_path / "missing.mp3", tmp_path / "empty")
    done = run("tag", *paths, "--json", "--duration", 6, *options)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 3
    for line in lines:
        VALIDATOR.validate(line)
        assert described(line, SCHEMA["$defs"]["error" if "error" in line else "prediction"])
    assert [line["schema"] for line in lines if "tags" in line] == [1]


def test_a_prediction_of_an_array_fits() -> None:
    data = Tagger().tag(np.zeros(16000, np.int16), sample_rate=16000).to_dict(over_time=True)
    VALIDATOR.validate(data)
    assert data["path"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"path": 3},
        {"duration": "3 s"},
        {"tags": [{"tag": "piano", "score": 0.5}]},
        {"tags": [{"tag": "piano", "category": "instrument", "score": 1.5}]},
        {"segments": [{"start": 0.0}]},
        {"warnings": None},
        {"error": "it failed"},
    ],
)
def test_what_does_not_fit_is_found(change: dict[str, Any], pieces: Path) -> None:
    data = Tagger().tag(pieces / "synth-groove.opus", duration=6).to_dict(over_time=True)
    VALIDATOR.validate(data)
    assert not VALIDATOR.is_valid({**data, **change})
