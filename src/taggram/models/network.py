"""Base class of architectures: a front end, layers that compute an embedding, and a last layer to the tags."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from taggram.errors import AudioError
from taggram.features.build import build
from taggram.features.front_end import AnyFrontEnd
from taggram.models.card import ModelCard, Segments
from taggram.models.heads import HeadOptions, Heads
from taggram.vocabularies import Vocabulary


class Network(nn.Module, ABC):
    """A tagging network: computes logits of the tags and an embedding from the waveform of a segment.

    An architecture derives from this class, sets the attributes below, builds its layers in ``__init__`` and defines
    `embed`. Its name is that of its file; its docstring names paper, input and layers.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    embedding_size
        Length of the embedding.
    dropout
        Share of the embedding that is dropped in training, before the last layer.
    front_end, segments
        For an architecture with several; None: the attributes of the class.
    heads
        See `taggram.models.heads`; None: one sigmoid head.

    Attributes
    ----------
    front_end
        Settings of the front end.
    features
        The front end as a module: from waveforms to the input of `embed`.
    segments
        How clips are cut into segments.
    heads
        Computes scores and losses from logits.
    paper
        The paper of the architecture.
    deviations
        Where paper and published code differ, and which one is followed.
    """

    front_end: AnyFrontEnd
    segments: Segments
    paper: ClassVar[str]
    deviations: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        vocabulary: Vocabulary,
        embedding_size: int,
        dropout: float = 0.5,
        *,
        front_end: AnyFrontEnd | None = None,
        segments: Segments | None = None,
        heads: HeadOptions | None = None,
    ) -> None:
        super().__init__()
        self.front_end = front_end or self.front_end
        self.segments = segments or self.segments
        self.vocabulary = vocabulary
        self.embedding_size = embedding_size
        self.features = build(self.front_end)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(embedding_size, len(vocabulary))
        self.heads = Heads(vocabulary, heads)

    @abstractmethod
    def embed(self, features: Tensor) -> Tensor:
        """Compute embeddings (batch, embedding_size) from the features of segments (batch, ...)."""

    def classify(self, embedding: Tensor) -> Tensor:
        """Compute logits (batch, tags) from embeddings (batch, embedding_size)."""
        logits: Tensor = self.head(self.dropout(embedding))
        return logits

    def scores(self, logits: Tensor) -> Tensor:
        """Compute scores (batch, tags) between 0 and 1 from logits, head by head."""
        scores: Tensor = self.heads(logits)
        return scores

    @classmethod
    def architecture(cls) -> str:
        """Return the name in the registry: that of the file, or the attribute ``name`` of the class."""
        return str(vars(cls).get("name", cls.__module__.rpartition(".")[2]))

    def card(self, name: str, *, trained_on: str, licence: str, **facts: Any) -> ModelCard:
        """Make the card of a trained network.

        Parameters
        ----------
        name, trained_on, licence, **facts
            Attributes of `ModelCard` that do not follow from the network.
        """
        own = {
            "architecture": self.architecture(),
            "paper": self.paper,
            "vocabulary": self.vocabulary,
            "front_end": self.front_end,
            "segments": self.segments,
            "embedding_size": self.embedding_size,
            "deviations": self.deviations,
        }
        return ModelCard(name=name, trained_on=trained_on, licence=licence, **{**own, **facts})

    @torch.no_grad()
    def rescale_logits(self, slope: Tensor, offset: Tensor) -> None:
        """Change the last layer so that each logit x becomes slope * x + offset, both of shape (tags,)."""
        self.head.weight.mul_(slope[:, None])
        self.head.bias.mul_(slope).add_(offset)

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        """Compute logits and embeddings of segments.

        Parameters
        ----------
        waveform : (batch, samples) float
            Mono segments at ``front_end.sample_rate``, ``segments.samples`` long, or longer if ``segments.any_length``.

        Returns
        -------
        logits : (batch, tags) float
            In the vocabulary's order; see `scores`.
        embedding : (batch, embedding_size) float
            Input of the last layer.

        Raises
        ------
        AudioError
            If the waveform has another shape or type.
        """
        if not torch.compiler.is_exporting():
            self._check(waveform)
        embedding = self.embed(self.features(waveform))
        return self.classify(embedding), embedding

    def _check(self, waveform: Tensor) -> None:
        samples, longer = self.segments.samples, self.segments.any_length
        fits = waveform.ndim == 2 and (waveform.shape[1] == samples or (longer and waveform.shape[1] > samples))
        if not fits or not waveform.is_floating_point():
            raise AudioError(
                f"{type(self).__name__} takes floats of shape (segments, {samples}{' or more' if longer else ''}) at "
                f"{self.front_end.sample_rate} Hz, not {tuple(waveform.shape)} of {waveform.dtype}"
            )
