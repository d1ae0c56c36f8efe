"""Fitting the classical models of Nair and Bradley, on the features of their network."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from taggram._files import atomic_dir, sha256
from taggram.errors import RecipeError
from taggram.features.numpy_log_mel import log_mel
from taggram.models import ModelCard
from taggram.models.architectures.four_layer_cnn import FourLayerCNN, front_end
from taggram.models.baselines import Arrays
from taggram.models.card import FILE_NAME as CARD_FILE
from taggram.models.directories import BASELINE_FILE
from taggram.training.export import write_recipe
from taggram.training.plan import Plan
from taggram.training.recipe import FILE_NAME as RECIPE_FILE

TREES, NEIGHBOURS = 100, 125
BATCH = 16  # clips


def fit_baseline(plan: Plan, folder: Path, *, jobs: int = 1) -> ModelCard:
    """Fit the classical model of a recipe on the training split, and write it with the recipe.

    Its features are the log-mel-spectrogram of the first 29.12 s of a clip, normalized over the training split; a
    shorter clip is repeated. All spectrograms are in memory, 145 kB each.

    Parameters
    ----------
    plan
        Its architecture is ``"random_forest"``, with 100 trees; or ``"knn"``, with 125 neighbours, or all clips where
        there are fewer. With its option ``hard``, scores are 0 or 1.
    folder
        A new folder, or one of such a model, which is replaced.
    jobs
        Number of trees to fit in parallel.

    Returns
    -------
    ModelCard
        As written.

    Raises
    ------
    RecipeError
        If the folder contains other files.
    """
    recipe, store, split = plan.recipe, plan.store, plan.train
    kind = recipe.model.architecture
    if folder.exists() and not {BASELINE_FILE, CARD_FILE, RECIPE_FILE}.issuperset(os.listdir(folder)):
        raise RecipeError(f"{folder}: contains files that are no {kind}; choose another folder with --out")
    samples = FourLayerCNN.segments.samples
    features = np.empty((len(split.clips), 40 * front_end("data").frames(samples)), np.float32)
    for first in range(0, len(features), BATCH):
        clips = split.clips[first : first + BATCH]
        segments = store.segments(clips, np.zeros(len(clips), np.int64), samples)
        features[first : first + BATCH] = log_mel(segments, front_end("data")).reshape(len(clips), -1)
    mean, std = float(features.mean(dtype=np.float64)), max(1e-3, float(features.std(dtype=np.float64)))
    features -= np.float32(mean)
    features /= np.float32(std)
    labels = split.targets.of_clips(np.arange(len(features))).astype(np.uint8)
    options: dict[str, int | bool]
    arrays: Arrays
    if kind == "knn":
        options = {"k": min(NEIGHBOURS, len(features))}
        arrays = {"examples": features.astype(np.float16), "labels": labels}
        fitted_with = f"taggram {version('taggram')}"
    else:
        options = {"trees": TREES}
        arrays = _fit_forest(features, labels, recipe.seed, jobs)
        fitted_with = f"scikit-learn {version('scikit-learn')}, seed {recipe.seed}"
    if recipe.model.options.get("hard"):
        options["hard"] = True
    card = ModelCard(
        name=recipe.name,
        architecture=kind,
        options=options,
        paper=FourLayerCNN.paper,
        vocabulary=plan.vocabulary,
        front_end=front_end("data", mean, std),
        segments=FourLayerCNN.segments,
        embedding_size=40,
        trained_on=f"training split ({len(features)} clips); {fitted_with}",
        licence=recipe.licence,
        deviations=(
            "The paper does not state the features of the trees; here they are the 40 x 909 values of a spectrogram.",
            "The embedding is the mean of each mel band over time; the model has none of its own.",
        ),
    )
    with atomic_dir(folder) as new:
        (new / BASELINE_FILE).write_bytes(save(arrays))
        card = card.replace(files={BASELINE_FILE: sha256(new / BASELINE_FILE)})
        card.write(new)
        write_recipe(plan, new)
    return card


def _fit_forest(features: NDArray[np.float32], labels: NDArray[np.uint8], seed: int, jobs: int) -> Arrays:
    """Fit trees with scikit-learn, and return their nodes as arrays."""
    from sklearn.ensemble import RandomForestClassifier

    single = labels.shape[1] == 1
    forest = RandomForestClassifier(TREES, random_state=seed, n_jobs=jobs)
    forest.fit(features, labels[:, 0] if single else labels)
    # The column of scikit-learn's values for the class 1 of each tag: none if no clip has the tag.
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
    # Many leaves predict the same.
    distinct, row = np.unique(np.concatenate(answers).astype(np.float32), axis=0, return_inverse=True)
    arrays = {key: np.concatenate(part) for key, part in parts.items()}
    arrays["answer"] = row.reshape(-1)[arrays["answer"]]
    threshold = arrays.pop("threshold")
    whole = {key: array.astype(np.int32) for key, array in {**arrays, "roots": np.array(roots)}.items()}
    return {**whole, "threshold": threshold, "answers": distinct}
