"""Networks and their cards: architectures by name, published weights, and models as a file plus a card.

The card, the vocabulary and the lists of names need no torch; architectures and imports do.
"""

from taggram.models.card import ModelCard
from taggram.models.registry import create_model, list_architectures, list_models
from taggram.models.vocabulary import Vocabulary
from taggram.models.vocabulary_map import VocabularyMap

__all__ = ["ModelCard", "Vocabulary", "VocabularyMap", "create_model", "list_architectures", "list_models"]
