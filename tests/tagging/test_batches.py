"""Tagging on a GPU: which backend is chosen, what is refused, and batches across files, here computed on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import soundfile

import taggram
from taggram.audio import EvenlySpaced, WholeClip
from taggram.errors import AudioError, ModelError, TaggramError
from taggram.tagging import Tagger, TagResult, backends, batches

MODEL = "musicnn_pons.mtat-pons2019"
PIECES = ["piano-prelude.opus", "strings-and-harpsichord.opus", "synth-groove.opus"]


@pytest.fixture
def paths(pieces: Path, tmp_path: Path) -> list[str]:
    """Clips of several lengths, with files between them that cannot be tagged."""
    (tmp_path / "bad.mp3").write_text("this is no music")
    made = [tmp_path / "missing.mp3", tmp_path / "bad.mp3"]
    for index, seconds in enumerate((0.5, 3, 7, 20)):
        file = tmp_path / f"{index}.wav"
        soundfile.write(file, taggram.read(pieces / PIECES[index % 3], 16000, duration=seconds), 16000)
        made += [file, pieces / PIECES[index % 3]]
    return [*map(str, made), str(tmp_path / "missing.mp3")]


def batched(tagger: Tagger, paths: list[str], workers: int = 1, ordered: bool = True) -> Iterator[TagResult]:
    return tagger._tag_in_batches(paths, workers=workers, ordered=ordered, start=0.0, duration=None)


def same(result: TagResult, alone: TagResult) -> bool:
    assert result.path == alone.path
    if alone.prediction is None:
        return str(result.error) == str(alone.error) and isinstance(result.error, AudioError)
    assert result.prediction is not None
    np.testing.assert_allclose(result.prediction.scores, alone.prediction.scores, atol=1e-5)
    np.testing.assert_allclose(result.prediction.embeddings, alone.prediction.embeddings, atol=1e-4, rtol=1e-4)
    np.testing.assert_array_equal(result.prediction.times, alone.prediction.times)
    rest = ("path", "model", "duration", "warnings", "aggregation", "thresholds", "vocabulary")
    return all(getattr(result.prediction, name) == getattr(alone.prediction, name) for name in rest)


@pytest.mark.parametrize(("batch", "workers"), [(1, 2), (4, 1)])
def test_each_file_gets_the_scores_that_it_gets_alone(
    batch: int, workers: int, paths: list[str], published: Callable[[str], Path]
) -> None:
    tagger = Tagger(published(MODEL), backend="torch")
    tagger._run.batch = batch
    results = list(batched(tagger, paths, workers))
    assert [result.path for result in results] == paths
    assert all(map(same, results, tagger.tag_many(paths)))
    unordered = batched(tagger, paths, workers, ordered=False)
    assert sorted(result.path for result in unordered) == sorted(paths)


@pytest.mark.parametrize("segmentation", [EvenlySpaced(3), WholeClip()])
def test_segments_of_other_plans(
    segmentation: EvenlySpaced | WholeClip, paths: list[str], published: Callable[[str], Path]
) -> None:
    tagger = Tagger(published(MODEL), segmentation=segmentation)
    assert all(map(same, batched(tagger, paths), tagger.tag_many(paths)))


def test_batches_have_segments_of_several_files(paths: list[str]) -> None:
    tagger, sizes = Tagger(), []
    run = tagger._run

    class Recorder:
        batch, file = 4, run.file

        def __call__(self, segments: np.ndarray) -> backends.Outputs:
            sizes.append(len(segments))
            return run(segments)

    tagger._run = Recorder()
    good = [path for path in paths if path.endswith(("opus", "wav"))]
    counts = [len(result.prediction.scores) for result in batched(tagger, good) if result.prediction]
    assert sum(sizes) == sum(counts)
    assert len(sizes) < len(counts)
    assert min(sizes[:-1]) >= batches.BATCHES * 4


def test_a_long_file_is_tagged_in_this_process(paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = Tagger()
    monkeypatch.setattr(batches, "MAX_BYTES", 4 * 4 * tagger.card.segments.samples)
    cut = batches.cut_file(
        paths[3], rate=16000, segmentation=tagger.segmentation, spec=tagger.card.segments, start=0.0, duration=None
    )
    assert isinstance(cut, batches.CutFile)
    assert cut.segments == []
    assert all(map(same, batched(tagger, paths), tagger.tag_many(paths)))


def test_paths_are_read_only_a_little_ahead(pieces: Path) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield str(pieces / PIECES[0])

    tagger = Tagger()
    results = tagger._tag_in_batches(endless(), workers=1, ordered=True, start=0.0, duration=4.0)
    next(results)
    assert read <= batches.BATCHES * tagger._run.batch


def test_a_model_that_fails_costs_its_group(pieces: Path) -> None:
    class Full:
        batch, file = 1, Path("model.onnx")

        def __call__(self, segments: np.ndarray) -> backends.Outputs:  # noqa: ARG002
            raise RuntimeError("out of memory")

    tagger = Tagger()
    tagger._run = Full()
    (result,) = batched(tagger, [str(pieces / PIECES[0])])
    assert isinstance(result.error, TaggramError)
    assert str(result.error) == f"{pieces / PIECES[0]}: unexpected RuntimeError: out of memory"


GPU_BUILD = "pip uninstall onnxruntime, then pip install onnxruntime-gpu"


@pytest.mark.skipif("CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="it can use a GPU")
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"device": "cuda"}, f"the model cannot run on cuda: ONNX Runtime is installed without CUDA ({GPU_BUILD}), "),
        ({"device": "cuda"}, "and this model has no weights for torch"),
        (
            {"device": "cuda:1", "backend": "onnx"},
            "the model cannot run on cuda:1: ONNX Runtime is",
        ),
        ({"device": "gpu"}, "no device is named 'gpu'; there are: cpu, cuda, cuda:1 and so on"),
        ({"device": None}, "no device is named None"),
    ],
)
def test_a_device_that_nothing_can_use_is_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ModelError) as raised:
        Tagger(**options)
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.train
def test_a_gpu_is_used_by_the_backend_that_can(
    published: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    folder = published(MODEL)
    if torch.version.cuda is None:
        with pytest.raises(ModelError, match="torch is installed without CUDA"):
            Tagger(folder, device="cuda", backend="torch")
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ModelError, match="and torch finds no GPU"):
        Tagger(folder, device="cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert backends._backend_for_gpu(folder, "cuda") == "torch"
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [backends.CUDA, "CPUExecutionProvider"])
    assert backends._backend_for_gpu(folder, "cuda") == "onnx"


def test_onnx_runtime_does_not_return_to_the_cpu_in_silence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As a build for GPUs does that misses a library."""
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [backends.CUDA, "CPUExecutionProvider"])
    with pytest.raises(ModelError, match=r"ONNX Runtime cannot use cuda.*check the driver \(nvidia-smi\)"):
        Tagger(device="cuda")
    assert capfd.readouterr().out == ""


def test_a_baseline_has_no_device() -> None:
    card = Tagger().card.replace(architecture="knn")
    with pytest.raises(ModelError, match="is a classical baseline, which runs on the CPU only"):
        backends.create_backend(Path("model"), card, device="cuda")
