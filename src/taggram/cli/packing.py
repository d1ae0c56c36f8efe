"""Messages of packing, which several verbs show."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taggram.datasets import PackResult


def show_result(result: PackResult) -> None:
    """Print a line on stderr about a clip that failed or is damaged."""
    if result.state == "failed":
        print(f"error: {result.message}", file=sys.stderr)
    elif result.message:
        print(f"warning: {result.clip.path}: {result.message}", file=sys.stderr)
