"""The JSON of requests and answers, for validation and for the description of the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from taggram.models.card import Level
from taggram.vocabularies import Category

__all__ = [
    "MAX_STEPS",
    "DeformRequest",
    "DeformationInfo",
    "Error",
    "Example",
    "Health",
    "LibraryHit",
    "LibraryInfo",
    "LibraryMapInfo",
    "LibraryNeighbour",
    "LibrarySearch",
    "ModelInfo",
    "PeaksInfo",
    "Similar",
    "TagInfo",
    "Tags",
    "TrackInfo",
    "UndoRequest",
    "WriteInfo",
    "WriteRequest",
]


MAX_STEPS = 10  # of a chain of deformations


class Error(BaseModel):
    """Why a request is refused or fails."""

    error: str = Field(description="One line for a person, with the remedy.")


class Limits(BaseModel):
    """What the server takes."""

    max_bytes: int
    max_seconds: float
    max_deform_seconds: float


class Health(BaseModel):
    """State of the server."""

    status: str
    version: str
    tracks: int = Field(description="Number of tracks.")
    queue: int = Field(description="Number of uploads and jobs, waiting or in progress.")
    limits: Limits


class ModelInfo(BaseModel):
    """An installed model."""

    name: str
    title: str
    default: bool
    vocabulary: str
    tags: int
    segment_seconds: float
    licence: str
    summary: str


class DeformationInfo(BaseModel):
    """A deformation and its strength: a number in a range, or one of several choices."""

    name: str
    title: str
    summary: str
    parameter: str
    unit: str
    default: float | str
    min: float | None = None
    max: float | None = None
    log: bool | None = Field(None, description="Whether a control should be logarithmic.")
    choices: list[int | str] | None = None


class DeformRequest(BaseModel):
    """A chain of deformations, each with its name and strength: ``{"name": "time-stretch", "rate": 1.2}``."""

    model_config = ConfigDict(extra="forbid")

    deformations: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_STEPS)


class Example(BaseModel):
    """An example piece."""

    name: str
    title: str
    artist: str | None


class TrackInfo(BaseModel):
    """A piece of audio on the server."""

    id: str
    name: str
    seconds: float
    sample_rate: int
    channels: int
    title: str | None
    artist: str | None
    parent: str | None
    deformation: str | None
    created: str


class PeaksInfo(BaseModel):
    """Minimum and maximum of the samples over equal spans of time, -1 to 1."""

    seconds: float
    min: list[float]
    max: list[float]


class Thresholds(BaseModel):
    """Scores from which on a tag has each level."""

    maybe: float
    likely: float
    sure: float


class TagInfo(BaseModel):
    """A tag of a track."""

    tag: str
    title: str
    category: Category
    score: float
    probability: float | None
    level: Level | None
    shown: bool
    thresholds: Thresholds | None
    over_time: list[float]


class Tags(BaseModel):
    """The tags of a track over time, best first."""

    model: str
    vocabulary: str
    times: list[float]
    segment_seconds: float
    hop: float
    seconds: float
    tags: list[TagInfo]
    headline: str | None
    warnings: list[str]


class Similar(BaseModel):
    """A similar track."""

    id: str
    name: str
    similarity: float


class LibraryTag(BaseModel):
    """A tag of the library's model, and how many tracks have it at each level; none without levels."""

    tag: str
    title: str
    category: Category
    tracks: dict[Level, int]


class LibraryRun(BaseModel):
    """A run that wrote files and can be undone."""

    run: int
    started: str
    files: int


class LibraryInfo(BaseModel):
    """The library of this server."""

    exists: bool = Field(description="Whether there is one, and a model has tagged its tracks.")
    allow_write: bool
    tracks: int = Field(0, description="Number of tracks that can be found.")
    hours: float = 0
    model: str | None = Field(None, description="The model that tagged the tracks.")
    levels: bool = Field(False, description="Whether the model has levels, which `min` needs.")
    tags: list[LibraryTag] = []
    runs: list[LibraryRun] = Field([], description="The latest first; empty unless this server writes.")


class LibraryTrackTag(BaseModel):
    """A tag of a track of the library."""

    tag: str
    title: str
    category: Category
    probability: float
    level: Level | None


class LibraryTrack(BaseModel):
    """A track of the library."""

    id: int
    name: str = Field(description="Its title, or the name of its file without folder.")
    artist: str | None
    album: str | None
    year: int | None
    duration: float
    tags: list[LibraryTrackTag] = Field(description="At least maybe, best first.")


class LibraryHit(LibraryTrack):
    """A track that a search has found."""

    words: dict[str, float] = Field(description="Probability of each word of the query.")


class LibraryTerm(BaseModel):
    """A word of a query, and the tags that it stands for."""

    word: str
    tags: list[str]
    negative: bool


class LibrarySearch(BaseModel):
    """What a search has found, and how the query was understood."""

    total: int = Field(description="Number of tracks that meet the conditions and the least level.")
    tracks: list[LibraryHit]
    terms: list[LibraryTerm]
    unknown: dict[str, list[str]] = Field(description="Words that stand for nothing, and those most like them.")
    ids: list[int] | None = Field(description="All tracks that are counted in `total`, best first.")


class LibraryNeighbour(LibraryTrack):
    """A track that sounds like another."""

    similarity: float
    copies: int = Field(description="Number of other files with the same recording.")


class LibraryGenre(BaseModel):
    """A genre of the map."""

    tag: str
    title: str


class LibraryMapInfo(BaseModel):
    """The tracks in a plane, one entry of each list per track."""

    ids: list[int]
    x: list[float] = Field(description="-1 to 1")
    y: list[float] = Field(description="-1 to 1")
    genre: list[int] = Field(description="Index of the most characteristic genre; -1 for none.")
    genres: list[LibraryGenre]
    method: Literal["neighbours", "pca"]


class WriteRequest(BaseModel):
    """What is written: without `plan` nothing is, and the answer says what would be."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[int, Field(ge=0, lt=1 << 63)]] | None = Field(None, description="Tracks; null: all.")
    fields: list[Literal["genre", "mood"]] = Field(["genre", "mood"], min_length=1, max_length=2)
    min: Level = "likely"
    most: int = Field(3, ge=1, le=20, description="Values of a field, at most.")
    mode: Literal["missing", "merge", "replace"] = "missing"
    plan: str | None = Field(None, description="As answered: writes, if the same would be written now.")


class UndoRequest(BaseModel):
    """The run to undo; null: the latest."""

    model_config = ConfigDict(extra="forbid")

    run: Annotated[int, Field(ge=0, lt=1 << 63)] | None = None


class WriteField(BaseModel):
    """Values of a field."""

    field: str
    before: list[str]
    after: list[str]


class WriteChange(BaseModel):
    """A change of a file."""

    name: str = Field(description="Of the file, without folder.")
    fields: list[WriteField]


class WriteFailure(BaseModel):
    """A file that cannot be read or written."""

    name: str
    error: str


class WriteInfo(BaseModel):
    """What would be written, was written, or was restored."""

    plan: str | None = Field(description="To be sent back to write this; null if it is written, or there is nothing.")
    run: int | None = Field(description="Number of the run, by which it can be undone.")
    changes: list[WriteChange]
    failed: list[WriteFailure]
