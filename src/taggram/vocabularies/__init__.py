"""Tags: the vocabularies that models answer in and clips are labelled with, and the way from one to another."""

from taggram.vocabularies.vocabulary import Category, Vocabulary, label
from taggram.vocabularies.vocabulary_map import VocabularyMap

__all__ = ["Category", "Vocabulary", "VocabularyMap", "label"]
