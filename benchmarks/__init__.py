"""How fast taggram is and how much memory it takes: ``python -m benchmarks.run`` measures it.

One file per group of figures: `cold`, `warm`, `workers`, `frontend`, `memory`, `store`, `index`, `training`,
`architectures`. `material` makes the audio, `measure` runs and times, `record` keeps what came out. What is timed while
warm runs in child processes: `loops`, and for the peer `loop_musicnn`.

Quality is apart: ``python -m benchmarks.quality`` compares a model with its teachers; `candidates` and `finalists` led
to the default model.
"""
