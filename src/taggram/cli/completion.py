"""Values that a shell completes."""

from __future__ import annotations


def model_names(incomplete: str) -> list[str]:
    """Return the names of models that begin so: installed ones, and published ones that can be imported."""
    from taggram.models import list_models

    return [name for name in list_models() if name.startswith(incomplete)]


def data_set_names(incomplete: str) -> list[str]:
    """Return the names of data sets with protocols that begin so."""
    from taggram.evaluation.predefined import PROTOCOLS

    names = dict.fromkeys(definition.dataset for definition in PROTOCOLS.values())
    return [name for name in names if name.startswith(incomplete)]


def protocol_names(incomplete: str) -> list[str]:
    """Return the names of protocols that begin so."""
    from taggram.evaluation.predefined import PROTOCOLS

    return [name for name in PROTOCOLS if name.startswith(incomplete)]


def metric_names(incomplete: str) -> list[str]:
    """Return the names of metrics that models are compared by that begin so."""
    from taggram.evaluation.comparison.comparison_metrics import METRICS

    return [name for name in METRICS if name.startswith(incomplete)]


def recipe_names(incomplete: str) -> list[str]:
    """Return the names of recipes that begin so."""
    from taggram.training import list_recipes

    return [name for name in list_recipes() if name.startswith(incomplete)]
