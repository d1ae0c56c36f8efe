"""Fitting the classical models of Nair and Bradley on what their network sees."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save

from taggram._files import atomic_dir, sha256
from taggram.errors import RecipeError
from taggram.features.numpy_log_mel import log_mel
from taggram.models import ModelCard
from taggram.models.architectures.four_layer_cnn import FourLayerCNN, front_end
from taggram.models.card import FILE_NAME as CARD_FILE
from taggram.models.directories import BASELINE_FILE
from taggram.training.data import Split
from taggram.training.output import write_recipe
from taggram.training.recipe import FILE_NAME as RECIPE_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from jaxtyping import Float32

    from taggram.models.baselines import Arrays
    from taggram.training.data import Store
    from taggram.training.plan import Plan
    from taggram.vocabularies import Vocabulary

TREES, NEIGHBOURS = 100, 125
_CLIPS = 16  # that are read together


def fit_baseline(
    kind: str,
    store: Store,
    vocabulary: Vocabulary,
    name: str,
    folder: Path,
    *,
    seed: int = 0,
    jobs: int = 1,
    licence: str = "not stated; see what it was trained on",
) -> ModelCard:
    """Fit a classical model on the training split of a store and write it.

    What it sees is the spectrogram of the first 29.1 s of a clip, normalised over the training split; a shorter clip is
    repeated. All spectrograms are held in memory, 145 kB each.

    Parameters
    ----------
    kind
        ``"random_forest"``: 100 trees. ``"knn"``: 125 neighbours, or all clips where there are fewer.
    store
        At 16 kHz.
    vocabulary
        The tags.
    name
        Of the model, beginning with the kind.
    folder
        A new folder, or one whose model is replaced.
    seed
        Of the forest.
    jobs
        Trees that are grown at the same time.
    licence
        What the card says of the terms.

    Returns
    -------
    ModelCard
        As written.
    """
    split = Split.of(store, "train", vocabulary.names)
    samples = FourLayerCNN.segments.samples
    features = np.empty((len(split.clips), 40 * front_end("data").frames(samples)), np.float32)
    for first in range(0, len(features), _CLIPS):
        clips = split.clips[first : first + _CLIPS]
        segments = store.segments(clips, np.zeros(len(clips), np.int64), samples)
        features[first : first + _CLIPS] = log_mel(segments, front_end("data")).reshape(len(clips), -1)
    mean, std = float(features.mean(dtype=np.float64)), max(1e-3, float(features.std(dtype=np.float64)))
    features -= np.float32(mean)
    features /= np.float32(std)
    labels = split.targets.of_clips(np.arange(len(features))).astype(np.uint8)
    options: dict[str, int]
    arrays: Arrays
    if kind == "knn":
        options = {"k": min(NEIGHBOURS, len(features))}
        arrays = {"examples": features.astype(np.float16), "labels": labels}
        made_with = f"taggram {version('taggram')}"
    else:
        options = {"trees": TREES}
        arrays = _forest(features, labels, seed, jobs)
        made_with = f"scikit-learn {version('scikit-learn')}, seed {seed}"
    card = ModelCard(
        name=name,
        architecture=kind,
        options=options,
        paper=FourLayerCNN.paper,
        vocabulary=vocabulary,
        front_end=front_end("data", mean, std),
        segments=FourLayerCNN.segments,
        embedding_size=40,
        trained_on=f"training split ({len(features)} clips); {made_with}",
        licence=licence,
        deviations=(
            "The paper does not state how a tree sees a spectrogram; here each of its 40 x 909 values is a feature.",
            "The embedding is the mean of each mel band over time; the model has none of its own.",
        ),
    )
    with atomic_dir(folder) as made:
        (made / BASELINE_FILE).write_bytes(save(arrays))
        card = card.replace(files={BASELINE_FILE: sha256(made / BASELINE_FILE)})
        card.write(made)
    return card


def train_baseline(plan: Plan, folder: Path, *, jobs: int = 1) -> ModelCard:
    """Fit the classical model that a recipe names, and write it with the recipe.

    Parameters
    ----------
    plan
        Its architecture is one of `taggram.models.card.BASELINES`.
    folder
        A new folder, or one of such a model, which is replaced.
    jobs
        Trees that are grown at the same time.

    Returns
    -------
    ModelCard
        As written.

    Raises
    ------
    RecipeError
        If the folder holds something else.
    """
    recipe = plan.recipe
    if folder.exists() and not {BASELINE_FILE, CARD_FILE, RECIPE_FILE}.issuperset(os.listdir(folder)):
        raise RecipeError(
            f"{folder}: holds something else than a {recipe.architecture}; choose another folder with --out"
        )
    card = fit_baseline(
        recipe.architecture,
        plan.store,
        plan.vocabulary,
        recipe.name,
        folder,
        seed=recipe.seed,
        jobs=jobs,
        licence=recipe.licence,
    )
    write_recipe(plan, folder)
    return card


def _forest(features: Float32[np.ndarray, "clips features"], labels: np.ndarray, seed: int, jobs: int) -> Arrays:
    """Fit trees with scikit-learn and take their nodes out of them."""
    from sklearn.ensemble import RandomForestClassifier

    single = labels.shape[1] == 1
    forest = RandomForestClassifier(TREES, random_state=seed, n_jobs=jobs)
    forest.fit(features, labels[:, 0] if single else labels)
    # Of each tag, the column of scikit-learn's values that is about having it: none if no clip has it.
    classes = [forest.classes_] if single else forest.classes_
    has = [np.flatnonzero(of_tag == 1) for of_tag in classes]
    parts: dict[str, list[np.ndarray]] = {key: [] for key in ("left", "right", "feature", "threshold", "answer")}
    roots: list[int] = []
    answers: list[np.ndarray] = []
    count = 0
    for tree in (estimator.tree_ for estimator in forest.estimators_):
        leaf = tree.children_left < 0
        roots.append(count)
        for key, child in (("left", tree.children_left), ("right", tree.children_right)):
            parts[key].append(np.where(leaf, -1, child + count))
        parts["feature"].append(np.where(leaf, 0, tree.feature))
        parts["threshold"].append(tree.threshold)
        values = [tree.value[leaf, tag][:, column].sum(1) for tag, column in enumerate(has)]
        rows = np.zeros(len(leaf), np.int64)
        rows[leaf] = sum(len(of_tree) for of_tree in answers) + np.arange(leaf.sum())
        parts["answer"].append(rows)
        answers.append(np.stack(values, axis=1))
        count += len(leaf)
    # Many leaves answer the same.
    distinct, row = np.unique(np.concatenate(answers).astype(np.float32), axis=0, return_inverse=True)
    arrays = {key: np.concatenate(part) for key, part in parts.items()}
    arrays["answer"] = row.reshape(-1)[arrays["answer"]]
    threshold = arrays.pop("threshold")
    whole = {key: array.astype(np.int32) for key, array in {**arrays, "roots": np.array(roots)}.items()}
    return {**whole, "threshold": threshold, "answers": distinct}
