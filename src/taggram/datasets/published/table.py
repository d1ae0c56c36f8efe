"""table: clips of your own, in a table or in one folder per tag."""

from __future__ import annotations

import stat
from collections import Counter
from pathlib import Path

from taggram._text import encode_path
from taggram.datasets.base import Dataset, DatasetProtocol
from taggram.datasets.folder import list_folder
from taggram.datasets.graded_labels import tag_of
from taggram.datasets.index import ClipIndex
from taggram.datasets.registry import register_dataset
from taggram.datasets.synthetic import write_noise
from taggram.datasets.table import list_table
from taggram.errors import DatasetError
from taggram.vocabularies import Vocabulary


@register_dataset
class Table(Dataset):
    """A table or folder of your own clips."""

    name = "table"
    title = "A table or folder of your own"
    about = (
        "Clips of your own: a .csv, .tsv, .jsonl or .parquet table with a column path, or a folder whose first-level "
        "sub-folders contain the clips of one tag each, and second-level ones those of one artist, under any tag."
    )
    citation = "The sources of the clips and the tags."
    licence = "The licences of the clips."
    homepage = "Your own disk."
    how_to_get = (
        "Write a table with the columns path, labels (separated by ;), split and artist, of which only path is "
        "required, or sort the files into folders named after tags."
    )
    known_issues = (
        "Training needs the splits train and valid: taggram data pack table --new-split SEED creates them, by artist.",
        "Every first-level sub-folder becomes a tag, whatever its name.",
    )
    protocols = (DatasetProtocol("own", "The labels and splits of the table; a folder has no splits."),)

    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:
        """Return the labels that occur, by descending frequency; see `Dataset`."""
        counts = Counter(tag_of(label) for clip in self.index(folder, protocol).clips for label in clip.labels)
        if not counts:
            raise DatasetError(f"{folder} has no labels: add a column labels to the table, or name folders after tags")
        tags = sorted(counts, key=lambda tag: (-counts[tag], tag))
        name, source = encode_path(folder.stem), encode_path(str(folder))
        return Vocabulary(name=name, source=source, tags=dict.fromkeys(tags, "other"))

    def index(self, folder: Path, protocol: str | None = None) -> ClipIndex:
        """List the rows of a table, or the files of a folder, sorted; see `Dataset`.

        Parameters
        ----------
        folder
            The table or the folder.
        protocol
            As for all data sets.

        Returns
        -------
        ClipIndex
            The result of `list_table` or `list_folder`.

        Raises
        ------
        DatasetError
            If the table or folder does not exist, or is malformed.
        """
        self.protocol(protocol)
        try:
            is_folder = stat.S_ISDIR(folder.stat().st_mode)
        except FileNotFoundError as error:
            raise DatasetError(f"{folder} does not exist: check the path") from error
        except OSError as error:
            raise DatasetError(f"{folder} cannot be read ({error.strerror}): check the path") from error
        return list_folder(folder, folders_are_tags=True) if is_folder else list_table(folder)

    def write_sample(self, folder: Path) -> None:
        """Write a folder for each of two tags, with three clips; see `Dataset`."""
        for seed, name in enumerate(("quiet/1.flac", "quiet/2.flac", "slow/1.flac")):
            write_noise(folder / name, 3.0, seed)
