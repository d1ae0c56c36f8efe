"""Robustness of models, computed from stored results."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from taggram.deform import DEFORMATIONS, Chain, Choices
from taggram.evaluation.compare import model_names, read_results
from taggram.evaluation.evaluation_result import EvaluationResult, Mode
from taggram.evaluation.robustness.build_table import build_table
from taggram.evaluation.robustness.robustness_table import RobustnessTable

__all__ = ["Robustness", "summarize_robustness"]


@dataclass(frozen=True, eq=False)
class Robustness:
    """Robustness of models.

    Attributes
    ----------
    tables
        One for each protocol and mode.
    resamples, seed
        Of the bootstrap.
    """

    tables: tuple[RobustnessTable, ...]
    resamples: int
    seed: int


def summarize_robustness(
    results: Iterable[EvaluationResult | str | os.PathLike[str]], *, resamples: int = 1000, seed: int = 0
) -> Robustness:
    """Compute the robustness of models from stored scores, with intervals over artists or recordings.

    With labels it is the retained AP: `taggram.metrics.retained_skill` of average precision. Without labels it is the
    agreement of a model with its own tags of the clips as they are: `taggram.metrics.tag_agreement`. Both are averaged
    over the strengths of each deformation, then over deformations. Intervals are paired: a resample has the same clips
    for all deformations and models.

    Parameters
    ----------
    results
        From `evaluate_robustness`, or folders of results. Models without results of deformed clips are left out, and so
        are deformations that not all models of a table have.
    resamples, seed
        Number of resamples, and seed of their draws.

    Returns
    -------
    Robustness
        A table for each protocol and mode; none without results of deformed clips.

    Raises
    ------
    EvaluationError
        If there are no results, if a result was changed after it was written, or if models have no clip in common.
    MissingExtraError
        Without the [train] extra.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from taggram.evaluation import evaluate_robustness
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = Path(folder, "cache")
    ...     results = evaluate_robustness("default", "examples", deformations=["gain=-6"], out=folder, cache=cache)
    >>> (table,) = summarize_robustness(results).tables
    >>> table.title, table.clips, table.models[0].robustness.value > 0.7
    ('agreement of tags', 3, True)
    """
    groups: dict[tuple[str, Mode], dict[str, dict[str, EvaluationResult]]] = {}
    for result in read_results(results):
        info = result.info
        rules = info.protocol.replace(deformation="")
        if info.mode == "unlabelled":  # each model has tags of its own
            rules = rules.replace(vocabulary=rules.vocabulary.replace(tags={"any": "other"}))
        models = groups.setdefault((rules.hash, info.mode), {})
        models.setdefault(info.model_hash, {})[info.protocol.deformation] = result
    tables = []
    for models in groups.values():
        deformed = [model for model in models.values() if "" in model and len(model) > 1]
        if not deformed:
            continue
        texts = set(deformed[0]).intersection(*deformed) - {""}
        if texts:
            names = model_names([model[""] for model in deformed])
            deformations = sorted(map(Chain.parse, texts), key=_order)
            tables.append(
                build_table(dict(zip(names, deformed, strict=True)), deformations, resamples=resamples, seed=seed)
            )
    tables.sort(key=lambda table: (table.protocol.name, not table.has_labels))
    return Robustness(tuple(tables), resamples, seed)


def _order(chain: Chain) -> tuple[list[int], list[float]]:
    """Order by deformation as in the registry, then by strength."""
    registered = list(DEFORMATIONS)
    strengths = []
    for name, value in chain.steps:
        parameter = DEFORMATIONS[name].parameter
        strengths.append(float(parameter.values.index(value) if isinstance(parameter, Choices) else value))
    return [registered.index(step.name) for step in chain.steps], strengths
