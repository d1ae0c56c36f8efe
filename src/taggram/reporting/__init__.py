"""Self-contained HTML reports: Jinja2 templates, one stylesheet, and charts as inline SVG.

`render` fills a template of the folder ``templates``; `charts` draws arrays. Needs the [report] extra.
"""

from taggram.reporting import charts
from taggram.reporting.chart import Chart, Shape
from taggram.reporting.render import render, write_report

__all__ = ["Chart", "Shape", "charts", "render", "write_report"]
