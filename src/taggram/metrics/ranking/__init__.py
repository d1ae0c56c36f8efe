"""Metrics that depend on the order of scores only, and curves."""
