"""Speed and memory of taggram: ``python -m benchmarks.run``.

One file per group of measurements: `cold`, `warm`, `workers`, `frontend`, `memory`, `store`, `index`, `training`,
`architectures`. `material` mixes the audio, `measure` runs and times, `record` writes the results. Warm measurements
run in child processes: `loops`, and for the peer `loop_musicnn`.

``python -m benchmarks.quality`` compares a model with its teachers; `candidates` and `finalists` compare the networks
among which the default model was chosen.
"""
