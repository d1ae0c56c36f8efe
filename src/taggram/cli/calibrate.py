"""``taggram calibrate``: fit the thresholds and levels of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def calibrate(
    model: Annotated[str, typer.Argument(help="Name of a model or its folder.")],
    recipe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its recipe.  \\[default: the one beside the model]")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="STORE",
            help="Packed store with the validation clips; packed from the recipe's sources if it does not exist.  "
            "\\[default: the recipe's]",
        ),
    ] = None,
    judgements: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Table of clip, tag and judgement.  \\[default: the recipe's]"),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
) -> None:
    """Fit the thresholds and levels of a model on validation clips.

    Only the model's card changes; its scores stay the same. Needs the train extra.
    """
    import sys

    from taggram._progress import progress
    from taggram.errors import MissingExtraError

    try:
        from taggram.training.calibration.run import calibrate as fit
    except ModuleNotFoundError:
        raise MissingExtraError("calibration", "train") from None

    result = fit(
        model,
        recipe,
        store=data,
        judgements=judgements,
        workers=workers,
        progress=progress,
        report=lambda line: print(line, file=sys.stderr),
    )
    print(f"{result.clips} validation clips: {result.shown:.1f} tags per clip, {result.empty:.1%} without any")
    for category, share in result.by_category.items():
        print(f"  {category:10}  {share:.0%} of the clips")
    if result.card.levels is not None:
        print("judged tags by level; the levels were fitted on other clips:")
        for row in result.card.levels.precision:
            total = row.right + row.wrong + row.unknown
            precise = "-" if row.precision is None else f"{row.precision:.0%}"
            unknown = row.unknown / total if total else 0.0
            print(f"  {row.level:6}  {precise:>4} right of {row.right + row.wrong}, {unknown:.0%} of {total} unknown")
    if result.imprecise:
        print(f"no validation clip has these tags with high precision: {', '.join(result.imprecise)}")
