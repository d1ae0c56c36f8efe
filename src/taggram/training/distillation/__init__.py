"""Knowledge distillation: teachers score the clips, a student learns the scores and is calibrated.

`with_teachers` replaces the targets of a plan; `calibrate` makes the scores of the trained student probabilities.
"""
