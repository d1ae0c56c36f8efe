"""Heads of a network: groups of tags, each with its own activation and loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from taggram.vocabularies import Vocabulary

HeadOptions = Mapping[str, Mapping[str, Any]]


def _mean_over_known(loss: Callable[..., Tensor], values: Tensor, targets: Tensor, weight: Tensor | None) -> Tensor:
    """Return the mean of an elementwise loss over the targets that are known, that is not NaN."""
    known = (~targets.isnan()).to(values)
    weight = known if weight is None else known * weight.nan_to_num()
    return loss(values, targets.nan_to_num(), weight) * (known.numel() / known.sum().clamp(min=1))


def _cross_entropy(log_probabilities: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy over segments; a segment without any of the tags counts as 0."""
    return -(targets * log_probabilities).sum(dim=1).mean()


class _Kind(NamedTuple):
    """Activation of a kind of head, and its loss from logits and from scores: (values, targets, weights or None)."""

    scores: Callable[[Tensor], Tensor]
    loss_of_logits: Callable[[Tensor, Tensor, Tensor | None], Tensor]
    loss_of_scores: Callable[[Tensor, Tensor, Tensor | None], Tensor]


_KINDS = {
    "softmax": _Kind(
        lambda logits: logits.softmax(dim=1),
        lambda logits, targets, _: _cross_entropy(logits.log_softmax(dim=1), targets),
        lambda scores, targets, _: _cross_entropy(scores.log().clamp(min=-100.0), targets),
    ),
    "sigmoid": _Kind(
        torch.sigmoid,
        partial(_mean_over_known, functional.binary_cross_entropy_with_logits),
        partial(_mean_over_known, functional.binary_cross_entropy),
    ),
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
        ``"softmax"``: exactly one of the tags applies, and their scores sum to 1. ``"sigmoid"``: each tag applies or
        not. ``"regression"``: each tag is a quantity between 0 and 1, and its logit is the estimate.
    tags
        In the vocabulary's order.
    weight
        Weight of its loss in the sum over heads.
    """

    kind: str
    tags: tuple[str, ...]
    weight: float = 1.0

    @classmethod
    def from_options(cls, name: str, options: Mapping[str, Any]) -> Head:
        """Read a head from options; see `Heads`."""
        if set(options) - {"weight"} != {"kind", "tags"} or options["kind"] not in _KINDS:
            raise ValueError(f"head {name}: needs tags, and as kind one of {', '.join(_KINDS)}")
        for tag in options["tags"]:
            if not isinstance(tag, str):
                raise ValueError(f"head {name}: the tag {tag!r} is not text: put it in quotes")
        head = cls(options["kind"], tuple(options["tags"]), float(options.get("weight", 1.0)))
        if not 0 < head.weight < float("inf"):
            raise ValueError(f"head {name}: its weight must be a number above 0")
        return head


class Heads(nn.Module):
    """Scores and losses from logits, head by head.

    Parameters
    ----------
    vocabulary
        The tags.
    heads
        From the name of a head to its ``kind``, its ``tags`` and optionally its ``weight``, see `Head`: ``{"mood":
        {"kind": "softmax", "tags": ["sad", "happy"]}}``. The tags of all heads, concatenated, are the vocabulary.
        None: one sigmoid head.

    Raises
    ------
    ValueError
        If a head has an unknown key or kind or an invalid weight, or the tags are not the vocabulary.
    """

    def __init__(self, vocabulary: Vocabulary, heads: HeadOptions | None = None) -> None:
        super().__init__()
        heads = heads or {"tags": {"kind": "sigmoid", "tags": vocabulary.names}}
        self.all = tuple(Head.from_options(name, options) for name, options in heads.items())
        if tuple(tag for head in self.all for tag in head.tags) != vocabulary.names:
            raise ValueError("the tags of the heads, concatenated, must be the vocabulary")

    @property
    def kinds(self) -> set[str]:
        """Kinds of the heads."""
        return {head.kind for head in self.all}

    def forward(self, logits: Tensor) -> Tensor:
        """Compute scores (batch, tags) from logits (batch, tags), both in the vocabulary's order."""
        scores = [_KINDS[head.kind].scores(part) for head, part in zip(self.all, self._parts(logits), strict=True)]
        return torch.cat(scores, dim=1) if len(scores) > 1 else scores[0]

    def loss(self, logits: Tensor, targets: Tensor, positive: Tensor | None = None) -> Tensor:
        """Compute the weighted sum of the heads' losses.

        Parameters
        ----------
        logits, targets : (batch, tags) float
            Outputs of the network, and targets between 0 and 1; NaN in a sigmoid head for an unknown target, which does
            not count.
        positive : (tags,) float
            Weights of targets of 1 in sigmoid heads, relative to targets of 0; None: 1.

        Returns
        -------
        () float
            Cross-entropy of softmax heads, binary cross-entropy of sigmoid heads, squared error of regression heads;
            the mean over segments, and over the tags of a head that is no softmax.
        """
        return self._sum([_KINDS[head.kind].loss_of_logits for head in self.all], logits, targets, positive)

    def error(self, scores: Tensor, targets: Tensor, positive: Tensor | None = None) -> Tensor:
        """Compute the same as `loss` from scores (batch, tags), which may be means over segments."""
        return self._sum([_KINDS[head.kind].loss_of_scores for head in self.all], scores, targets, positive)

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
    """Dense layers, each with dropout before it, and activation and batch norm after it.

    Parameters
    ----------
    size
        Number of input values.
    units
        Number of outputs of each layer.
    activation
        Activation of all layers.
    dropout
        Share of the inputs of each layer that is dropped.
    """

    def __init__(self, size: int, units: Sequence[int], activation: type[nn.Module], dropout: float = 0.5) -> None:
        layers: list[nn.Module] = []
        for before, after in zip([size, *units], units, strict=False):
            layers += [nn.Dropout(dropout), nn.Linear(before, after), activation(), nn.BatchNorm1d(after, eps=1e-3)]
        super().__init__(*layers)
