"""The audio of a recipe: sources that are packed into its store before anything else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from taggram import datasets
from taggram.training.copies import with_copies

if TYPE_CHECKING:
    from taggram.training.recipe import Recipe


class Material(BaseModel):
    """A folder or a table of clips.

    Attributes
    ----------
    name
        What its ids and labels begin with in the store, as in ``mer4q/jazz``.
    path
        A folder of audio files, or a table as ``taggram data pack table`` takes it; a relative path begins at the
        current folder.
    id, labels, split
        Columns of a table; see `taggram.datasets.list_table`.
    all
        The split of every clip, for a source that has no splits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[\w-]+$")
    path: str
    id: str | None = None
    labels: tuple[str, ...] | None = None
    split: str | None = None
    all: str | None = None

    def index(self) -> datasets.ClipIndex:
        """List the clips.

        Raises
        ------
        DatasetError
            If the source cannot be read.
        """
        source = Path(self.path)
        if source.is_dir():
            found = datasets.list_folder(source)
        else:
            found = datasets.list_table(source, id=self.id, labels=self.labels, split=self.split)
        return found if self.all is None else found.with_split(self.all)


def index(recipe: Recipe, workers: int = 1) -> datasets.ClipIndex:
    """List the clips of all sources of a recipe, and the copies that it wants; these lie beside its store."""
    listed = datasets.join({source.name: source.index() for source in recipe.material})
    if not recipe.copies:
        return listed
    folder = Path(f"{recipe.store}-copies")
    return with_copies(listed, "train", recipe.copies, folder, recipe.seed, workers)
