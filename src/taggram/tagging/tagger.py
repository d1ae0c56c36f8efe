"""Tagger: a model, loaded once, that tags files and arrays."""

from __future__ import annotations

import functools
import itertools
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from taggram._system import cpu_count
from taggram.audio import Segmentation, Sliding, clean
from taggram.audio.resample import Resampler
from taggram.audio.source import SAMPLE_RATES
from taggram.errors import AudioError, TaggramError
from taggram.models import ModelCard
from taggram.models.directories import DEFAULT_MODEL, find_model
from taggram.parallel import parallel_map
from taggram.tagging.backends import create_backend
from taggram.tagging.prediction import Aggregation, Prediction
from taggram.tagging.result import TagResult
from taggram.tagging.segmenter import SILENCE, AudioSource, stream_segments

PARALLEL_FROM = 5  # files; four clips of 30 s take as long in two processes as in one, with their start


class Tagger:
    """A model, loaded once, that tags files and arrays.

    Parameters
    ----------
    model
        Name of an installed model, or path of a model's folder; ``"default"`` is part of the package.
    segmentation
        Positions of the segments in a clip; None: adjacent segments over the whole clip.
    aggregation
        Default aggregation of the segments' scores; None: the one on the model's card.
    backend
        ``"onnx"`` or ``"torch"``, for networks; the classical baselines always run in NumPy.
    device
        Device of the torch backend, such as ``"cuda"``.
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
        If the model is not installed, or not usable.

    Examples
    --------
    >>> tagger = Tagger()
    >>> prediction = tagger.tag("examples/piano-prelude.opus")
    >>> prediction.scores.shape
    (7, 94)
    >>> [entry.tag for entry in prediction.top(2)]
    ['piano', 'electronic']
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = DEFAULT_MODEL,
        *,
        segmentation: Segmentation | None = None,
        aggregation: Aggregation | None = None,
        backend: Literal["onnx", "torch"] = "onnx",
        device: str = "cpu",
        threads: int = 1,
    ) -> None:
        self.model = os.fspath(model)
        folder = find_model(self.model)
        self.card = ModelCard.read(folder)
        self.segmentation: Segmentation = segmentation or Sliding(self.card.segments.hop)
        self.aggregation: Aggregation = aggregation or self.card.aggregation
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
        audio: str | os.PathLike[str] | NDArray[Any],
        *,
        sample_rate: int | None = None,
        start: float = 0.0,
        duration: float | None = None,
    ) -> Prediction:
        """Tag a file or an array.

        Parameters
        ----------
        audio
            A file, or an array (samples,) or (channels, samples) of integers or floats; the full scale of floats is 1.
        sample_rate
            Sample rate of an array, in Hz.
        start, duration
            The part to tag, in seconds.

        Returns
        -------
        Prediction
            Scores and embeddings of the segments.

        Raises
        ------
        AudioError
            If the audio cannot be read, or has no samples in this part.
        """
        if isinstance(audio, np.ndarray):
            source = self._array_source(audio, sample_rate, start, duration)
        else:
            source = AudioSource(os.fspath(audio), None, self.card.sample_rate, start, duration)
        return self._predict(source)

    def _array_source(
        self, samples: NDArray[Any], sample_rate: int | None, start: float, duration: float | None
    ) -> AudioSource:
        """Convert an array as a file is: sanitize, mix down and resample it."""
        if sample_rate is None or sample_rate not in SAMPLE_RATES:
            raise AudioError("an array needs its sample rate in Hz: tag(samples, sample_rate=44100)")
        if not (math.isfinite(start) and start >= 0 and (duration is None or duration > 0)):
            raise AudioError(f"an array has no part that starts at {start} s and lasts {duration} s")
        rate = self.card.sample_rate
        samples, warnings = clean(samples)
        resampler = Resampler(rate)
        samples = np.concatenate([resampler(samples, sample_rate), resampler.flush()])
        first = round(start * rate)
        part = samples[first : None if duration is None else first + round(duration * rate)]
        if not len(part):
            raise AudioError(f"the array has no audio at {start:g} s: it lasts {len(samples) / rate:.2f} s")
        return AudioSource(None, part, rate, start, warnings=warnings)

    def _predict(self, source: AudioSource) -> Prediction:
        spec, rate = self.card.segments, self.card.sample_rate
        times, outputs = [], []
        segments = stream_segments(source, self.segmentation, spec)
        while batch := list(itertools.islice(segments, self._run.batch)):
            times += [(start, start + len(segment) - 2 * spec.clip_padding) for start, segment in batch]
            outputs.append(self._run(np.stack([segment for _, segment in batch])))
        if silent := source.rms < SILENCE:
            source.warnings.append("silent: no tags")
        seconds = source.length / rate
        scores = np.concatenate([scores for scores, _ in outputs])
        prediction = Prediction(
            path=source.path,
            model=self.model,
            vocabulary=self.card.vocabulary,
            scores=scores,
            times=source.start + np.minimum(np.array(times) / rate, seconds),
            embeddings=np.concatenate([embedding for _, embedding in outputs]),
            duration=seconds,
            aggregation=self.aggregation,
            thresholds=self.card.thresholds or {},
            warnings=tuple(source.warnings),
            silent=silent,
            metadata=source.metadata,
        )
        return prediction.with_levels(self.card.levels)

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
            The files; an iterator is read only a little before the results.
        workers
            Number of processes. With 1, this process tags the files; None: the number of cores from five files on.
        ordered
            Whether results come in the order of `paths`, or as they are completed.
        start, duration
            The part of each file to tag, in seconds.

        Yields
        ------
        TagResult
            One per path.

        Raises
        ------
        TaggramError
            If worker processes cannot start, because the main script has no guard.

        Notes
        -----
        Worker processes import the main script again, so a script that uses them needs the usual
        ``if __name__ == "__main__":`` guard.

        Examples
        --------
        >>> for result in Tagger().tag_many(["examples/synth-groove.opus", "examples/missing.mp3"]):
        ...     print(result.error or result.prediction.top(1)[0].tag)
        electronic
        examples/missing.mp3 does not exist: check the path
        """
        if workers is None:
            workers = 1 if isinstance(paths, Sized) and len(paths) < PARALLEL_FROM else cpu_count()
        tag_file = functools.partial(_tag_file, self, start=start, duration=duration)
        yield from parallel_map(tag_file, paths, workers=workers, ordered=ordered, on_crash=_crash_result)


def _tag_file(tagger: Tagger, file: str | os.PathLike[str], *, start: float, duration: float | None) -> TagResult:
    """Tag one file of a batch; an exception becomes its error."""
    path = os.fspath(file)
    try:
        return TagResult(path, prediction=tagger.tag(path, start=start, duration=duration))
    except TaggramError as error:
        return TagResult(path, error=error)
    except Exception as error:  # a defect of taggram must not stop the batch
        return TagResult(path, error=TaggramError(f"{path}: unexpected {type(error).__name__}: {error}"))


def _crash_result(file: str | os.PathLike[str], reason: str) -> TagResult:
    path = os.fspath(file)
    return TagResult(path, error=TaggramError(f"{path}: {reason}; is the file sound?"))
