"""The sections of a recipe, as plain data."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
)

from taggram.errors import DeformationError, ModelError
from taggram.vocabularies import Category, Vocabulary


class Config(BaseModel):
    """Settings that cannot be changed; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _expand_kind(value: Any) -> Any:
    """Expand the bare name of a kind to that kind with its defaults."""
    return {"kind": value} if isinstance(value, str) else value


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


class DataConfig(Config):
    """The clips and the tags.

    Attributes
    ----------
    store
        Folder of the packed store; a relative path starts at the current folder.
    sources
        Audio to pack into the store before training; without any, the store must exist.
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

    @field_validator("sources")
    @classmethod
    def _check_sources(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        if len({source.name for source in sources}) < len(sources):
            raise ValueError("each source needs a unique name")
        return sources


class ModelConfig(Config):
    """The network, or the classical model.

    Attributes
    ----------
    architecture
        One of `taggram.list_architectures`; or ``random_forest`` or ``knn``, which use nothing but the name, the seed,
        the licence, the store, the sources and the vocabulary.
    options
        Arguments of the architecture, other than the vocabulary.
    """

    architecture: str
    options: dict[str, Any] = {}


Decay = Literal["all", "kernels"] | tuple[str, ...]


class Adam(Config):
    """Adam (Kingma and Ba 2015) with weight decay in the gradient, or ``adamw``, which decays the weights directly.

    Attributes
    ----------
    lr
        Learning rate.
    weight_decay
        Strength of the decay.
    decay
        What decays: all parameters; the kernels of convolutions and dense layers, without biases and batch norm; or
        the parameters with these names.
    """

    kind: Literal["adam", "adamw"]
    lr: PositiveFloat = 1e-4
    weight_decay: NonNegativeFloat = 1e-4
    decay: Decay = "all"


class SGD(Config):
    """Stochastic gradient descent.

    Attributes
    ----------
    lr
        Learning rate.
    weight_decay, decay
        Strength of the decay, and what decays; see `Adam`.
    momentum
        0 to below 1.
    nesterov
        Whether the momentum is Nesterov's.
    """

    kind: Literal["sgd"]
    lr: PositiveFloat = 1e-3
    weight_decay: NonNegativeFloat = 1e-4
    decay: Decay = "all"
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = True


OptimizerConfig = Annotated[Adam | SGD, Field(discriminator="kind"), BeforeValidator(_expand_kind)]


class Constant(Config):
    """A constant learning rate."""

    kind: Literal["constant"] = "constant"


class Cosine(Config):
    """Half a cosine from the optimizer's learning rate down to 0, step by step (Loshchilov and Hutter 2017).

    Attributes
    ----------
    warmup
        Share of the training during which the rate first rises linearly from 0.
    """

    kind: Literal["cosine"] = "cosine"
    warmup: float = Field(default=0.0, ge=0, lt=1)


class Step(Config):
    """A learning rate that falls in steps.

    Attributes
    ----------
    every
        Epochs between two steps.
    factor
        Of each step.
    """

    kind: Literal["step"] = "step"
    every: PositiveInt = 100
    factor: float = Field(default=0.1, gt=0, lt=1)


class Plateau(Config):
    """A learning rate that falls where the validation loss does not.

    Attributes
    ----------
    patience
        Epochs without a lower validation loss before a step, and before the next one.
    factor
        Of each step.
    """

    kind: Literal["plateau"] = "plateau"
    patience: PositiveInt = 75
    factor: float = Field(default=0.5, gt=0, lt=1)


class OptimizerStep(Config):
    """A change of the optimizer.

    Attributes
    ----------
    epoch
        First epoch of the new optimizer, counted from 0.
    optimizer
        The new optimizer. It starts from the best weights so far.
    """

    epoch: PositiveInt
    optimizer: OptimizerConfig


def _won_steps() -> tuple[OptimizerStep, ...]:
    rates = {80: 1e-3, 100: 1e-4, 120: 1e-5}
    return tuple(OptimizerStep(epoch=epoch, optimizer=SGD(kind="sgd", lr=lr)) for epoch, lr in rates.items())


class Won(Config):
    """A sequence of optimizers, each of which starts from the best weights so far.

    Attributes
    ----------
    steps
        The default follows the training code of Won et al. 2020, after 80 epochs of Adam with 1e-4: SGD with 1e-3 for
        20 epochs, 1e-4 for 20, then 1e-5. Where only the learning rate changes, the momentum is kept.
    """

    kind: Literal["won"] = "won"
    steps: tuple[OptimizerStep, ...] = Field(default_factory=_won_steps, min_length=1)


Schedule = Constant | Cosine | Step | Plateau | Won
ScheduleConfig = Annotated[Schedule, Field(discriminator="kind"), BeforeValidator(_expand_kind)]


class OptimConfig(Config):
    """The optimization.

    Attributes
    ----------
    epochs
        Maximum number of epochs.
    batch_size
        Maximum number of segments per step; batches are as even as possible.
    patience
        Stop after this many epochs without a lower validation loss; None: never.
    validation
        What the validation loss is: the mean loss of clips, whose scores are the means of their segments, or of
        segments, as in Won et al. 2020.
    keep
        The epoch whose weights are exported: that of the lowest validation loss, or the last.
    precision
        32, or ``"bf16"``: layers in bfloat16 where that is safe, front end and weights in float32.
    ema
        Decay, per step, of the moving average of the weights that is validated and exported instead of the weights
        themselves; see `taggram.training.averaging`. None: the weights themselves.
    optimizer
        The default is Adam as in Won et al. 2020.
    schedule
        Changes of the learning rate, or of the optimizer.
    pos_weight
        ``"balanced"``: in the binary cross-entropy, the positives of a tag together weigh as much as its negatives,
        which makes rare tags heavier. None: all clips weigh the same.
    """

    epochs: PositiveInt = 200
    batch_size: int = Field(default=16, ge=2)
    patience: PositiveInt | None = None
    validation: Literal["clip", "segment"] = "clip"
    keep: Literal["best", "last"] = "best"
    precision: Literal[32, "bf16"] = 32
    ema: float | None = Field(default=None, gt=0, lt=1)
    optimizer: OptimizerConfig = Adam(kind="adam")
    schedule: ScheduleConfig = Constant()
    pos_weight: Literal["balanced"] | None = None


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
    """

    variants: NonNegativeInt = 0
    deform: tuple[str, ...] = ()
    mixup: NonNegativeFloat = 0.0
    freq_mask: NonNegativeInt = 0
    gain: NonNegativeFloat = 0.0
    eq: NonNegativeFloat = 0.0
    noise: float | None = None

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
    weights: dict[Category, PositiveFloat] = {}
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


class ExportConfig(Config):
    """The exported file.

    Attributes
    ----------
    quantize
        Whether the convolutions of the ONNX file compute with 8-bit integers; see `taggram.models.quantize`.
    """

    quantize: bool = False
