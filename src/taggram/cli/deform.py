"""``taggram deform``: write a deformed copy of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

_PANEL = "Deformations, applied in the order given"


class DeformCommand(TyperCommand):
    """A command that knows the order of its repeatable options, which is that of the chain."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, and keep names and values of the repeatable options in their order as `ctx.obj`."""
        values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        names = [option.name for option in order if getattr(option, "multiple", False)]
        ctx.obj = [(name, values[name][names[:i].count(name)]) for i, name in enumerate(names)]
        return super().parse_args(ctx, args)


def _list(requested: bool) -> None:
    if not requested:
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from taggram.deform import DEFORMATIONS

    table = Table("deformation", "strength", "default", "changes tags of", box=None, pad_edge=False)
    for name, deformation in DEFORMATIONS.items():
        parameter, changes = deformation.parameter, ", ".join(sorted(deformation.changes))
        table.add_row(*map(Text, (name, str(parameter), parameter.format(parameter.default), changes)))
    Console().print(table)
    raise typer.Exit


def _strength(metavar: str, text: str) -> Any:
    return typer.Option(metavar=metavar, help=text, rich_help_panel=_PANEL)


def deform(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="An audio file.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="WAV", help="The copy.")],
    seed: Annotated[int, typer.Option(min=0, help="Random seed of noise and reverberation.")] = 0,
    list_: Annotated[
        bool,
        typer.Option("--list", callback=_list, is_eager=True, help="List the deformations with their strengths."),
    ] = False,
    time_stretch: Annotated[list[str] | None, _strength("RATE", "Change the speed: 0.5 to 2 times.")] = None,
    pitch_shift: Annotated[list[str] | None, _strength("SEMITONES", "Change the pitch: -12 to 12.")] = None,
    compress: Annotated[list[str] | None, _strength("PRESET", "Compress the dynamic range: see --list.")] = None,
    noise: Annotated[list[str] | None, _strength("SNR", "Add white noise: -10 to 60 dB.")] = None,
    muda_noise: Annotated[list[str] | None, _strength("WEIGHT", "Mix with white noise: 0 to 1.")] = None,
    mp3: Annotated[list[str] | None, _strength("BIT_RATE", "Encode as mp3: 32, 64, 128 kb/s.")] = None,
    gain: Annotated[list[str] | None, _strength("DECIBELS", "Change the level: -40 to 12.")] = None,
    hard_clip: Annotated[list[str] | None, _strength("DEPTH", "Clip below the peak: 0 to 40 dB.")] = None,
    low_pass: Annotated[list[str] | None, _strength("CUTOFF", "Attenuate treble: 100 to 20000 Hz.")] = None,
    resample: Annotated[list[str] | None, _strength("RATE", "Resample and back: 2000 to 48000 Hz.")] = None,
    reverb: Annotated[list[str] | None, _strength("SECONDS", "Add reverberation: 0.1 to 10.")] = None,
) -> None:
    """Write a deformed copy of a file, to listen to or to tag.

    The copy is mono, at the sample rate of the file, as 32-bit float wav. Deformations may be repeated. --time-stretch
    and --pitch-shift need the deform extra.
    """
    from taggram._text import encode_path
    from taggram.cli.streams import print_warnings
    from taggram.deform import Chain, deform_file

    if not ctx.obj:
        raise typer.BadParameter("there is no deformation; give one, for example --time-stretch 1.2, or see --list")
    chain = Chain(ctx.obj)
    with print_warnings():
        deform_file(file, out, chain, seed=seed)
    print(encode_path(str(out)))
