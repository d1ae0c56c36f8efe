"""Bootstrap of ranking metrics, compared with a loop over scikit-learn; the comparison of eight models."""

from __future__ import annotations

from benchmarks.measure import Loop, loops
from benchmarks.record import Row, shown
from benchmarks.setting import Setting

MODELS = ()
OURS, THEIRS = "taggram", "scikit-learn"


def measure(setting: Setting) -> list[Row]:
    """Resamples of macro ROC-AUC and AP per second, for both, and their ratio; seconds of a comparison."""
    clips = setting.material.scored
    commands = {name: Loop("loops", "bootstrap", name, str(clips), one_core=True) for name in (OURS, THEIRS)}
    found = loops(commands, setting.runs)
    benchmark = f"bootstrap of macro ROC-AUC and AP, {clips} clips, 50 tags, 1 thread"
    ratios = [a / b for a, b in zip(found[OURS], found[THEIRS], strict=True)]
    comparison = Loop("loops", "comparison", str(clips))
    seconds = loops({OURS: comparison}, setting.runs)[OURS]
    return [
        *(Row(benchmark, name, "resamples/s", found[name], "", shown(commands[name].command)) for name in commands),
        Row(benchmark, f"{OURS} over {THEIRS}", "x", ratios, ">= 50"),
        Row(f"comparison of 8 models, {clips} clips, 50 tags", OURS, "s", seconds, "< 60", shown(comparison.command)),
    ]
