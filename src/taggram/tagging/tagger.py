"""The tagger: a model kept ready for thousands of files."""

from __future__ import annotations

import functools
import itertools
import math
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from taggram.audio import Segmentation, Sliding, clean
from taggram.audio.resample import Resampler
from taggram.audio.source import SAMPLE_RATES
from taggram.errors import AudioError, TaggramError
from taggram.models import ModelCard
from taggram.models.directories import DEFAULT_MODEL, find_model
from taggram.parallel import parallel_map
from taggram.tagging.backends import create_backend
from taggram.tagging.cutting import SILENCE, Clip, segments_of
from taggram.tagging.prediction import Aggregation, Prediction
from taggram.tagging.tagged import Tagged

if TYPE_CHECKING:
    from jaxtyping import Float32


class Tagger:
    """A model, loaded once, that tags files and arrays.

    Parameters
    ----------
    model
        A model's name, or the path of a model's folder; ``"default"`` is part of the package.
    segmentation
        How clips are cut; None slides over the whole clip, segment beside segment.
    aggregation
        How the scores of a clip are made of those of its segments; None is what the model's card says.
    backend
        ``"onnx"``, or ``"torch"`` if that is installed. A model that is no network has neither and takes both.
    device
        Of the torch backend, such as ``"cuda"``.
    threads
        Threads of this process. Many files are tagged faster with one thread and more processes, see `tag_many`.

    Attributes
    ----------
    card
        The model's card.
    model_file
        The file that computes the scores.
    segmentation, aggregation
        As given, or by default.

    Raises
    ------
    ModelError, CardError
        If the model is not here or not usable.
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
        folder = find_model(os.fspath(model))
        self.card = ModelCard.read(folder)
        self.segmentation: Segmentation = segmentation or Sliding(self.card.segments.hop)
        self.aggregation: Aggregation = aggregation or self.card.aggregation
        self._run = create_backend(folder, self.card, backend, device=device, threads=threads)
        self.model_file = self._run.file
        self._rebuild = functools.partial(
            type(self),
            os.fspath(model),
            segmentation=segmentation,
            aggregation=aggregation,
            backend=backend,
            device=device,
            threads=threads,
        )

    def __reduce__(self) -> tuple[Callable[[], Tagger], tuple[()]]:
        """Pickle the arguments: unpickling loads the model again."""
        return self._rebuild, ()

    def score_segments(self, segments: Float32[np.ndarray, "segments samples"]) -> Float32[np.ndarray, "segments tags"]:
        """Score segments that are already cut.

        Parameters
        ----------
        segments
            Mono float32 samples at the card's sample rate, each row one segment of the card's length.

        Returns
        -------
        array, shape (segments, tags)
            Probabilities, 0 to 1, in the order of the card's vocabulary.

        Raises
        ------
        AudioError
            If shape or type are others.
        """
        spec = self.card.segments
        wished = f"(segments, {spec.samples}{' or more' if spec.any_length else ''}) of float32"
        fits = segments.ndim == 2 and (
            segments.shape[1] == spec.samples or (spec.any_length and segments.shape[1] > spec.samples)
        )
        if not fits or segments.dtype != np.float32:
            raise AudioError(
                f"{self.card.name} takes segments of shape {wished}, not {segments.shape} of {segments.dtype}"
            )
        if not len(segments):
            return np.zeros((0, len(self.card.vocabulary)), np.float32)
        return self._run(segments)[0]

    def tag(
        self,
        audio: str | os.PathLike[str] | np.ndarray,
        *,
        sample_rate: int | None = None,
        start: float = 0.0,
        duration: float | None = None,
    ) -> Prediction:
        """Tag a file or an array.

        Parameters
        ----------
        audio
            A file, or samples of shape (samples,) or (channels, samples), of an integer type or floats with full
            scale 1.
        sample_rate
            Of an array, in Hz.
        start, duration
            The part of a file to look at, in seconds.

        Returns
        -------
        Prediction
            Scores of each segment and all that follows from them.

        Raises
        ------
        AudioError
            If there is no usable audio.
        """
        if isinstance(audio, np.ndarray):
            clip = self._clip_of(audio, sample_rate, start, duration)
        else:
            clip = Clip(os.fspath(audio), None, self.card.sample_rate, start, duration)
        return self._predict(clip)

    def _clip_of(self, samples: np.ndarray, sample_rate: int | None, start: float, duration: float | None) -> Clip:
        """Make a clip of an array, by the rules that hold for files."""
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
        return Clip(None, part, rate, start, warnings=warnings)

    def _predict(self, clip: Clip) -> Prediction:
        spec, rate = self.card.segments, self.card.sample_rate
        starts, outputs = [], []
        cut = segments_of(clip, self.segmentation, spec)
        while batch := list(itertools.islice(cut, self._run.batch)):
            starts += [(begin, begin + len(segment) - 2 * spec.clip_padding) for begin, segment in batch]
            outputs.append(self._run(np.stack([segment for _, segment in batch])))
        if clip.peak < SILENCE:
            clip.warnings.append("silent: the tags mean nothing")
        seconds = clip.length / rate
        return Prediction(
            path=clip.path,
            model=self.card.name,
            vocabulary=self.card.vocabulary,
            scores=np.concatenate([scores for scores, _ in outputs]),
            times=clip.start + np.minimum(np.array(starts) / rate, seconds),
            embeddings=np.concatenate([embedding for _, embedding in outputs]),
            duration=seconds,
            aggregation=self.aggregation,
            thresholds=self.card.thresholds or {},
            warnings=tuple(clip.warnings),
        )

    def tag_many(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        workers: int = 1,
        ordered: bool = True,
        start: float = 0.0,
        duration: float | None = None,
    ) -> Iterator[Tagged]:
        """Tag many files, as a stream; a file that cannot be tagged is reported and the others go on.

        Parameters
        ----------
        paths
            The files; may be a generator, which is read only a little ahead.
        workers
            Processes. With 1, the files are tagged in this process.
        ordered
            Whether results come in the order of `paths`, or as they are completed.
        start, duration
            The part of each file to look at, in seconds.

        Yields
        ------
        Tagged
            One for each path.

        Raises
        ------
        TaggramError
            If worker processes cannot start, because the script has no guard.

        Notes
        -----
        Worker processes are started afresh, so a script that uses them needs the usual
        ``if __name__ == "__main__":`` guard.
        """
        tag_file = functools.partial(_tag_file, self, start=start, duration=duration)
        yield from parallel_map(tag_file, paths, workers=workers, ordered=ordered, on_crash=_crash_result)


def _tag_file(tagger: Tagger, file: str | os.PathLike[str], *, start: float, duration: float | None) -> Tagged:
    """Tag one file of a batch; whatever goes wrong becomes the file's error."""
    path = os.fspath(file)
    try:
        return Tagged(path, prediction=tagger.tag(path, start=start, duration=duration))
    except TaggramError as error:
        return Tagged(path, error=error)
    except Exception as error:  # a fault of ours, and no reason to lose the rest of the batch
        return Tagged(path, error=TaggramError(f"{path}: unexpected {type(error).__name__}: {error}"))


def _crash_result(file: str | os.PathLike[str], reason: str) -> Tagged:
    path = os.fspath(file)
    return Tagged(path, error=TaggramError(f"{path}: {reason}; is the file sound?"))
