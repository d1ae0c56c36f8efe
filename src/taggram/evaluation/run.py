"""Evaluation of models under a protocol, into stored results."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from taggram import __version__
from taggram._progress import ProgressHook, no_progress
from taggram.datasets import dataset
from taggram.errors import EvaluationError, TaggramError
from taggram.evaluation.evaluation_data import EvaluationClip, EvaluationData, FittingSplit, hash_clips, load_protocol
from taggram.evaluation.evaluation_result import (
    EvaluationCost,
    EvaluationInfo,
    EvaluationResult,
    LabelledScores,
    Mode,
    read_result,
    write_result,
)
from taggram.evaluation.summary import mean_roc_auc
from taggram.evaluation.systems import EmbeddingsFile, ScoresFile, System, SystemOutputs, open_model
from taggram.tagging.cache import PredictionCache
from taggram.training.probing.probe import choose_probe
from taggram.vocabularies import Vocabulary, VocabularyMap

__all__ = ["Report", "SystemRun", "evaluate"]

Split = Literal["train", "valid", "test"]
Paths = Iterable[str | os.PathLike[str]]
Report = Callable[[str], None]


def evaluate(
    models: str | os.PathLike[str] | Paths,
    data: str,
    folder: str | os.PathLike[str],
    *,
    protocol: str | None = None,
    out: str | os.PathLike[str] = "results",
    probe: bool = False,
    valid: bool = True,
    all_splits: bool = False,
    without: Mapping[str, str | os.PathLike[str]] | None = None,
    scores: Paths = (),
    embeddings: Paths = (),
    cache: str | os.PathLike[str] | None = None,
    workers: int = 1,
    device: str = "cpu",
    progress: ProgressHook = no_progress,
    report: Report | None = None,
    on_error: Callable[[str, TaggramError], None] | None = None,
) -> list[EvaluationResult]:
    """Evaluate models on the test clips of a data set, and store their scores.

    A model is scored by its own tags if it has all tags of the protocol, else zero-shot through a map of the tags. A
    result that exists in `out` is read and not computed again.

    Parameters
    ----------
    models
        Names or folders of models, checkpoints of trainings or their folders.
    data
        Name of a data set.
    folder
        Its folder as published; of ``"table"``: a table or a folder.
    protocol
        Name of a protocol of the data set; None selects its first.
    out
        Folder that gets a folder for each model and mode.
    probe
        Fit a logistic regression on the embeddings of the training clips as well, and store its scores apart.
    valid
        Score the validation clips as well, for thresholds.
    all_splits
        Score the clips of all splits, for models that were trained on none of them. Nothing is fitted then.
    without
        Data sets by name, with their folders: recordings in their training splits are not scored.
    scores
        Files of scores that another program computed, see `taggram.evaluation.score_files.read_scores`.
    embeddings
        Files of embeddings, for probes, see `taggram.evaluation.score_files.read_embeddings`.
    cache
        Prediction cache; None: the one in taggram's data folder.
    workers
        Processes that tag.
    device
        What models run on: ``"cpu"``, ``"cuda"``, ``"cuda:1"``.
    progress
        Shows the progress of tagging.
    report
        Called with a line for each doubt, such as missing clips.
    on_error
        Called with a model and the error that it has, which then does not stop the others; None: the error is raised.

    Returns
    -------
    list of EvaluationResult
        One per model and mode.

    Raises
    ------
    DatasetError
        If the data set or protocol is unknown, a file is missing or malformed, or if there is nothing to score.
    EvaluationError
        If a model has no tag of the protocol, no clip can be scored, or a stored result was changed.
    TaggramError
        If a model is not usable.
    MissingExtraError
        Without the [train] extra.

    Examples
    --------
    >>> import tempfile
    >>> from taggram.datasets import dataset
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data = Path(folder, "emotify")
    ...     dataset("emotify").write_sample(data)
    ...     out, cache = Path(folder, "results"), Path(folder, "cache")
    ...     (result,) = evaluate("default", "emotify", data, out=out, cache=cache)
    >>> result.info.mode, len(result.info.sources), result.test.scores.shape
    ('zero-shot', 4, (1, 9))
    """
    report = report or (lambda _: None)
    evaluation_data = load_protocol(
        data,
        Path(folder),
        protocol,
        all_splits=all_splits,
        without={name: Path(path) for name, path in (without or {}).items()},
    )
    for line in evaluation_data.warnings:
        report(line)
    names = [models] if isinstance(models, str | os.PathLike) else models
    results = []
    with PredictionCache(None if cache is None else Path(cache)) as predictions, ExitStack() as stack:
        open_system = partial(
            open_model,
            protocol=evaluation_data.protocol,
            cache=predictions,
            stack=stack,
            workers=workers,
            device=device,
            progress=progress,
        )
        systems: list[tuple[str, Callable[[], System]]] = []
        systems += [(str(name), partial(open_system, os.fspath(name))) for name in names]
        systems += [(str(file), partial(ScoresFile, Path(file))) for file in scores]
        systems += [(str(file), partial(EmbeddingsFile, Path(file))) for file in embeddings]
        for name, open_ in systems:
            try:
                run = SystemRun(open_(), evaluation_data, valid, report)
                results += [run.result(mode, Path(out)) for mode in run.modes(probe)]
            except TaggramError as error:
                if on_error is None:
                    raise
                on_error(name, error)
    return results


class SystemRun:
    """The evaluation of one system; splits are predicted once for all modes."""

    def __init__(self, system: System, data: EvaluationData, valid: bool, report: Report) -> None:
        self._system, self._data, self._report = system, data, report
        self._valid = valid and bool(data.fitting_clips("valid"))
        self._outputs: dict[Split, SystemOutputs] = {}

    def modes(self, probe: bool) -> Iterator[Mode]:
        """Yield the modes in which the system is scored."""
        system, protocol = self._system, self._data.protocol
        self.report_training_clips()
        probe = system.has_embeddings and (probe or system.vocabulary is None)
        if system.vocabulary is not None:
            if mode := self.labelled_mode():
                yield mode
            elif not probe:
                remedy = "; fit a probe on its embedding instead: --probe" if system.has_embeddings else ""
                raise EvaluationError(f"{system.name} has none of the tags of {protocol.name}{remedy}")
        if probe:
            yield "probe"

    def report_training_clips(self) -> None:
        """Report a model that is scored on clips that it was trained on."""
        source = dataset(self._data.protocol.dataset)
        names = (source.name, re.split("[,:]", source.title)[0])
        if self._data.protocol.split == "all" and any(name in self._system.trained_on for name in names):
            self._report(f"{self._system.name} was trained on clips of {source.name}: score the test split only")

    def labelled_mode(self) -> Mode | None:
        """Return the mode in which the system's own scores are compared with the labels; None if it has no such tag."""
        if self._system.vocabulary is None or not self._map().covered():
            return None
        own = _is_own(self._system.vocabulary, self._data.protocol.vocabulary, self._map())
        return "own" if own else "zero-shot"

    def stored(self, mode: Mode, out: Path) -> EvaluationResult | None:
        """Read the result of a mode; None if there is none."""
        folder = out / self._info(mode).folder_name
        return read_result(folder) if folder.exists() else None

    def result(self, mode: Mode, out: Path) -> EvaluationResult:
        """Read the result of a mode, or compute and write it."""
        system, data, info = self._system, self._data, self._info(mode)
        stored = self.stored(mode, out)
        if stored and stored.info.train_hash == info.train_hash and (stored.valid is not None or not self._valid):
            return stored
        missing = self._of("test").missing
        if len(missing) == len(data.test):
            raise EvaluationError(f"{system.name}: none of {len(missing)} test clips has scores: {missing[0]}")
        match mode:
            case "probe":
                sources, score = self._probe()
            case "unlabelled":
                sources, score = {tag: (tag,) for tag in data.protocol.vocabulary.names}, _scores
            case _:
                mapping = self._map()
                sources = {tag: mapping.sources[tag] for tag in mapping.covered()}

                def score(outputs: SystemOutputs) -> NDArray[np.float32]:
                    return mapping.scores(_scores(outputs))

        info = info.replace(
            sources=sources,
            missing={data.test[row].id: reason for row, reason in missing.items()},
            cost=EvaluationCost() if mode == "unlabelled" else self._cost,
            versions=_versions(),
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        valid = self._labelled("valid", score) if self._valid else None
        return write_result(out / info.folder_name, info, self._labelled("test", score), valid if valid else None)

    def _info(self, mode: Mode) -> EvaluationInfo:
        """Return what is known of a result before the clips are scored."""
        system, data = self._system, self._data
        train = data.fitting_clips("train") if mode == "probe" else ()
        return EvaluationInfo(
            protocol=data.protocol,
            protocol_hash=data.protocol.hash,
            model=system.name,
            model_hash=system.hash,
            trained_on=system.trained_on,
            origin=system.origin,
            mode=mode,
            sources={},
            train_hash=hash_clips(train, "train") if train else "",
        )

    @cached_property
    def _cost(self) -> EvaluationCost:
        return self._system.cost(self._data.test)

    def _map(self) -> VocabularyMap:
        assert self._system.vocabulary is not None
        return VocabularyMap.to_labels(self._system.vocabulary, self._data.protocol.vocabulary)

    def _of(self, split: Split) -> SystemOutputs:
        """Return the outputs for the clips of a split, and report missing ones, once."""
        if split not in self._outputs:
            clips = self._clips(split)
            outputs = self._system.outputs(clips, f"{self._system.name}: {split} clips")
            if reasons := list(outputs.missing.values()):
                name = self._system.name
                self._report(f"{name}: {len(reasons)} of {len(clips)} {split} clips are missing: {reasons[0]}")
            self._outputs[split] = outputs
        return self._outputs[split]

    def _clips(self, split: Split) -> tuple[EvaluationClip, ...]:
        return self._data.test if split == "test" else self._data.fitting_clips(split)

    def _probe(self) -> tuple[dict[str, tuple[str, ...]], Callable[[SystemOutputs], NDArray[np.float32]]]:
        """Fit a probe on train, with the regularisation that is best on valid; return its tags and what scores them."""
        tags = self._data.protocol.vocabulary.names
        (train, labels), (valid, valid_labels) = self._to_fit("train"), self._to_fit("valid")
        if not len(train):
            raise EvaluationError(f"{self._data.protocol.name} has no training clips to fit a probe on")
        fitted = np.flatnonzero(labels.any(axis=0) & ~labels.all(axis=0))
        if not len(fitted):
            raise EvaluationError(f"{self._data.protocol.name} has no tag that some training clips have and some not")
        probe = choose_probe((train, labels[:, fitted]), (valid, valid_labels[:, fitted]), mean_roc_auc)

        def score(outputs: SystemOutputs) -> NDArray[np.float32]:
            embeddings, rows = _embeddings(outputs), _present(outputs)
            scores = np.full((len(embeddings), len(tags)), np.nan, np.float32)
            if len(rows):
                scores[np.ix_(rows, fitted)] = 1 / (1 + np.exp(-probe.outputs(embeddings[rows])))
            return scores

        return {tags[tag]: (tags[tag],) for tag in fitted.tolist()}, score

    def _to_fit(self, split: FittingSplit) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the embeddings and the labels of the clips of a split that are not missing."""
        clips, outputs = self._data.fitting_clips(split), self._of(split)
        rows = _present(outputs)
        return _embeddings(outputs)[rows], self._data.truth(clips)[rows]

    def _labelled(self, split: Split, score: Callable[[SystemOutputs], NDArray[np.float32]]) -> LabelledScores:
        """Score the clips of a split, and join those that are not missing with their labels."""
        clips, outputs = self._clips(split), self._of(split)
        rows = _present(outputs)
        return LabelledScores(
            np.array([clip.id for clip in clips], str)[rows],
            np.array([clip.group for clip in clips], str)[rows],
            self._data.protocol.vocabulary.names,
            score(outputs)[rows],
            self._data.truth(clips)[rows],
        )


def _scores(outputs: SystemOutputs) -> NDArray[np.float32]:
    assert outputs.scores is not None
    return outputs.scores


def _embeddings(outputs: SystemOutputs) -> NDArray[np.float32]:
    assert outputs.embeddings is not None
    return outputs.embeddings


def _present(outputs: SystemOutputs) -> NDArray[np.int64]:
    """Return the positions of the clips that are not missing."""
    clips = next(len(array) for array in (outputs.scores, outputs.embeddings) if array is not None)
    return np.setdiff1d(np.arange(clips), list(outputs.missing))


def _is_own(vocabulary: Vocabulary, labels: Vocabulary, mapping: VocabularyMap) -> bool:
    """Return whether the tags of a model are those of the protocol: of the same vocabulary, or each by its name."""
    if vocabulary.name in {"taggram", *Vocabulary.published()}:
        return vocabulary.name == labels.name and len(mapping.covered()) == len(labels)
    return all(
        len(names) == 1 and names[0] in (tag, f"{names[0].partition('/')[0]}/{tag}")
        for tag, names in mapping.sources.items()
    )


def _versions() -> dict[str, str]:
    return {
        "taggram": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "onnxruntime")},
    }
