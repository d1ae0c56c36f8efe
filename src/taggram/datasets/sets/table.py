"""table: clips of one's own, as a table or as one folder for each tag."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from taggram.datasets.dataset import Dataset, Protocol
from taggram.datasets.folder import list_folder
from taggram.datasets.listing import Listing
from taggram.datasets.quantities import tag_of
from taggram.datasets.registry import register_dataset
from taggram.datasets.samples import write_noise
from taggram.datasets.table import list_table
from taggram.errors import DatasetError
from taggram.vocabularies import Vocabulary


@register_dataset
class Table(Dataset):
    """Anybody's clips."""

    name = "table"
    title = "A table or folder of your own"
    about = (
        "Clips of your own: a .csv, .tsv, .jsonl or .parquet table with a column path, or a folder in which each "
        "first-level sub-folder holds the clips of one tag, and a sub-folder in there those of one artist."
    )
    citation = "Whatever you took the clips and the tags from."
    licence = "Whatever holds for your clips."
    homepage = "Your own disk."
    obtain = (
        "Write a table with the columns path, labels (separated by ;), split and artist, of which only path is "
        "needed, or sort the files into folders named after tags."
    )
    traps = (
        "Training needs the splits train and valid: taggram data pack table --new-split SEED draws them, by artist.",
        "A sub-folder that is no tag becomes one.",
    )
    protocols = (Protocol("own", "The labels and splits that the table has; a folder has no splits."),)

    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:
        """Return the labels that occur, the most frequent first; see `Dataset`."""
        counts = Counter(tag_of(label) for clip in self.listing(folder, protocol).clips for label in clip.labels)
        if not counts:
            raise DatasetError(f"{folder} has no labels: give the table a column labels, or name folders after tags")
        tags = sorted(counts, key=lambda tag: (-counts[tag], tag))
        return Vocabulary(name=folder.stem, source=str(folder), tags=dict.fromkeys(tags, "other"))

    def listing(self, folder: Path, protocol: str | None = None) -> Listing:
        """List the rows of a table, or the files of a folder by name; see `Dataset`.

        Parameters
        ----------
        folder
            The table or the folder.
        protocol
            As for all sets.

        Returns
        -------
        Listing
            As `list_table` and `list_folder` make it.

        Raises
        ------
        DatasetError
            If there is nothing of that name, or it is malformed.
        """
        self.protocol(protocol)
        if not folder.exists():
            raise DatasetError(f"{folder} does not exist: check the path")
        if folder.is_file():
            return list_table(folder)
        return list_folder(folder, folders_are_tags=True)

    def write_sample(self, folder: Path) -> None:
        """Write a folder for each of two tags, with three clips; see `Dataset`."""
        for seed, name in enumerate(("quiet/1.flac", "quiet/2.flac", "slow/1.flac")):
            write_noise(folder / name, 3.0, seed)
