"""Settings of the documentation. It is built without network; autodoc needs taggram with its [train] extra."""

import shutil
from pathlib import Path

from taggram import __version__

project = "taggram"
author = copyright = "The taggram authors"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"taggram {release}"
html_static_path = ["_static"]
html_copy_source = False

default_role = "code"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False


def setup(app):
    """Put the pages of audits, which are HTML already, beside the page that names them."""

    def copy(app, error):
        if error is None and app.builder.format == "html":
            for page in Path(app.srcdir, "data").glob("*.html"):
                shutil.copy(page, Path(app.outdir, "data"))

    app.connect("build-finished", copy)
