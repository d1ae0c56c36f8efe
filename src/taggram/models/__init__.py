"""Networks and their cards: architectures by name, published weights, and models as a file plus a card.

The card and the lists of names need no torch; architectures and imports do.
"""

from taggram.models.card import ModelCard
from taggram.models.registry import create_model, list_architectures, list_models

__all__ = ["ModelCard", "create_model", "list_architectures", "list_models"]
