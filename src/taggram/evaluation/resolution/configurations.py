"""Resolutions with their results, compared with the baseline and with one another."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from taggram.evaluation.comparison.pareto import pareto_front
from taggram.evaluation.resolution.grids import BASELINE, HOP, MELS, RATE, REFERENCE_HOP
from taggram.metrics import Interval, holm, t_test
from taggram.training.sweep import SweepResult

__all__ = ["Configuration", "ResolutionResult", "compare_configurations"]


@dataclass(frozen=True)
class Configuration:
    """A resolution with its results; scores are those of the test split.

    Attributes
    ----------
    sample_rate, n_mels, hop, log
        Sample rate in Hz, mel bands, multiple of the hop of 256 samples, and compression.
    roc_auc, average_precision
        Of each run, means over tags.
    roc_auc_interval
        Mean over the runs, with a 95 % interval over artists or recordings.
    macs, parameters
        Multiply-accumulate operations per segment of 29.1 s, and number of parameters.
    store_bytes, features_bytes
        Size of all clips as 16-bit audio, and of their spectrograms in float32.
    training_seconds
        Mean over the runs.
    tagging_seconds
        Per minute of audio, mean over the runs.
    p
        Of Welch's t-test of the runs' ROC-AUC against those of the baseline, corrected after Holm; NaN for the baseline
        and for a single run.
    is_baseline
        Whether the others are compared with it.
    is_best
        Whether no other one has both fewer operations and a higher ROC-AUC.
    """

    sample_rate: int
    n_mels: int
    hop: int
    log: str
    roc_auc: tuple[float, ...]
    average_precision: tuple[float, ...]
    roc_auc_interval: Interval
    macs: int
    parameters: int
    store_bytes: int
    features_bytes: int
    training_seconds: float
    tagging_seconds: float
    p: float = math.nan
    is_baseline: bool = False
    is_best: bool = False

    @property
    def label(self) -> str:
        """The settings on one line, such as ``96 mel bands, hop x 2, 12 kHz, dB``."""
        return f"{self.n_mels} mel bands, hop \N{MULTIPLICATION SIGN} {self.hop}, {self.panel}"

    @property
    def panel(self) -> str:
        """Sample rate and compression, such as ``12 kHz, dB``."""
        return f"{self.sample_rate / 1000:g} kHz, {'dB' if self.log == 'db' else 'log'}"


@dataclass(frozen=True)
class ResolutionResult:
    """The results of the study.

    Attributes
    ----------
    folder
        Folder of the study.
    configurations
        From the highest mean ROC-AUC on.
    clips, groups, tags
        Number of test clips, of artists or recordings, and of tags that have positives and negatives among them.
    sweep
        The sweep of the trainings.
    """

    folder: Path
    configurations: tuple[Configuration, ...]
    clips: int
    groups: int
    tags: int
    sweep: SweepResult

    @property
    def baseline(self) -> Configuration | None:
        """The configuration that the others are compared with; None if its training failed."""
        return next((each for each in self.configurations if each.is_baseline), None)


def compare_configurations(configurations: Sequence[Configuration]) -> tuple[Configuration, ...]:
    """Mark the baseline and the Pareto front, and test the differences from the baseline."""
    if not configurations:
        return ()
    baseline = next((each for each in configurations if _settings(each) == BASELINE), configurations[0])
    tests = [each for each in configurations if each is not baseline and len(each.roc_auc) > 1]
    p = np.array([t_test(np.array(each.roc_auc), np.array(baseline.roc_auc)).p for each in tests])
    defined = ~np.isnan(p)
    p[defined] = holm(p[defined])
    p_values = {id(each): value for each, value in zip(tests, p.tolist(), strict=True)}
    front = pareto_front(
        [each.macs for each in configurations], [each.roc_auc_interval.value for each in configurations]
    )
    compared = [
        dataclasses.replace(each, p=p_values.get(id(each), math.nan), is_baseline=each is baseline, is_best=is_best)
        for each, is_best in zip(configurations, front, strict=True)
    ]
    return tuple(sorted(compared, key=lambda each: -each.roc_auc_interval.value))


def _settings(each: Configuration) -> dict[str, int]:
    return {RATE: each.sample_rate, MELS: each.n_mels, HOP: REFERENCE_HOP * each.hop}
