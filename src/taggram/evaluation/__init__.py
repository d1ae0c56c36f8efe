"""How well models tag: a student against its teachers and human labels, and results that papers publish.

`quality.py` runs all comparisons, of which each has a file: `agreement`, `labels`, `embeddings`, `genres`,
`calibration`. `labelled_clips.py` reads the clips, `predictions.py` tags them, `comparison.py` holds the scores of all
models, and `results.py` the values with their intervals. `published.py` is the table of published results.
"""
