"""Data sets: which clips exist, their tags and splits, and the packed store that training reads.

`dataset` returns a published data set by name; `list_folder` and `list_table` index your own clips. `download` gets the
published files, `validate` checks a copy, `pack` decodes the clips of a `ClipIndex` into a store, and `PackedStore`
reads segments from it. A store needs the [train] extra, because its manifest is a Parquet file.
"""

from taggram.datasets.base import Dataset, DatasetProtocol, PublishedFile
from taggram.datasets.download import DownloadResult, download, files_to_download
from taggram.datasets.folder import list_folder
from taggram.datasets.index import ClipIndex, ClipInfo, join
from taggram.datasets.packed.clips import StoredClip, StoredClips
from taggram.datasets.packed.pack import PackResult, PackSummary, missing_clips, pack
from taggram.datasets.packed.store import PackedStore
from taggram.datasets.registry import dataset, list_datasets, register_dataset
from taggram.datasets.splits import artist_split, k_fold, leaky_by_slice
from taggram.datasets.table import list_table
from taggram.datasets.tag_counts import TagCounts, count_tags
from taggram.datasets.validate import CheckProgress, Issue, validate

__all__ = [
    "CheckProgress",
    "ClipIndex",
    "ClipInfo",
    "Dataset",
    "DatasetProtocol",
    "DownloadResult",
    "Issue",
    "PackResult",
    "PackSummary",
    "PackedStore",
    "PublishedFile",
    "StoredClip",
    "StoredClips",
    "TagCounts",
    "artist_split",
    "count_tags",
    "dataset",
    "download",
    "files_to_download",
    "join",
    "k_fold",
    "leaky_by_slice",
    "list_datasets",
    "list_folder",
    "list_table",
    "missing_clips",
    "pack",
    "register_dataset",
    "validate",
]
