"""What a network costs: parameters, multiplications and time."""

from __future__ import annotations

import copy
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.utils.flop_counter import FlopCounterMode

from taggram.audio import Sliding

if TYPE_CHECKING:
    from taggram.models.card import Segments
    from taggram.models.network import Network


@dataclass(frozen=True)
class Cost:
    """How much there is to compute.

    Attributes
    ----------
    parameters
        Number of trained values.
    macs
        Multiply-accumulate operations for one segment, in convolutions, dense and recurrent layers and attention; the
        front end is not among them.
    segments
        How the network wants clips cut.
    sample_rate
        In Hz.
    """

    parameters: int
    macs: int
    segments: Segments
    sample_rate: int

    @property
    def macs_per_second(self) -> float:
        """Operations per second of a long clip."""
        return self.macs * self.sample_rate / self.segments.hop

    def macs_of_clip(self, seconds: float) -> int:
        """Count the operations for a clip, cut as `Tagger` cuts it.

        Parameters
        ----------
        seconds
            Its length.
        """
        length = round(seconds * self.sample_rate) + 2 * self.segments.clip_padding
        return self.macs * len(Sliding(self.segments.hop).starts(length, self.segments.samples))


def cost(network: Network) -> Cost:
    """Count what a network costs, by running it on a segment without values: only shapes are computed.

    Parameters
    ----------
    network
        It stays as it is.
    """
    shapes = copy.deepcopy(network).to("meta").eval()
    with torch.no_grad(), torch.device("meta"):
        features = shapes.features(torch.zeros(1, network.segments.samples))
        with FlopCounterMode(display=False) as counter:
            shapes.classify(shapes.embed(features))
    return Cost(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        macs=counter.get_total_flops() // 2,  # it counts a multiplication and an addition as two
        segments=network.segments,
        sample_rate=network.front_end.sample_rate,
    )


def seconds_per_second(network: Network, runs: int = 3) -> float:
    """Measure the time that a second of audio takes: torch, one segment at a time, front end included.

    Parameters
    ----------
    network
        On the CPU. Threads are those of torch, see `torch.set_num_threads`.
    runs
        The median of so many is taken, after one that is not counted.
    """
    network.eval()
    segment = 0.1 * torch.randn(1, network.segments.samples, generator=torch.Generator().manual_seed(0))
    taken = []
    with torch.inference_mode():
        for _ in range(1 + runs):
            began = time.perf_counter()
            network(segment)
            taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:]) * network.front_end.sample_rate / network.segments.hop
