"""Training on the CPU: a step of taggram over one of a plain loop, on the same network, segments and batch.

The lower bound for float32 is the time that the multiplications of a step take as products of large matrices. Each
layer needs three: the output, and the gradients of input and weights.

Each kernel of `taggram.training.cpu` is also measured alone: a step with the default kernels over one without it, or,
for a kernel that is not a default on this processor, a step with it over one with the defaults.
"""

from __future__ import annotations

from benchmarks.loops import PRODUCT
from benchmarks.measure import Loop, loops
from benchmarks.record import Row, shown, vectors
from benchmarks.setting import Setting
from taggram import create_model
from taggram.models.analysis.cost import cost
from taggram.training.cpu import DEFAULT_KERNELS, KERNELS, optimize_for_cpu

MODELS = ()  # networks are fresh
# The convolutional ones; fcn4 is vgg_cnn. The last three see next to nothing or are nearly all dense layers.
ARCHITECTURES = (
    *("fcn", "fcn5", "vgg_cnn", "four_layer_cnn", "mse_cnn", "vgg_pons", "short_chunk_cnn", "short_chunk_cnn_res"),
    *("musicnn", "musicnn_pons", "musicnn_ferraro", "harmonic_cnn", "sample_cnn", "sample_cnn_se"),
    *("genre_mood_cnn", "small_vgg", "zhang_cnn", "choi_cnn"),
)
KINDS = ("naive", "ours", "ours-bf16")  # the last where the processor has bf16
BATCH, ROUNDS = 16, 3
TARGET = ">= 2.5"


def measure(setting: Setting) -> list[Row]:
    """Segments per second of each kind of loop, and the ratio, round by round; one thread, 16 segments per step.

    A round is a second of steps of each, or one step; there are three rounds at most, since the largest networks take
    half a minute for a step.
    """
    kinds = KINDS if "bf16" in vectors() else KINDS[:2]
    rows: list[Row] = []
    for architecture in setting.chosen(ARCHITECTURES):
        name = f"training step, {architecture}"
        commands = {kind: Loop("loops", "step", kind, architecture, one_core=True) for kind in kinds}
        off = {kernel: _without(kernel, architecture) for kernel in _kernels(architecture)}
        product = {"product": Loop("loops", "product", one_core=True)}
        found = loops(commands | off | product, min(setting.runs, ROUNDS))
        products = found.pop("product")
        for kernel, loop in off.items():
            with_it, without = found["ours"], found.pop(kernel)
            if kernel not in DEFAULT_KERNELS:
                with_it, without = without, with_it
            gains = [a / b for a, b in zip(without, with_it, strict=True)]
            rows.append(Row(name, f"{kernel}, on over off", "x", gains, "", shown(loop.command)))
        for kind, seconds in found.items():
            speeds = [BATCH / value for value in seconds]
            rows.append(Row(name, kind, "segments/s", speeds, "", shown(commands[kind].command)))
        for kind in kinds[1:]:
            ratios = [a / b for a, b in zip(found["naive"], found[kind], strict=True)]
            target = TARGET if kind == "ours" else ""
            rows.append(Row(name, f"{kind} over naive", "x", ratios, target))
        multiplied = 3 * BATCH * cost(create_model(architecture, "mtat")).macs / PRODUCT**3
        bounds = [a / (b * multiplied) for a, b in zip(found["naive"], products, strict=True)]
        rows.append(Row(name, "nothing but products, over naive", "x", bounds))
    return rows


def _kernels(architecture: str) -> list[str]:
    """Return the kernels that apply to a layer of an architecture."""
    applied = optimize_for_cpu(create_model(architecture, "mtat"), KERNELS)
    return [kernel for kernel in KERNELS if kernel in applied]


def _without(kernel: str, architecture: str) -> Loop:
    """Return a step with the default kernels but for one: without it if it is a default, with it if not."""
    kernels = [other for other in KERNELS if (other in DEFAULT_KERNELS) != (other == kernel)]
    return Loop("loops", "step", "kernels", architecture, *kernels, one_core=True)
