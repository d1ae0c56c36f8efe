"""Augmentation: variants of the training clips, which are packed, and masks, which each batch draws anew."""
