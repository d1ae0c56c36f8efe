"""The options of verbs that can run on a Ray cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated, Literal

import typer

__all__ = ["Address", "Engine", "use_engine"]

Engine = Annotated[
    Literal["processes", "ray"],
    typer.Option(help="What the workers are: processes of this machine, or actors of a Ray cluster."),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT|auto",
        help="The Ray cluster; auto: this machine's.  \\[default: a new one for this run]",
    ),
]


@contextlib.contextmanager
def use_engine(engine: str, address: str | None) -> Iterator[int | None]:
    """Run the workers of a block on an engine; yields the number of cores of a Ray cluster, None for processes."""
    if engine == "processes":
        if address is not None:
            raise typer.BadParameter("--address is that of a Ray cluster: add --engine ray")
        yield None
        return
    from taggram.parallel import use_ray

    with use_ray(address) as cores:
        yield cores
