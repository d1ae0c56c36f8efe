"""A library of music: scans of folders, search by words, similar tracks, playlists and duplicates."""

from taggram.library.collection import Track
from taggram.library.library import Library, LibraryStatus
from taggram.library.query import Condition, Query, Term
from taggram.library.scan import ScanSummary
from taggram.library.search import Found, SearchResult
from taggram.library.similar import Neighbour

__all__ = [
    "Condition",
    "Found",
    "Library",
    "LibraryStatus",
    "Neighbour",
    "Query",
    "ScanSummary",
    "SearchResult",
    "Term",
    "Track",
]
