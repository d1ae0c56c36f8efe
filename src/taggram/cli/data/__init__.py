"""``taggram data``: data sets and packed stores, one file per verb."""

import typer

from taggram.cli.data.audit import audit
from taggram.cli.data.download import download
from taggram.cli.data.info import info
from taggram.cli.data.overview import overview
from taggram.cli.data.pack import pack
from taggram.cli.data.show import show
from taggram.cli.data.validate import validate

app = typer.Typer(help="Download, validate, audit and pack data sets; inspect packed stores.", no_args_is_help=True)
app.command("list")(overview)
app.command()(info)
app.command()(download)
app.command()(validate)
app.command()(audit)
app.command()(pack)
app.command()(show)
