"""Deformation in a worker."""

from __future__ import annotations

import warnings
from pathlib import Path

from taggram.deform import Chain, deform_file
from taggram.web.work.inspect import client_errors
from taggram.web.work.pool import Report

__all__ = ["deform"]


def deform(report: Report, file: Path, name: str, chain: str, seed: int, out: Path) -> None:
    """Write a deformed copy of a file as wav.

    Parameters
    ----------
    report
        Takes the progress.
    file, name
        The audio, and the client's name of it, for errors.
    chain
        Text form of a chain.
    seed
        Random seed.
    out
        The copy.
    """
    with client_errors(file, name), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of damage, which the tags of the track have
        deform_file(file, out, Chain.parse(chain), seed=seed)
    report(0.0)
