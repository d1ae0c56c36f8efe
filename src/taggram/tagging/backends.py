"""The ways to run a model: ONNX Runtime, torch when asked, and NumPy for what is no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from taggram.errors import CardError, MissingExtraError, ModelError
from taggram.features import FrontEnd
from taggram.features.numpy_log_mel import log_mel
from taggram.models.baselines import load_baseline
from taggram.models.directories import BASELINE_FILE, ONNX_FILE, WEIGHTS_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from jaxtyping import Float32

    from taggram.models import ModelCard

Outputs = tuple["Float32[np.ndarray, 'segments tags']", "Float32[np.ndarray, 'segments size']"]


class Backend(Protocol):
    """Segments in, scores and embeddings out.

    Attributes
    ----------
    batch
        Preferred number of segments per call.
    file
        The model file that computes the scores.
    """

    batch: int
    file: Path

    def __call__(self, segments: Float32[np.ndarray, "segments samples"]) -> Outputs:
        """Run the model on a batch of segments."""


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
        How to run a network; the classical baselines always run in NumPy.
    device
        Of the torch backend.
    threads
        Threads of this process.

    Raises
    ------
    ModelError, CardError
        If there is no such backend or device, or the model is not usable.
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
        Threads within one operation.
    """

    batch = 8  # decoding empties the caches, which then are filled again for several segments

    def __init__(self, folder: Path, card: ModelCard, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # it trades memory for a speed that is not there with one segment at a time
        options.log_severity_level = 3  # errors only
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.file = file = folder / ONNX_FILE
        card.check(file)
        try:
            self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
            reason = str(error).splitlines()[0]
            raise CardError(f"{file}: not a usable model file: {reason}; import or train the model again") from error

    def __call__(self, segments: Float32[np.ndarray, "segments samples"]) -> Outputs:
        """Run the model on a batch of segments."""
        # One by one all the same: the network's maps then stay in the cache.
        outputs = [self._session.run(None, {"waveform": segment[None]}) for segment in segments]
        return np.concatenate([scores for scores, _ in outputs]), np.concatenate([emb for _, emb in outputs])


class TorchBackend:
    """A model in torch.

    Parameters
    ----------
    folder
        The model's folder.
    threads
        Threads of torch in this process.
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
        self.batch = 1 if device == "cpu" else 16  # a GPU has enough to do only with many at once

    def __call__(self, segments: Float32[np.ndarray, "segments samples"]) -> Outputs:
        """Run the model on a batch of segments."""
        import torch

        scores, embeddings = [], []
        with torch.inference_mode():
            for batch in torch.from_numpy(segments).split(self.batch):
                logits, embedding = self._network(batch.to(self._device))
                scores.append(self._network.scores(logits).cpu().numpy())
                embeddings.append(embedding.cpu().numpy())
        return np.concatenate(scores), np.concatenate(embeddings)


class BaselineBackend:
    """A classical model in NumPy; the embedding is the mean of each mel band over time.

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

    def __call__(self, segments: Float32[np.ndarray, "segments samples"]) -> Outputs:
        """Run the model on a batch of segments."""
        spectrograms = log_mel(segments, self._front_end)
        return self._model(spectrograms.reshape(len(segments), -1)), spectrograms.mean(axis=2)
