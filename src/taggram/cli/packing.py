"""Messages of packing, which several verbs show."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from taggram._text import printable

if TYPE_CHECKING:
    from taggram.datasets import PackResult


def show_result(result: PackResult) -> None:
    """Print a line on stderr about a clip that failed or is damaged."""
    if result.state == "failed":
        print(f"error: {printable(result.message)}", file=sys.stderr)
    elif result.message:
        print(f"warning: {printable(f'{result.clip.path}: {result.message}')}", file=sys.stderr)
