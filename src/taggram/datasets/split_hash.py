"""Hashes and sizes of splits: scores are comparable only if they refer to the same clips."""

from __future__ import annotations

import hashlib
from collections import Counter

from taggram.datasets.base import DatasetProtocol
from taggram.datasets.index import ClipIndex

__all__ = ["size_mismatch", "split_hash", "split_sizes"]


def split_sizes(index: ClipIndex) -> dict[str, int]:
    """Count the clips of each split, in order of first appearance."""
    return dict(Counter(clip.split for clip in index.clips))


def split_hash(index: ClipIndex) -> str:
    """Return 12 hexadecimal digits that depend on the ids and splits of all clips, but not on their order."""
    lines = sorted(f"{clip.split}\t{clip.id}\n" for clip in index.clips)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:12]


def size_mismatch(index: ClipIndex, protocol: DatasetProtocol) -> str:
    """Return which splits differ in size from the published ones; empty if none does."""
    sizes = split_sizes(index)
    wrong = [f"{n} in {name} (here {sizes.get(name, 0)})" for name, n in protocol.sizes.items() if sizes.get(name) != n]
    return f"published are {', '.join(wrong)}" if wrong else ""
