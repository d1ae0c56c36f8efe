"""Knowledge distillation: a student is trained on the scores of teachers and then calibrated.

`with_teachers` replaces the targets of a plan; `calibrate` fits the scores of the trained student to probabilities.
"""
