"""Metrics of predicted tags, and of scores as probabilities."""
