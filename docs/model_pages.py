"""Write the page of an architecture: its docstring, its picture, its cost, and how to train it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import yaml
from md_table import table
from picture import svg
from recipe_settings import PROJECT, recipe_of, settings

from taggram.features import FrontEnd, HarmonicFrontEnd
from taggram.models import create_model
from taggram.models.analysis.cost import Cost, cost
from taggram.models.analysis.receptive_field import ReceptiveField, receptive_field
from taggram.models.network import Network
from taggram.models.published import PUBLISHED
from taggram.training.recipe.catalogue import FOLDER

LEGEND = (
    "Each box is the output of a layer: its height is frequency, its width time, its depth channels, on a logarithmic "
    "scale. The last line is the shape; a line with + names a further input of the layer."
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
    counted, field = measured(name)
    longer = " or more" if network.segments.any_length else ""
    return [
        f"[`{name}`]({name}.md)",
        f"{_seconds(network):.2f} s{longer}",
        f"{field.seconds:.2f} s",
        front_end(network),
        f"{counted.parameters:,}",
        f"{counted.macs / 1e9:.3g}",
        f"{counted.macs_per_second / 1e9:.3g}",
        _cited(network.paper),
    ]


@cache
def measured(name: str) -> tuple[Cost, ReceptiveField]:
    """Return cost and receptive field of an architecture, which its page shows, and the table of all."""
    network = create_model(name, "mtat")
    return cost(network), receptive_field(network)


def front_end(network: Network) -> str:
    """Describe the output of the front end."""
    match network.front_end:
        case FrontEnd(n_mels=bands):
            return f"{bands} mel bands"
        case HarmonicFrontEnd(harmonics=harmonics, pitches=pitches):
            return f"{harmonics} harmonics of {len(pitches)} pitches"
        case _:
            return "the waveform"


def _cited(paper: str) -> str:
    """Shorten a paper to its first author and its year, if it has one."""
    author, year = re.split(r",| and ", paper)[0], re.search(r"\d{4}$", paper)
    return f"{author} {year[0]}" if year else author


def _field(network: Network, field: ReceptiveField) -> str:
    unit = "pitches" if isinstance(network.front_end, HarmonicFrontEnd) else "mel bands"
    bands = "" if field.bands is None else f" and {field.bands} {unit}"
    return f"{field.seconds:.2f} s{bands}, of a point in the last map; the layers after it depend on all of that map"


def _seconds(network: Network) -> float:
    return network.segments.samples / network.front_end.sample_rate


def _facts(network: Network) -> Iterator[list[str]]:
    name = network.architecture()
    counted, field = measured(name)
    longer = ", or longer" if network.segments.any_length else ""
    fields = msgspec.to_builtins(network.front_end).items()
    defaults = {"f_max": "half the rate", "win_length": "`n_fft`", "top_db": "none"}
    settings = ", ".join(f"`{key}` {defaults[key] if value is None else value}" for key, value in fields)
    weights = [f"`{entry.name}`" for entry in PUBLISHED.values() if entry.architecture == name]
    yield ["paper", network.paper]
    yield ["segment", f"{_seconds(network):.2f} s ({network.segments.samples:,} samples){longer}"]
    yield ["receptive field", _field(network, field)]
    yield ["front end", f"{front_end(network)}: {settings} ([meaning](../guide/models.md#the-card-field-by-field))"]
    yield ["embedding", f"{network.embedding_size:,} values"]
    yield ["parameters", f"{counted.parameters:,} with 50 tags"]
    yield [
        "multiply-accumulates",
        f"{counted.macs / 1e9:.3g} billion per segment, {counted.macs_per_second / 1e9:.3g} per second of audio",
    ]
    yield ["published weights", f"{', '.join(weights)}: `taggram models import '{name}.*'`" if weights else "none"]
    yield ["source", f"`src/{type(network).__module__.replace('.', '/')}.py`"]


def _options(network: Network, text: str) -> list[str]:
    """List the options, from the section Parameters of a docstring."""
    defaults = inspect.signature(type(network)).parameters
    rows = []
    for names, said in re.findall(r"^(\w[\w, ]*)\n((?:    .*\n?)+)", text, re.MULTILINE):
        given = [name for name in names.split(", ") if name != "vocabulary"]
        values = ", ".join(f"`{defaults[name].default!r}`" for name in given)
        if given:
            rows.append([", ".join(f"`{name}`" for name in given), values, " ".join(said.split())])
    intro = f"Arguments of `create_model({network.architecture()!r}, vocabulary, ...)`, and `options` of a recipe:"
    return ["## Options", intro, table(["option", "default", "meaning"], rows)] if rows else []


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
    file = recipe_of(name)
    published = settings(file) if file else {}
    recipe = {
        "name": f"{name}.mine",
        "data": {"store": "data/mine", **published.get("data", {})},
        "model": {"architecture": name},
        **({"optim": published["optim"]} if published.get("optim") else {}),
    }
    source = f"with the segments and the optimization of {_recipe_name(file)}, and " if file else "with "
    text = yaml.safe_dump(recipe, sort_keys=False, default_flow_style=None, width=110)
    return f"""`{name}.yaml`, {source}everything else as in [Training](../guide/training.md):

```yaml
{text.strip()}
```

```sh
taggram data pack table music/clips.csv data/mine{at}
taggram train {name}.yaml --out model
```"""


def _recipe_name(file: Path) -> str:
    """Name a recipe: as `taggram recipes` does, or by its file."""
    if file.is_relative_to(FOLDER):
        return f"the recipe [`{file.relative_to(FOLDER).with_suffix('').as_posix()}`](../recipes.md)"
    return f"`{file.relative_to(PROJECT).as_posix()}`"
