"""The model card: all settings needed to use a model file, as JSON beside it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

from msgspec import field

from taggram._files import sha256
from taggram.errors import CardError
from taggram.features.front_end import AnyFrontEnd
from taggram.record import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, Record
from taggram.vocabularies import Vocabulary

FILE_NAME = "card.json"

ThresholdCriterion = Literal["f1", "balanced", "precision"]
Backend = Literal["onnx", "numpy"]
Level = Literal["sure", "likely", "maybe"]
LEVELS: dict[Level, float] = {"sure": 0.9, "likely": 0.7, "maybe": 0.4}  # least probability that a tag is right

# Classical models, whose file is a set of arrays: as ONNX files they would be gigabytes.
BASELINES = ("random_forest", "knn")


def backend_of(architecture: str) -> Backend:
    """Return what runs the models of an architecture: ONNX Runtime for networks, NumPy for the classical baselines."""
    return "numpy" if architecture in BASELINES else "onnx"


class Segments(Record, frozen=True, kw_only=True):
    """How clips are cut into segments for a model, in samples at its sample rate.

    Attributes
    ----------
    samples
        Length of a segment.
    hop
        Distance between the starts of adjacent segments. It is smaller than `samples` where frames reach into the next
        segment.
    clip_padding
        Zeros before and after a clip, so that its first and last frame are centred on its ends.
    any_length
        Whether the network also takes segments longer than `samples`.
    short_clip
        What is done with a clip shorter than a segment: it is repeated until it fills one.
    """

    samples: PositiveInt
    hop: PositiveInt
    clip_padding: NonNegativeInt = 0
    any_length: bool = False
    short_clip: Literal["repeat"] = "repeat"


class Score(Record, frozen=True, kw_only=True):
    """A measured or published metric, with its protocol.

    Attributes
    ----------
    metric
        Name of the metric: ``"roc_auc"`` or ``"ap"`` (average precision), the mean over tags; or a loss.
    value
        Its value; 0 to 1 for ROC-AUC and average precision.
    protocol
        Data set, split and aggregation.
    clips
        Number of test clips; None where the source does not state it.
    interval
        95 % confidence interval; None where the source gives none.
    source
        Who measured it, and where it is published.
    """

    metric: str
    value: float
    protocol: str
    clips: int | None = None
    interval: tuple[float, float] | None = None
    source: str


class Provenance(Record, frozen=True, kw_only=True):
    """Origin of published weights.

    Attributes
    ----------
    url
        Address of the published file.
    sha256
        Hash of the file.
    verified_by
        ``"sha256"``: the hash is that of the published file. ``"entries"``: the hash of the published file is unknown;
        this file has exactly the entries of the network.
    member
        Path of the checkpoint inside the file, for an archive.
    """

    url: str
    sha256: str
    verified_by: Literal["sha256", "entries"] = "sha256"
    member: str | None = None


class Calibration(Record, frozen=True, kw_only=True):
    """Calibration of a tag's scores as probabilities, on validation clips.

    Attributes
    ----------
    calibrated_on
        Targets of the calibration: ``"labels"`` from people, or scores of the ``"teachers"`` of a distilled model.
    positives
        Number of validation clips with the label; None without labels.
    error
        Expected calibration error: mean distance between the scores and the share of clips that have the tag.
    """

    calibrated_on: Literal["labels", "teachers"]
    positives: NonNegativeInt | None = None
    error: NonNegativeFloat


def logit(score: float) -> float:
    """Return ln(s / (1 - s)) of a score, which is clipped to 1e-6 from 0 and 1."""
    clipped = min(max(float(score), 1e-6), 1 - 1e-6)
    return math.log(clipped / (1 - clipped))


def level_of(probability: float) -> Level | None:
    """Return the level of a tag by the probability that it is right; None below all levels."""
    return next((level for level, least in LEVELS.items() if probability >= least), None)


class LevelPrecision(Record, frozen=True, kw_only=True):
    """Judgements of the tags of one level, by levels fitted on other clips.

    Attributes
    ----------
    level
        The level.
    right, wrong, unknown
        Number of judgements of each kind.
    """

    level: Level
    right: NonNegativeInt
    wrong: NonNegativeInt
    unknown: NonNegativeInt

    @property
    def precision(self) -> float | None:
        """Share of the right ones among the right and wrong ones; None without any."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None


