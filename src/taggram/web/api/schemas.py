"""The JSON of requests and answers, for validation and for the description of the API."""

from __future__ import annotations

from typing import Any

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
    "ModelInfo",
    "PeaksInfo",
    "Similar",
    "TagInfo",
    "Tags",
    "TrackInfo",
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
