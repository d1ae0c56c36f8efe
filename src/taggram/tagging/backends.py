"""Backends that run a model: ONNX Runtime or torch for networks, NumPy for the classical baselines."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from taggram.errors import CardError, MissingExtraError, ModelError
from taggram.features import FrontEnd
from taggram.features.numpy_log_mel import log_mel
from taggram.models import ModelCard
from taggram.models.baselines import load_baseline
from taggram.models.directories import BASELINE_FILE, ONNX_FILE, WEIGHTS_FILE

CUDA = "CUDAExecutionProvider"
GPU_BATCH = 16  # segments; a GPU is busy only with large batches

Outputs = tuple[NDArray[np.float32], NDArray[np.float32]]


class Backend(Protocol):
    """Computes scores and embeddings of segments.

    Attributes
    ----------
    batch
        Preferred number of segments per call.
    file
        The model file that computes the scores.
    """

    batch: int
    file: Path

    def __call__(self, segments: NDArray[np.float32]) -> Outputs:
        """Run the model on a batch of segments.

        Parameters
        ----------
        segments : (segments, samples) float32
            Mono samples at the sample rate of the model.

        Returns
        -------
        scores : (segments, tags) float32
            Probabilities, 0 to 1.
        embeddings : (segments, size) float32
            Input of the last layer.
        """


def create_backend(
    folder: Path,
    card: ModelCard,
    backend: Literal["onnx", "torch"] | None = None,
    *,
    device: str = "cpu",
    threads: int = 1,
) -> Backend:
    """Load a model with a backend that runs it on a device.

    Parameters
    ----------
    folder
        The model's folder.
    card
        Its card.
    backend
        What runs a network; the classical baselines always run in NumPy. None: ONNX Runtime on the CPU; on a GPU, the
        first of ONNX Runtime and torch that can use it.
    device
        ``"cpu"``, ``"cuda"`` or ``"cuda:1"``; torch may have others.
    threads
        Number of threads in this process.

    Raises
    ------
    ModelError, CardError
        If the backend or device does not exist, no backend runs the model on it, or the model is not usable.
    """
    if backend not in (None, "onnx", "torch"):
        raise ModelError(f"no backend is named {backend!r}; there are: onnx, torch")
    is_gpu = isinstance(device, str) and re.fullmatch(r"cuda(:\d+)?", device)
    if device != "cpu" and not is_gpu and backend != "torch":
        raise ModelError(f"no device is named {device!r}; there are: cpu, cuda, cuda:1 and so on")
    if card.backend == "numpy":
        if device != "cpu":
            raise ModelError(f"{card.name} is a classical baseline, which runs on the CPU only: leave the device out")
        return BaselineBackend(folder, card)
    if backend is None:
        backend = _backend_for_gpu(folder, device) if is_gpu else "onnx"
    if backend == "torch":
        return TorchBackend(folder, threads, device)
    return OnnxBackend(folder, card, threads, device)


def _backend_for_gpu(folder: Path, device: str) -> Literal["onnx", "torch"]:
    """Return the backend that runs a model on a GPU.

    Raises
    ------
    ModelError
        If there is none; the text says what each lacks.
    """
    if not (onnx_lacks := _missing_for_onnx()):
        return "onnx"
    if not (torch_lacks := _missing_for_torch(folder)):
        return "torch"
    raise ModelError(f"the model cannot run on {device}: {onnx_lacks}, and {torch_lacks}")


def _missing_for_onnx() -> str:
    """Return what ONNX Runtime lacks to use a GPU; empty if it lacks nothing."""
    import onnxruntime

    if CUDA in onnxruntime.get_available_providers():
        return ""
    return "ONNX Runtime is installed without CUDA (pip uninstall onnxruntime, then pip install onnxruntime-gpu)"


def _missing_for_torch(folder: Path) -> str:
    """Return what torch lacks to run a model on a GPU; empty if it lacks nothing."""
    if not (folder / WEIGHTS_FILE).is_file():
        return "this model has no weights for torch"
    try:
        import torch
    except ModuleNotFoundError:
        return "torch is not installed (pip install 'taggram[train]')"
    if torch.version.cuda is None:
        return "torch is installed without CUDA (install its build for CUDA)"
    return "" if torch.cuda.is_available() else "torch finds no GPU (check the driver: nvidia-smi)"


class OnnxBackend:
    """A model in ONNX Runtime.

    Parameters
    ----------
    folder
        The model's folder.
    card
        Its card.
    threads
        Number of threads within one operation.
    device
        ``"cpu"``, ``"cuda"`` or ``"cuda:1"``.
    """

    def __init__(self, folder: Path, card: ModelCard, threads: int, device: str = "cpu") -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # it costs memory and gains nothing with one segment at a time
        options.log_severity_level = 3  # errors only
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.file = file = folder / ONNX_FILE
        card.check(file)
        create = functools.partial(onnxruntime.InferenceSession, file, options)
        if device == "cpu":
            try:
                self._session = create(providers=["CPUExecutionProvider"])
            except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
                reason = str(error).splitlines()[0]
                raise CardError(
                    f"{file}: not a usable model file: {reason}; import or train the model again"
                ) from error
        else:
            self._session = _gpu_session(create, device)
        # On the CPU, decoding evicts the model from the caches, so several segments follow each other, but each runs
        # alone, so that its feature maps stay in the caches. A GPU takes a batch at once.
        self.batch = 8 if device == "cpu" else GPU_BATCH
        self._at_once = 1 if device == "cpu" else GPU_BATCH

    def __call__(self, segments: NDArray[np.float32]) -> Outputs:
        """Run the model on a batch of segments; see `Backend`."""
        outputs = [
            self._session.run(None, {"waveform": segments[begin : begin + self._at_once]})
            for begin in range(0, len(segments), self._at_once)
        ]
        return np.concatenate([scores for scores, _ in outputs]), np.concatenate([emb for _, emb in outputs])


def _gpu_session(create: Callable[..., Any], device: str) -> Any:
    """Return a session of ONNX Runtime on a GPU, where it would else run on the CPU without an error."""
    if lacks := _missing_for_onnx():
        raise ModelError(f"the model cannot run on {device}: {lacks}")
    remedy = "check the driver (nvidia-smi), and which CUDA and cuDNN this onnxruntime-gpu needs"
    gpu = CUDA, {"device_id": int(device.partition(":")[2] or 0)}
    try:
        session = create(providers=[gpu, "CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:
        raise ModelError(f"ONNX Runtime cannot use {device}: {str(error).splitlines()[0]}; {remedy}") from error
    if CUDA not in session.get_providers():
        raise ModelError(f"ONNX Runtime cannot use {device}; {remedy}")
    return session


class TorchBackend:
    """A model in torch.

    Parameters
    ----------
    folder
        The model's folder.
    threads
        Number of threads of torch in this process.
    device
        Such as ``"cpu"`` or ``"cuda"``.
    """

    def __init__(self, folder: Path, threads: int, device: str) -> None:
        try:
            import torch

            from taggram.models.create import create_model
            from taggram.models.inference import optimize_for_inference
        except ModuleNotFoundError:
            raise MissingExtraError("the torch backend", "train") from None
        torch.set_num_threads(threads)
        try:
            self._network = create_model(str(folder)).to(device)
        except (RuntimeError, AssertionError) as error:
            lacks = _missing_for_torch(folder) if device.startswith("cuda") else ""
            raise ModelError(
                f"torch cannot use the device {device!r}: {lacks or str(error).splitlines()[0]}"
            ) from error
        optimize_for_inference(self._network)
        self.file = folder / WEIGHTS_FILE
        self._device = device
        self.batch = 1 if device == "cpu" else GPU_BATCH

    def __call__(self, segments: NDArray[np.float32]) -> Outputs:
        """Run the model on a batch of segments; see `Backend`."""
        import torch

        scores, embeddings = [], []
        with torch.inference_mode():
            for batch in torch.from_numpy(segments).split(self.batch):
                logits, embedding = self._network(batch.to(self._device))
                scores.append(self._network.scores(logits).cpu().numpy())
                embeddings.append(embedding.cpu().numpy())
        return np.concatenate(scores), np.concatenate(embeddings)


class BaselineBackend:
    """A classical baseline in NumPy; the embedding is the mean of each mel band over time.

    Parameters
    ----------
    folder
        The model's folder.
    card
        Its card.
    """

    batch = 1

    def __init__(self, folder: Path, card: ModelCard) -> None:
        assert isinstance(card.front_end, FrontEnd)
        self._front_end = card.front_end
        self.file = folder / BASELINE_FILE
        self._model = load_baseline(folder, card)

    def __call__(self, segments: NDArray[np.float32]) -> Outputs:
        """Run the model on a batch of segments; see `Backend`."""
        spectrograms = log_mel(segments, self._front_end)
        return self._model(spectrograms.reshape(len(segments), -1)), spectrograms.mean(axis=2)
