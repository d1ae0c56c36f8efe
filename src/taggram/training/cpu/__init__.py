"""Kernels that make training on a CPU fast, applied to a finished network from outside.

They change no value, no name of an entry and no result beyond rounding; architectures know nothing of them.
"""

from taggram.training.cpu.optimize import DEFAULT_KERNELS, KERNELS, optimize_for_cpu

__all__ = ["DEFAULT_KERNELS", "KERNELS", "optimize_for_cpu"]
