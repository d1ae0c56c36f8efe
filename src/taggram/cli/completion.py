"""Values that a shell completes."""

from __future__ import annotations


def model_names(incomplete: str) -> list[str]:
    """Return the names of models that begin so: installed ones, and published ones that can be imported."""
    from taggram.models import list_models

    return [name for name in list_models() if name.startswith(incomplete)]
