"""Batches of segments of several files, for a GPU: worker processes decode and cut, and one process runs the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from taggram.audio import Segmentation
from taggram.models.card import Segments
from taggram.tagging.inputs import open_audio
from taggram.tagging.prediction import Prediction
from taggram.tagging.result import TagResult, error_result
from taggram.tagging.segmenter import AudioSource, Segment, stream_segments

# Bytes of the segments of one file. A longer file fills batches of its own, and a worker may have four files in flight.
MAX_BYTES = 32 << 20
BATCHES = 4  # per group of files, of which only the last one is not full


@dataclass
class CutFile:
    """The segments of a file, with what was measured while they were cut; no segments for a long file."""

    path: str
    source: AudioSource
    segments: list[Segment] = field(default_factory=list)


def cut_file(
    path: str, *, rate: int, segmentation: Segmentation, spec: Segments, start: float, duration: float | None
) -> CutFile | TagResult:
    """Decode a file and cut it into the segments of a model; an exception becomes the result of the file."""
    try:
        source = open_audio(path, rate, start=start, duration=duration)
        cut = CutFile(path, source)
        size = 0
        for segment in stream_segments(source, segmentation, spec):
            cut.segments.append(segment)
            size += segment[1].nbytes
            if size > MAX_BYTES:
                return CutFile(path, source)
        source.samples = None  # only the segments are sent
    except Exception as error:
        return error_result(path, error)
    return cut


def tag_groups(
    files: Iterable[CutFile | TagResult],
    batch: int,
    predict: Callable[[list[CutFile]], list[Prediction]],
    tag_file: Callable[[str], TagResult],
) -> Iterator[TagResult]:
    """Run a model on groups of files that fill its batches.

    Parameters
    ----------
    files
        What `cut_file` returned.
    batch
        Number of segments that the model takes at once.
    predict
        Runs the model on the segments of some files.
    tag_file
        Tags a long file.

    Yields
    ------
    TagResult
        One per file, in the same order.
    """
    group: list[CutFile | TagResult] = []
    segments = 0
    for file in files:
        group.append(file)
        segments += len(file.segments) if isinstance(file, CutFile) else 0
        if max(segments, len(group)) >= BATCHES * batch:
            yield from _tag_group(group, predict, tag_file)
            group, segments = [], 0
    yield from _tag_group(group, predict, tag_file)


def _tag_group(
    group: list[CutFile | TagResult],
    predict: Callable[[list[CutFile]], list[Prediction]],
    tag_file: Callable[[str], TagResult],
) -> Iterator[TagResult]:
    cut = [file for file in group if isinstance(file, CutFile) and file.segments]
    try:
        results = [TagResult(file.path, prediction) for file, prediction in zip(cut, predict(cut), strict=True)]
    except Exception as error:  # such as a GPU without enough memory
        results = [error_result(file.path, error) for file in cut]
    scored = iter(results)
    for file in group:
        if isinstance(file, TagResult):
            yield file
        else:
            yield next(scored) if file.segments else tag_file(file.path)
