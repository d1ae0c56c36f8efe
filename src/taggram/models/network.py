"""What every architecture is: a front end, layers that end in an embedding, and one last layer to the tags."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn

from taggram.features.log_mel import LogMel
from taggram.models.card import ModelCard

if TYPE_CHECKING:
    from jaxtyping import Float

    from taggram.features import FrontEnd
    from taggram.models.card import Segments
    from taggram.models.vocabulary import Vocabulary


class Network(nn.Module, ABC):
    """A tagger: waveform of a segment in, logits of the tags and an embedding out.

    An architecture derives from this class, states the facts below, builds its layers in ``__init__`` and defines
    `embed`. Its name is that of its file; its docstring names paper, input and layers.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    embedding_size
        Length of the embedding.
    dropout
        Share of the embedding that is dropped in training, before the last layer.

    Attributes
    ----------
    front_end
        What the layers see.
    segments
        How a clip is cut for this architecture.
    paper
        Where it was published.
    deviations
        Where paper and published code differ, and which one is followed.
    """

    front_end: ClassVar[FrontEnd]
    segments: ClassVar[Segments]
    paper: ClassVar[str]
    deviations: ClassVar[tuple[str, ...]] = ()

    def __init__(self, vocabulary: Vocabulary, embedding_size: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.embedding_size = embedding_size
        self.log_mel = LogMel(self.front_end)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(embedding_size, len(vocabulary))

    @abstractmethod
    def embed(self, spectrogram: Float[Tensor, "batch mels frames"]) -> Float[Tensor, "batch embedding"]:
        """Compute the embedding of segments from their log-mel-spectrograms."""

    def classify(self, embedding: Float[Tensor, "batch embedding"]) -> Float[Tensor, "batch tags"]:
        """Compute the logits of the tags from embeddings."""
        logits: Tensor = self.head(self.dropout(embedding))
        return logits

    def card(self, name: str, *, trained_on: str, licence: str, **facts: Any) -> ModelCard:
        """Make the card of a trained network.

        Parameters
        ----------
        name, trained_on, licence, **facts
            Attributes of `ModelCard` that the network does not know itself.
        """
        known = {
            "architecture": type(self).__module__.rpartition(".")[2],
            "paper": self.paper,
            "vocabulary": self.vocabulary,
            "front_end": self.front_end,
            "segments": self.segments,
            "embedding_size": self.embedding_size,
            "deviations": self.deviations,
        }
        return ModelCard(name=name, trained_on=trained_on, licence=licence, **{**known, **facts})

    def forward(
        self, waveform: Float[Tensor, "batch samples"]
    ) -> tuple[Float[Tensor, "batch tags"], Float[Tensor, "batch embedding"]]:
        """Compute logits and embeddings of segments.

        Parameters
        ----------
        waveform
            Mono segments at ``front_end.sample_rate``, ``segments.samples`` long.

        Returns
        -------
        logits, embedding
            Logits before the sigmoid, in the vocabulary's order, and the vector that the last layer sees.
        """
        embedding = self.embed(self.log_mel(waveform))
        return self.classify(embedding), embedding
