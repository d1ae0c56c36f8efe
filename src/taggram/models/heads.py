"""The end of a network with several heads: dense layers, then groups of tags with a last step of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from jaxtyping import Float

    from taggram.vocabularies import Vocabulary

HeadOptions = Mapping[str, Mapping[str, Any]]


def _cross_entropy(log_probabilities: Tensor, targets: Tensor) -> Tensor:
    """Segments for which none of the tags holds count as 0."""
    return -(targets * log_probabilities).sum(dim=1).mean()


class _Kind(NamedTuple):
    """From logits to scores, and how far logits or scores are from targets; entries have weights where given."""

    scores: Callable[[Tensor], Tensor]
    of_logits: Callable[[Tensor, Tensor, Tensor | None], Tensor]
    of_scores: Callable[[Tensor, Tensor, Tensor | None], Tensor]


_KINDS = {
    "softmax": _Kind(
        lambda logits: logits.softmax(dim=1),
        lambda logits, targets, _: _cross_entropy(logits.log_softmax(dim=1), targets),
        lambda scores, targets, _: _cross_entropy(scores.log().clamp(min=-100.0), targets),
    ),
    "sigmoid": _Kind(torch.sigmoid, functional.binary_cross_entropy_with_logits, functional.binary_cross_entropy),
    "regression": _Kind(
        lambda logits: logits.clamp(0.0, 1.0),
        lambda logits, targets, _: functional.mse_loss(logits, targets),
        lambda scores, targets, _: functional.mse_loss(scores, targets),
    ),
}


@dataclass(frozen=True)
class Head:
    """A group of tags.

    Attributes
    ----------
    kind
        ``"softmax"``: just one of the tags holds, and their scores sum to 1. ``"sigmoid"``: each tag holds or not.
        ``"regression"``: each tag is a quantity within 0 and 1, and its logit is the estimate.
    tags
        In the vocabulary's order.
    weight
        Of its loss, beside those of other heads.
    """

    kind: str
    tags: tuple[str, ...]
    weight: float = 1.0

    @classmethod
    def of(cls, name: str, options: Mapping[str, Any]) -> Head:
        """Read a head from options; see `Heads`."""
        if set(options) - {"weight"} != {"kind", "tags"} or options["kind"] not in _KINDS:
            raise ValueError(f"head {name}: needs tags, and as kind one of {', '.join(_KINDS)}")
        head = cls(options["kind"], tuple(options["tags"]), float(options.get("weight", 1.0)))
        if not 0 < head.weight < float("inf"):
            raise ValueError(f"head {name}: its weight must be a number above 0")
        return head


class Heads(nn.Module):
    """From logits to scores and losses, head by head.

    Parameters
    ----------
    vocabulary
        The tags.
    heads
        From the name of a head to its ``kind``, its ``tags`` and perhaps its ``weight``, see `Head`: ``{"mood":
        {"kind": "softmax", "tags": ["sad", "happy"]}}``. The tags of all heads, one after another, are the vocabulary.
        None: one head of sigmoids.

    Raises
    ------
    ValueError
        If a head has other keys, another kind or an impossible weight, or the tags are not the vocabulary.
    """

    def __init__(self, vocabulary: Vocabulary, heads: HeadOptions | None = None) -> None:
        super().__init__()
        heads = heads or {"tags": {"kind": "sigmoid", "tags": vocabulary.names}}
        self.all = tuple(Head.of(name, options) for name, options in heads.items())
        if tuple(tag for head in self.all for tag in head.tags) != vocabulary.names:
            raise ValueError("the tags of the heads, one after another, must be the vocabulary")

    @property
    def kinds(self) -> set[str]:
        """What kinds there are."""
        return {head.kind for head in self.all}

    def forward(self, logits: Float[Tensor, "batch tags"]) -> Float[Tensor, "batch tags"]:
        """Compute the scores, in the vocabulary's order."""
        scores = [_KINDS[head.kind].scores(part) for head, part in zip(self.all, self._parts(logits), strict=True)]
        return torch.cat(scores, dim=1) if len(scores) > 1 else scores[0]

    def loss(
        self,
        logits: Float[Tensor, "batch tags"],
        targets: Float[Tensor, "batch tags"],
        positive: Float[Tensor, " tags"] | None = None,
    ) -> Float[Tensor, ""]:
        """Compute what training lowers: the weighted sum of the heads' losses.

        Parameters
        ----------
        logits, targets
            What the network says, and what it should.
        positive
            Weights of targets of 1 in heads of sigmoids, where those of 0 have the weight 1; None: 1.

        Returns
        -------
        scalar
            Of heads of softmax the cross-entropy, of sigmoids the binary cross-entropy, and of regression the squared
            error; the mean over segments, and over the tags of a head unless they exclude one another.
        """
        return self._sum([_KINDS[head.kind].of_logits for head in self.all], logits, targets, positive)

    def error(
        self,
        scores: Float[Tensor, "batch tags"],
        targets: Float[Tensor, "batch tags"],
        positive: Float[Tensor, " tags"] | None = None,
    ) -> Float[Tensor, ""]:
        """Compute the same as `loss` from scores, which may be means over segments."""
        return self._sum([_KINDS[head.kind].of_scores for head in self.all], scores, targets, positive)

    def _sum(
        self,
        measures: Sequence[Callable[[Tensor, Tensor, Tensor | None], Tensor]],
        values: Tensor,
        targets: Tensor,
        positive: Tensor | None,
    ) -> Tensor:
        weights: Sequence[Tensor | None] = [None] * len(self.all)
        if positive is not None:
            weights = self._parts(1 + targets * (positive - 1))
        parts = zip(self.all, measures, self._parts(values), self._parts(targets), weights, strict=True)
        losses = [head.weight * measure(value, target, weight) for head, measure, value, target, weight in parts]
        return torch.stack(losses).sum()

    def _parts(self, values: Tensor) -> Sequence[Tensor]:
        return values.split([len(head.tags) for head in self.all], dim=1) if len(self.all) > 1 else (values,)


class DenseLayers(nn.Sequential):
    """Dense layers with dropout before each, and activation, then batch norm, behind each.

    Parameters
    ----------
    size
        Values that come in.
    units
        Of each layer.
    activation
        Of all layers.
    dropout
        Share that is dropped.
    """

    def __init__(self, size: int, units: Sequence[int], activation: type[nn.Module], dropout: float = 0.5) -> None:
        layers: list[nn.Module] = []
        for before, after in zip([size, *units], units, strict=False):
            layers += [nn.Dropout(dropout), nn.Linear(before, after), activation(), nn.BatchNorm1d(after, eps=1e-3)]
        super().__init__(*layers)
