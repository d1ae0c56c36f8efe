"""Fingerprints of splits: two scores can be compared only if they are of the same clips."""

from __future__ import annotations

import hashlib
from collections import Counter

from taggram.datasets.dataset import Protocol
from taggram.datasets.listing import Listing

__all__ = ["difference", "split_hash", "split_sizes"]


def split_sizes(listing: Listing) -> dict[str, int]:
    """Count the clips of each split, in the order in which splits first appear."""
    return dict(Counter(clip.split for clip in listing.clips))


def split_hash(listing: Listing) -> str:
    """Return 12 hexadecimal digits that change with any id or its split, and not with the order of clips."""
    lines = sorted(f"{clip.split}\t{clip.id}\n" for clip in listing.clips)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:12]


def difference(listing: Listing, protocol: Protocol) -> str:
    """Say in which splits a listing has not the published number of clips; empty if it has."""
    found = split_sizes(listing)
    wrong = [f"{n} in {name} (here {found.get(name, 0)})" for name, n in protocol.sizes.items() if found.get(name) != n]
    return f"published are {', '.join(wrong)}" if wrong else ""
