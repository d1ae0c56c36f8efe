"""The sections of a recipe, as plain data."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from taggram.errors import DeformationError, ModelError
from taggram.training.recipe.optim import Config
from taggram.vocabularies import Category, Vocabulary


class Source(Config):
    """A folder or a table of audio files that is packed into the store.

    Attributes
    ----------
    name
        Prefix of the ids and labels in the store, as in ``mer4q/jazz``.
    path
        Folder of audio files, or a clip table; a relative path starts at the current folder.
    id, labels, split
        Columns of a table; see `taggram.datasets.list_table`.
    all
        Split of every clip, for a source without splits.
    """

    name: str = Field(pattern=r"^[\w-]+$")
    path: str
    id: str | None = None
    labels: tuple[str, ...] | None = None
    split: str | None = None
    all: str | None = None


class LabelTable(Config):
    """A table with further labels of clips of the sources, such as those that somebody else has given.

    Attributes
    ----------
    name
        Prefix of the labels in the store, as in ``voices/female``.
    path
        CSV or TSV table with the columns ``clip``, the id in the store, as in ``mer4q/MT0000004637``, and ``labels``,
        separated by semicolons.
    """

    name: str = Field(pattern=r"^[\w-]+$")
    path: str


class DataConfig(Config):
    """The clips and the tags.

    Attributes
    ----------
    store
        Folder of the packed store; a relative path starts at the current folder. ``{sample_rate}`` in it stands for
        the rate that the architecture takes, in Hz.
    sources
        Audio to pack into the store before training; without any, the store must exist.
    labels
        Tables with further labels of the clips of the sources.
    vocabulary
        ``"taggram"``, a published vocabulary or a list of tags. None: the labels of the training split with at least
        `min_positives` clips, most frequent first. Other labels of the store are ignored.
    min_positives
        See `vocabulary`.
    segments_per_clip
        Training segments per clip and epoch.
    positions
        Where they are: anywhere at random, or evenly spaced, the same in each epoch.
    validation_segments
        Evenly spaced segments of each validation clip, whose scores are averaged.
    """

    store: str
    sources: tuple[Source, ...] = ()
    labels: tuple[LabelTable, ...] = ()
    vocabulary: str | tuple[str, ...] | None = None
    min_positives: PositiveInt = 1
    segments_per_clip: PositiveInt = 1
    positions: Literal["random", "even"] = "random"
    validation_segments: PositiveInt = 8

    @field_validator("vocabulary")
    @classmethod
    def _check_vocabulary(cls, tags: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        try:
            tags is None or Vocabulary.from_names(tags)
        except ModelError as error:
            raise ValueError(str(error)) from None
        return tags

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [source.name for source in self.sources] + [table.name for table in self.labels]
        if len(set(names)) < len(names):
            raise ValueError("sources and labels: each needs a unique name")
        return self


class ModelConfig(Config):
    """The network, or the classical model.

    Attributes
    ----------
    architecture
        One of `taggram.list_architectures`; or ``random_forest`` or ``knn``, which use nothing but the name, the seed,
        the licence, the store, the sources, the vocabulary and `options`.
    options
        Arguments of the architecture, other than the vocabulary; of a classical model, ``hard``: scores are 0 or 1.
    init
        Name or folder of a trained model of this architecture, whose weights the training starts from and whose options
        are the defaults; None: random weights.
    freeze
        ``"trunk"``: of the weights of `init`, all but those of the last layer stay as they are. ``"none"``: all change.
    head
        The last layer: ``"new"``, or that of `init`, ``"keep"``, whose tags are kept, too.
    """

    architecture: str
    options: dict[str, Any] = Field(default_factory=dict)
    init: str | None = None
    freeze: Literal["none", "trunk"] = "none"
    head: Literal["new", "keep"] = "new"

    @model_validator(mode="after")
    def _check_init(self) -> Self:
        if self.init is None and (self.freeze, self.head) != ("none", "new"):
            raise ValueError("freeze and head need init, the model to start from")
        return self


class AugmentConfig(Config):
    """Data augmentation.

    Attributes
    ----------
    variants
        Variants per training clip of the sources, packed beside it: at another speed, every second one mixed with
        another clip; see `taggram.training.augmentation.variants`.
    deform
        Deformations such as ``"mp3=64"``, of which each variant gets one at random; see `taggram.deform.Chain`.
    mixup
        Parameter of the beta distribution of mixup; 0: no mixup.
    freq_mask
        Maximum number of masked mel bands per segment; see `taggram.training.augmentation.masking`.
    gain
        Maximum change of the level of a segment, in dB; see `taggram.training.augmentation.waveform`, also for `eq` and
        `noise`.
    eq
        Standard deviation of the gains of a random equalizer, in dB.
    noise
        Least signal-to-noise ratio of white noise added to half of the segments, in dB; None: no noise.
    rotation
        Maximum angle by which a spectrogram is rotated, in degrees; see `taggram.training.augmentation.image`, also for
        `shift` and `flip`.
    shift
        Maximum shift of a spectrogram along time and frequency, as a share of each.
    flip
        Whether half of the spectrograms are reversed in time.
    """

    variants: NonNegativeInt = 0
    deform: tuple[str, ...] = ()
    mixup: NonNegativeFloat = 0.0
    freq_mask: NonNegativeInt = 0
    gain: NonNegativeFloat = 0.0
    eq: NonNegativeFloat = 0.0
    noise: float | None = None
    rotation: float = Field(default=0.0, ge=0, le=180)
    shift: float = Field(default=0.0, ge=0, le=1)
    flip: bool = False

    @field_validator("deform")
    @classmethod
    def _check_deform(cls, deform: tuple[str, ...]) -> tuple[str, ...]:
        if not deform:
            return deform
        from taggram.deform import Chain  # loaded here, as it loads a decoder

        try:
            return tuple(str(Chain.parse(text)) for text in deform)
        except DeformationError as error:
            raise ValueError(str(error)) from None


class Teacher(Config):
    """A trained model whose scores are targets.

    Attributes
    ----------
    model
        Its name or folder.
    source
        File or folder to import a published model from if it is not installed; None: download it.
    weight
        Weight of its scores in the mean over the teachers that have a tag.
    weights
        Other weights by category of the tags: ``{voice: 3}``.
    match_similarity
        Whether the loss compares the similarities of embeddings with this teacher's; see
        `taggram.training.distillation.similarity`.
    """

    model: str
    source: str | None = None
    weight: PositiveFloat = 1.0
    weights: dict[Category, PositiveFloat] = Field(default_factory=dict)
    match_similarity: bool = False


class DistillConfig(Config):
    """Knowledge distillation: the scores of teachers replace the labels as targets.

    Attributes
    ----------
    teachers
        Without any, the labels of the store are the targets. The target of a segment is the weighted mean of the
        teachers' scores for that stretch of audio, in the tags of ``data.vocabulary``.
    logit_std
        Standard deviation of each tag's target logits; see `taggram.training.distillation.targets.LogitScale`.
    similarity_weight
        Weight of the similarity loss beside the cross-entropy, where teachers have `match_similarity`.
    label_similarity
        Whether the genres of training clips, by `label_map`, count for half of the target similarity.
    label_map
        Table that maps the store's labels to tags (`taggram.VocabularyMap.read`): labels of training clips teach the
        student, and those of validation clips calibrate it.
    label_weight
        Weight of the loss against the labels of training clips beside that against the teachers; see
        `taggram.training.distillation.ranking`. A tag that no teacher has is learned from labels alone.
    judgements
        Table of judged tags of validation clips (`taggram.training.calibration.levels.read_judgements`), to fit the
        levels of the student.
    """

    teachers: tuple[Teacher, ...] = ()
    logit_std: PositiveFloat = 1.5
    similarity_weight: NonNegativeFloat = 1.0
    label_similarity: bool = False
    label_map: str | None = None
    label_weight: NonNegativeFloat = 0.0
    judgements: str | None = None


def _to_text_keys(value: Any) -> Any:
    """Convert the keys of a mapping, which YAML reads as numbers or booleans, to text."""
    return {str(key): text for key, text in value.items()} if isinstance(value, dict) else value


class PublishedConfig(Config):
    """The published results that a recipe repeats.

    Attributes
    ----------
    paper
        First author and year, such as ``"Ferraro 2020"``.
    table
        Table or section of the paper.
    row
        The row in words; braces stand for settings, as in ``"{model.options.n_mels} mel bands"``.
    dataset, protocol
        Data set and its protocol, by which the store is packed.
    evaluation
        Protocol of `taggram.evaluation.evaluate`; None if there is none.
    model
        Name of the model in the published results of `taggram.evaluation`, with braces as in `row`; None if there are
        no results.
    words
        What stands for a setting in `row` and `model` in place of its value, as in ``{12000: 12 kHz}``.
    note
        What differs from the paper, or what it does not state.
    """

    paper: str
    table: str
    row: str
    dataset: str
    protocol: str
    evaluation: str | None = None
    model: str | None = None
    words: Annotated[dict[str, str], BeforeValidator(_to_text_keys)] = Field(default_factory=dict)
    note: str = ""


class ExportConfig(Config):
    """The exported file.

    Attributes
    ----------
    quantize
        Whether the convolutions of the ONNX file compute with 8-bit integers; see `taggram.models.quantize`.
    """

    quantize: bool = False
