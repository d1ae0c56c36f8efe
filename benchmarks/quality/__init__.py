"""How well a model tags music that it was not trained on: ``python -m benchmarks.quality --model NAME``.

A student, such as the default model, is compared with its teachers, the published models, and with their ensemble, on
labelled clips outside the repository; ``docs/quality.md`` has the protocol. One file per question: `agreement`,
`labels`, `embedding`, `genre`, `calibration`. `clips` reads the labelled clips, `held` finds those that MagnaTagATune
has, `answers` tags them once per model, `panel` brings the models together, and `comparison` makes rows.
"""
