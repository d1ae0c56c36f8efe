"""The ranking loss: clips with a label score higher than clips without it."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def ranking_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean logistic loss over all pairs of a segment with a label and one without it, tag by tag.

    It is a smooth bound of 1 - ROC-AUC. Where people name the labels that come to their mind, a missing label is no
    negative; but the ROC-AUC of labelled against unlabelled clips is the true one up to a linear map (Sakai, Niu and
    Sugiyama, Semi-supervised AUC optimization based on positive-unlabeled learning, 2018), so that the best ranking is
    the same, while a cross-entropy would learn how often people name a tag.

    Parameters
    ----------
    logits : (batch, tags)
        Of the network.
    labels : (batch, tags)
        1 if a segment has the tag, 0 if its clip has labels, but not this one; NaN if its labels do not determine it.

    Returns
    -------
    () float
        The mean over the tags that have pairs in the batch; 0 without any.
    """
    tags = (labels == 1).any(dim=0) & (labels == 0).any(dim=0)
    positive, negative = (labels == 1).to(logits), (labels == 0).to(logits)
    pairs = positive[:, None] * negative[None]
    loss = (functional.softplus(logits[None] - logits[:, None]) * pairs).sum(dim=(0, 1))
    return (loss / pairs.sum(dim=(0, 1)).clamp(min=1)).sum() / tags.sum().clamp(min=1)
