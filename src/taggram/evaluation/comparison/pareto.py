"""Models that no other one beats in both cost and quality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taggram.evaluation.comparison.comparison_table import ComparedModel

__all__ = ["COSTS", "costs", "pareto_front"]

COSTS = {
    "parameters": "parameters",
    "macs_per_second": "multiply-accumulates per second of audio",
    "seconds_per_minute": "seconds per minute of audio",
}


def costs(models: Sequence[ComparedModel], cost: str) -> list[float]:
    """Return a cost of each model; NaN where it is unknown, and for times that were measured on several machines.

    Parameters
    ----------
    models
        That are compared.
    cost
        One of `COSTS`.
    """
    values = [getattr(model.info.cost, cost) for model in models]
    places = {
        (model.info.cost.machine, model.info.cost.device)
        for model, value in zip(models, values, strict=True)
        if value is not None
    }
    if cost == "seconds_per_minute" and len(places) > 1:
        return [float("nan")] * len(models)
    return [float("nan") if value is None else float(value) for value in values]


def pareto_front(cost: Sequence[float], quality: Sequence[float]) -> list[bool]:
    """Return which models are on the Pareto front: no other is at least as good and as cheap, and better in one.

    Parameters
    ----------
    cost, quality
        Of each model; one with NaN is not on the front.

    Examples
    --------
    >>> pareto_front([1, 2, 3, float("nan")], [0.8, 0.9, 0.85, 0.95])
    [True, True, False, False]
    """
    c, q = np.array(cost, float), np.array(quality, float)
    return [
        bool(not np.isnan(a + b) and not ((c <= a) & (q >= b) & ((c < a) | (q > b))).any())
        for a, b in zip(c.tolist(), q.tolist(), strict=True)
    ]
