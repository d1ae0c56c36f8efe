"""A student against its teachers and human labels.

`quality.py` runs all comparisons, of which each has a file: `agreement`, `labels`, `embeddings`, `genres`,
`calibration`. `labelled_clips.py` reads the clips, `comparison.py` holds the scores of all models, and `results.py` the
values with their intervals.
"""
