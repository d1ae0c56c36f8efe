"""The endpoints under ``/v1``, one file per subject."""
