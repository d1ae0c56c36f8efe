"""Figures that were measured here take the place of the command in the tables of the recipes."""

from __future__ import annotations

from pathlib import Path

import pytest
import recipe_tables


def test_what_was_measured_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "recipes.csv"
    file.write_text(
        "recipe,row,metric,value,std\nnair/knn,125 neighbours,ROC-AUC,0.61,\n"
        "nair/batch_norm,batch norm and dropout,ROC-AUC,0.86,0.01\n"
        "nair/batch_norm,batch norm and dropout,AP,0.3,0.02\n"
    )
    monkeypatch.setattr(recipe_tables, "MEASURED", file)
    cells = {}
    for part in recipe_tables.recipe_tables().split("\n### ")[1:]:
        recipe, *lines = part.splitlines()
        rows = [[cell.strip() for cell in line.split("|")] for line in lines if line.startswith("| ")]
        cells |= {(recipe, row[1]): row[4] for row in rows}
    assert cells["nair/knn", "1"] == "ROC-AUC 0.61"
    assert cells["nair/batch_norm", "1"] == "ROC-AUC 0.86 ± 0.01, AP 0.3 ± 0.02"
    assert cells["nair/random_forest", "1"] == "`taggram recipes run nair/random_forest`"
    assert cells["yu2018/grid", "12"] == "`taggram recipes run yu2018/grid --row 12`"
