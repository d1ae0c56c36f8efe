"""``taggram resolution``: quality and cost of resolutions of the mel-spectrogram."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from taggram.cli.engines import Address, Engine, use_engine
from taggram.cli.sweep import TrialThreads
from taggram.cli.train import Device

if TYPE_CHECKING:
    from taggram.evaluation.resolution import ResolutionResult


def _numbers(text: str) -> list[int]:
    """Return the whole numbers of an option, separated by commas."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a list of whole numbers such as 96,48") from None


def resolution(
    data: Annotated[
        str, typer.Option(metavar="PATH|NAME=PATH", help="A folder, a table, or a data set and its folder.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Gets stores, models, tables and a page.")],
    grid: Annotated[
        Literal["paper", "small"], typer.Option(help="The 88 configurations of the paper, or the 12 of its Table 5.")
    ] = "paper",
    mels: Annotated[
        str | None, typer.Option(metavar="N,...", help="Mel bands in place of the grid's: 128, 96, 48, 32, 24, 16, 8.")
    ] = None,
    hops: Annotated[
        str | None, typer.Option(metavar="N,...", help="Multiples of a hop of 256 samples: 1, 2, 3, 4, 5, 10.")
    ] = None,
    sample_rates: Annotated[str | None, typer.Option(metavar="HZ,...", help="12000, 16000.")] = None,
    logs: Annotated[str | None, typer.Option(metavar="NAME,...", help="Compression: log10, db.")] = None,
    channels: Annotated[
        str | None, typer.Option(metavar="N,N,N,N", help="Channels of the layers.  \\[default: 128,384,768,2048]")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Trainings of each configuration.")] = 3,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of each training.")] = 13,
    batch_size: Annotated[int, typer.Option(min=2, help="Clips per step.")] = 64,
    tags: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Take only the N most frequent tags of the training split.")
    ] = None,
    new_split: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="SEED",
            help="Split 80 : 10 : 10 into train, valid and test by artist, with this random seed.",
        ),
    ] = None,
    device: Device = "auto",
    threads: TrialThreads = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of configurations at a time.  \\[default: 1, on Ray the number of cores]"),
    ] = None,
    engine: Engine = "processes",
    address: Address = None,
) -> None:
    """Train VGG-CNN at several resolutions of the mel-spectrogram, and compare quality and cost.

    The study of Ferraro et al. (2020) on other data: ROC-AUC and average precision on the test split, operations, sizes
    and times, and a t-test of each configuration against the baseline: 96 mel bands, a hop of 256 samples, 12 kHz. With
    --mels, --hops, --sample-rates or --logs, all their combinations; those not given are the baseline's. An interrupted
    study is resumed. A training that fails does not stop the others; the exit code is then 1. Needs the train, sweep
    and report extras.
    """
    from taggram.training.preparation import require_extra

    require_extra()
    from taggram import datasets
    from taggram._progress import progress
    from taggram.evaluation import resolution as library
    from taggram.reporting import require_jinja2, require_matplotlib

    require_jinja2()
    require_matplotlib()
    clips, vocabulary = library.load_clips(data)
    if new_split is not None:
        clips = datasets.artist_split(clips, seed=new_split)
    grids = library.GRIDS[grid]
    if any((mels, hops, sample_rates, logs)):
        rates = _numbers(sample_rates or "12000")
        grids = (library.combine(rates, _numbers(mels or "96"), _numbers(hops or "1"), (logs or "log10").split(",")),)
    with use_engine(engine, address) as cores:
        try:
            result = library.resolution(
                clips,
                out,
                tags=vocabulary,
                most_frequent=tags,
                grids=grids,
                channels=None if channels is None else _numbers(channels),
                runs=runs,
                epochs=epochs,
                batch_size=batch_size,
                device=device,
                threads=threads,
                workers=workers or cores or 1,
                progress=progress,
                report=lambda line: print(line, file=sys.stderr),
            )
        except KeyboardInterrupt:
            print("interrupted; run the same command again to resume", file=sys.stderr)
            raise
    files = library.write_resolution(result)
    _print_table(result)
    for file in files:
        print(file)
    if result.sweep.failed:
        raise typer.Exit(1)


def _print_table(result: ResolutionResult) -> None:
    """Print the configurations, from the highest ROC-AUC on."""
    from statistics import fmean

    from taggram.cli.compare import print_columns

    print(f"{result.clips:,} test clips of {result.groups:,} artists or recordings, {result.tags} tags")
    rows = [["", "ROC-AUC", "95 % interval", "AP", "p", "GMAC", "Pareto front"]]
    for each in result.configurations:
        mean, low, high = each.roc_auc_interval
        p = "baseline" if each.is_baseline else "-" if each.p != each.p else f"{each.p:.3f}"
        row = [each.label, f"{mean:.3f}", f"{low:.3f} to {high:.3f}", f"{fmean(each.average_precision):.3f}", p]
        rows.append([*row, f"{each.macs / 1e9:.3g}", "yes" if each.is_best else ""])
    print_columns(rows)
