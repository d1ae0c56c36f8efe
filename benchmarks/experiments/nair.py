"""Four convolutions, a random forest and nearest neighbours (Nair and Bradley), on the 620 training clips of mer4q.

The 50 most frequent of its genres and moods are the tags; the networks have an eighth of the paper's channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.experiments.scores import Row, pack_clips, show, slug, train_and_score
from benchmarks.experiments.tags import frequent_tags, tagged_clips
from taggram.metrics import roc_auc
from taggram.training import Recipe, load_recipe

CHANNELS = [16, 48, 96, 256]
RATE, SEED = 16000, 0


def run(data: Path, work: Path, threads: int) -> Iterator[Row]:
    """Train each row of the paper's tables; yields ROC-AUC with intervals over artists."""
    clips = tagged_clips(data)
    store = work / f"mer4q-{RATE}"
    pack_clips(clips, store, RATE)
    for name, recipe in _recipes().items():
        recipe = recipe.replace(
            name=f"{recipe.model.architecture}.nair",
            seed=SEED,
            data={"store": str(store), "vocabulary": frequent_tags(clips)},
            published=None,
        )
        scored = train_and_score(recipe, work / f"nair-{slug(name)}", threads)
        yield {
            "model": name,
            "epochs": recipe.optim.epochs if recipe.model.architecture == "four_layer_cnn" else "",
            "metric": "ROC-AUC",
            **show(scored.mean(roc_auc)),
            "clips": len(scored.groups),
            "groups": len(set(scored.groups.tolist())),
            "tags": len(scored.tags),
            "seconds": round(scored.seconds),
        }


def _recipes() -> dict[str, Recipe]:
    """Return the rows of Tables II and III, with channels and steps for fewer clips."""
    rows = {}
    network = load_recipe("nair/four_layer_cnn")
    assert network.sweep is not None
    for cell in network.sweep.cells():
        recipe = network.with_values(cell)
        rows[f"normalized by {recipe.model.options['normalize']}, {recipe.optim.epochs} epochs"] = recipe
    rows["unweighted loss"] = load_recipe("nair/unweighted")
    rows["batch norm and dropout"] = load_recipe("nair/batch_norm")
    rows = {
        name: recipe.replace(model={"options": {**recipe.model.options, "channels": CHANNELS}})
        for name, recipe in rows.items()
    }
    for kind in ("random_forest", "knn"):
        baseline = load_recipe(f"nair/{kind}")
        rows[f"{kind}, probabilities"] = baseline.replace(model={"options": {"hard": False}})
        rows[f"{kind}, decisions"] = baseline.replace(model={"options": {"hard": True}})
    return rows
