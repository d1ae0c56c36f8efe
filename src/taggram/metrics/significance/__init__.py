"""Intervals and tests: how far a value or a difference depends on the clips or on the seed."""
