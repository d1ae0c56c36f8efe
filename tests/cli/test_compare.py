"""What architectures cost, as a table and as a file."""

from __future__ import annotations

import csv
from pathlib import Path

from typer.testing import CliRunner

from taggram.cli import app
from taggram.errors import ModelError
from taggram.models import create_model
from taggram.models.analysis.cost import cost
from taggram.models.analysis.receptive_field import receptive_field


def test_figures_are_printed_and_written(tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    done = CliRunner().invoke(app, ["models", "compare", "*_vgg", "--csv", str(file)], env={"COLUMNS": "100"})
    assert done.exit_code == 0, done.output
    head, *lines = done.stdout.splitlines()
    columns = "architecture parameters segment s field s bands GMAC/segment GMAC/s ms/s"
    assert " ".join(head.split()) == columns
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["architecture"] for row in rows] == [line.split()[0] for line in lines] == ["small_vgg"]
    network = create_model("small_vgg", "mtat")
    counted, field = cost(network), receptive_field(network)
    assert (float(rows[0]["field_s"]), int(rows[0]["field_bands"])) == (round(field.seconds, 2), field.bands)
    assert int(rows[0]["parameters"]) == counted.parameters
    assert float(rows[0]["gmac_per_s"]) == round(counted.macs_per_second / 1e9, 4)
    assert float(rows[0]["ms_per_s"]) > 0


def test_no_such_architecture() -> None:
    done = CliRunner().invoke(app, ["models", "compare", "nothing*"])
    assert "no architecture is named 'nothing*'" in str(done.exception)


def test_a_file_that_cannot_be_written_costs_no_figures(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["models", "compare", "small_vgg", "--csv", str(tmp_path / "none" / "a.csv")])
    assert "small_vgg" in done.stdout
    assert isinstance(done.exception, ModelError)
