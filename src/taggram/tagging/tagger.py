"""Tagger: a model, loaded once, that tags files and arrays."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from taggram._system import cpu_count
from taggram.audio import Segmentation, Sliding
from taggram.errors import AudioError, ModelError
from taggram.models import ModelCard
from taggram.models.directories import DEFAULT_MODEL, find_model
from taggram.parallel import parallel_map
from taggram.tagging.backends import create_backend
from taggram.tagging.batches import CutFile, cut_file, tag_groups
from taggram.tagging.inputs import Audio, as_path, check_count, check_part, open_audio
from taggram.tagging.prediction import Aggregation, Prediction
from taggram.tagging.result import TagResult, crash_result, error_result
from taggram.tagging.segmenter import SILENCE, AudioSource, stream_segments

PARALLEL_FROM = 5  # files; four clips of 30 s take as long in two processes as in one, with their start


class Tagger:
    """A model, loaded once, that tags files and arrays.

    Several threads may use one tagger at once: its methods change nothing in it, and threads run the model in parallel.

    Parameters
    ----------
    model
        Name of an installed model, or path of a model's folder; ``"default"`` is part of the package.
    segmentation
        Positions of the segments in a clip; None: adjacent segments over the whole clip.
    aggregation
        Default aggregation of the segments' scores; None: the one on the model's card.
    backend
        ``"onnx"`` or ``"torch"``, for networks; the classical baselines always run in NumPy. None: ONNX Runtime on the
        CPU, and on a GPU whichever is installed with support for it.
    device
        ``"cpu"``, or a GPU: ``"cuda"``, ``"cuda:1"``.
    threads
        Number of threads in this process. Many files are tagged faster with one thread and several workers, see
        `tag_many`.

    Attributes
    ----------
    model
        Name or folder of the model, as given.
    card
        The model's card.
    model_file
        The file that computes the scores.
    segmentation, aggregation
        As given, or by default.

    Raises
    ------
    ModelError, CardError
        If the model is not installed or not usable, or nothing that is installed runs it on the device.
    TypeError, ValueError
        For an argument of another kind.

    Examples
    --------
    >>> tagger = Tagger()
    >>> prediction = tagger.tag("examples/lets-go-fishin.opus")
    >>> prediction.scores.shape
    (7, 94)
    >>> [entry.tag for entry in prediction.top(2)]
    ['bass', 'guitar']
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = DEFAULT_MODEL,
        *,
        segmentation: Segmentation | None = None,
        aggregation: Aggregation | None = None,
        backend: Literal["onnx", "torch"] | None = None,
        device: str = "cpu",
        threads: int = 1,
    ) -> None:
        if not isinstance(model, str | os.PathLike):
            raise TypeError(f"model must be the name or the folder of a model, not {type(model).__name__}")
        if segmentation is not None and (isinstance(segmentation, type) or not hasattr(segmentation, "starts")):
            raise TypeError(f"segmentation must be a plan such as EvenlySpaced(4), not {segmentation!r}")
        if aggregation is not None and aggregation not in get_args(Aggregation):
            raise ModelError(f"no aggregation is named {aggregation!r}; there are: {', '.join(get_args(Aggregation))}")
        check_count("threads", threads)
        self.model = os.fspath(model)
        folder = find_model(self.model)
        self.card = ModelCard.read(folder)
        self.segmentation: Segmentation = segmentation or Sliding(self.card.segments.hop)
        self.aggregation: Aggregation = aggregation or self.card.aggregation
        self._device = device
        self._run = create_backend(folder, self.card, backend, device=device, threads=threads)
        self.model_file = self._run.file
        self._rebuild = functools.partial(
            type(self),
            self.model,
            segmentation=segmentation,
            aggregation=aggregation,
            backend=backend,
            device=device,
            threads=threads,
        )

    def __reduce__(self) -> tuple[Callable[[], Tagger], tuple[()]]:
        """Pickle the arguments; unpickling loads the model again."""
        return self._rebuild, ()

    def with_segmentation(self, segmentation: Segmentation) -> Tagger:
        """Return a tagger that shares the loaded model and cuts clips by another segmentation."""
        tagger = object.__new__(type(self))
        tagger.__dict__.update(self.__dict__)
        tagger.segmentation = segmentation
        tagger._rebuild = functools.partial(self._rebuild, segmentation=segmentation)
        return tagger

    def score_segments(self, segments: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score segments that are already cut.

        Parameters
        ----------
        segments : (segments, samples) float32
            Mono samples at the card's sample rate, each row one segment of the card's length.

        Returns
        -------
        (segments, tags) float32
            Probabilities, 0 to 1, in the order of the card's vocabulary.

        Raises
        ------
        AudioError
            For another shape or type.
        """
        if not isinstance(segments, np.ndarray):
            raise TypeError(f"score_segments takes an array (segments, samples), not {type(segments).__name__}")
        spec = self.card.segments
        fits = segments.ndim == 2 and (
            segments.shape[1] == spec.samples or (spec.any_length and segments.shape[1] > spec.samples)
        )
        if not fits or segments.dtype != np.float32:
            expected = f"(segments, {spec.samples}{' or more' if spec.any_length else ''}) of float32"
            raise AudioError(
                f"{self.model} takes segments of shape {expected}, not {segments.shape} of {segments.dtype}"
            )
        if not len(segments):
            return np.zeros((0, len(self.card.vocabulary)), np.float32)
        return self._run(segments)[0]

    def tag(
        self,
        audio: Audio,
        *,
        sample_rate: int | None = None,
        start: float = 0.0,
        duration: float | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Prediction:
        """Tag a file, the content of a file, or an array.

        Parameters
        ----------
        audio
            The path or URI of a file, its bytes, or a file open in binary mode, which is read to its end into memory;
            or an array (samples,) or (channels, samples) of integers or floats, where the full scale of floats is 1.
        sample_rate
            Sample rate of an array, in Hz.
        start, duration
            The part to tag, in seconds.
        on_progress
            Called after each batch of segments with the seconds of audio that have been read. What it raises ends the
            tagging.

        Returns
        -------
        Prediction
            Scores and embeddings of the segments.

        Raises
        ------
        AudioError
            If the audio cannot be read, or has no samples in this part.
        TypeError
            For an argument of another kind, such as a list or a file open in text mode.
        """
        rate = self.card.sample_rate
        source = open_audio(audio, rate, sample_rate=sample_rate, start=start, duration=duration)
        return self._predict(source, on_progress)

    def _predict(self, source: AudioSource, on_progress: Callable[[float], None] | None) -> Prediction:
        """Tag a clip while it is read."""
        spans, outputs = [], []
        segments = stream_segments(source, self.segmentation, self.card.segments)
        while batch := list(itertools.islice(segments, self._run.batch)):
            spans += [(start, len(segment)) for start, segment in batch]
            outputs.append(self._run(np.stack([segment for _, segment in batch])))
            if on_progress:
                on_progress(source.length / self.card.sample_rate)
        return self._prediction(source, spans, *map(np.concatenate, zip(*outputs, strict=True)))

    def _predict_group(self, files: list[CutFile]) -> list[Prediction]:
        """Tag several clips, each of which is cut into segments."""
        if not files:
            return []
        segments = [segment for file in files for _, segment in file.segments]
        same_length = (np.stack(list(group)) for _, group in itertools.groupby(segments, len))
        outputs = map(np.concatenate, zip(*map(self._run, same_length), strict=True))
        ends = np.cumsum([len(file.segments) for file in files])[:-1]
        parts = zip(files, *(np.split(output, ends) for output in outputs), strict=True)
        return [
            self._prediction(file.source, [(start, len(segment)) for start, segment in file.segments], *output)
            for file, *output in parts
        ]

    def _prediction(
        self,
        source: AudioSource,
        spans: list[tuple[int, int]],
        scores: NDArray[np.float32],
        embeddings: NDArray[np.float32],
    ) -> Prediction:
        """Return the prediction of a clip, from the starts and lengths of its segments and the outputs of the model."""
        rate, padding = self.card.sample_rate, 2 * self.card.segments.clip_padding
        if silent := source.rms < SILENCE:
            source.warnings.append("silent: no tags")
        seconds = source.length / rate
        times = np.array([(start, start + length - padding) for start, length in spans])
        prediction = Prediction(
            path=source.path,
            model=self.model,
            vocabulary=self.card.vocabulary,
            scores=scores,
            times=source.start + np.minimum(times / rate, seconds),
            embeddings=embeddings,
            duration=seconds,
            aggregation=self.aggregation,
            thresholds=self.card.thresholds or {},
            warnings=tuple(source.warnings),
            silent=silent,
            metadata=source.metadata,
        )
        return prediction.with_levels(self.card)

    def tag_many(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        workers: int | None = 1,
        ordered: bool = True,
        start: float = 0.0,
        duration: float | None = None,
    ) -> Iterator[TagResult]:
        """Tag many files, as a stream; a file that cannot be tagged yields an error and does not stop the others.

        Parameters
        ----------
        paths
            The files or their URIs; an iterator is read only a little before the results.
        workers
            Number of processes, or within `taggram.parallel.use_ray` of actors. With 1, this process tags the files;
            None: the number of cores from five files on. With a model on a GPU they only decode, and this process runs
            the model on segments of several files.
        ordered
            Whether results come in the order of `paths`, or as they are completed.
        start, duration
            The part of each file to tag, in seconds.

        Returns
        -------
        iterator of TagResult
            One per path.

        Raises
        ------
        TaggramError
            If worker processes cannot start, because the main script has no guard.
        TypeError, ValueError, AudioError
            For wrong arguments, such as one path instead of several.

        Notes
        -----
        Worker processes import the main script again, so a script that uses them needs the usual
        ``if __name__ == "__main__":`` guard.

        Examples
        --------
        >>> for result in Tagger().tag_many(["examples/vibe-ace.opus", "examples/missing.mp3"]):
        ...     print(result.error or result.prediction.top(1)[0].tag)
        slow
        examples/missing.mp3 does not exist: check the path
        """
        if isinstance(paths, str | bytes | os.PathLike) or not isinstance(paths, Iterable):
            raise TypeError("tag_many takes several paths, such as a list: use tag(path) for one file")
        check_part(start, duration)
        files: Iterable[str] = map(as_path, paths)
        if isinstance(paths, Sized):
            files = list(files)
        if workers is None:
            workers = 1 if isinstance(files, Sized) and len(files) < PARALLEL_FROM else cpu_count()
        check_count("workers", workers)
        if self._device != "cpu":
            return self._tag_in_batches(files, workers=workers, ordered=ordered, start=start, duration=duration)
        tag_file = functools.partial(_tag_file, self, start=start, duration=duration)
        return parallel_map(tag_file, files, workers=workers, ordered=ordered, on_crash=crash_result)

    def _tag_in_batches(
        self, files: Iterable[str], *, workers: int, ordered: bool, start: float, duration: float | None
    ) -> Iterator[TagResult]:
        """Tag many files on a GPU: processes decode them, and this one runs the model on segments of several files."""
        rate, spec = self.card.sample_rate, self.card.segments
        cut = functools.partial(
            cut_file, rate=rate, segmentation=self.segmentation, spec=spec, start=start, duration=duration
        )
        cut_files = parallel_map(cut, files, workers=workers, ordered=ordered, on_crash=crash_result)
        tag_file = functools.partial(_tag_file, self, start=start, duration=duration)
        return tag_groups(cut_files, self._run.batch, self._predict_group, tag_file)


def _tag_file(tagger: Tagger, path: str, *, start: float, duration: float | None) -> TagResult:
    """Tag one file of a batch; an exception becomes its error."""
    try:
        return TagResult(path, prediction=tagger.tag(path, start=start, duration=duration))
    except Exception as error:
        return error_result(path, error)
