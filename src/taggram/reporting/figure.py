"""Matplotlib figures in the colours of the stylesheet: as SVG inside a page, and as SVG or PNG files.

Inside a page, the colours of a figure are the stylesheet's variables, so that it follows light and dark pages.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

from taggram.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
else:
    Figure = Any  # matplotlib is optional, and loaded only when it is used

__all__ = ["colour", "inline_svg", "new_figure", "printable", "require_matplotlib", "theme", "to_bytes"]

SVG = "http://www.w3.org/2000/svg"
HREF = "{http://www.w3.org/1999/xlink}href"
VARIABLE = re.compile(r"--(\w+): (#[0-9a-f]{6});")
COORDINATES = {"d", "x", "y", "width", "height", "transform"}
NUMBER = re.compile(r"-?\d+\.\d+")
DPI = 72  # of SVG: a unit of length is then a point of the font sizes, and a pixel of the page
PNG_DPI = 180


def require_matplotlib() -> None:
    """Raise `MissingExtraError` if matplotlib is not installed; to be called before long work."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError("a figure", "plot")


@contextlib.contextmanager
def theme() -> Iterator[None]:
    """Draw and save figures in the style of the reports.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    require_matplotlib()
    import matplotlib

    ink, soft, line = colour("ink"), colour("soft"), colour("line")
    style = {
        "axes.edgecolor": soft,
        "axes.facecolor": "none",
        "axes.grid": True,
        "axes.labelcolor": ink,
        "axes.labelsize": 12.5,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.axisbelow": True,
        "figure.dpi": DPI,
        "font.size": 12,
        "grid.color": line,
        "legend.fontsize": 12,
        "legend.frameon": False,
        "lines.linewidth": 1.8,
        "savefig.facecolor": colour("card"),
        "svg.fonttype": "none",
        "svg.hashsalt": "taggram",
        "text.color": ink,
        "text.parse_math": False,
        "xtick.color": soft,
        "xtick.labelcolor": ink,
        "ytick.color": soft,
        "ytick.labelcolor": ink,
    }
    with matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)  # browsers have other fonts
        yield


def colour(name: str) -> str:
    """Return a colour of the light stylesheet, such as ``"s0"`` of the first series, as ``#rrggbb``."""
    return _colours()[name]


def printable(text: str) -> str:
    """Replace control characters, which SVG does not allow, and those that change the direction of a text."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in pixels, without global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / DPI, height / DPI), layout="constrained")


def to_bytes(figure: Figure, title: str, suffix: Literal["png", "svg"]) -> bytes:
    """Return a figure as a file; the same figure gives the same bytes.

    Parameters
    ----------
    figure
        To save within `theme`.
    title
        Written above it.
    suffix
        Of the file.
    """
    figure.suptitle("\n".join(map(printable, title.splitlines())), fontsize=11, wrap=True)
    metadata = {"Software": None} if suffix == "png" else {"Date": None, "Creator": None}
    stream = io.BytesIO()
    figure.savefig(stream, format=suffix, dpi=DPI if suffix == "svg" else PNG_DPI, metadata=metadata)
    return stream.getvalue()


def inline_svg(figure: Figure, name: str, title: str) -> str:
    """Render a figure as an SVG element for a page.

    Parameters
    ----------
    figure
        To render within `theme`.
    name
        Letters and digits that no other figure of the page has; its ids begin with it.
    title
        Description for screen readers.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    for prefix, uri in (("", SVG), ("xlink", HREF[1:].partition("}")[0])):
        ElementTree.register_namespace(prefix, uri)
    root = ElementTree.fromstring(buffer.getvalue())  # noqa: S314 - matplotlib has just written it
    _clean(root, name)
    left, top, width, height = root.get("viewBox", "").split()
    root.attrib.clear()
    root.attrib.update({"viewBox": f"{left} {top} {width} {height}", "width": width, "class": "plot", "role": "img"})
    caption = ElementTree.Element(f"{{{SVG}}}title")
    caption.text = printable(title)
    root.insert(0, caption)
    return ElementTree.tostring(root, encoding="unicode")


def _clean(root: ElementTree.Element, name: str) -> None:
    """Remove what a page does not need, round coordinates, and make ids unique and colours variables."""
    for child in list(root):
        is_style = child.find(f"{{{SVG}}}style") is not None  # rules for all elements of the page
        if is_style or child.tag == f"{{{SVG}}}metadata":
            root.remove(child)
    variables = {value: f"var(--{key})" for key, value in _colours().items()}
    elements = list(root.iter())
    for element in elements:
        _share_style(element)
        element.text = element.text if (element.text or "").strip() else None
        element.tail = None
    used = {element.get(HREF, "")[1:] for element in elements}
    used |= {match[1] for element in elements if (match := re.match(r"url\(#(.+)\)", element.get("clip-path", "")))}
    for element in elements:
        attributes = element.attrib
        if (identifier := attributes.pop("id", None)) in used and identifier:
            attributes["id"] = f"{name}-{identifier}"
        if HREF in attributes:
            attributes[HREF] = f"#{name}-{attributes[HREF][1:]}"
        if "clip-path" in attributes:
            attributes["clip-path"] = attributes["clip-path"].replace("#", f"#{name}-")
        for key in COORDINATES & attributes.keys():
            attributes[key] = NUMBER.sub(
                lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), attributes[key]
            )
        if style := attributes.get("style"):
            style = re.sub(r"font: (\S+ )?(\S+px) [^;]+", r"font-size: \2", style)
            attributes["style"] = re.sub(r"#[0-9a-f]{6}", lambda match: variables.get(match[0], match[0]), style)


def _share_style(group: ElementTree.Element) -> None:
    """Move the style of equal markers to their group."""
    markers = group.findall(f"{{{SVG}}}use")
    if len(markers) > 1 and len({marker.get("style") for marker in markers}) == 1 and len(markers) == len(group):
        group.set("style", markers[0].get("style", ""))
        for marker in markers:
            marker.attrib.pop("style", None)


@cache
def _colours() -> dict[str, str]:
    """Return the colours that the first block of the stylesheet defines."""
    css = resources.files(__package__).joinpath("templates", "style.css").read_text("utf-8")
    return dict(VARIABLE.findall(css.partition("}")[0]))
