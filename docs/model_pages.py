"""Write the page of an architecture: what its class says, what it costs, its picture, and how to train it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import msgspec
from md_table import table
from picture import svg

from taggram.features import FrontEnd, HarmonicFrontEnd
from taggram.models import create_model
from taggram.models.cost import cost
from taggram.models.network import Network
from taggram.models.published import PUBLISHED
from taggram.models.receptive_field import receptive_field

LEGEND = (
    "Each box is what a layer puts out: its height is frequency, its width time, its depth channels, on a logarithmic "
    "scale. The shape is in the last line, and a line with + names what a layer sees beside the one before it."
)


def page(name: str) -> str:
    """Return the page of an architecture."""
    network = create_model(name, "mtat")
    text, _, options = (inspect.getdoc(network) or "").partition("\n\nParameters\n----------\n")
    summary, _, layers = text.partition("\n\n")
    parts = [
        f"# {name}",
        summary,
        f"![The layers of {name}]({name}.svg)",
        LEGEND,
        table(["", ""], _facts(network)),
        *(["## Layers", _markdown(layers)] if layers else []),
        *_options(network, options),
        *(["## Deviations", "\n".join(f"- {line}" for line in network.deviations)] if network.deviations else []),
        "## Train it",
        _training(network),
    ]
    return "\n\n".join(parts) + "\n"


def picture(name: str) -> str:
    """Return the picture of an architecture."""
    return svg(create_model(name, "mtat"))


def row(name: str) -> list[str]:
    """Return the line of an architecture in the table of all."""
    network = create_model(name, "mtat")
    counted = cost(network)
    longer = " or more" if network.segments.any_length else ""
    return [
        f"[`{name}`]({name}.md)",
        f"{_seconds(network):.2f} s{longer}",
        f"{receptive_field(network).seconds:.2f} s",
        sees(network),
        f"{counted.parameters:,}",
        f"{counted.macs / 1e9:.3g}",
        f"{counted.macs_per_second / 1e9:.3g}",
        _cited(network.paper),
    ]


def sees(network: Network) -> str:
    """Say what comes out of the front end."""
    match network.front_end:
        case FrontEnd(n_mels=bands):
            return f"{bands} mel bands"
        case HarmonicFrontEnd(harmonics=harmonics, pitches=pitches):
            return f"{harmonics} harmonics of {len(pitches)} pitches"
        case _:
            return "the waveform"


def _cited(paper: str) -> str:
    """Shorten a paper to its first author and its year, if that is known."""
    author, year = re.split(r",| and ", paper)[0], re.search(r"\d{4}$", paper)
    return f"{author} {year[0]}" if year else author


def _field(network: Network) -> str:
    field = receptive_field(network)
    unit = "pitches" if isinstance(network.front_end, HarmonicFrontEnd) else "mel bands"
    bands = "" if field.bands is None else f" and {field.bands} {unit}"
    return f"{field.seconds:.2f} s{bands} in the last map of convolutions; what follows sees all of that map"


def _seconds(network: Network) -> float:
    return network.segments.samples / network.front_end.sample_rate


def _facts(network: Network) -> Iterator[list[str]]:
    counted, name = cost(network), network.architecture()
    longer = ", or longer" if network.segments.any_length else ""
    given = msgspec.to_builtins(network.front_end).items()
    settings = ", ".join(f"`{key}` {'half the rate' if value is None else value}" for key, value in given)
    weights = [f"`{entry.name}`" for entry in PUBLISHED.values() if entry.architecture == name]
    yield ["paper", network.paper]
    yield ["segment", f"{_seconds(network):.2f} s ({network.segments.samples:,} samples){longer}"]
    yield ["receptive field", _field(network)]
    yield ["front end", f"{sees(network)}: {settings} ([what they mean](../guide/models.md#the-card-field-by-field))"]
    yield ["embedding", f"{network.embedding_size:,} values"]
    yield ["parameters", f"{counted.parameters:,} with 50 tags"]
    yield [
        "multiply-accumulates",
        f"{counted.macs / 1e9:.3g} billion per segment, {counted.macs_per_second / 1e9:.3g} per second of audio",
    ]
    yield ["published weights", f"{', '.join(weights)}: `taggram models import '{name}.*'`" if weights else "none"]
    yield ["source", f"`src/{type(network).__module__.replace('.', '/')}.py`"]


def _options(network: Network, text: str) -> list[str]:
    """Describe what one may choose, from the section Parameters of a docstring."""
    defaults = inspect.signature(type(network)).parameters
    rows = []
    for names, said in re.findall(r"^(\w[\w, ]*)\n((?:    .*\n?)+)", text, re.MULTILINE):
        given = [name for name in names.split(", ") if name != "vocabulary"]
        values = ", ".join(f"`{defaults[name].default!r}`" for name in given)
        if given:
            rows.append([", ".join(f"`{name}`" for name in given), values, " ".join(said.split())])
    says = f"`create_model({network.architecture()!r}, vocabulary, ...)` takes, and so do a recipe's `options`:"
    return ["## Options", says, table(["option", "default", "says"], rows)] if rows else []


def _markdown(text: str) -> str:
    """Turn the simple table of a docstring into Markdown's."""
    rule = r"=+(?:  +=+)+\n"
    return re.sub(rf"({rule})(.+\n){rule}((?:.+\n)+?){rule}", _table_of, f"{text}\n").strip()


def _table_of(found: re.Match[str]) -> str:
    starts = [column.start() for column in re.finditer("=+", found[1])]
    spans = list(zip(starts, [*starts[1:], None], strict=True))

    def cells(line: str) -> list[str]:
        return [line[slice(*span)].strip() for span in spans]

    rows: list[list[str]] = []
    for line in map(cells, found[3].splitlines()):
        if line[0]:
            rows.append(["" if cell == ".." else cell for cell in line])
        else:  # the line before goes on
            rows[-1] = [f"{cell} {more}".strip() for cell, more in zip(rows[-1], line, strict=True)]
    return table(cells(found[2].rstrip()), rows) + "\n"


def _training(network: Network) -> str:
    name, rate = network.architecture(), network.front_end.sample_rate
    at = "" if rate == 16000 else f" --sample-rate {rate}"
    return f"""`{name}.yaml`, with everything else as in [Training](../guide/training.md):

```yaml
name: {name}.mine
data: {{store: data/mine}}
model: {{architecture: {name}}}
```

```sh
taggram data pack table music/clips.csv data/mine{at}
taggram train {name}.yaml --out model
```"""
