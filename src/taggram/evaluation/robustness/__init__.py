"""Robustness: how models tag deformed music.

`evaluate_robustness` in `run.py` evaluates models on the clips of a protocol and on deformed copies of them, by the
strengths in `grids.py`; `predictions.py` tags the copies.
"""
