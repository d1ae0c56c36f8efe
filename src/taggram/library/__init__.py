"""A library of music: scans of folders, search by words, similar tracks, playlists and duplicates."""

from taggram.library.collection import Collection, Track
from taggram.library.index import IndexSummary
from taggram.library.library import Library
from taggram.library.map import LibraryMap
from taggram.library.query import Condition, Query, Term
from taggram.library.scan import ScanSummary
from taggram.library.search import SearchHit, SearchResult
from taggram.library.similar import Neighbour
from taggram.library.store import StoredRun
from taggram.library.upkeep import LibraryStatus
from taggram.library.writing.plan import Change, Policy
from taggram.library.writing.run import WriteSummary

__all__ = [
    "Change",
    "Collection",
    "Condition",
    "IndexSummary",
    "Library",
    "LibraryMap",
    "LibraryStatus",
    "Neighbour",
    "Policy",
    "Query",
    "ScanSummary",
    "SearchHit",
    "SearchResult",
    "StoredRun",
    "Term",
    "Track",
    "WriteSummary",
]
