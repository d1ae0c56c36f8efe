"""Cost of a network: parameters, multiply-accumulate operations and time."""

from __future__ import annotations

import copy
import statistics
import time
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from taggram.audio import Sliding
from taggram.models.card import Segments
from taggram.models.network import Network


@dataclass(frozen=True)
class Cost:
    """Cost of a network.

    Attributes
    ----------
    parameters
        Number of trained parameters.
    macs
        Multiply-accumulate operations per segment in convolutions, dense and recurrent layers and attention, without
        the front end.
    segments
        How clips are cut into segments.
    sample_rate
        Sample rate of the waveform, in Hz.
    """

    parameters: int
    macs: int
    segments: Segments
    sample_rate: int

    @property
    def macs_per_second(self) -> float:
        """Operations per second of audio, for long clips."""
        return self.macs * self.sample_rate / self.segments.hop

    def macs_of_clip(self, seconds: float) -> int:
        """Count the operations for a clip, cut as `Tagger` cuts it.

        Parameters
        ----------
        seconds
            Length of the clip.
        """
        length = round(seconds * self.sample_rate) + 2 * self.segments.clip_padding
        return self.macs * len(Sliding(self.segments.hop).starts(length, self.segments.samples))


def cost(network: Network) -> Cost:
    """Count parameters and operations of a network, by running a copy of it on the meta device.

    Parameters
    ----------
    network
        It is not changed.
    """
    shapes = copy.deepcopy(network).to("meta").eval()
    with torch.no_grad(), torch.device("meta"):
        features = shapes.features(torch.zeros(1, network.segments.samples))
        with FlopCounterMode(display=False) as counter:
            shapes.classify(shapes.embed(features))
    return Cost(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        macs=counter.get_total_flops() // 2,  # the counter counts multiplications and additions
        segments=network.segments,
        sample_rate=network.front_end.sample_rate,
    )


def seconds_per_second(network: Network, runs: int = 3) -> float:
    """Measure the time per second of audio in torch, one segment at a time, front end included.

    Parameters
    ----------
    network
        On the CPU. Threads are those of torch, see `torch.set_num_threads`.
    runs
        Number of runs after a warm-up; their median is returned.
    """
    network.eval()
    segment = 0.1 * torch.randn(1, network.segments.samples, generator=torch.Generator().manual_seed(0))
    times = []
    with torch.inference_mode():
        for _ in range(1 + runs):
            began = time.perf_counter()
            network(segment)
            times.append(time.perf_counter() - began)
    return statistics.median(times[1:]) * network.front_end.sample_rate / network.segments.hop
