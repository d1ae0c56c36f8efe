"""A sweep as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from taggram import __version__
from taggram.metrics import Interval
from taggram.reporting import inline_svg, plots, render, study_plots, theme, write_report
from taggram.training.recipe.recipe import format_value
from taggram.training.sweep import SweepResult, TrialResult
from taggram.training.sweep.results import METRICS

__all__ = ["sweep_report"]

SHOWN = 30  # trials in the plot of the ranking, at most


def sweep_report(result: SweepResult, file: Path) -> None:
    """Write the report of a sweep.

    Parameters
    ----------
    result
        From `taggram.training.sweep.sweep`.
    file
        HTML file to write or replace.

    Raises
    ------
    MissingExtraError
        If Jinja2 or matplotlib is not installed.
    TaggramError
        If the file cannot be written.
    """
    metric, ranking = result.config.metric, result.ranking
    values = {setting: [trial.values.get(setting) for trial in ranking] for setting in result.settings}
    varied = {setting: of_setting for setting, of_setting in values.items() if len(set(map(str, of_setting))) > 1}
    figures, by_setting = [], []
    with theme():
        if ranking:
            labels = [_short_label(trial, varied) for trial in ranking[:SHOWN]]
            intervals = [_interval(trial, metric) for trial in ranking[:SHOWN]]
            ranked = plots.intervals(labels, intervals, METRICS[metric], [0] * len(labels))
            figures.append(inline_svg(ranked, "ranking", f"{METRICS[metric]} of the trials, best first"))
        for number, (setting, of_setting) in enumerate(varied.items()):
            means = [trial.mean(metric) for trial in ranking]
            figure = study_plots.by_setting(result.names[setting], of_setting, means, METRICS[metric])
            by_setting.append(inline_svg(figure, f"setting{number}", f"{METRICS[metric]} by the values of {setting}"))
    html = render(
        "sweep.html",
        result=result,
        titles=METRICS,
        tiles=_tiles(result),
        figures=figures,
        by_setting=by_setting,
        names=result.names,
        varied=[result.names[setting] for setting in varied],
        format_value=format_value,
        shown=SHOWN,
        unfinished=[trial for trial in result.trials if trial.state != "complete"],
        version=__version__,
    )
    write_report(html, file)


def _tiles(result: SweepResult) -> list[tuple[str, str]]:
    """Return the headline numbers with their captions."""
    tiles = [
        (f"{len(result.trials):,}", "trials"),
        (f"{sum(len(trial.runs) for trial in result.trials):,}", "trainings"),
        (f"{sum(run.seconds for trial in result.trials for run in trial.runs) / 60:,.1f}", "minutes of training"),
    ]
    if result.best:
        tiles.append((f"{result.best.mean(result.config.metric):.3f}", f"best {METRICS[result.config.metric]}"))
    return tiles


def _short_label(trial: TrialResult, settings: Iterable[str]) -> str:
    """Return the number and the values of some settings, without their names, as rows have little room."""
    return f"{trial.number}: " + ", ".join(format_value(trial.values.get(setting, "-")) for setting in settings)


def _interval(trial: TrialResult, metric: str) -> Interval:
    mean, std = trial.mean(metric), trial.std(metric)
    return Interval(mean, mean - std, mean + std)
