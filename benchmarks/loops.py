"""The child process of the warm benchmarks: ``python -m benchmarks.loops WORK ARGUMENTS...``.

Everything is loaded before the first line comes on standard input; each line then returns one measurement.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import BenchmarkError, repeated, serve, timed
from taggram import ModelCard, Tagger
from taggram.audio import AudioStream, Sliding
from taggram.features import FrontEnd
from taggram.models.directories import find_model
from taggram.parallel import parallel_map, use_ray
from taggram.tagging import DEFAULT_MODEL
from taggram.tagging.segmenter import AudioSource, stream_segments

if TYPE_CHECKING:
    import numpy as np

    from taggram.models.card import Segments

RATE = 16000
PRODUCT = 2048


def tag(model: str, file: str) -> Callable[[], float]:
    """Seconds for one file."""
    tagger = Tagger(model)
    return timed(lambda: tagger.tag(file))


def score(model: str) -> Callable[[], float]:
    """Seconds for the segments of a clip of 30 s, decoded and cut already."""
    tagger = Tagger(model)
    segments = _clip(tagger.card.segments, tagger.card.sample_rate)
    return timed(lambda: tagger.score_segments(segments))


def eager(architecture: str) -> Callable[[], float]:
    """Seconds for the same with a fresh network as published code runs it: torch, the segments of the clip as a batch.

    Nothing is set but one thread.
    """
    import torch

    from taggram import create_model

    torch.set_num_threads(1)
    network = create_model(architecture, "mtat").eval()
    segments = torch.from_numpy(_clip(network.segments, network.front_end.sample_rate))

    def task() -> None:
        with torch.no_grad():
            torch.sigmoid(network(segments)[0])

    return timed(task)


def _clip(spec: Segments, rate: int) -> np.ndarray:
    """Noise instead of the segments that cover a clip of 30 s."""
    import numpy as np

    count = len(Sliding(spec.hop).starts(30 * rate + 2 * spec.clip_padding, spec.samples))
    return 0.1 * np.random.default_rng(0).standard_normal((count, spec.samples), np.float32)


def many(model: str, workers: str, *files: str) -> Callable[[], float]:
    """Files per second while all workers are warm, from the moments at which the results arrive.

    For n files and w workers that is from the arrival of result 2w to that of result n - w, so that neither the start
    of the workers counts nor the end, when some have nothing left to do.
    """
    tagger = Tagger(model)
    count = int(workers)

    def work() -> float:
        arrivals = []
        for tagged in tagger.tag_many(files, workers=count, ordered=False):
            if tagged.error is not None:
                raise tagged.error
            arrivals.append(time.perf_counter())
        first, last = 2 * count, len(files) - count
        return (last - first) / (arrivals[last - 1] - arrivals[first - 1])

    return work


def many_on_ray(model: str, workers: str, *files: str) -> Callable[[], float]:
    """Files per second as `many` counts them, on a Ray cluster of this machine that lasts as long as this process."""
    _connect()
    return many(model, workers, *files)


def items(engine: str, workers: str, count: str) -> Callable[[], float]:
    """Items per second through the parent process where the work on an item takes no time."""
    if engine == "ray":
        _connect()
    begin = 2 * int(workers)

    def work() -> float:
        arrivals = [
            time.perf_counter()
            for _ in parallel_map(abs, range(int(count)), workers=int(workers), on_crash=_no_result, ordered=False)
        ]
        return (len(arrivals) - begin) / (arrivals[-1] - arrivals[begin - 1])

    return work


def _no_result(item: object, reason: str) -> int:
    raise BenchmarkError(f"{item}: {reason}")


def _connect() -> None:
    connection = contextlib.ExitStack()
    connection.enter_context(use_ray())
    atexit.register(connection.close)


def decode(file: str) -> Callable[[], float]:
    """Seconds to decode, mix and resample."""

    def task() -> None:
        with AudioStream(file, RATE) as stream:
            for _ in stream:
                pass

    return timed(task)


def decode_all(folder: str) -> Callable[[], float]:
    """Seconds to do so with all files of a folder, one after the other."""
    from taggram.audio.discovery.files import audio_files

    tasks = [decode(file) for file in audio_files(folder)]
    return timed(lambda: [task() for task in tasks])


def mel_onnx(file: str) -> Callable[[], float]:
    """Seconds to decode, resample, cut and compute the log-mel-spectrogram of each segment in ONNX Runtime."""
    import onnxruntime

    card = ModelCard.read(find_model(DEFAULT_MODEL))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log_mel.onnx")
        _export(card.front_end, card.segments.samples, path)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def task() -> None:
        for segment in _segments(card, file):
            session.run(None, {"waveform": segment[None]})

    return timed(task)


def mel_torch(file: str) -> Callable[[], float]:
    """Seconds to do the same in torch."""
    import torch

    from taggram.features.log_mel import LogMel

    torch.set_num_threads(1)
    card = ModelCard.read(find_model(DEFAULT_MODEL))
    log_mel = LogMel(card.front_end).eval()

    def task() -> None:
        with torch.inference_mode():
            for segment in _segments(card, file):
                log_mel(torch.from_numpy(segment[None]))

    return timed(task)


def soundfile(file: str) -> Callable[[], float]:
    """Seconds to decode with libsndfile, mix and resample the whole file at once."""
    import soundfile
    import soxr

    def task() -> None:
        samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
        soxr.resample(samples.mean(axis=1), rate, RATE, "HQ")

    return timed(task)


def step(kind: str, architecture: str, *kernels: str) -> Callable[[], float]:
    """Seconds for one step of training with 16 segments, front end included.

    ``naive`` is the loop of published code: torch as it comes, float32. ``ours`` is what `taggram train` sets up;
    ``ours-bf16`` the same with a recipe's ``precision: bf16``; ``kernels`` the same with these kernels only, see
    `taggram.training.cpu.optimize_for_cpu`.
    """
    if kind != "naive":
        from taggram.training import prepare_cpu

        prepare_cpu()  # before torch is loaded
    import torch

    from taggram import create_model
    from taggram.training.cpu import DEFAULT_KERNELS, optimize_for_cpu
    from taggram.training.loop.module import TrainingModule
    from taggram.training.loop.optimizers import build_optimizer
    from taggram.training.recipe.optim import Adam

    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = create_model(architecture, "mtat")
    if kind != "naive":
        optimize_for_cpu(network, kernels if kind == "kernels" else DEFAULT_KERNELS)
    module = TrainingModule(network, bf16=kind == "ours-bf16")
    if kind == "naive":
        optimizer: torch.optim.Optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    else:
        optimizer = build_optimizer(Adam(kind="adam", weight_decay=0), network)
    segments = 0.1 * torch.randn(16, network.segments.samples)
    targets = (torch.rand(16, 50) < 0.1).float()

    def task() -> None:
        logits, _ = module(segments)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return repeated(task)


def product() -> Callable[[], float]:
    """Seconds for a product of two square matrices of `PRODUCT` rows in torch, one thread, float32."""
    import torch

    torch.set_num_threads(1)
    one, other = torch.randn(2, PRODUCT, PRODUCT)
    return repeated(lambda: one @ other)


def segments(store: str) -> Callable[[], float]:
    """Random segments of 3 s per second, in batches of 64, from a store in memory."""
    import numpy as np

    from taggram.datasets import PackedStore

    packed, rng = PackedStore(store), np.random.default_rng(0)
    clips, batch, batches = packed.select(), np.empty((64, 3 * RATE), np.float32), 100

    def work() -> float:
        began = time.perf_counter()
        for _ in range(batches):
            packed.random_segments(clips, batch.shape[1], len(batch), rng, batch)
        return batches * len(batch) / (time.perf_counter() - began)

    return work


def segments_from_disk(store: str) -> Callable[[], float]:
    """The same from a store that is not in memory: a tenth of it, so that hardly any page is read twice."""
    import numpy as np

    from benchmarks.page_cache import drop
    from taggram.datasets import PackedStore

    rng, length = np.random.default_rng(0), 3 * RATE

    def work() -> float:
        for shard in Path(store).glob("shard-*.pcm"):
            drop(shard)
        packed = PackedStore(store)
        clips, count = packed.select(), max(1, int(packed.clips.lengths.sum()) // (10 * length))
        batch = np.empty((count, length), np.float32)
        began = time.perf_counter()
        packed.random_segments(clips, length, count, rng, batch)
        return count / (time.perf_counter() - began)

    return work


def bootstrap(program: str, clips: str) -> Callable[[], float]:
    """Resamples per second of macro ROC-AUC and average precision, over songs of about three clips, with many ties.

    taggram computes 1,000 of them, with all that precedes them. The loop over scikit-learn has no such part, so 10 are
    enough.
    """
    import numpy as np
    from sklearn.metrics import average_precision_score, roc_auc_score

    from taggram.metrics import average_precision, draw_counts, resample_average, roc_auc

    number = int(clips)
    rng = np.random.default_rng(0)
    songs = rng.integers(number // 3, size=number)
    labels = rng.random((number, 50)) < np.linspace(0.01, 0.13, 50)  # as frequent as tags of MagnaTagATune
    labels[0], labels[-1] = True, False
    scores = (1 / (1 + np.exp(-rng.normal(1.5 * labels - 2)))).round(3).astype(np.float32)

    def taggram() -> None:
        counts = draw_counts(songs, rng=np.random.default_rng(0), resamples=1000)
        for metric in (roc_auc, average_precision):
            resample_average(metric, scores, labels, counts)

    def scikit_learn() -> None:
        rng = np.random.default_rng(0)
        clips_of = [np.flatnonzero(songs == song) for song in np.unique(songs)]
        for _ in range(10):
            drawn = np.concatenate([clips_of[song] for song in rng.integers(len(clips_of), size=len(clips_of))])
            for metric in (roc_auc_score, average_precision_score):
                metric(labels[drawn], scores[drawn], average="macro")

    task, resamples = (taggram, 1000) if program == "taggram" else (scikit_learn, 10)
    once = timed(task)
    return lambda: resamples / once()


def comparison(clips: str) -> Callable[[], float]:
    """Seconds to compare eight models by macro ROC-AUC and average precision: intervals, all pairs, all tags."""
    import numpy as np

    from taggram.evaluation import EvaluationInfo, EvaluationResult, LabelledScores, Protocol, compare
    from taggram.vocabularies import Vocabulary

    number, rng = int(clips), np.random.default_rng(0)
    tags = Vocabulary.from_names("mtat")
    protocol = Protocol(name="made", dataset="mtat", subset="full", split_hash="", vocabulary=tags)
    ids, songs = np.arange(number).astype(str), rng.integers(number // 3, size=number).astype(str)
    truth = rng.random((number, len(tags))) < np.linspace(0.01, 0.13, len(tags))
    results = []
    for model in range(8):
        scores = rng.normal((1.5 + model / 20) * truth - 2).round(3).astype(np.float32)
        info = EvaluationInfo(
            protocol=protocol, protocol_hash=protocol.hash, model=f"{model}", model_hash="", mode="own", sources={}
        )
        labelled = LabelledScores(ids, songs, tags.names, scores, truth)
        results.append(EvaluationResult(Path(), info.sealed({}), labelled, None))
    return timed(lambda: compare(results))


def _segments(card: ModelCard, file: str) -> Iterator[np.ndarray]:
    clip = AudioSource(file, None, card.sample_rate)
    return (segment for _, segment in stream_segments(clip, Sliding(card.segments.hop), card.segments))


def _export(front_end: FrontEnd, samples: int, file: Path) -> None:
    """Write the front end only, as inside a model file."""
    import torch

    from taggram.features.log_mel import LogMel

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter about its own parts
        program = torch.onnx.export(
            LogMel(front_end).eval(),
            (torch.zeros(2, samples),),
            input_names=["waveform"],
            dynamic_shapes=({0: torch.export.Dim("segments", min=1)},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.save(file, external_data=False)


WORK: dict[str, Callable[..., Callable[[], float]]] = {
    work.__name__: work
    for work in (
        *(tag, score, eager, many, many_on_ray, items, decode, decode_all, mel_onnx, mel_torch, soundfile, step),
        *(product, segments, segments_from_disk, bootstrap, comparison),
    )
}

if __name__ == "__main__":
    serve(WORK[sys.argv[1]](*sys.argv[2:]))
