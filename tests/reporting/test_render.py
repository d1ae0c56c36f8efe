"""Reports are rendered from templates into one file."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from taggram.errors import MissingExtraError, TaggramError
from taggram.reporting import Chart, charts, render, write_report


def svg(chart: Chart) -> str:
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("taggram.reporting", "templates"), autoescape=True)
    return environment.from_string('{% from "macros.html" import chart %}{{ chart(item) }}').render(item=chart)


def test_without_jinja2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"an HTML report needs the \[report\] extra"):
        render("base.html")


def test_the_stylesheet_is_part_of_the_file() -> None:
    html = render("base.html")
    assert "prefers-color-scheme: dark" in html and "<link" not in html
    assert html.startswith("<!doctype html>") and html.endswith("</html>\n")


def test_a_report_replaces_the_old_one(tmp_path: Path) -> None:
    write_report("one", tmp_path / "a.html")
    write_report("two", tmp_path / "a.html")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["two"]
    with pytest.raises(TaggramError, match="none/a.html cannot be written"):
        write_report("one", tmp_path / "none" / "a.html")


def test_texts_in_charts_are_escaped_and_abbreviated() -> None:
    chart = charts.stacked_bars(["<b>&\"'", "x" * 30], np.array([[300, 1000], [100, 0]]), 1000, "<title>")
    text = svg(chart)
    assert "<b>" not in text and "&lt;b&gt;&amp;" in text and 'aria-label="&lt;title&gt;"' in text
    assert f"{'x' * 19}\N{HORIZONTAL ELLIPSIS}<title>{'x' * 30}</title>" in text
    assert ">1,000</text>" in text
    bars = [shape.attributes for shape in chart.shapes if shape.tag == "rect"]
    assert [(bar["class"], bar["width"]) for bar in bars] == [("s0", 45), ("s1", 15), ("s0", 150)]


def test_a_heat_map_has_a_square_per_positive_share() -> None:
    shares = np.array([[1.0, 0.25, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    chart = charts.heat_map(["a", "b", "c"], shares, "shares")
    paths = [shape.attributes for shape in chart.shapes if shape.tag == "path"]
    squares = {path["class"]: str(path["d"]).count("M") for path in paths}
    assert squares == {"self": 3, "l5": 1, "l7": 1}
    assert [shape.text for shape in chart.shapes if "cell" in str(shape.attributes.get("class"))] == ["25", "50"]


def test_ratios_are_placed_on_a_logarithmic_axis() -> None:
    chart = charts.ratio_dots(["a"], np.array([[0.0], [0.5], [1.0], [2.0], [100.0]]), range(5), "ratios")
    x = [float(shape.attributes["cx"]) for shape in chart.shapes if shape.tag == "circle"]
    left, middle, right = x[0], x[2], x[4]
    assert middle - left == pytest.approx(right - middle) and x[3] - middle == pytest.approx(middle - x[1], abs=0.1)
    assert x[3] - middle == pytest.approx((right - middle) / 3, abs=0.1)


def test_a_histogram_marks_the_bins_from_the_threshold_on() -> None:
    chart = charts.histogram([0.55, 0.551, 0.95, 0.965, 0.99, 0.2], 0.96, "cosine")
    bars = [shape.attributes for shape in chart.shapes if shape.tag == "rect"]
    heights = {css: [bar["height"] for bar in bars if bar["class"] == css] for css in ("s0", "hit")}
    assert len(heights["hit"]) == 4 and sum(height > 0 for height in heights["hit"]) == 2
    assert max(heights["s0"]) == 150
