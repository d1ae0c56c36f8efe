"""Calibration on validation clips: scores that are probabilities, thresholds, and levels that people can read."""