class Levels(Record, frozen=True, kw_only=True):
    """How likely a tag is right, by judgements of tags of validation clips.

    The probability is 1 / (1 + exp(-(slope * x + offset))), where x is the logit of the clip score.

    Attributes
    ----------
    slope
        The same for all tags.
    offsets
        Of each tag that was judged. Others have no level: nothing is known about how often they are right.
    precision
        Judgements of each level, where they were measured.
    """

    slope: PositiveFloat
    offsets: dict[str, float]
    precision: tuple[LevelPrecision, ...] = ()

    def probability(self, tag: str, score: float) -> float:
        """Return the probability that a tag with a clip score is right; 0 for one that was not judged."""
        if tag not in self.offsets:
            return 0.0
        return 1 / (1 + math.exp(-(self.slope * logit(score) + self.offsets[tag])))

    def score(self, tag: str, probability: float) -> float:
        """Return the clip score at which a tag is right with a probability; 1 for one that was not judged."""
        if tag not in self.offsets:
            return 1.0
        return 1 / (1 + math.exp((self.offsets[tag] - logit(probability)) / self.slope))


class ModelCard(Record, frozen=True, kw_only=True):
    """Everything needed to use a model file.

    Attributes
    ----------
    format
        Version of this layout.
    name
        ``architecture.tag``, e.g. ``"musicnn.mtat-won2020"``.
    architecture
        Name of the architecture, or of the classical baseline.
    options
        Arguments of the architecture, without the vocabulary.
    paper
        The papers of the architecture and of the weights.
    vocabulary
        Tags in output order.
    front_end
        Input features of the network. They are computed inside the model file, which takes the waveform.
    segments
        How clips are cut into segments.
    embedding_size
        Length of the embedding: the input of the last layer.
    aggregation
        How the scores of a clip are computed from those of its segments.
    thresholds
        Scores from which on a tag applies, by criterion and tag, fitted on validation clips; None for a model without
        thresholds. ``"f1"``: maximises the expected F1. ``"balanced"``: the tag applies to about as many clips as have
        it. ``"precision"``: the tag is right for at least 0.7 of the clips above the threshold; only for tags that
        reach that. A model with levels has thresholds for the tags that were judged.
    levels
        How likely tags are right, where that has been judged.
    calibration
        Calibration of each tag, where it was measured.
    trained_on
        Data set and split.
    scores
        Metrics of the model, each with its protocol.
    licence
        Licence of the weights, and training data that may restrict their use.
    provenance
        Origin of published weights; None for weights of your own.
    deviations
        Where paper and published code differ, and which one the architecture follows.
    files
        SHA-256 of the files beside the card.
    quantized
        Whether the ONNX file computes its convolutions in 8-bit integers. Its scores then differ by some thousandths
        from those of the float weights, and by as much between processors.

    Examples
    --------
    >>> import taggram
    >>> card = taggram.Tagger().card
    >>> card.name, card.sample_rate, len(card.vocabulary)
    ('small_vgg.default', 16000, 94)
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
    thresholds: dict[ThresholdCriterion, dict[str, float]] | None = None
    levels: Levels | None = None
    calibration: dict[str, Calibration] = field(default_factory=dict)
    trained_on: str
    scores: tuple[Score, ...] = ()
    licence: str
    provenance: Provenance | None = None
    deviations: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    quantized: bool = False

    def _check(self) -> None:
        """Raise a ValueError if thresholds, levels or calibration have tags outside the vocabulary."""
        thresholds = {f"thresholds.{name}": set(limits) for name, limits in (self.thresholds or {}).items()}
        offsets = set() if self.levels is None else set(self.levels.offsets)
        for name, tags in {**thresholds, "levels.offsets": offsets, "calibration": set(self.calibration)}.items():
            if unknown := tags - set(self.vocabulary.tags):
                raise ValueError(f"{name} has tags that are not in the vocabulary: {sorted(unknown)}")

    @property
    def sample_rate(self) -> int:
        """Sample rate of the waveform that the model takes, in Hz."""
        return self.front_end.sample_rate

    @property
    def backend(self) -> Backend:
        """What runs the model file by default; see `backend_of`."""
        return backend_of(self.architecture)

    def write(self, folder: Path) -> None:
        """Write the card into a model's folder."""
        (folder / FILE_NAME).write_text(self.to_json() + "\n", encoding="utf-8")

    def check(self, file: Path) -> None:
        """Verify the hash of a file of the model, where the card has it.

        Raises
        ------
        CardError
            If the file is missing, or has another hash.
        """
        if not file.is_file():
            raise CardError(f"{file}: missing; import or train the model again")
        if file.name in self.files and self.files[file.name] != sha256(file):
            raise CardError(f"{file}: not the file that its card describes; import or train the model again")

    @classmethod
    def read(cls, folder: Path) -> ModelCard:
        """Read the card of a model's folder.

        Raises
        ------
        CardError
            If the card is missing or invalid.
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
