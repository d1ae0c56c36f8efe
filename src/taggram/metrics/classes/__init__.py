"""Metrics of one class per clip, such as a genre."""
