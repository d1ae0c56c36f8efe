"""Self-contained HTML reports: Jinja2 templates, one stylesheet, and charts as inline SVG.

`render` fills a template of the folder ``templates``; `charts` draws arrays as SVG shapes. `plots` draws evaluations by
matplotlib, and `study_plots` many trainings, in the colours of the stylesheet: `inline_svg` puts a figure into a page,
`to_bytes` into a file. `data_uri` and `picture` embed files and arrays. Needs the [report] extra.
"""

from taggram.reporting import charts, plots, study_plots
from taggram.reporting.chart import Chart, Shape
from taggram.reporting.embed import data_uri, picture
from taggram.reporting.figure import inline_svg, require_matplotlib, theme, to_bytes
from taggram.reporting.render import render, require_jinja2, write_report

__all__ = [
    "Chart",
    "Shape",
    "charts",
    "data_uri",
    "inline_svg",
    "picture",
    "plots",
    "render",
    "require_jinja2",
    "require_matplotlib",
    "study_plots",
    "theme",
    "to_bytes",
    "write_report",
]
