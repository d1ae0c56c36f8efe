"""Augmentation: variants of the training clips, which are packed, and changes that each batch draws anew."""
