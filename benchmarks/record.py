"""Results as rows, in a CSV file and as a table."""

from __future__ import annotations

import csv
import os
import platform
import shlex
import statistics
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from rich.console import Console
from rich.table import Table

from taggram._system import cpu_count

PACKAGES = ("taggram", "onnxruntime", "numpy", "av", "torch")
VECTORS = {"avx512_bf16": "AVX-512 with bf16", "avx512f": "AVX-512", "avx2": "AVX2"}  # in the order of their speed
COLUMNS = (
    *("benchmark", "subject", "unit", "min", "median", "max", "runs", "target", "command", "date", "machine", "python"),
    *PACKAGES,
)


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes
    ----------
    benchmark
        Name of the benchmark.
    subject
        Program or alternative that is measured.
    unit
        Such as ``"s"``, ``"MiB"`` or ``"x real time"``.
    values
        One for each run.
    target
        Target of the median, such as ``"<= 0.8"``; empty without a target.
    command
        Command of the measurement.
    """

    benchmark: str
    subject: str
    unit: str
    values: list[float]
    target: str = ""
    command: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the median meets the target; None without a target."""
        if not self.target:
            return None
        sense, limit = self.target.split()
        median = statistics.median(self.values)
        return median <= float(limit) if sense == "<=" else median >= float(limit)


def shown(command: list[str]) -> str:
    """Format a command with the names of programs and files, without their folders.

    Examples
    --------
    >>> shown(["/usr/bin/python", "-c", "pass"])
    'python -c pass'
    """
    return shlex.join(os.path.basename(part) if os.path.isabs(part) else part for part in command)


def facts() -> dict[str, str]:
    """Return date, machine and versions."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
    }


def write(rows: list[Row], file: Path) -> None:
    """Write rows as CSV, with `facts`."""
    about = facts()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            figures = {
                "benchmark": row.benchmark,
                "subject": row.subject,
                "unit": row.unit,
                "min": _number(min(row.values)),
                "median": _number(statistics.median(row.values)),
                "max": _number(max(row.values)),
                "runs": len(row.values),
                "target": row.target,
                "command": row.command,
            }
            writer.writerow({**figures, **about})


def show(rows: list[Row]) -> None:
    """Print rows as a table; the median decides whether a target is met."""
    table = Table("benchmark", "subject", box=None, pad_edge=False)
    for column in ("min", "median", "max"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("unit", "target", ""):
        table.add_column(column, no_wrap=True)
    for row in rows:
        verdict = {None: "", True: "[green]met[/]", False: "[red]missed[/]"}[row.met]
        figures = (_number(f(row.values)) for f in (min, statistics.median, max))
        table.add_row(row.benchmark, row.subject, *figures, row.unit, row.target, verdict)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _number(value: float) -> str:
    """Spell four significant digits."""
    return f"{value:.4g}" if value < 10_000 else f"{value:.0f}"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def vectors() -> str:
    """Return the widest instructions of the processor that networks are computed with."""
    flags = _cpu("flags").split()
    return next((name for flag, name in VECTORS.items() if flag in flags), "neither AVX2 nor AVX-512")


def _cpu(fact: str) -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(fact)), "?")


def _machine() -> str:
    """CPU model, its vectors, cores, memory and operating system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    cores = cpu_count()
    return f"{_cpu('model name')}, {vectors()}, {cores} cores, {memory:.0f} GiB, {system}, Linux {platform.release()}"
