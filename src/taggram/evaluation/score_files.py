"""Scores and embeddings that another program computed, from CSV, Parquet or npz files."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram._delimited import read_delimited
from taggram.errors import EvaluationError, MissingExtraError

__all__ = ["ClipTable", "read_embeddings", "read_scores"]

CLIP = "clip"
FORMATS = (".csv", ".tsv", ".parquet", ".npz")


@dataclass(frozen=True, eq=False)
class ClipTable:
    """Numbers for clips.

    Attributes
    ----------
    clips
        Ids, each once.
    columns
        Names of the columns: tags, for scores.
    values : (clips, columns) float32
        Finite.
    """

    clips: tuple[str, ...]
    columns: tuple[str, ...]
    values: NDArray[np.float32]


def read_scores(file: Path) -> ClipTable:
    """Read scores of clips; a tag without any value is left out.

    Parameters
    ----------
    file
        A table (.csv, .tsv, .parquet) with the column ``clip`` and one per tag, or with the columns ``clip``, ``tag``
        and ``score``; or an .npz file with ``clips`` (clips,), ``tags`` (tags,) and ``scores`` (clips, tags).

    Raises
    ------
    EvaluationError
        If the file cannot be read, if a clip is in it twice, or if a score is missing or not finite.
    """
    if file.suffix.lower() == ".npz":
        clips, tags, values = _arrays(file, "scores")
        return _checked(file, clips, tags, values)
    columns = _columns(file)
    if set(columns) == {CLIP, "tag", "score"}:
        return _checked(file, *_wide(file, columns))
    return _checked(file, *_matrix(file, columns))


def read_embeddings(file: Path) -> ClipTable:
    """Read embeddings of clips.

    Parameters
    ----------
    file
        A table (.csv, .tsv, .parquet) with the column ``clip`` and one per dimension, or, in Parquet, one column of
        lists; or an .npz file with ``clips`` (clips,) and ``embeddings`` (clips, size).

    Raises
    ------
    EvaluationError
        If the file cannot be read, if a clip is in it twice, or if a value is missing or not finite.
    """
    if file.suffix.lower() == ".npz":
        table = _checked(file, *_arrays(file, "embeddings"))
    else:
        columns = _columns(file)
        lists = [name for name in columns if name != CLIP]
        if len(lists) == 1 and columns[lists[0]] and not isinstance(columns[lists[0]][0], str | int | float):
            try:
                values = np.array([list(row) for row in columns[lists[0]]], np.float64)
            except (TypeError, ValueError):
                raise EvaluationError(f"{file}: the embeddings differ in length") from None
            columns = {CLIP: columns[CLIP], **{str(i): column for i, column in enumerate(values.T.tolist())}}
        table = _checked(file, *_matrix(file, columns))
    return table


def _columns(file: Path) -> dict[str, Sequence[Any]]:
    """Read a table by column; the ids of the clips are text."""
    if file.suffix.lower() not in FORMATS:
        raise EvaluationError(f"{file} is no file of scores or embeddings: use one of {', '.join(FORMATS)}")
    try:
        if file.suffix.lower() == ".parquet":
            columns = _read_parquet(file)
        else:
            rows = read_delimited(file, CLIP)
            columns = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
    except OSError as error:
        raise EvaluationError(f"{file} cannot be read ({error.strerror or error}): check the path") from error
    except ValueError as error:  # base of Arrow's errors
        raise EvaluationError(f"{file} is malformed: {' '.join(str(error).split())}") from error
    if CLIP not in columns:
        raise EvaluationError(f"{file} has no rows with a column {CLIP!r}: it has {', '.join(columns) or 'none'}")
    return {_nfc(name): column for name, column in columns.items()} | {CLIP: [str(clip) for clip in columns[CLIP]]}


def _read_parquet(file: Path) -> dict[str, Sequence[Any]]:
    try:
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise MissingExtraError("a Parquet table", "train") from None
    with file.open("rb") as stream:
        columns: dict[str, Sequence[Any]] = parquet.ParquetFile(stream).read().to_pydict()
    return columns


def _matrix(file: Path, columns: dict[str, Sequence[Any]]) -> tuple[Sequence[str], list[str], NDArray[np.float64]]:
    names = [name for name in columns if name != CLIP]
    values = np.array([_numbers(file, name, columns[name]) for name in names], np.float64)
    return columns[CLIP], names, values.reshape(len(names), len(columns[CLIP])).T


def _wide(file: Path, columns: dict[str, Sequence[Any]]) -> tuple[Sequence[str], list[str], NDArray[np.float64]]:
    """Return a table with a row per clip and tag as one with a row per clip."""
    tags = [_nfc(str(tag)) for tag in columns["tag"]]
    pairs = list(zip(columns[CLIP], tags, strict=True))
    for (clip, tag), times in Counter(pairs).items():
        if times > 1:
            raise EvaluationError(f"{file} has {times} scores of the tag {tag!r} for the clip {clip!r}: remove one")
    rows = {clip: i for i, clip in enumerate(dict.fromkeys(columns[CLIP]))}
    places = {tag: i for i, tag in enumerate(dict.fromkeys(tags))}
    values = np.full((len(rows), len(places)), np.nan)
    scores = _numbers(file, "score", columns["score"])
    values[[rows[clip] for clip, _ in pairs], [places[tag] for _, tag in pairs]] = scores
    return list(rows), list(places), values


def _arrays(file: Path, name: str) -> tuple[Sequence[str], list[str], NDArray[np.float64]]:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            values = np.asarray(arrays[name], np.float64)
            clips = [str(clip) for clip in arrays["clips"]]
            columns = list(map(str, arrays["tags"] if name == "scores" else range(values.shape[1])))
    except OSError as error:
        raise EvaluationError(f"{file} cannot be read ({error.strerror or error}): check the path") from error
    except KeyError as error:
        raise EvaluationError(f"{file} lacks an array: {error.args[0]}") from error
    except Exception as error:  # a damaged archive raises whatever zipfile and NumPy happen to meet
        raise EvaluationError(f"{file} is malformed: {' '.join(str(error).split())}") from error
    if values.shape != (len(clips), len(columns)):
        expected = "(clips, tags)" if name == "scores" else "(clips, size)"
        raise EvaluationError(f"{file}: {name} must have the shape {expected} and not {values.shape}")
    return clips, list(map(_nfc, columns)), values


def _numbers(file: Path, name: str, column: Sequence[Any]) -> list[float]:
    try:
        return [np.nan if value is None or value == "" else float(value) for value in column]
    except (TypeError, ValueError):
        wrong = next(value for value in column if not _is_number(value))
        raise EvaluationError(f"{file}: the column {name!r} has {wrong!r}, which is no number") from None


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return value is None or value == ""
    return True


def _checked(file: Path, clips: Sequence[str], columns: Sequence[str], values: NDArray[np.float64]) -> ClipTable:
    """Leave out columns without any value; refuse names that occur twice, and values that are not finite."""
    for kind, names in (("clip", clips), ("column", columns)):
        for name, times in Counter(names).items():
            if times > 1:
                raise EvaluationError(f"{file} has the {kind} {name!r} {times} times: each must be in it once")
    if not len(clips) or not len(columns):
        raise EvaluationError(f"{file} has no values: write a row per clip and a column per tag or dimension")
    kept = np.logical_not(np.isnan(values).all(axis=0))
    if wrong := np.argwhere(~np.isfinite(values) & kept).tolist():
        row, column = wrong[0]
        raise EvaluationError(
            f"{file}: {len(wrong)} values are missing or not finite, such as that of the clip {clips[row]!r} in the "
            f"column {columns[column]!r}: give every clip a value, or leave the column out"
        )
    names = tuple(columns[column] for column in np.flatnonzero(kept).tolist())
    return ClipTable(tuple(clips), names, values[:, kept].astype(np.float32))


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
