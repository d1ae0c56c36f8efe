"""Metrics of predicted quantities, such as valence and arousal."""
