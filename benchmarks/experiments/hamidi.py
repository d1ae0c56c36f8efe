"""MsE-CNN against FCN-5 (Hamidi Ghalehjegh et al. 2019) on mer4q, with a quarter of the channels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.experiments.scores import Row, Scored, pack_clips, show, slug, train_and_score
from benchmarks.experiments.tags import frequent_tags, tagged_clips
from taggram.metrics import average_precision, roc_auc
from taggram.training import load_recipe

CHANNELS = [16, 32, 32, 32, 16]
RATE, SEED = 12000, 0


def run(data: Path, work: Path, threads: int, epochs: int = 10) -> Iterator[Row]:
    """Train both networks alike; yields ROC-AUC and average precision with intervals over artists, and seconds."""
    clips = tagged_clips(data)
    store = work / f"mer4q-{RATE}"
    pack_clips(clips, store, RATE)
    base = load_recipe("hamidi2019/mse_cnn")
    base = base.replace(sweep=None, published=None)
    first: Scored | None = None
    for architecture, name, options in (
        ("fcn5", "FCN-5", {}),
        ("mse_cnn", "MsE-CNN", {}),
        ("mse_cnn", "MsE-CNN, convolutions of all features", {"inputs": "all"}),
    ):
        recipe = base.replace(
            name=f"{architecture}.hamidi",
            seed=SEED,
            data={"store": str(store), "vocabulary": frequent_tags(clips)},
            model={"architecture": architecture, "options": {"channels": CHANNELS, **options}},
            optim={"epochs": epochs, "batch_size": 16, "optimizer": {"kind": "adam", "lr": 1e-3, "weight_decay": 0.0}},
        )
        scored = train_and_score(recipe, work / f"hamidi-{slug(name)}", threads)
        first = first or scored
        for title, metric in (("ROC-AUC", roc_auc), ("AP", average_precision)):
            about = {
                "clips": len(scored.groups),
                "groups": len(set(scored.groups.tolist())),
                "tags": len(scored.tags),
                "epochs": epochs,
            }
            yield {
                "network": name,
                "metric": title,
                **show(scored.mean(metric)),
                **about,
                "seconds": round(scored.seconds),
            }
            if scored is not first:
                row = {"network": f"{name}, less FCN-5", "metric": title, **show(scored.difference(first, metric))}
                yield {**row, **about, "seconds": ""}
