"""Two worker processes over one process."""

from __future__ import annotations

from benchmarks.measure import PROGRAM, Loop, loops, programs
from benchmarks.record import Row, shown
from benchmarks.setting import Setting
from taggram.tagging import DEFAULT_MODEL

MODELS = (DEFAULT_MODEL,)
TARGET = ">= 1.9"
SUBJECTS = {"1 process": "1", "2 processes": "2"}


def measure(setting: Setting) -> list[Row]:
    """Throughput of one process and of two, and the ratio: while warm, and start to end as the user gets it.

    While warm is from the arrival of result 2w to that of result n - w, for n files and w workers. The ratios are
    formed round by round.
    """
    files, length = setting.material.track_files(), setting.material.track
    tag = [PROGRAM, "tag", *files, "--model", DEFAULT_MODEL, "--json", "--workers"]
    warm = {subject: Loop("loops", "many", DEFAULT_MODEL, n, *files) for subject, n in SUBJECTS.items()}
    whole = {subject: [*tag, n] for subject, n in SUBJECTS.items()}
    rates, runs = loops(warm, setting.runs), programs(whole, setting.runs)

    speeds = {
        "warm": {subject: [rate * length for rate in rates[subject]] for subject in SUBJECTS},
        "start to end": {subject: [len(files) * length / run.wall for run in runs[subject]] for subject in SUBJECTS},
    }
    commands = {"warm": {subject: loop.command for subject, loop in warm.items()}, "start to end": whole}
    rows = []
    for kind, speed in speeds.items():
        name = f"{len(files)} files, {kind}"
        for subject, values in speed.items():
            command = [part for part in commands[kind][subject] if part not in files[1:]]  # one stands for all
            rows.append(Row(name, subject, "x real time", values, "", shown(command)))
        ratios = [two / one for one, two in zip(*speed.values(), strict=True)]
        rows.append(Row(name, "2 over 1", "x", ratios, TARGET if kind == "warm" else ""))
    for subject in SUBJECTS:
        cpu = [run.cpu / len(files) for run in runs[subject]]
        rows.append(Row(f"{len(files)} files, cpu per file", subject, "s", cpu))
    return rows
