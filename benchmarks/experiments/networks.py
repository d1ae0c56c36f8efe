"""Networks on the 620 training clips of mer4q, trained alike, between a floor and a ceiling.

The 50 most frequent genres and moods are the tags. On a CPU, small networks with few channels: a test of the engine,
no ranking. On a GPU, every architecture with the published channels, and more epochs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.experiments.scores import Row, Scored, groups_of, mean_of_runs, pack_clips, show, train_and_score
from benchmarks.experiments.tags import frequent_tags, tagged_clips
from taggram import Tagger, create_model
from taggram.datasets import ClipIndex, PackedStore
from taggram.features import FrontEnd
from taggram.features.build import build
from taggram.metrics import average_precision, roc_auc
from taggram.models import list_architectures
from taggram.models.analysis.cost import cost
from taggram.models.card import BASELINES
from taggram.training import Recipe
from taggram.training.probing.probe import choose_probe
from taggram.training.split_scores import SplitScores

SEEDS = 3
NARROW: dict[str, dict[str, Any]] = {  # options: a quarter of the channels, in the last network an eighth
    "small_vgg": {"channels": [6, 12, 24, 40, 48]},
    "fcn5": {"channels": [16, 32, 32, 32, 16]},
    "mse_cnn": {"channels": [16, 32, 32, 32, 16]},
    "four_layer_cnn": {"channels": [16, 48, 96, 256]},
}
METRICS = {"ROC-AUC": roc_auc, "AP": average_precision}
BANDS = 12


def run(data: Path, work: Path, threads: int, whole: bool = False) -> Iterator[Row]:
    """Train networks, and fit what they are compared with; yields means over seeds with intervals over artists.

    Parameters
    ----------
    data, work, threads
        Folder of mer4q, folder for stores and models, threads on the CPU.
    whole
        Whether to train every architecture with the published channels, on a GPU if there is one.
    """
    clips = tagged_clips(data)
    tags = frequent_tags(clips)
    for name, embed in (("statistics of 12 bands, probe", _band_statistics), ("default, probe", _default_embeddings)):
        scored = _probe(clips, tags, embed, work, threads)
        yield from _rows(name, [scored])
    networks = {name: {} for name in list_architectures() if name not in BASELINES} if whole else NARROW
    for architecture, options in networks.items():
        network = create_model(architecture, tags, **options)
        rate = network.front_end.sample_rate
        pack_clips(clips, work / f"mer4q-{rate}", rate)
        runs = []
        for seed in range(SEEDS):
            recipe = Recipe(
                name=f"{architecture}.mer4q",
                seed=seed,
                data={"store": str(work / f"mer4q-{rate}"), "vocabulary": tags},
                model={"architecture": architecture, "options": options},
                optim={
                    "epochs": 40 if whole else 4,
                    "batch_size": 16,
                    "optimizer": {"kind": "adam", "lr": 1e-3, "weight_decay": 0.0},
                },
            )
            folder = work / f"networks-{'whole' if whole else 'narrow'}-{architecture}-{seed}"
            runs.append(train_and_score(recipe, folder, threads, device="auto" if whole else "cpu"))
        needs = cost(network)
        yield from _rows(architecture, runs, parameters=needs.parameters, gmac=f"{needs.macs / 1e9:.4f}")


def _rows(name: str, runs: list[Scored], parameters: int | str = "", gmac: str = "") -> Iterator[Row]:
    for title, metric in METRICS.items():
        yield {
            "model": name,
            "metric": title,
            **show(mean_of_runs(runs, metric)),
            "deviation": f"{np.std([run.mean(metric).value for run in runs], ddof=1):.4f}" if len(runs) > 1 else "",
            "seeds": len(runs) if parameters else "",
            "clips": len(runs[0].groups),
            "groups": len(set(runs[0].groups.tolist())),
            "tags": len(runs[0].tags),
            "parameters": parameters,
            "gmac_per_segment": gmac,
            "seconds": round(np.mean([run.seconds for run in runs])) if parameters else "",
        }


def _probe(
    clips: ClipIndex, tags: list[str], embed: Callable[[PackedStore], NDArray[Any]], work: Path, threads: int
) -> Scored:
    """Fit a logistic regression for each tag, with the regularisation that is best on the validation clips."""
    torch.set_num_threads(threads)
    folder = work / "mer4q-16000"
    pack_clips(clips, folder, 16000)
    store = PackedStore(folder)
    embeddings = embed(store)
    labels = np.array([[tag in clip.labels for tag in tags] for clip in store.clips])
    train, valid, test = (store.select(split=name) for name in ("train", "valid", "test"))

    def quality(outputs: NDArray[Any], truth: NDArray[Any]) -> float:
        return float(np.nanmean(roc_auc(outputs, truth)))

    probe = choose_probe((embeddings[train], labels[train]), (embeddings[valid], labels[valid]), quality)
    scores = probe.outputs(embeddings[test]).astype(np.float32)
    return Scored(SplitScores(test, scores, labels[test], 0.0), groups_of(store, test), tuple(tags), {}, 0.0)


def _band_statistics(store: PackedStore) -> NDArray[Any]:
    """Return mean and deviation over time of a few log-mel bands of each clip."""
    front_end = build(FrontEnd(n_mels=BANDS))
    with torch.inference_mode():
        levels = [front_end(torch.from_numpy(store.read(i)[None]))[0].numpy() for i in range(len(store))]
    return np.stack([np.concatenate([each.mean(1), each.std(1)]) for each in levels])


def _default_embeddings(store: PackedStore) -> NDArray[Any]:
    """Return the default model's embedding of each clip; it has learned from the training clips by its teachers."""
    tagger = Tagger()
    return np.stack([tagger.tag(store.read(i), sample_rate=store.sample_rate).embedding for i in range(len(store))])
