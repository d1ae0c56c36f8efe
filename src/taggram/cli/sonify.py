"""``taggram sonify``: reconstruct a file from its log-mel-spectrogram."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taggram.cli.completion import model_names
from taggram.cli.times import parse_time


def sonify(
    file: Annotated[str, typer.Argument(metavar="FILE", help="An audio file.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="WAV", help="Gets the reconstruction.")] = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="HTML", help="Gets players of many resolutions, side by side.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="Model with the front end.", autocompletion=model_names)
    ] = "default",
    mels: Annotated[int | None, typer.Option(min=1, help="Mel bands.  \\[default: the model's]")] = None,
    hop: Annotated[
        int | None, typer.Option(min=1, help="Distance between frames, in samples.  \\[default: the model's]")
    ] = None,
    sample_rate: Annotated[int | None, typer.Option(min=100, help="In Hz.  \\[default: the model's]")] = None,
    bits: Annotated[
        int | None, typer.Option(min=1, max=16, help="Bits per value of the spectrogram.  \\[default: float32]")
    ] = None,
    start: Annotated[
        float, typer.Option(parser=parse_time, metavar="TIME", help="Start of the part: seconds, or as 1:30.")
    ] = 0.0,
    duration: Annotated[float, typer.Option(parser=parse_time, metavar="TIME", help="Duration of the part.")] = 30.0,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the phases.")] = 0,
) -> None:
    """Reconstruct a file from its log-mel-spectrogram, to listen to what a network gets of it.

    The spectrogram has the settings of a model's front end, or other mel bands, hops and bits per value. --compare
    needs the report extra.
    """
    from taggram._progress import progress
    from taggram._text import encode_path
    from taggram.cli.streams import print_warnings
    from taggram.sonification import model_front_end, sonify_file, write_listening_page

    if out is None and compare is None:
        raise typer.BadParameter("there is nothing to write: give --out, --compare or both")
    if duration == 0:
        raise typer.BadParameter("--duration must be above 0")
    changes = {"n_mels": mels, "hop": hop, "sample_rate": sample_rate}
    front_end = model_front_end(model, **{name: value for name, value in changes.items() if value is not None})
    with print_warnings():
        if out is not None:
            sonify_file(file, out, front_end, bits=bits, start=start, duration=duration, seed=seed)
            print(encode_path(str(out)))
        if compare is not None:
            write_listening_page(
                file, compare, front_end, bits=bits, start=start, duration=duration, seed=seed, progress=progress
            )
            print(encode_path(str(compare)))
