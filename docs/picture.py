"""Draw what a network does to a segment: its layers in a row, each with the shape of what comes out.

A network is run once on the meta device, which computes shapes and no values. What each layer sees is found in the
graph that autograd makes, so the picture cannot differ from the network.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

import torch
from torch import Tensor, nn

from taggram.features import RawFrontEnd
from taggram.models.network import Network

TIMES = "\N{MULTIPLICATION SIGN}"
BATCH = 3  # by which outputs are told from what else a layer returns
CONVOLUTIONS, POOLS = (nn.Conv1d, nn.Conv2d), (nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d)
COLUMNS, PITCH, MARGIN, LINE, GAP = 6, 122, 14, 15, 20  # per row; the rest in pixels
STYLE = """
    .panel { fill: #fbfaf7; }
    .front { fill: #ffffff; stroke: #4a5a6a; }
    .side { fill: #e9edf1; stroke: #4a5a6a; }
    text { fill: #3b4854; font-size: 12px; text-anchor: middle; }
    .name { fill: #17202a; font-size: 13px; font-weight: 600; }
    .shape { fill: #0b5c8a; }
    .flow { stroke: #0b7bb8; stroke-width: 2; }
    .tip { fill: #0b7bb8; }
    @media (prefers-color-scheme: dark) {
      .panel { fill: #1b1f24; }
      .front { fill: #262c33; stroke: #93a3b3; }
      .side { fill: #3a444e; stroke: #93a3b3; }
      text { fill: #c9d2da; }
      .name { fill: #f2f5f8; }
      .shape { fill: #7cc7f2; }
      .flow { stroke: #4aa8dc; }
      .tip { fill: #4aa8dc; }
    }"""


@dataclass(eq=False)
class Cell:
    """A layer, or several of one kind beside each other, in the picture.

    Attributes
    ----------
    name, lines
        What stands beneath it.
    shapes
        Of what comes out, as torch has it.
    boxes
        The same as channels, height (frequency) and width (time).
    before
        The cells whose output it sees.
    column
        How many cells the input went through.
    """

    name: str
    lines: list[str]
    shapes: list[tuple[int, ...]]
    boxes: list[tuple[int, int, int]]
    before: list[Cell] = field(default_factory=list)
    column: int = 0


def cells(network: Network) -> list[Cell]:
    """Run a network, which is then on the meta device, and return its layers in the order in which they work."""
    network.to("meta").eval()
    made: dict[Any, Cell] = {}  # from the node in autograd's graph to the cell whose output it is
    found: list[Cell] = []

    def add(name: str, lines: list[str], out: Tensor, box: tuple[int, int, int], before: list[Cell]) -> Cell:
        cell = Cell(
            name, lines, [tuple(out.shape[1:])], [box], before, 1 + max((one.column for one in before), default=-1)
        )
        found.append(cell)
        made[out.grad_fn] = cell
        return cell

    def seen(tensors: Iterable[Tensor]) -> list[Cell]:
        nodes, past, result = [tensor.grad_fn for tensor in tensors], set(), []
        while nodes:
            node = nodes.pop()
            if node in made:
                result.append(made[node])
            elif node is not None and node not in past:
                past.add(node)
                nodes += [before for before, _ in node.next_functions]
        return [cell for cell in found if cell in result]

    def watch(name: str, module: nn.Module) -> None:
        def hook(module: nn.Module, given: tuple[Tensor, ...], gave: Any) -> None:
            outs = [out for out in (gave if isinstance(gave, tuple) else (gave,)) if out.shape[0] == BATCH]
            if isinstance(module, POOLS) and given[0].grad_fn in made:
                cell = made[outs[0].grad_fn] = made[given[0].grad_fn]
                cell.lines += list(_lines(module))
                cell.shapes, cell.boxes = [tuple(outs[0].shape[1:])], [_box(outs[0], module)]
            elif list(module.children()) or _computes(module) or outs[0].shape != given[0].shape:
                lines = [line for line in dict.fromkeys(_lines(module)) if line != name]
                cell = add(name, lines, outs[0], _box(outs[0], module), seen(given))
                for more in outs[1:]:
                    made[more.grad_fn] = cell
                    cell.shapes.append(tuple(more.shape[1:]))
                    cell.boxes.append(_box(more, module))

        module.register_forward_hook(hook)

    with torch.device("meta"):
        samples = network.segments.samples
        waveform = torch.zeros(BATCH, samples, requires_grad=True).clone()
        add("waveform", [f"{network.front_end.sample_rate:,} Hz"], waveform, (1, 1, samples), [])
        features = network.features(waveform)
        if not isinstance(network.front_end, RawFrontEnd):
            shape = features.shape[1:] if features.ndim == 4 else (1, *features.shape[1:])
            kind = str(network.front_end.__struct_config__.tag).replace("_", "-")
            add("front end", [kind], features, tuple(shape), seen([waveform]))
        for name, module in _parts(network):
            watch(name, module)
        embedding = network.embed(features)
        if embedding.grad_fn in made or found[-1].shapes == [tuple(embedding.shape[1:])]:
            found[-1].lines.append("(the embedding)")
            made[embedding.grad_fn] = found[-1]
        else:
            add("embedding", [], embedding, _box(embedding), seen([embedding]))
        logits = network.classify(embedding)
        add("tags", ["dense"], logits, _box(logits), seen([embedding]))
    return _numbered(_grouped(found))


def _parts(network: Network) -> Iterator[tuple[str, nn.Module]]:
    """Walk the layers of a network between front end and head, those in plain lists one by one."""

    def walk(name: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
        if type(module) in (nn.Sequential, nn.ModuleList):
            for child in module.children():
                yield from walk(name, child)
        else:
            yield name.replace("_", " ").removesuffix("s"), module

    for name, module in network.named_children():
        if name not in ("features", "head", "heads", "dropout"):
            yield from walk(name, module)


def _computes(module: nn.Module) -> bool:
    return isinstance(module, (*CONVOLUTIONS, nn.Linear, nn.RNNBase))


def _lines(module: nn.Module) -> Iterator[str]:
    """Say what a layer is made of."""
    kind = type(module)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[12]d$", " ", kind.__name__).strip().lower()
    if not kind.__module__.startswith("torch.") and not words.startswith(("_", "conv ")):
        yield words
    for part in module.modules():
        if isinstance(part, CONVOLUTIONS):
            yield f"conv {_by(part.kernel_size)}"
            if set(part.stride) != {1}:
                yield f"stride {_by(part.stride)}"
        elif isinstance(part, POOLS):
            yield f"{'max' if 'Max' in type(part).__name__ else 'mean'}-pool {_by(part.kernel_size, type(part))}"
        elif isinstance(part, nn.Linear):
            yield "dense"
        elif isinstance(part, nn.RNNBase):
            yield f"{part.mode}, {part.num_layers} layer{'s' * (part.num_layers > 1)}"


def _by(size: int | tuple[int, ...], kind: type = nn.Module) -> str:
    if isinstance(size, int):
        size = (size,) * (2 if kind.__name__.endswith("2d") else 1)
    return TIMES.join(map(str, size))


def _box(out: Tensor, module: nn.Module | None = None) -> tuple[int, int, int]:
    """Return channels, height and width; without convolutions, dense and recurrent layers have channels last."""
    shape = tuple(out.shape[1:])
    if len(shape) == 3:
        return shape
    if len(shape) == 1:
        return shape[0], 1, 1
    kinds = [type(part) for part in module.modules()] if module else []
    last = any(issubclass(kind, nn.Linear | nn.RNNBase) for kind in kinds)
    return (shape[1], 1, shape[0]) if last and not set(kinds) & set(CONVOLUTIONS) else (shape[0], 1, shape[1])


def _grouped(found: list[Cell]) -> list[Cell]:
    """Join layers of one kind that see the same."""
    groups: dict[Any, Cell] = {}
    become: dict[Cell, Cell] = {}
    for cell in found:
        cell.before = list(dict.fromkeys(become[one] for one in cell.before))
        group = become[cell] = groups.setdefault((cell.name, cell.column, *cell.before), cell)
        if group is not cell:
            group.lines = list(dict.fromkeys(group.lines + cell.lines))
            group.shapes += cell.shapes
            group.boxes += cell.boxes
    return list(groups.values())


def _numbered(found: list[Cell]) -> list[Cell]:
    names = [cell.name for cell in found]
    for i, cell in enumerate(found):
        if names.count(cell.name) > 1:
            cell.name = f"{names[i]} {names[: i + 1].count(names[i])}"
    for cell in found:
        cell.lines += [f"+ {one.name}" for one in cell.before if one.column < cell.column - 1]
    return found


# The drawing.


def svg(network: Network) -> str:
    """Draw a network, which is then on the meta device."""
    found = cells(network)
    body: list[str] = []
    right: dict[Cell, tuple[float, float]] = {}
    top = float(MARGIN)
    for first in range(0, 1 + max(cell.column for cell in found), COLUMNS):
        row = [[cell for cell in found if cell.column == column] for column in range(first, first + COLUMNS)]
        area = max(_height(column[0]) for column in row if column)
        bottom = top
        for place, column in enumerate(row):
            x, y = MARGIN + PITCH * (place + 0.5), top
            for cell in column:
                tall = area if cell is column[0] else _height(cell)
                left, right[cell] = _draw(cell, x, y + tall / 2, body)
                for one in cell.before:
                    if one.column == cell.column - 1:
                        x0, y0 = (right[one][0] + 4, right[one][1]) if place else (left - 22, y + tall / 2)
                        body.append(_arrow(x0, y0, left - 3, y + tall / 2))
                y = _caption(cell, x, y + tall + LINE, body) + GAP
            bottom = max(bottom, y)
        top = bottom
    width, height = 2 * MARGIN + COLUMNS * PITCH, top - GAP + MARGIN
    title = f"The layers of {network.architecture()}"
    said = "; ".join(f"{cell.name}: {', '.join(map(_by, cell.shapes))}" for cell in found)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" role="img" \
aria-labelledby="title desc" font-family="system-ui, 'DejaVu Sans', sans-serif">
  <title id="title">{title}</title>
  <desc id="desc">{escape(said)}</desc>
  <style>{STYLE}
  </style>
  <defs>
    <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" \
markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0 10 5 0 10z"/></marker>
  </defs>
  <rect class="panel" width="{width}" height="{height:.0f}" rx="12"/>
  {chr(10).join(body).replace(chr(10), chr(10) + "  ")}
</svg>
"""


def _size(box: tuple[int, int, int]) -> tuple[float, float, float]:
    """Return depth, height and width in pixels, which grow with the logarithm."""
    channels, height, width = (math.log2(value) for value in box)
    return 1.5 * channels, 8 + 5 * height, 8 + 5 * width


def _height(cell: Cell) -> float:
    return sum(depth + height + 4 for depth, height, _ in map(_size, cell.boxes)) - 4


def _draw(cell: Cell, x: float, y: float, body: list[str]) -> tuple[float, tuple[float, float]]:
    """Draw the boxes of a cell around a point; returns the left edge, and the point where an arrow leaves."""
    top, sizes = y - _height(cell) / 2, [_size(box) for box in cell.boxes]
    for depth, height, width in sizes:
        left, face = x - (width + depth) / 2, top + depth
        side = f"M{left:.1f} {face:.1f}l{depth:.1f} {-depth:.1f}h{width:.1f}v{height:.1f}l{-depth:.1f} {depth:.1f}"
        body.append(f'<path class="side" d="{side}z"/>')
        body.append(f'<rect class="front" x="{left:.1f}" y="{face:.1f}" width="{width:.1f}" height="{height:.1f}"/>')
        body.append(f'<path class="side" d="M{left + width:.1f} {face:.1f}l{depth:.1f} {-depth:.1f}"/>')
        top = face + height + 4
    half = max(depth + width for depth, _, width in sizes) / 2
    return x - half, (x + half, y)


def _caption(cell: Cell, x: float, y: float, body: list[str]) -> float:
    """Write what stands beneath a cell; returns where that ends."""
    shapes = dict.fromkeys(f" {TIMES} ".join(map(str, shape)) for shape in cell.shapes)
    for style, line in [("name", cell.name), *(("", line) for line in cell.lines), *(("shape", s) for s in shapes)]:
        body.append(f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(line)}</text>')
        y += LINE
    return y - LINE


def _arrow(x0: float, y0: float, x1: float, y1: float) -> str:
    return f'<path class="flow" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" marker-end="url(#tip)"/>'
