"""Metrics of robustness: what a model keeps of its quality, and of its own tags, when clips are deformed."""
