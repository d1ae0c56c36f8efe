"""Rendering of report templates with Jinja2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from taggram._files import atomic_file
from taggram.errors import MissingExtraError, TaggramError

__all__ = ["render", "require_jinja2", "write_report"]


def require_jinja2() -> None:
    """Raise `MissingExtraError` if Jinja2 is not installed; to be called before long work."""
    try:
        import jinja2  # noqa: F401 - whether it is there
    except ModuleNotFoundError:
        raise MissingExtraError("an HTML report", "report") from None


def render(template: str, **context: Any) -> str:
    """Render a template; values are escaped.

    Parameters
    ----------
    template
        Name of a file in ``templates``.
    context
        Variables of the template.

    Raises
    ------
    MissingExtraError
        If Jinja2 is not installed.
    """
    require_jinja2()
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(context)


def write_report(html: str, file: Path) -> None:
    """Write a report to a file, replacing an old one atomically.

    Raises
    ------
    TaggramError
        If it cannot be written.
    """
    try:
        with atomic_file(file) as scratch:
            scratch.write_text(html, encoding="utf-8")
    except OSError as error:
        raise TaggramError(f"{file} cannot be written ({error.strerror or error}): choose another file") from error
