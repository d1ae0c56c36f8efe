"""``taggram compare``: rank models by their stored scores."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taggram.cli.completion import metric_names

if TYPE_CHECKING:
    from taggram.evaluation import Comparison, ComparisonTable
    from taggram.metrics import Interval

TITLES = {"own": "own tags", "zero-shot": "zero-shot", "probe": "probe of the embedding"}


Results = Annotated[
    list[Path],
    typer.Argument(
        metavar="RESULT", help="Folders of taggram evaluate: of a result, or of several.", show_default=False
    ),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Metric; the first one ranks. Repeatable.  \\[default: roc_auc, average_precision]",
        autocompletion=metric_names,
    ),
]
Reference = Annotated[
    str | None, typer.Option(metavar="MODEL", help="Model that differences are taken to.  \\[default: the best]")
]


def compare(
    results: Results,
    metric: Metrics = None,
    reference: Reference = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FOLDER", help="Gets all tables as CSV and LaTeX, all figures as PNG and SVG."
        ),
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Gets a row per model.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rank models by their stored scores, with intervals and paired differences.

    All results need the same protocol. Own tags, zero-shot and probes are in tables of their own; within each, models
    are compared on the clips and tags that all of them have, and on the same resamples of artists. Published results
    are shown beside them and not averaged with them. Figures need the plot extra, the rest the train extra.
    """
    from taggram import evaluation
    from taggram.evaluation.comparison.export import write_comparison, write_csv
    from taggram.reporting import require_matplotlib

    if out is not None:
        require_matplotlib()
    comparison = evaluation.compare(results, metrics=metric or evaluation.DEFAULT_METRICS, reference=reference)
    if csv is not None:
        write_csv(comparison, csv)
    if out is not None:
        files = write_comparison(comparison, out)
        print(f"{len(files)} files in {out}", file=sys.stderr)
    if json:
        _print_json(comparison)
    else:
        _print_tables(comparison)


def _print_tables(comparison: Comparison) -> None:
    protocol = comparison.protocol
    print(f"{protocol.name} ({protocol.hash}){', leaky' if protocol.leaky else ''}")
    for table in comparison.tables:
        print()
        _print_table(comparison, table)
    _print_published(comparison)


def _print_table(comparison: Comparison, table: ComparisonTable) -> None:
    """Print a table of models, and what follows from it."""
    from taggram.evaluation.comparison.comparison_metrics import METRICS
    from taggram.evaluation.comparison.pareto import COSTS, costs, pareto_front
    from taggram.evaluation.comparison.tables import shown

    groups, tags = len(set(table.groups.tolist())), int(table.common_tags.sum())
    left_out = f" ({table.left_out} that some models do not have are left out)" if table.left_out else ""
    print(
        f"{TITLES[table.mode]}: {len(table.clips):,} clips{left_out} of {groups:,} artists or recordings, "
        f"{tags} of {len(table.tags)} tags, which all models have"
    )
    head = ["model"]
    for metric in comparison.metrics:
        head += [metric.title, "", f"to {table.reference}" if len(table.models) > 1 else ""]
    if not table.common_tags.all():
        head.append(f"{comparison.metrics[0].title} of all its tags")
    rows = [head]
    for model in table.models:
        row = [model.name]
        for value in model.metrics.values():
            reference = model.name == table.reference
            difference = "" if reference else _signed(value.difference)
            row += [shown(value.mean) or "-", value.letters if len(table.models) > 1 else "", difference]
        if not table.common_tags.all():
            own = model.metrics[comparison.metrics[0].name].own_tags
            row.append(f"{shown(own.mean) or '-'} ({own.tags})")
        rows.append(row)
    print_columns(rows)
    if len(table.models) > 1:
        print("Models with a common letter do not differ (Holm's correction over all pairs, 5 %).")
    ranked_by = comparison.metrics[0]
    quality = [model.metrics[ranked_by.name].mean.value for model in table.models]
    for cost, title in COSTS.items():
        front = pareto_front(costs(table.models, cost), quality)
        if any(front) and len(front) > 1:
            names = [model.name for model, best in zip(table.models, front, strict=True) if best]
            print(f"Pareto front of {ranked_by.title} and {title}: {', '.join(names)}")
    for (first, second), correlation in table.agreement.items():
        titles = f"{METRICS[first].title} and {METRICS[second].title}"
        print(f"Rank correlation of {titles} over {len(table.models)} models: {shown(correlation)}")


