"""Results of evaluations on disk: one folder per model, protocol and mode.

``scores.parquet`` has a row per clip and tag: clip, group, tag, score and truth. ``valid.parquet`` has the same for
the validation clips, on which thresholds are fitted. ``protocol.json`` has everything else and the hashes of these
files. All metrics and plots are computed from these files, without audio.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from msgspec import field
from numpy.typing import NDArray

from taggram._files import atomic_dir, sha256
from taggram.errors import EvaluationError, MissingExtraError
from taggram.evaluation.protocol import Protocol
from taggram.record import NonNegativeFloat, NonNegativeInt, Record

__all__ = [
    "EvaluationCost",
    "EvaluationInfo",
    "EvaluationResult",
    "LabelledScores",
    "Mode",
    "Origin",
    "find_results",
    "read_result",
    "write_result",
]

INFO_FILE = "protocol.json"
SCORES_FILE = "scores.parquet"
VALID_FILE = "valid.parquet"
COLUMNS = ("clip", "group", "tag", "score", "truth")

Mode = Literal["own", "zero-shot", "probe", "unlabelled"]
Origin = Literal["model", "scores", "embeddings"]


class EvaluationCost(Record, frozen=True, kw_only=True):
    """Cost of a model; None where it is unknown.

    Attributes
    ----------
    parameters
        Number of trained parameters.
    macs_per_second
        Multiply-accumulate operations per second of audio, without the front end.
    seconds_per_minute
        Measured time per minute of audio in one thread, decoding included: the median of a few clips.
    device, machine
        Of the measurement: times of different machines are not comparable.
    """

    parameters: NonNegativeInt | None = None
    macs_per_second: NonNegativeFloat | None = None
    seconds_per_minute: NonNegativeFloat | None = None
    device: str = ""
    machine: str = ""


class EvaluationInfo(Record, frozen=True, kw_only=True):
    """Everything about an evaluation except the scores.

    Attributes
    ----------
    format
        Version of this layout.
    protocol, protocol_hash
        The protocol and its hash.
    model, model_hash, trained_on
        Name of the model, SHA-256 of its file, and its training data as far as known.
    origin
        What was evaluated: a ``"model"``, or a file of ``"scores"`` or ``"embeddings"`` of another program, whose
        decoder, placement and aggregation are not known.
    mode
        ``"own"``: all tags of the protocol are the model's own. ``"zero-shot"``: they are mapped to the model's tags.
        ``"probe"``: a logistic regression on the embedding, fitted on the training clips. ``"unlabelled"``: all tags
        of the model, and no clip has labels. Never mixed in one column.
    sources
        Tags of the model that each tag was mapped to; for a probe the tag itself. Tags without a score are missing.
    missing
        Clips without scores, each with the reason.
    train_hash
        Hash of the ids of the clips that a probe was fitted on; empty without one.
    cost
        Cost of the model.
    versions
        Of taggram and the libraries that computed the scores.
    time
        Date and time in UTC.
    files
        SHA-256 of the files of scores.
    content_hash
        SHA-256 of all of the above.
    """

    format: Literal[1] = 1
    protocol: Protocol
    protocol_hash: str
    model: str
    model_hash: str
    trained_on: str = ""
    origin: Origin = "model"
    mode: Mode
    sources: dict[str, tuple[str, ...]]
    missing: dict[str, str] = field(default_factory=dict)
    train_hash: str = ""
    cost: EvaluationCost = field(default_factory=EvaluationCost)
    versions: dict[str, str] = field(default_factory=dict)
    time: str = ""
    files: dict[str, str] = field(default_factory=dict)
    content_hash: str = ""

    @property
    def folder_name(self) -> str:
        """Name of the result's folder: readable, and different for everything that is not the same evaluation."""
        key = hashlib.sha256(f"{self.protocol_hash} {self.model_hash} {self.mode}".encode()).hexdigest()[:8]
        names = [self.protocol.name, self.protocol.deformation, self.model.replace("/", "-"), self.mode, key]
        return "_".join(filter(None, names))

    def sealed(self, files: dict[str, str]) -> EvaluationInfo:
        """Return a copy with the hashes of the files and of the content."""
        complete = self.replace(files=files, content_hash="")
        return complete.replace(content_hash=_content_hash(complete))

    def is_intact(self) -> bool:
        """Return whether the content is as it was written."""
        return self.content_hash == _content_hash(self.replace(content_hash=""))


