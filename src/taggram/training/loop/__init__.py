"""The loop over epochs: steps on one or several devices, validation, checkpoints and history.

`fit.fit` trains the network of a plan; `trainer.Trainer` does the steps of an epoch.
"""
