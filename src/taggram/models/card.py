"""The model card: everything needed to use a model file right, as JSON beside the weights."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

from msgspec import field

from taggram.errors import CardError
from taggram.features.front_end import AnyFrontEnd
from taggram.record import NonNegativeFloat, NonNegativeInt, PositiveInt, Record
from taggram.vocabularies import Vocabulary

FILE_NAME = "card.json"

Policy = Literal["f1", "top", "precision"]


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Segments(Record, frozen=True, kw_only=True):
    """How a model wants a clip cut, in samples at its sample rate.

    Attributes
    ----------
    samples
        Length of a segment: what the network sees at once.
    hop
        Distance at which segments stand side by side. It is smaller than `samples` where frames reach into the
        neighbouring segment.
    clip_padding
        Zeros put before and after a clip, so that the frames at its ends are centred.
    any_length
        Whether the network also takes segments that are longer than `samples`.
    short_clip
        What happens to a clip that is shorter than a segment: it is repeated from its beginning until it fills one.
    """

    samples: PositiveInt
    hop: PositiveInt
    clip_padding: NonNegativeInt = 0
    any_length: bool = False
    short_clip: Literal["repeat"] = "repeat"


class Score(Record, frozen=True, kw_only=True):
    """A figure that was measured or published for a model, with what it needs to be read right.

    Attributes
    ----------
    metric
        ``"roc_auc"`` or ``"ap"`` (average precision), the plain mean over tags.
    value
        The figure, 0 to 1.
    protocol
        Data set, split and aggregation.
    clips
        Number of test clips; None where the source does not say.
    interval
        95 % interval; None where the source gives none.
    source
        Who measured it and where it was written down.
    """

    metric: str
    value: float
    protocol: str
    clips: int | None = None
    interval: tuple[float, float] | None = None
    source: str


class Provenance(Record, frozen=True, kw_only=True):
    """Where weights come from.

    Attributes
    ----------
    url
        Where the published file is found.
    sha256
        Its hash.
    verified_by
        ``"sha256"``: it was known before what hash the file has. ``"entries"``: it was not, so that all one knows of
        this file is that it has exactly the entries of the network.
    member
        What was read inside it, where it is an archive.
    """

    url: str
    sha256: str
    verified_by: Literal["sha256", "entries"] = "sha256"
    member: str | None = None


class Calibration(Record, frozen=True, kw_only=True):
    """How far the scores of a tag can be taken at their word.

    Attributes
    ----------
    calibrated_on
        What the scores were compared with on validation clips: ``"labels"`` of people, or the answers of the
        ``"teachers"`` that the model learned from.
    positives
        How many validation clips have the label; None where there are no labels.
    error
        Expected calibration error: how far scores lie from the share of clips that have the tag, on average.
    """

    calibrated_on: Literal["labels", "teachers"]
    positives: NonNegativeInt | None = None
    error: NonNegativeFloat


class ModelCard(Record, frozen=True, kw_only=True):
    """All that one must know to use a model file.

    Attributes
    ----------
    format
        Version of this layout.
    name
        ``architecture.tag``, e.g. ``"musicnn.mtat-won2020"``.
    architecture
        Name in the registry of architectures.
    options
        Arguments with which the architecture is built, beside the vocabulary.
    paper
        Where the architecture and the weights were published.
    vocabulary
        Tags in output order.
    front_end
        What the network sees. It is part of the model file, which takes the waveform.
    segments
        How a clip is cut.
    embedding_size
        Length of the vector before the last layer.
    aggregation
        How the scores of a clip come from those of its segments.
    thresholds
        Score from which on a tag holds, by policy and tag, chosen on validation clips; None for a model without them.
        ``"f1"``: where the expected F1 is highest. ``"top"``: where a tag is named in as many clips as it is among the
        ten strongest; as ``"f1"`` for tags that were calibrated on labels. ``"precision"``: where at least 0.7 of the
        clips that are named have the label; only for those.
    calibration
        For each tag how good its scores are as probabilities, where that was measured.
    trained_on
        Data set and split.
    scores
        What the model reaches, each figure with its protocol.
    licence
        Licence of the weights, and what it was trained on that may restrict their use.
    provenance
        Where the weights come from; None for weights of one's own.
    deviations
        Where paper and published code differ, and which one is followed.
    files
        SHA-256 of the files beside the card.
    quantised
        Whether the convolutions of the ONNX file compute with 8-bit integers. Its scores then lie some thousandths from
        those of the weights in torch, and may differ by as much between processors.
    """

    format: Literal[1] = 1
    name: str
    architecture: str
    options: dict[str, Any] = field(default_factory=dict)
    paper: str
    vocabulary: Vocabulary
    front_end: AnyFrontEnd
    segments: Segments
    embedding_size: PositiveInt
    aggregation: Literal["mean", "max", "vote"] = "mean"
    thresholds: dict[Policy, dict[str, float]] | None = None
    calibration: dict[str, Calibration] = field(default_factory=dict)
    trained_on: str
    scores: tuple[Score, ...] = ()
    licence: str
    provenance: Provenance | None = None
    deviations: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    quantised: bool = False

    def _check(self) -> None:
        """Raise a ValueError if thresholds or calibration are about other tags."""
        about = {f"thresholds.{policy}": set(limits) for policy, limits in (self.thresholds or {}).items()}
        for name, tags in {**about, "calibration": set(self.calibration)}.items():
            if unknown := tags - set(self.vocabulary.tags):
                raise ValueError(f"{name} has tags that are not in the vocabulary: {sorted(unknown)}")

    @property
    def sample_rate(self) -> int:
        """Rate of the waveform that the model takes, in Hz."""
        return self.front_end.sample_rate

    def write(self, folder: Path) -> None:
        """Write the card into a model's folder."""
        (folder / FILE_NAME).write_text(self.to_json() + "\n", encoding="utf-8")

    def check(self, file: Path) -> None:
        """Check a file of the model against the hash in the card, where the card has one.

        Raises
        ------
        CardError
            If the file is missing, or is not the one that the card describes.
        """
        if not file.is_file():
            raise CardError(f"{file}: missing; import or train the model again")
        if self.files.get(file.name, found := sha256(file)) != found:
            raise CardError(f"{file}: not the file that its card describes; import or train the model again")

    @classmethod
    def read(cls, folder: Path) -> ModelCard:
        """Read the card of a model's folder.

        Raises
        ------
        CardError
            If there is none, or if it is not a card of this format.
        """
        file = folder / FILE_NAME
        try:
            return cls.from_json(file.read_bytes())
        except FileNotFoundError:
            raise CardError(f"{file}: no model card; a model is a folder with {FILE_NAME} and model.onnx") from None
        except OSError as error:
            raise CardError(f"{file}: {error.strerror}") from error
        except ValueError as error:
            raise CardError(f"{file}: not a usable model card: {error}") from error
