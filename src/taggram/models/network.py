"""What every architecture is: a front end, layers that end in an embedding, and one last layer to the tags."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from taggram.errors import AudioError
from taggram.features.build import build
from taggram.models.card import ModelCard
from taggram.models.heads import Heads

if TYPE_CHECKING:
    from jaxtyping import Float

    from taggram.features.front_end import AnyFrontEnd
    from taggram.models.card import Segments
    from taggram.models.heads import HeadOptions
    from taggram.vocabularies import Vocabulary


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
    front_end, segments
        For an architecture that lets one choose; None: what the class states.
    heads
        For an architecture that lets one choose, see `taggram.models.heads`; None: a sigmoid for each tag.

    Attributes
    ----------
    front_end
        What the layers see, as settings.
    features
        The module that computes it: from the waveform to what `embed` takes.
    segments
        How a clip is cut for this architecture.
    heads
        What becomes of the logits, and what training makes of them.
    paper
        Where it was published.
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
    def embed(self, features: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch embedding"]:
        """Compute the embedding of segments from what the front end makes of them."""

    def classify(self, embedding: Float[Tensor, "batch embedding"]) -> Float[Tensor, "batch tags"]:
        """Compute the logits of the tags from embeddings."""
        logits: Tensor = self.head(self.dropout(embedding))
        return logits

    def scores(self, logits: Float[Tensor, "batch tags"]) -> Float[Tensor, "batch tags"]:
        """Turn logits into scores within 0 and 1, head by head."""
        scores: Tensor = self.heads(logits)
        return scores

    @classmethod
    def architecture(cls) -> str:
        """Return the name in the registry: that of the file, unless the class states a ``name`` of its own."""
        return str(vars(cls).get("name", cls.__module__.rpartition(".")[2]))

    def card(self, name: str, *, trained_on: str, licence: str, **facts: Any) -> ModelCard:
        """Make the card of a trained network.

        Parameters
        ----------
        name, trained_on, licence, **facts
            Attributes of `ModelCard` that the network does not know itself.
        """
        known = {
            "architecture": self.architecture(),
            "paper": self.paper,
            "vocabulary": self.vocabulary,
            "front_end": self.front_end,
            "segments": self.segments,
            "embedding_size": self.embedding_size,
            "deviations": self.deviations,
        }
        return ModelCard(name=name, trained_on=trained_on, licence=licence, **{**known, **facts})

    @torch.no_grad()
    def rescale_logits(self, slope: Float[Tensor, " tags"], offset: Float[Tensor, " tags"]) -> None:
        """Change the last layer so that each logit x becomes slope * x + offset."""
        self.head.weight.mul_(slope[:, None])
        self.head.bias.mul_(slope).add_(offset)

    def forward(
        self, waveform: Float[Tensor, "batch samples"]
    ) -> tuple[Float[Tensor, "batch tags"], Float[Tensor, "batch embedding"]]:
        """Compute logits and embeddings of segments.

        Parameters
        ----------
        waveform
            Mono segments at ``front_end.sample_rate``, ``segments.samples`` long, or longer if ``segments.any_length``.

        Returns
        -------
        logits, embedding
            What `scores` makes scores of, in the vocabulary's order, and the vector that the last layer sees.

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
