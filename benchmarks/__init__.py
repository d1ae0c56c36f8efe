"""Speed and memory of taggram: ``python -m benchmarks.run``.

One file per group of measurements: `cold`, `warm`, `workers`, `frontend`, `memory`, `store`, `index`, `library`,
`training`, `architectures`. `material` mixes audio, `collection` makes libraries, `measure` runs and times, `record`
writes the results. Warm measurements run in child processes: `loops`, `loop_library`, and for the peer `loop_musicnn`.

``python -m benchmarks.quality`` compares a model with its teachers; `candidates` and `finalists` compare the networks
among which the default model was chosen.
"""