@dataclass(frozen=True, eq=False)
class LabelledScores:
    """Scores of clips with their labels.

    Attributes
    ----------
    clips : (clips,) str
        Ids of the clips.
    groups : (clips,) str
        Artist or recording of each clip, which intervals are resampled over.
    tags
        The tags of the protocol.
    scores : (clips, tags) float32
        Higher means more likely; NaN for a tag without a score.
    truth : (clips, tags) bool
        Which clips have which tag.
    """

    clips: NDArray[np.str_]
    groups: NDArray[np.str_]
    tags: tuple[str, ...]
    scores: NDArray[np.float32]
    truth: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which tags have scores, shape (tags,)."""
        return np.logical_not(np.isnan(self.scores).any(axis=0))


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """Scores of a model under a protocol.

    Attributes
    ----------
    folder
        Where they are stored.
    info
        Protocol, model and cost.
    test
        The clips that are scored.
    valid
        The validation clips; None if they were not scored.
    """

    folder: Path
    info: EvaluationInfo
    test: LabelledScores
    valid: LabelledScores | None


def write_result(
    folder: Path, info: EvaluationInfo, test: LabelledScores, valid: LabelledScores | None
) -> EvaluationResult:
    """Write a result whole or not at all.

    Parameters
    ----------
    folder
        To create or replace.
    info
        Without hashes of files and content, which are computed.
    test, valid
        As of `EvaluationResult`.

    Returns
    -------
    EvaluationResult
        As `read_result` reads it.

    Raises
    ------
    MissingExtraError
        If pyarrow is not installed.
    """
    with atomic_dir(folder) as new:
        files = {}
        for name, scores in ((SCORES_FILE, test), (VALID_FILE, valid)):
            if scores is not None:
                _write_scores(new / name, scores)
                files[name] = sha256(new / name)
        info = info.sealed(files)
        (new / INFO_FILE).write_text(info.to_json() + "\n", encoding="utf-8")
    return EvaluationResult(folder, info, test, valid)


def read_result(folder: str | os.PathLike[str]) -> EvaluationResult:
    """Read a result.

    Parameters
    ----------
    folder
        Folder of one model, protocol and mode.

    Raises
    ------
    EvaluationError
        If it is no result, is incomplete, or was changed after it was written.
    MissingExtraError
        If pyarrow is not installed.
    """
    folder = Path(folder)
    file = folder / INFO_FILE
    try:
        info = EvaluationInfo.from_json(file.read_bytes())
    except OSError as error:
        raise EvaluationError(f"{folder} is no result of taggram evaluate: {INFO_FILE}: {error.strerror}") from error
    except ValueError as error:
        raise EvaluationError(f"{file} is malformed ({error}): evaluate again") from error
    if not info.is_intact() or info.protocol.hash != info.protocol_hash:
        raise EvaluationError(f"{file} was changed after it was written: delete {folder} and evaluate again")
    for name, expected in info.files.items():
        if not (folder / name).is_file() or sha256(folder / name) != expected:
            raise EvaluationError(
                f"{folder / name} is missing, incomplete or was changed after it was written: delete {folder} and "
                "evaluate again"
            )
    tags = info.protocol.vocabulary.names
    valid = _read_scores(folder / VALID_FILE, tags) if VALID_FILE in info.files else None
    return EvaluationResult(folder, info, _read_scores(folder / SCORES_FILE, tags), valid)


def find_results(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the folders of results in a folder, sorted; the folder itself if it is one."""
    folder = Path(folder)
    if (folder / INFO_FILE).is_file():
        return [folder]
    return sorted(file.parent for file in folder.glob(f"*/{INFO_FILE}"))


def _content_hash(info: EvaluationInfo) -> str:
    content = msgspec.to_builtins(info)
    if not info.protocol.deformation:
        del content["protocol"]["deformation"]  # results from before there were deformations stay intact
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def _write_scores(file: Path, scores: LabelledScores) -> None:
    pa, parquet = _pyarrow()
    clips, tags = scores.scores.shape

    def repeated(values: Any, codes: NDArray[np.int64]) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(values), pa.string()))

    rows = np.repeat(np.arange(clips), tags)
    groups, group_of = np.unique(scores.groups, return_inverse=True)
    flat = scores.scores.ravel()
    table = pa.table(
        {
            "clip": repeated(scores.clips.tolist(), rows),
            "group": repeated(groups.tolist(), group_of[rows]),
            "tag": repeated(scores.tags, np.tile(np.arange(tags), clips)),
            "score": pa.array(flat, pa.float32(), mask=np.isnan(flat)),
            "truth": pa.array(scores.truth.ravel(), pa.bool_()),
        }
    )
    with file.open("wb") as stream:
        parquet.write_table(table, stream)


def _read_scores(file: Path, tags: tuple[str, ...]) -> LabelledScores:
    _, parquet = _pyarrow()
    with file.open("rb") as stream:
        table = parquet.read_table(stream, columns=list(COLUMNS))

    def column(name: str) -> NDArray[Any]:
        values: NDArray[Any] = table.column(name).to_numpy().reshape(-1, len(tags))
        return values

    return LabelledScores(
        column("clip")[:, 0].astype(str),
        column("group")[:, 0].astype(str),
        tags,
        column("score").astype(np.float32),
        column("truth").astype(bool),
    )


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise MissingExtraError("an evaluation", "train") from None
    return pyarrow, parquet
