"""Backends that run a model: ONNX Runtime or torch for networks, NumPy for the classical baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from taggram.errors import CardError, MissingExtraError, ModelError
from taggram.features import FrontEnd
from taggram.features.numpy_log_mel import log_mel
from taggram.models import ModelCard
from taggram.models.baselines import load_baseline
from taggram.models.directories import BASELINE_FILE, ONNX_FILE, WEIGHTS_FILE

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
    folder: Path, card: ModelCard, backend: Literal["onnx", "torch"] = "onnx", *, device: str = "cpu", threads: int = 1
) -> Backend:
    """Load a model with the backend that its card selects.

    Parameters
    ----------
    folder
        The model's folder.
    card
        Its card.
    backend
        What runs a network; the classical baselines always run in NumPy.
    device
        Device of the torch backend.
    threads
        Number of threads in this process.

    Raises
    ------
    ModelError, CardError
        If the backend or device does not exist, or the model is not usable.
    """
    if card.backend == "numpy":
        return BaselineBackend(folder, card)
    match backend:
        case "onnx":
            return OnnxBackend(folder, card, threads)
        case "torch":
            return TorchBackend(folder, threads, device)
    raise ModelError(f"no backend is named {backend!r}; there are: onnx, torch")


class OnnxBackend:
    """A model in ONNX Runtime, on the CPU.

    Parameters
    ----------
    folder
        The model's folder.
    card
        Its card.
    threads
        Number of threads within one operation.
    """

    batch = 8  # decoding evicts the model from the CPU caches, so several segments follow each other

    def __init__(self, folder: Path, card: ModelCard, threads: int) -> None:
        from taggram._onnxruntime import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # it costs memory and gains nothing with one segment at a time
        options.log_severity_level = 3  # errors only
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.file = file = folder / ONNX_FILE
        card.check(file)
        try:
            self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
            reason = str(error).splitlines()[0]
            raise CardError(f"{file}: not a usable model file: {reason}; import or train the model again") from error

    def __call__(self, segments: NDArray[np.float32]) -> Outputs:
        """Run the model on a batch of segments; see `Backend`."""
        # One segment per run, so that the feature maps stay in the CPU caches.
        outputs = [self._session.run(None, {"waveform": segment[None]}) for segment in segments]
        return np.concatenate([scores for scores, _ in outputs]), np.concatenate([emb for _, emb in outputs])


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
            raise ModelError(f"torch cannot use the device {device!r}: {str(error).splitlines()[0]}") from error
        optimize_for_inference(self._network)
        self.file = folder / WEIGHTS_FILE
        self._device = device
        self.batch = 1 if device == "cpu" else 16  # a GPU is busy only with large batches

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
