"""Models: architectures by name, published weights, and model files with their cards.

Cards and lists of names need no torch; `create_model` and imports of weights do.
"""

from typing import TYPE_CHECKING, Any

from taggram.errors import MissingExtraError
from taggram.models.card import ModelCard
from taggram.models.registry import list_architectures, list_models

if TYPE_CHECKING:
    from taggram.models.create import create_model

__all__ = ["ModelCard", "create_model", "list_architectures", "list_models"]


def __getattr__(name: str) -> Any:
    if name != "create_model":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from taggram.models.create import create_model
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "safetensors"):
            raise
        raise MissingExtraError("an architecture", "train") from None
    return create_model
