"""Learning tags of one's own: labelled clips, cross-validation, probe, and the files of the model."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np

from taggram._files import atomic_dir, sha256
from taggram._progress import ProgressHook, no_progress
from taggram._text import counted, encode_path
from taggram.errors import DatasetError, MissingExtraError, ModelError
from taggram.models import ModelCard
from taggram.models.card import FILE_NAME as CARD_FILE
from taggram.models.card import Score
from taggram.models.directories import DEFAULT_MODEL, ONNX_FILE, find_model, model_dir
from taggram.tagging import Tagger
from taggram.tagging.cache import PredictionCache
from taggram.training.probing.cross_validation import CONFUSION_FILE, TAGS_FILE, CrossValidation
from taggram.training.probing.examples import read_examples
from taggram.training.probing.folds import cross_validated_scores
from taggram.training.probing.probe import fit_probe
from taggram.vocabularies import Vocabulary

__all__ = ["LearnResult", "learn"]


@dataclass(frozen=True, eq=False)
class LearnResult:
    """The result of learning tags.

    Attributes
    ----------
    folder
        Folder of the model, for `Tagger`.
    card
        Its card.
    cross_validation
        How well each tag was learned.
    omitted_tags
        Tags that were not learned, with the reasons.
    failed
        Number of files that were left out because they are missing, damaged or silent.
    """

    folder: Path
    card: ModelCard
    cross_validation: CrossValidation
    omitted_tags: dict[str, str]
    failed: int


def learn(
    data: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    name: str | None = None,
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    seed: int = 0,
    cache: str | os.PathLike[str] | None = None,
    workers: int = 1,
    progress: ProgressHook = no_progress,
    report: Callable[[str], None] | None = None,
) -> LearnResult:
    """Learn tags from labelled clips: fit a linear probe on the embedding of a model.

    The result is the given model with another last layer, a logistic regression for each tag. Its scores are
    cross-validated by artist, and the thresholds of the tags are fitted on the cross-validated scores.

    Parameters
    ----------
    data
        A folder with a sub-folder of clips for each tag, or a table of clips with their labels; see
        `taggram.datasets.list_folder` and `taggram.datasets.list_table`.
    out
        Folder for the model, where a learned one is replaced; None: the folder in which `Tagger` looks for a model of
        that name.
    name
        Name of the model; None: that of the folder or table.
    model
        Name or folder of the model whose embedding is used, a network.
    seed
        Seed of the folds and of the intervals.
    cache
        Prediction cache, from which clips that were tagged before are read; None: the one in taggram's data folder.
    workers
        Processes that compute embeddings.
    progress
        Shows the progress of embeddings and cross-validation.
    report
        Called with a line for each file that is missing, damaged or silent, and for doubts about the data.

    Returns
    -------
    LearnResult
        The folder and the card of the model, and how well each tag was learned.

    Raises
    ------
    DatasetError
        If the data cannot be read, or if no tag has clips of two artists, with clips without it of two artists.
    ModelError
        If the model is not installed or is no network, or if `out` contains other files.
    MissingExtraError
        Without the [train] extra.

    Examples
    --------
    >>> import tempfile
    >>> from taggram.datasets.synthetic import write_noise
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     music = Path(folder, "music")
    ...     for i in range(6):
    ...         write_noise(music / ("odd", "even")[i % 2] / f"{i}.wav", seconds=2, seed=i)
    ...     result = learn(music, f"{folder}/model", cache=f"{folder}/cache")
    >>> result.card.name, [(tag.name, tag.clips) for tag in result.cross_validation.tags]
    ('music', [('even', 3), ('odd', 3)])
    """
    _require_extra()
    from taggram.models.replace_head import replace_head
    from taggram.training.calibration.thresholds import fit_thresholds
    from taggram.training.calibration.truth import Truth

    data = Path(data)
    source = encode_path(data.resolve().name)
    name = name or (source if data.is_dir() else encode_path(data.stem))
    folder = _model_folder(name, out)
    base = find_model(os.fspath(model))
    if ModelCard.read(base).backend != "onnx":
        raise ModelError(f"{model} is a classical baseline, which has no last layer to replace: choose a network")
    tagger = Tagger(base)
    with PredictionCache(None if cache is None else Path(cache)) as predictions:
        examples = read_examples(
            data, tagger, cache=predictions, workers=workers, progress=progress, report=report or (lambda _: None)
        )
    scores, reasons = cross_validated_scores(examples, seed, progress)
    if len(reasons) == len(examples.tags):
        raise DatasetError(f"{data}: no tag can be learned; {examples.tags[0]}: {reasons[examples.tags[0]]}")
    measurable = np.array([tag not in reasons for tag in examples.tags])
    examples, scores = examples.select_tags(measurable), scores[:, measurable]
    validation = CrossValidation.from_scores(examples, scores, seed)
    vocabulary = Vocabulary.from_names(examples.tags).replace(source=source)
    labels = examples.labels.astype(np.float32)
    card = _card(tagger.card, validation, name, vocabulary, seed).replace(
        thresholds=fit_thresholds(scores, Truth(np.full_like(labels, np.nan), labels), vocabulary.tags)
    )
    layer = fit_probe(examples.embeddings, examples.labels).linear_layer()
    with atomic_dir(folder) as new:
        replace_head(base / ONNX_FILE, new / ONNX_FILE, layer.weight, layer.bias)
        card = card.replace(files={ONNX_FILE: sha256(new / ONNX_FILE)})
        card.write(new)
        validation.write(new)
    return LearnResult(folder, card, validation, reasons, examples.failed)


def _require_extra() -> None:
    """Import the libraries of the extra that are used."""
    try:
        for library in ("onnx", "pydantic", "sklearn"):
            import_module(library)
    except ModuleNotFoundError:
        raise MissingExtraError("learning tags", "train") from None


def _model_folder(name: str, out: str | os.PathLike[str] | None) -> Path:
    """Return the folder of the model; raise an error for a name that no model can have, or other files in it."""
    if out is None and (name in (DEFAULT_MODEL, ".", "..") or Path(name).name != name or not name.isprintable()):
        raise ModelError(f"a model cannot be installed as {name!r}: choose another name with --name, or --out")
    folder = model_dir(name) if out is None else Path(out)
    if folder.exists():
        own = {CARD_FILE, ONNX_FILE, TAGS_FILE, CONFUSION_FILE}
        if not folder.is_dir() or not own.issuperset(os.listdir(folder)):
            raise ModelError(f"{folder}: contains files that are no learned model: choose another folder with --out")
    return folder


def _card(base: ModelCard, validation: CrossValidation, name: str, vocabulary: Vocabulary, seed: int) -> ModelCard:
    """Return the card of the new model, without thresholds."""
    scores = (
        Score(
            metric=metric,
            value=round(interval.value, 4),
            protocol=f"{vocabulary.source}: {validation.protocol}, mean over {counted(len(vocabulary), 'tag')}; the "
            "thresholds are fitted on the same scores",
            clips=validation.clips,
            interval=(round(interval.low, 4), round(interval.high, 4)),
            source=f"taggram {version('taggram')}, seed {seed}",
        )
        for metric, interval in (("roc_auc", validation.roc_auc), ("ap", validation.average_precision))
    )
    return base.replace(
        name=name,
        options={option: value for option, value in base.options.items() if option != "heads"},
        vocabulary=vocabulary,
        aggregation="mean",
        levels=None,
        thresholds=None,
        calibration={},
        trained_on=f"{counted(validation.clips, 'clip')} of {vocabulary.source} (the last layer, a logistic "
        f"regression); all other layers are those of {base.name}: {base.trained_on}",
        scores=tuple(scores),
        licence=f"of the last layer: not stated; all other layers are those of {base.name}: {base.licence}",
        provenance=None,
    )
