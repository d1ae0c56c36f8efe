"""Knowledge distillation: a student is trained on the scores of teachers.

`with_teachers` replaces the targets of a plan by the scores of its teachers.
"""
