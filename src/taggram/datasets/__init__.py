"""Collections of clips with labels, and the packed store that training reads them from.

`list_folder` and `list_table` say which clips there are, `pack` decodes them once into a store, and `PackedStore` reads
segments from it. Needs the [train] extra, for the store's manifest is a Parquet file.
"""

from taggram.datasets.clips import Clip, Clips
from taggram.datasets.folder import list_folder
from taggram.datasets.listing import Listed, Listing, join
from taggram.datasets.packing import Outcome, Summary, pack, unpacked
from taggram.datasets.store import PackedStore
from taggram.datasets.table import list_table

__all__ = [
    "Clip",
    "Clips",
    "Listed",
    "Listing",
    "Outcome",
    "PackedStore",
    "Summary",
    "join",
    "list_folder",
    "list_table",
    "pack",
    "unpacked",
]
