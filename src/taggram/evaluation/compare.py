"""Comparison of models under a protocol: ranking, paired differences, and groups of models that do not differ."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError, did_you_mean
from taggram.evaluation.comparison.build_table import build_table
from taggram.evaluation.comparison.comparison_metrics import ComparisonMetric, find_metrics
from taggram.evaluation.comparison.comparison_table import ComparedModel, ComparisonTable, MetricValue, ModelPair
from taggram.evaluation.evaluation_result import EvaluationResult, Mode, find_results, read_result
from taggram.evaluation.protocol import Protocol
from taggram.evaluation.published import PublishedResult, published_results

__all__ = ["DEFAULT_METRICS", "ComparedModel", "Comparison", "ComparisonTable", "MetricValue", "ModelPair", "compare"]

DEFAULT_METRICS = ("roc_auc", "average_precision")
MODES: tuple[Mode, ...] = ("own", "zero-shot", "probe")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models under a protocol, with a table for each mode.

    Attributes
    ----------
    protocol
        The same rules for all.
    metrics
        The first one ranks.
    tables
        Never merged: a probe has learned the tags, a model that is scored zero-shot has not.
    published
        Results on the data set that others published; never averaged with those of the tables.
    resamples, seed
        Of the bootstrap.
    """

    protocol: Protocol
    metrics: tuple[ComparisonMetric, ...]
    tables: tuple[ComparisonTable, ...]
    published: tuple[PublishedResult, ...]
    resamples: int
    seed: int


def compare(
    results: Iterable[EvaluationResult | str | os.PathLike[str]],
    *,
    metrics: Sequence[str] = DEFAULT_METRICS,
    reference: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Compare models by their stored scores.

    All models of a table are compared on the clips and tags that all of them have, and on the same resamples of
    artists or recordings.

    Parameters
    ----------
    results
        From `evaluate`, or folders of results. Those of deformed clips and of clips without labels are left out; see
        `summarize_robustness`.
    metrics
        Names of `METRICS`; the first one ranks.
    reference
        Name of the model that differences are taken to; None: the best of each table.
    resamples, seed
        Number of resamples, and seed of their draws.

    Returns
    -------
    Comparison
        A table for each mode.

    Raises
    ------
    EvaluationError
        If there are no results, if their protocols or labels differ, if a result was changed after it was written, if
        a metric or the reference is unknown, or if models have no clip or tag in common.
    MissingExtraError
        Without the [train] extra.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import taggram
    >>> from taggram.datasets import dataset
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data, out, cache = Path(folder, "data"), Path(folder, "results"), Path(folder, "cache")
    ...     dataset("emotify").write_sample(data)
    ...     comparison = compare(taggram.evaluate("default", "emotify", data, out=out, cache=cache))
    >>> [(table.mode, [model.name for model in table.models]) for table in comparison.tables]
    [('zero-shot', ['small_vgg.default'])]
    """
    chosen = find_metrics(metrics)
    every = read_results(results)
    read = [result for result in every if result.info.mode in MODES and not result.info.protocol.deformation]
    if not read:
        raise EvaluationError("no result is of clips as they are with labels: run taggram evaluate first")
    protocol = read[0].info.protocol
    for result in read[1:]:
        protocol.require_equal(result.info.protocol)
    _require_equal_labels(read)
    if reference is not None and reference not in (known := sorted(set(model_names(read)))):
        near = did_you_mean(reference, known) or f"; there are: {', '.join(known)}"
        raise EvaluationError(f"no result is of a model named {reference!r}{near}")
    tables = []
    for mode in MODES:
        if of_mode := [result for result in read if result.info.mode == mode]:
            names = model_names(of_mode)
            tables.append(build_table(of_mode, names, chosen, reference=reference, resamples=resamples, seed=seed))
    return Comparison(
        protocol, chosen, tuple(tables), tuple(published_results(protocol.dataset)), resamples=resamples, seed=seed
    )


def read_results(results: Iterable[EvaluationResult | str | os.PathLike[str]]) -> list[EvaluationResult]:
    """Read the results that are given as folders, and leave out repeated ones."""
    read: dict[str, EvaluationResult] = {}
    for item in results:
        if isinstance(item, EvaluationResult):
            found = [item]
        elif folders := find_results(item):
            found = [read_result(folder) for folder in folders]
        else:
            raise EvaluationError(f"{os.fspath(item)} has no results of taggram evaluate")
        read |= {result.info.content_hash: result for result in found}
    if not read:
        raise EvaluationError("there are no results to compare: run taggram evaluate first")
    return list(read.values())


def model_names(results: list[EvaluationResult]) -> list[str]:
    """Name each result: the model, with its hash or folder where models of a mode share it."""
    names = [result.info.model for result in results]
    for more in (lambda result: result.info.model_hash[:8], lambda result: str(result.folder)):
        keys = [(name, result.info.mode) for name, result in zip(names, results, strict=True)]
        repeated = {key for key, times in Counter(keys).items() if times > 1}
        names = [
            f"{name} ({more(result)})" if key in repeated else name
            for name, key, result in zip(names, keys, results, strict=True)
        ]
    return names


def _require_equal_labels(results: list[EvaluationResult]) -> None:
    """Refuse results whose clips have other labels or groups: their protocols have the same hash of ids."""
    first = results[0]
    labels = {
        clip: (group, frozenset(itertools.compress(first.test.tags, row)))
        for clip, group, row in zip(
            first.test.clips.tolist(), first.test.groups.tolist(), first.test.truth, strict=True
        )
    }
    for other in results[1:]:
        rows = zip(other.test.clips.tolist(), other.test.groups.tolist(), other.test.truth, strict=True)
        for clip, group, row in rows:
            tags = frozenset(itertools.compress(other.test.tags, row))
            if labels.get(clip, (group, tags)) != (group, tags):
                raise EvaluationError(
                    f"the clip {clip} has other labels or another artist in {other.folder} than in {first.folder}: "
                    "evaluate both with the same version of the data set"
                )


def _labelled_clips(result: EvaluationResult) -> Iterable[tuple[str, str, NDArray[np.bool_]]]:
    return zip(result.test.clips.tolist(), result.test.groups.tolist(), result.test.truth, strict=True)
