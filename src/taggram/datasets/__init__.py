"""Collections of clips with labels, and the packed store that training reads them from.

`dataset` knows the published ones by name; `list_folder` and `list_table` say which clips one's own has. `pack` decodes
clips once into a store, and `PackedStore` reads segments from it. A store needs the [train] extra: its manifest is a
Parquet file.
"""

from taggram.datasets.clips import Clip, Clips
from taggram.datasets.dataset import Dataset, Protocol, PublishedFile
from taggram.datasets.folder import list_folder
from taggram.datasets.listing import Listed, Listing, join
from taggram.datasets.packing import Outcome, Summary, pack, unpacked
from taggram.datasets.registry import dataset, list_datasets, register_dataset
from taggram.datasets.splits import artist_split, k_fold, leaky_by_slice
from taggram.datasets.store import PackedStore
from taggram.datasets.table import list_table

__all__ = [
    "Clip",
    "Clips",
    "Dataset",
    "Listed",
    "Listing",
    "Outcome",
    "PackedStore",
    "Protocol",
    "PublishedFile",
    "Summary",
    "artist_split",
    "dataset",
    "join",
    "k_fold",
    "leaky_by_slice",
    "list_datasets",
    "list_folder",
    "list_table",
    "pack",
    "register_dataset",
    "unpacked",
]
