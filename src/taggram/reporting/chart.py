"""A chart as a list of SVG elements, which the template ``chart.html`` renders."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Chart", "Shape"]


@dataclass(frozen=True)
class Shape:
    """One SVG element.

    Attributes
    ----------
    tag
        Name of the element, such as ``rect``.
    attributes
        Its attributes. Colours come from the class, which the stylesheet defines.
    text, tooltip
        Content of a ``text`` element, and its full text if that is abbreviated.
    """

    tag: str
    attributes: dict[str, str | float]
    text: str = ""
    tooltip: str = ""


@dataclass
class Chart:
    """An SVG image.

    Attributes
    ----------
    width, height
        In pixels.
    title
        Description for screen readers.
    shapes
        The elements, from back to front.
    """

    width: float
    height: float
    title: str
    shapes: list[Shape] = field(default_factory=list)

    def rect(self, css: str, x: float, y: float, width: float, height: float) -> None:
        """Add a rectangle."""
        sides = {"x": _round(x), "y": _round(y), "width": _round(width), "height": _round(height)}
        self.shapes.append(Shape("rect", {"class": css, **sides}))

    def path(self, css: str, d: str) -> None:
        """Add a path of SVG commands."""
        self.shapes.append(Shape("path", {"class": css, "d": d}))

    def circle(self, css: str, x: float, y: float, radius: float) -> None:
        """Add a circle."""
        self.shapes.append(Shape("circle", {"class": css, "cx": _round(x), "cy": _round(y), "r": radius}))

    def text(self, css: str, x: float, y: float, text: str, limit: int = 0, rotate: float = 0) -> None:
        """Add a text, abbreviated to at most `limit` letters if that is not 0, rotated in degrees."""
        short = text if not limit or len(text) <= limit else f"{text[: limit - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
        position: dict[str, str | float] = {"x": _round(x), "y": _round(y)}
        if rotate:
            position = {"transform": f"translate({_round(x):g} {_round(y):g}) rotate({rotate:g})"}
        attributes = {"class": css, **position} if css else position
        self.shapes.append(Shape("text", attributes, short, text if short != text else ""))


def _round(value: float) -> float:
    """Round to a tenth of a pixel, and to an integer where that is exact."""
    tenths = round(float(value), 1)
    return int(tenths) if tenths == int(tenths) else tenths
