"""Kernels that make training on a CPU fast, applied to a finished network from outside.

Values and names of entries stay the same, and results change by rounding only. Architectures do not depend on them.
"""

from taggram.training.cpu.optimize import DEFAULT_KERNELS, KERNELS, optimize_for_cpu

__all__ = ["DEFAULT_KERNELS", "KERNELS", "optimize_for_cpu"]