def _signed(interval: Interval) -> str:
    """Return a difference with its interval, with signs."""
    if math.isnan(interval.value):
        return "-"
    ends = "" if math.isnan(interval.low) else f" ({interval.low:+.3f} to {interval.high:+.3f})"
    return f"{interval.value:+.3f}{ends}"


def print_columns(rows: list[list[str]]) -> None:
    """Print rows with aligned columns, without the empty ones."""
    kept = [column for column in zip(*rows, strict=True) if any(column)]
    widths = [max(map(len, column)) for column in kept]
    for row in zip(*kept, strict=True):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_published(comparison: Comparison) -> None:
    """Print published results of the architectures that are compared, by the same metrics."""
    titles = [metric.title for metric in comparison.metrics]
    architectures = {model.name.partition(".")[0] for table in comparison.tables for model in table.models}
    near = [
        result
        for result in comparison.published
        if result.metric in titles and result.split == "test" and result.model.partition(",")[0] in architectures
    ]
    if not comparison.published:
        return
    dataset = comparison.protocol.dataset
    print(f"\nPublished results on {dataset}, not measured here:", end=" " if not near else "\n")
    if near:
        rows = [["model", "metric", "value", "source"]]
        rows += [[r.model, r.metric, f"{r.value:.4g}{' *' if r.doubt else ''}", f"{r.source} ({r.note})"] for r in near]
        print_columns(rows)
        for doubt in dict.fromkeys(f"* {r.metric}: {r.doubt}" for r in near if r.doubt):
            print(doubt)
    print(f"{len(comparison.published)} in all: taggram data info {dataset}")


def _print_json(comparison: Comparison) -> None:
    from dataclasses import asdict
    from json import dumps

    def number(value: float) -> float | None:
        return None if math.isnan(value) else round(value, 6)

    def numbers(interval: Interval) -> list[float | None] | None:
        return None if math.isnan(interval.value) else [number(value) for value in interval]

    document = {
        "protocol": comparison.protocol.name,
        "protocol_hash": comparison.protocol.hash,
        "leaky": comparison.protocol.leaky,
        "metrics": [metric.name for metric in comparison.metrics],
        "resamples": comparison.resamples,
        "seed": comparison.seed,
        "tables": [
            {
                "mode": table.mode,
                "clips": len(table.clips),
                "left_out": table.left_out,
                "groups": len(set(table.groups.tolist())),
                "tags": [tag for tag, common in zip(table.tags, table.common_tags, strict=True) if common],
                "reference": table.reference,
                "models": [
                    {
                        "model": model.name,
                        "content_hash": model.info.content_hash,
                        "metrics": {
                            name: {
                                "mean": numbers(value.mean),
                                "difference": numbers(value.difference),
                                "letters": value.letters,
                                "own_tags": {"mean": number(value.own_tags.mean), "tags": value.own_tags.tags},
                            }
                            for name, value in model.metrics.items()
                        },
                        "cost": {
                            name: getattr(model.info.cost, name)
                            for name in ("parameters", "macs_per_second", "seconds_per_minute", "device", "machine")
                        },
                    }
                    for model in table.models
                ],
                "pairs": [
                    {
                        "metric": pair.metric,
                        "first": pair.first,
                        "second": pair.second,
                        "difference": numbers(pair.difference),
                        "p": number(pair.p),
                        "p_adjusted": number(pair.p_adjusted),
                        "mcnemar": pair.mcnemar and pair.mcnemar._asdict(),
                    }
                    for pair in table.pairs
                ],
                "agreement": [
                    {"metrics": names, "rank_correlation": numbers(value)} for names, value in table.agreement.items()
                ],
            }
            for table in comparison.tables
        ],
        "published": [asdict(result) for result in comparison.published],
    }
    print(dumps(document, ensure_ascii=False))
