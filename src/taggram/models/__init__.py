"""Models: architectures by name, published weights, and model files with their cards.

Cards and lists of names need no torch; architectures and imports of weights do.
"""

from taggram.models.card import ModelCard
from taggram.models.registry import create_model, list_architectures, list_models

__all__ = ["ModelCard", "create_model", "list_architectures", "list_models"]
