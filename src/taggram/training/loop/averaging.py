"""The moving average of a network's weights, which is validated and exported instead of the weights themselves."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


def moving_average(network: nn.Module, decay: float) -> AveragedModel:
    """Start an exponential moving average at the current weights (Polyak and Juditsky 1992).

    In the first steps the decay is lower, (1 + n) / (10 + n) after n of them: otherwise a short training would end with
    an average that still has a share of the initial weights.

    Parameters
    ----------
    network
        Its buffers, such as those of batch norm, are averaged, too.
    decay
        Share of the average that is kept in a step, 0 to 1.

    Returns
    -------
    AveragedModel
        Call its method ``update_parameters`` with the network after each step.
    """

    @torch.no_grad()
    def average(averages: Sequence[Tensor], current: Sequence[Tensor], steps: Tensor | int) -> None:
        n = int(steps)
        kept = min(decay, (1 + n) / (10 + n))
        for mean, value in zip(averages, current, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - kept)
            else:
                mean.copy_(value)

    return AveragedModel(network, multi_avg_fn=average, use_buffers=True)
