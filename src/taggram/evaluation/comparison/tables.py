"""Tables of a comparison, as CSV with all digits and as LaTeX."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taggram.evaluation.comparison.comparison_metrics import METRICS
from taggram.evaluation.comparison.comparison_table import ComparisonTable
from taggram.evaluation.comparison.mean_curves import GRID, mean_pr_curve, mean_roc_curve
from taggram.evaluation.comparison.pareto import COSTS, costs, pareto_front
from taggram.metrics import Interval

if TYPE_CHECKING:
    from taggram.evaluation.compare import Comparison

__all__ = ["Cell", "Table", "comparison_tables", "mode_tables", "model_table"]

Cell = str | int | float | Interval | None
_LATEX = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
          "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    name
        Of its file, without a suffix.
    title
        What it shows.
    columns
        Names, such as ``"roc_auc"``, and titles, such as ``"ROC-AUC"``.
    rows
        A cell per column; None or NaN for an empty one.
    """

    name: str
    title: str
    columns: dict[str, str]
    rows: list[tuple[Cell, ...]]

    def to_csv(self) -> str:
        """Return all digits as CSV; an interval has a column each for value, low and high end."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        intervals = [any(isinstance(row[i], Interval) for row in self.rows) for i in range(len(self.columns))]
        ends = ("", "_low", "_high")
        writer.writerow(
            [
                f"{name}{end}"
                for name, wide in zip(self.columns, intervals, strict=True)
                for end in (ends if wide else ends[:1])
            ]
        )
        for row in self.rows:
            cells: list[Cell] = []
            for cell, wide in zip(row, intervals, strict=True):
                cells += list(cell) if isinstance(cell, Interval) else [cell, *([None] * (2 * wide))]
            writer.writerow(["" if _is_empty(cell) else cell for cell in cells])
        return text.getvalue()

    def to_latex(self) -> str:
        """Return a ``tabular`` of the package booktabs, with the title as a comment."""
        numeric = [
            all(not isinstance(row[i], str) or not row[i] for row in self.rows) for i in range(len(self.columns))
        ]
        lines = [
            f"% {self.title}",
            rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in numeric)}}}",
            r"\toprule",
            " & ".join(map(_escape, self.columns.values())) + r" \\",
            r"\midrule",
            *(" & ".join(_escape(shown(cell)) for cell in row) + r" \\" for row in self.rows),
            r"\bottomrule",
            r"\end{tabular}",
        ]
        return "\n".join(lines) + "\n"


def shown(cell: Cell) -> str:
    """Return a cell for people: three decimals, intervals in parentheses.

    Examples
    --------
    >>> shown(Interval(0.91234, 0.9, 0.92)), shown(0.25), shown(1_500_000), shown(float("nan"))
    ('0.912 (0.900 to 0.920)', '0.250', '1,500,000', '')
    """
    if cell is None or _is_empty(cell):
        return ""
    if isinstance(cell, Interval):
        ends = "" if math.isnan(cell.low) else f" ({cell.low:.3f} to {cell.high:.3f})"
        return f"{cell.value:.3f}{ends}"
    if isinstance(cell, float):
        return f"{cell:.3f}" if abs(cell) >= 0.001 or not cell else f"{cell:.1e}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def comparison_tables(comparison: Comparison) -> Iterator[Table]:
    """Yield all tables of a comparison."""
    yield model_table(comparison)
    for table in comparison.tables:
        yield from mode_tables(table)
    if comparison.published:
        columns = {
            "model": "model",
            "metric": "metric",
            "split": "split",
            "value": "value",
            "std": "standard deviation over runs",
            "note": "note",
            "doubt": "not credible, because",
            "source": "source",
        }
        yield Table(
            "published",
            f"Published results on {comparison.protocol.dataset}, not measured here",
            columns,
            [tuple(getattr(result, name) for name in columns) for result in comparison.published],
        )


def model_table(comparison: Comparison) -> Table:
    """Return a row per model, with columns of their own for each mode."""
    columns, names = {"model": "model"}, dict.fromkeys(m.name for table in comparison.tables for m in table.models)
    cells: dict[str, list[Cell]] = {name: [name] for name in names}
    for table in comparison.tables:
        models = {model.name: model for model in table.models}
        for metric in comparison.metrics:
            key = f"{table.mode}_{metric.name}"
            columns |= {
                key: f"{metric.title}, {table.mode}",
                f"{key}_difference": f"difference to {table.reference}",
                f"{key}_letters": "groups",
            }
            for name, row in cells.items():
                if name in models:
                    value = models[name].metrics[metric.name]
                    row += [value.mean, value.difference, value.letters]
                else:
                    row += [None] * 3
    title = f"Models under {comparison.protocol.name} ({comparison.protocol.hash}); a common letter: no difference"
    return Table("models", title, columns, [tuple(row) for row in cells.values()])


def mode_tables(table: ComparisonTable) -> Iterator[Table]:
    """Yield the tables of models of one mode."""
    for make in (_ranking, _pairs, _tags, _cost, _agreement, _curves):
        made = make(table)
        if made.rows:
            yield made


def _ranking(table: ComparisonTable) -> Table:
    metrics = list(table.models[0].metrics)
    columns = {"model": "model"}
    for name in metrics:
        title = METRICS[name].title
        columns |= {name: title, f"{name}_letters": "groups", f"{name}_difference": f"difference to {table.reference}"}
        columns |= {f"{name}_own_tags": f"{title} of all its tags", f"{name}_own_tags_number": "tags"}
    columns |= {"common_tags": "common tags", "clips": "clips", "groups": "artists or recordings"}
    rows = []
    for model in table.models:
        cells: list[Cell] = [model.name]
        for value in model.metrics.values():
            cells += [value.mean, value.letters, value.difference, value.own_tags.mean, value.own_tags.tags]
        rows.append((*cells, int(table.common_tags.sum()), len(table.clips), len(set(table.groups.tolist()))))
    title = "Means over the tags that all models have; models with a common letter do not differ (Holm, 5 %)"
    return Table(f"{table.mode}-ranking", title, columns, rows)


def _pairs(table: ComparisonTable) -> Table:
    columns = {
        "metric": "metric",
        "first": "first",
        "second": "second",
        "difference": "first minus second",
        "p": "p",
        "p_adjusted": "p, Holm",
        "differ": "differ",
    }
    counts = {"first_only": "only first right", "second_only": "only second right", "mcnemar_p": "p, McNemar"}
    single_label = any(pair.mcnemar for pair in table.pairs)
    rows: list[tuple[Cell, ...]] = [
        (
            pair.metric,
            pair.first,
            pair.second,
            pair.difference,
            pair.p,
            pair.p_adjusted,
            "yes" if pair.differ else "no",
            *(pair.mcnemar or ()),
        )
        for pair in table.pairs
    ]
    return Table(f"{table.mode}-pairs", "Paired differences", columns | (counts if single_label else {}), rows)


def _tags(table: ComparisonTable) -> Table:
    columns = {
        "metric": "metric",
        "tag": "tag",
        "n_pos": "clips with the tag",
        "model": "model",
        "value": "value",
        "difference": f"difference to {table.reference}",
    }
    n_pos = table.truth.sum(axis=0).tolist()
    rows: list[tuple[Cell, ...]] = [
        (name, tag, n_pos[i], model.name, float(value.per_tag[i]), Interval(*value.per_tag_difference[i].tolist()))
        for name in table.models[0].metrics
        for i, tag in enumerate(table.tags)
        for model in table.models
        if not math.isnan((value := model.metrics[name]).per_tag[i])
    ]
    return Table(f"{table.mode}-tags", "Values and differences of each tag", columns, rows)


def _cost(table: ComparisonTable) -> Table:
    metric = next(iter(table.models[0].metrics))
    quality = [model.metrics[metric].mean.value for model in table.models]
    fronts = {cost: pareto_front(costs(table.models, cost), quality) for cost in COSTS}
    columns = {"model": "model", metric: METRICS[metric].title, **COSTS, "device": "device", "machine": "machine"}
    columns |= {f"{cost}_front": f"best for its {title}" for cost, title in COSTS.items()}
    rows: list[tuple[Cell, ...]] = [
        (
            model.name,
            model.metrics[metric].mean,
            *(getattr(model.info.cost, cost) for cost in COSTS),
            model.info.cost.device,
            model.info.cost.machine,
            *("yes" if front[i] else "no" for front in fronts.values()),
        )
        for i, model in enumerate(table.models)
    ]
    return Table(f"{table.mode}-cost", "Cost and quality, with the Pareto front of each cost", columns, rows)


def _agreement(table: ComparisonTable) -> Table:
    columns = {"first": "metric", "second": "metric", "rank_correlation": "rank correlation", "models": "models"}
    rows: list[tuple[Cell, ...]] = [
        (METRICS[first].title, METRICS[second].title, value, len(table.models))
        for (first, second), value in table.agreement.items()
    ]
    return Table(f"{table.mode}-agreement", "Spearman's rank correlation of metrics over models", columns, rows)


def _curves(table: ComparisonTable) -> Table:
    columns = {"model": "model", "rate": "false-positive rate or recall"}
    columns |= {"true_positive_rate": "true-positive rate", "precision": "precision"}
    truth = table.truth[:, table.common_tags]
    rows: list[tuple[Cell, ...]] = []
    for model in table.models:
        scores = model.scores[:, table.common_tags]
        curves = zip(GRID, mean_roc_curve(scores, truth), mean_pr_curve(scores, truth), strict=True)
        rows += [(model.name, *(round(float(value), 6) for value in point)) for point in curves]
    return Table(f"{table.mode}-curves", "Curves, means over the tags that all models have", columns, rows)


def _is_empty(cell: Cell) -> bool:
    return (
        cell is None
        or (isinstance(cell, float) and math.isnan(cell))
        or (isinstance(cell, Interval) and math.isnan(cell.value))
    )


def _escape(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
