"""Write the parts of the documentation that come from the program itself.

``python docs/generate.py`` fills what stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``, and writes the
pages of the architectures.
``python docs/generate.py --run`` also runs the examples and writes down what they print: each command after a ``$`` in
a ``console`` block, and each ``python`` block that a ``text`` block follows; in README.md, what stands between
``<!-- session: COMMAND -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from md_table import table

DOCS = Path(__file__).resolve().parent
PROJECT = DOCS.parent
MODELS = DOCS / "models"
RESULTS = PROJECT / "benchmarks" / "results"
QUALITY, CANDIDATES = RESULTS / "quality.csv", RESULTS / "candidates.csv"
FINALISTS = RESULTS / "finalists.csv"
DUPLICATES = RESULTS / "duplicates.csv"
LEARNING = DOCS / "results" / "learn-mer4q" / "scores.csv"
WIDTH = 80  # characters, of everything that the command line prints here
REGION = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
SESSION = re.compile(r"(<!-- session: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """Return the files of the documentation."""
    return sorted(file for file in DOCS.rglob("*.md") if "_build" not in file.parts)


def filled(text: str) -> str:
    """Return a page with its generated parts as the program has them now."""
    return REGION.sub(lambda found: f"{found[1]}\n{globals()[found[2]]().strip()}\n\n{found[3]}", text)


def model_files() -> dict[Path, str]:
    """Return the pages and pictures of the architectures."""
    from model_pages import page, picture

    from taggram.models import list_architectures

    made = {}
    for name in list_architectures():
        made |= {MODELS / f"{name}.md": page(name), MODELS / f"{name}.svg": picture(name)}
    return made


# The generated parts, by the name in the marker.


def cli_help() -> str:
    """Collect the help of every command."""
    parts = [f"As Typer {version('typer')} prints it, {WIDTH} characters wide."]
    for words in _commands():
        command = " ".join(["taggram", *words])
        parts.append(f"## {command}\n\n```text\n{shell(f'{command} --help', PROJECT).strip()}\n```")
    return "\n\n".join(parts)


def published() -> str:
    """List the published weights."""
    from taggram.models.published import PUBLISHED

    rows = []
    for entry in PUBLISHED.values():
        reported = {score.metric: f"{score.value:.4f}" for score in entry.scores}
        rows.append(
            [f"`{entry.name}`", entry.trained_on, reported.get("roc_auc", ""), reported.get("ap", ""), entry.licence]
        )
    return table(["name", "trained on", "ROC-AUC", "AP", "licence"], rows)


def published_files() -> str:
    """List the files of the published weights."""
    from taggram.models.published import PUBLISHED

    rows = []
    for entry in PUBLISHED.values():
        where = f"`{entry.member}` in `{entry.url}`" if entry.member else f"`{entry.url}`"
        rows.append([f"`{entry.name}`", where, f"`{entry.sha256}`" if entry.sha256 else "unknown"])
    return table(["name", "file", "SHA-256"], rows)


def architectures() -> str:
    """List the architectures, with what a model with 50 tags costs."""
    from model_pages import row

    from taggram.models import list_architectures

    head = ["name", "segment", "receptive field", "input", "parameters", "GMAC per segment", "GMAC per second", "paper"]
    return table(head, map(row, list_architectures()))


def architecture_pages() -> str:
    """Name the pages of the architectures, for the navigation."""
    from taggram.models import list_architectures

    return "\n".join(["```{toctree}", ":hidden:", "", *list_architectures(), "```"])


def protocols() -> str:
    """List the protocols of evaluation."""
    from taggram.evaluation import PROTOCOLS

    rows = [[f"`{each.name}`", f"`{each.dataset}`", each.about] for each in PROTOCOLS.values()]
    return table(["protocol", "data set", "is"], rows)


def deformations() -> str:
    """List the deformations."""
    from taggram.deform import DEFORMATIONS

    rows = []
    for name, each in DEFORMATIONS.items():
        shown = [each.parameter.format(value) for value in (each.parameter.default, *each.published)]
        changes = ", ".join(sorted(each.changes))
        rows.append([f"`{name}`", each.summary, str(each.parameter), shown[0], ", ".join(shown[1:]), changes])
    return table(["deformation", "does", "strength", "default", "published", "changes tags of"], rows)


def grids() -> str:
    """List the grids of deformations."""
    from taggram.deform import DEFORMATIONS
    from taggram.evaluation import GRIDS

    def strengths(grid: str, name: str) -> str:
        values = [step.value for chain in GRIDS[grid] for step in chain.steps if step.name == name]
        return ", ".join(f"{value:.5g}" if isinstance(value, float) else str(value) for value in values)

    rows = [[f"`{name}`", *(strengths(grid, name) for grid in GRIDS)] for name in DEFORMATIONS]
    return table(["deformation", *GRIDS], rows)


def vocabularies() -> str:
    """List the vocabularies."""
    from taggram.vocabularies import Vocabulary

    rows = []
    for name in ["taggram", *Vocabulary.published()]:
        vocabulary = Vocabulary.from_names(name)
        kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(vocabulary.tags.values()).most_common())
        rows.append([f"`{name}`", len(vocabulary), kinds, vocabulary.source])
    return table(["name", "tags", "of which", "source"], rows)


def recipes() -> str:
    """List the recipes of published experiments, with the published figures of each row."""
    from recipe_tables import recipe_tables

    return recipe_tables()


def benchmarks() -> str:
    """Show the recorded results of speed and memory."""
    parts = []
    for file in sorted(RESULTS.glob("*.csv")):
        if file in (QUALITY, CANDIDATES, FINALISTS, DUPLICATES):
            continue
        with file.open(newline="", encoding="utf-8") as stream:
            found = list(csv.DictReader(stream))
        rows = [
            [
                row["benchmark"],
                row["subject"],
                row["median"],
                f"{row['min']} to {row['max']}",
                row["unit"],
                row["target"],
            ]
            for row in found
        ]
        commands = dict.fromkeys(row["command"] for row in found if row["command"])
        first = found[0]
        made = (
            f"{first['date'][:10]}, {first['machine']}, Python {first['python']}, ONNX Runtime {first['onnxruntime']}."
        )
        measured = table(["benchmark", "of", "median", "range", "unit", "target"], rows)
        listed = "\n".join(["What was run:", "", "```text", *commands, "```"])
        parts.append(f"### {file.stem}\n\n{measured}\n\n{made} {listed}")
    return "\n\n".join(parts) or "No results are recorded yet."


def scale() -> str:
    """Show a simulated scan by many workers."""
    from simulate_scale import table as simulated

    return f"```text\n{simulated()}\n```"


def quality() -> str:
    """Show how well the default model tags, question by question."""
    if not QUALITY.exists():
        return "No results are recorded yet."
    with QUALITY.open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))

    def figure(row: dict[str, str], name: str) -> str:
        return (
            f"{row[f'{name}_figure']} ({row[f'{name}_low']} to {row[f'{name}_high']})" if row[f"{name}_figure"] else ""
        )

    head = ["figure", "clips", "n", "tags", "model", "compared with", "reaches", "difference", "target", "met"]
    parts = []
    for question in dict.fromkeys(row["question"] for row in found):
        rows = [
            [
                *(row["metric"], row["data"], row["clips"], row["tags"], figure(row, "student"), row["other"]),
                *(figure(row, "other"), figure(row, "difference"), row["target"], row["met"]),
            ]
            for row in found
            if row["question"] == question
        ]
        parts.append(f"### {question[0].upper()}{question[1:]}\n\n{table(head, rows)}")
    first = found[0]
    parts.append(
        f"{first['date'][:10]}, `{first['model']}` (`model.onnx` {first['model_sha256'][:12]}), {first['resamples']} "
        f"resamples, seed {first['seed']}, taggram {first['taggram']}, ONNX Runtime {first['onnxruntime']}."
    )
    return "\n\n".join(parts)


def candidates() -> str:
    """Show the networks among which the default one was chosen."""
    if not CANDIDATES.exists():
        return "No results are recorded yet."
    with CANDIDATES.open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    rows = [
        [
            *(row["candidate"], f"{int(row['parameters']):,}", row["mmac_per_second"], row["onnx_mb"]),
            *(row["spearman"], row["top_decile_roc_auc"], row["label_roc_auc"], row["x_real_time"]),
        ]
        for row in found
    ]
    head = ["small_vgg with", "parameters", "MMAC/s", "MB", "Spearman", "top decile", "labels", "x real time"]
    first = found[0]
    made = (
        f"{first['date'][:10]}, {first['machine']}, {first['epochs']} epochs, seed {first['seed']}, {first['clips']} "
        f"validation clips, {first['labels']} labels."
    )
    return f"{table(head, rows)}\n\n{made}"


def finalists() -> str:
    """Show the trained networks of which the default one is the best."""
    with FINALISTS.open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    rows = [
        [
            *(row["finalist"], {"True": "int8", "False": "float32"}[row["quantized"]], row["onnx_mb"]),
            *(row["spearman"], row["top_decile_roc_auc"], row["label_roc_auc"], row["precision_at_10"]),
            row["x_real_time"],
        ]
        for row in found
    ]
    head = ["small_vgg with", "computes in", "MB", "Spearman", "top decile", "labels", "neighbours", "x real time"]
    first = found[0]
    made = (
        f"{first['date'][:10]}, {first['machine']}, {first['clips']} validation clips of mer4q and emotify, "
        f"{first['labels']} labels of mer4q."
    )
    return f"{table(head, rows)}\n\n{made}"


def duplicates() -> str:
    """Show which copies an audit finds, and how many pairs that are none."""
    with DUPLICATES.open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    columns = list(dict.fromkeys(row["benchmark"] for row in found))
    figures = {(row["benchmark"], row["subject"]): f"{float(row['median']):.1f}" for row in found}
    units = {row["subject"]: row["unit"] for row in found}
    head = ["", "", *(column.removeprefix("near duplicates, ") for column in columns)]
    rows = [[subject, unit, *(figures[column, subject] for column in columns)] for subject, unit in units.items()]
    return f"{table(head, rows)}\n\n{found[0]['date'][:10]}, taggram {found[0]['taggram']}, seed 0."


def learning() -> str:
    """Show the scores of tags that were learned from few clips: means over draws, and the lowest and highest end."""
    with LEARNING.open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    draws: dict[tuple[str, str], dict[str, list[dict[str, str]]]] = {}
    for row in found:
        draws.setdefault((row["method"], row["clips_per_tag"]), {}).setdefault(row["metric"], []).append(row)

    def cell(rows: list[dict[str, str]]) -> str:
        value = sum(float(row["value"]) for row in rows) / len(rows)
        low, high = min(float(row["low"]) for row in rows), max(float(row["high"]) for row in rows)
        return f"{value:.3f} ({low:.3f} to {high:.3f})"

    rows = []
    for (method, clips_per_tag), metrics in draws.items():
        clips = sorted(int(row["training_clips"]) for row in metrics["roc_auc"])
        total = f"{clips[0]} to {clips[-1]}" if clips[0] < clips[-1] else str(clips[0])
        cross_validated = [float(row["cross_validated"]) for row in metrics["roc_auc"] if row["cross_validated"]]
        estimate = f"{sum(cross_validated) / len(cross_validated):.3f}" if cross_validated else ""
        figures = (cell(metrics[name]) for name in ("roc_auc", "average_precision"))
        rows.append([method, clips_per_tag, total, *figures, estimate])
    first = found[0]
    made = (
        f"{first['tags']} genres, {first['test_clips']} test clips. In parentheses: lowest and highest end of the 95 % "
        "intervals of the draws, by resampling artists."
    )
    head = ["method", "clips per tag", "training clips", "ROC-AUC", "AP", "ROC-AUC by cross-validation"]
    return f"{table(head, rows)}\n\n{made}"


def experiments() -> str:
    """Show the published experiments that were repeated on mer4q with narrow networks."""
    files = [DOCS / "results" / "experiments" / f"mer4q-{name}.csv" for name in ("hamidi", "nair", "yu")]
    return "\n\n".join(f"`{file.stem}`:\n\n{_values(file)}" for file in files if file.exists())


def networks() -> str:
    """Show networks that were trained alike, a row each."""
    with (DOCS / "results" / "experiments" / "mer4q-networks.csv").open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    rows = []
    for area, precision in zip(found[::2], found[1::2], strict=True):
        values = (
            _interval({"value": row["value"], "value_low": row["low"], "value_high": row["high"]}, "value")
            for row in (area, precision)
        )
        parameters = f"{int(area['parameters']):,}" if area["parameters"] else ""
        rows.append([area["model"], *values, parameters, area["gmac_per_segment"]])
    return table(["model", "ROC-AUC", "AP", "parameters", "GMAC per segment"], rows)


def _values(file: Path) -> str:
    with file.open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    rows = []
    for row in found:
        value = f"{float(row.pop('value')):.3f} ({float(row.pop('low')):.3f} to {float(row.pop('high')):.3f})"
        rows.append({**row, "value": value})
    head = list(rows[0])
    return table(head, [[row[name] for name in head] for row in rows])


def resolutions() -> str:
    """Show the study of resolutions on mer4q."""
    with (DOCS / "results" / "mer4q-resolution" / "resolution.csv").open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    head = ["mel bands", "hop", "sample rate", "ROC-AUC", "interval", "AP", "p", "GMAC", "spectrograms, MB"]
    rows = [
        [
            row["n_mels"],
            f"\N{MULTIPLICATION SIGN} {row['hop']}",
            f"{int(row['sample_rate']) // 1000} kHz",
            f"{float(row['roc_auc_mean']):.3f} ± {float(row['roc_auc_std']):.3f}",
            f"{float(row['roc_auc_low']):.3f} to {float(row['roc_auc_high']):.3f}",
            f"{float(row['average_precision_mean']):.3f} ± {float(row['average_precision_std']):.3f}",
            f"{float(row['p']):.3f}" if row["p"] else "baseline",
            f"{float(row['gmac']):.3f}",
            f"{float(row['features_mb']):.0f}",
        ]
        for row in found
    ]
    return table(head, rows)


def evaluations() -> str:
    """Show the comparisons of models that are recorded in ``results``, by ROC-AUC and AP."""
    parts = []
    for file in sorted((DOCS / "results").glob("*/*-ranking.csv")):
        with file.open(newline="", encoding="utf-8") as stream:
            found = list(csv.DictReader(stream))
        metrics = {"roc_auc": "ROC-AUC", "average_precision": "AP"}
        rows = [
            [
                f"`{row['model']}`",
                *(cell for name in metrics for cell in _metric_cells(row, name)),
            ]
            for row in found
        ]
        head = ["model", *(cell for title in metrics.values() for cell in (title, "groups", "difference to the best"))]
        first, mode = found[0], file.name.removesuffix("-ranking.csv")
        sizes = f"{first['clips']} clips of {first['groups']} artists, tags of all models: {first['common_tags']}"
        about = f"`{file.parent.name}`, {mode}: {sizes}"
        parts.append(f"{about}:\n\n{table(head, rows)}")
    return "\n\n".join(parts)


def _metric_cells(row: dict[str, str], name: str) -> list[str]:
    is_best = row[f"{name}_difference_low"] == row[f"{name}_difference_high"] == "0.0"
    difference = "" if is_best else _interval(row, f"{name}_difference", "+")
    return [_interval(row, name), row[f"{name}_letters"], difference]


def _interval(row: dict[str, str], name: str, sign: str = "") -> str:
    values = [row[name], row[f"{name}_low"], row[f"{name}_high"]]
    if not all(values):
        return ""
    value, low, high = (f"{float(number):{sign}.3f}" for number in values)
    return f"{value} ({low} to {high})"


# The examples.


def shell(command: str, folder: Path) -> str:
    """Run a command of this checkout as a person would; returns what it prints, errors too."""
    keep = {key: value for key, value in os.environ.items() if key in ("HOME", "TAGGRAM_HOME", "XDG_DATA_HOME")}
    fixed = {
        "COLUMNS": str(WIDTH),
        "TERM": "dumb",
        "NO_COLOR": "1",
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(PROJECT / "src"),
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={**keep, **fixed, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"


def answered(text: str, folder: Path) -> str:
    """Return a page with what its examples print now.

    Parameters
    ----------
    text
        The page.
    folder
        Where the examples run; ``examples/`` is there.
    """
    names: dict[str, object] = {"__name__": "page"}
    printed = None

    def run(found: re.Match[str]) -> str:
        nonlocal printed
        kind, body = found[1], found[2]
        if kind == "console":
            body = "".join(f"$ {command}\n{shell(command, folder)}" for command in commands(body))
        elif kind == "text" and printed:
            body = printed
        printed = None
        if kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.chdir(folder):
                exec(compile(body, "page", "exec"), names)  # noqa: S102 (our own page)
            printed = out.getvalue()
        return f"```{kind}\n{body}```"

    return FENCE.sub(run, text)


def sessions(text: str, folder: Path) -> str:
    """Return README.md with what its sessions print now."""

    def run(found: re.Match[str]) -> str:
        return f"{found[1]}```console\n$ {found[2]}\n{shell(found[2], folder).rstrip()}\n```\n{found[3]}"

    return SESSION.sub(run, text)


def commands(block: str) -> Iterator[str]:
    """Find the commands of a ``console`` block, each on one line after a ``$``."""
    return (line[2:] for line in block.splitlines() if line.startswith("$ "))


def _commands() -> Iterator[list[str]]:
    """Walk the commands as lists of words, groups before what is in them."""
    from typer.main import get_command

    from taggram.cli import app

    def walk(command: object, words: list[str]) -> Iterator[list[str]]:
        yield words
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(below, [*words, name])

    return walk(get_command(app), [])


def main() -> None:
    """Bring all pages up to date."""
    run = "--run" in sys.argv
    readme = PROJECT / "README.md"
    for file, text in model_files().items():
        _write(file, text)
    if run:
        os.environ["TAGGRAM_HOME"] = tempfile.mkdtemp()  # the examples show a new user's library
    for page in [*pages(), readme] if run else pages():
        text = filled(page.read_text(encoding="utf-8"))
        if run:
            with tempfile.TemporaryDirectory() as folder:  # one per page, because pages write files of the same name
                (Path(folder) / "examples").symlink_to(PROJECT / "examples")
                text = (sessions if page == readme else answered)(text, Path(folder))
        _write(page, text)


def _write(file: Path, text: str) -> None:
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
        print(f"changed: {file.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
