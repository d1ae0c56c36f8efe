"""``taggram data``: data sets by name, one file per verb, and the packed stores made of them."""

import typer

from taggram.cli.data.audit import audit
from taggram.cli.data.check import check
from taggram.cli.data.describe import describe
from taggram.cli.data.get import get
from taggram.cli.data.overview import overview
from taggram.cli.data.pack import pack
from taggram.cli.data.show import show

app = typer.Typer(help="Get, check, audit, describe and pack data sets; show what was packed.", no_args_is_help=True)
app.command("list")(overview)
app.command()(describe)
app.command()(get)
app.command()(check)
app.command()(audit)
app.command()(pack)
app.command()(show)
