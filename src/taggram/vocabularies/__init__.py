"""Vocabularies of tags, for the outputs of models and the labels of clips, and maps between them."""

from taggram.vocabularies.vocabulary import Category, Vocabulary, label
from taggram.vocabularies.vocabulary_map import VocabularyMap

__all__ = ["Category", "Vocabulary", "VocabularyMap", "label"]
