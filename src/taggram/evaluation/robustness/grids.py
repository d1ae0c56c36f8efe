"""Grids of deformations and strengths that robustness is measured by."""

from __future__ import annotations

from collections.abc import Iterable

from taggram.deform import DEFORMATIONS, Chain
from taggram.errors import DeformationError, did_you_mean

__all__ = ["DEFAULT_GRID", "GRIDS", "chains", "find_grid"]

DEFAULT_GRID = "won2020"

_WON2020 = {
    "time_stretch": (2**-0.5, 2**-0.25, 2**0.25, 2**0.5),
    "pitch_shift": (-1, -0.5, 0.5, 1),
    "compress": ("music-standard", "film-standard", "speech"),
    "muda_noise": (0.1, 0.2, 0.3, 0.4),
}
_OTHERS = {
    "noise": (30, 20, 10),
    "mp3": (128, 64, 32),
    "gain": (-24, -12, 6),
    "hard_clip": (6, 12, 24),
    "low_pass": (4000, 2000, 1000),
    "resample": (11025, 8000, 4000),
    "reverb": (0.5, 1, 3),
}

GRIDS: dict[str, tuple[Chain, ...]] = {
    name: tuple(Chain([(deformation, value)]) for deformation, values in grid.items() for value in values)
    for name, grid in (
        ("won2020", _WON2020),
        ("quick", {name: (deformation.parameter.default,) for name, deformation in DEFORMATIONS.items()}),
        ("full", _WON2020 | _OTHERS),
    )
}
"""Deformations by the name of the grid.

``"won2020"`` has the four deformations of the robustness test of Won et al. (SMC 2020), with strengths within its
ranges; ``"full"`` adds the other deformations at three strengths each, and ``"quick"`` has each deformation at its
default strength.
"""


def find_grid(name: str) -> tuple[Chain, ...]:
    """Return a grid by name.

    Raises
    ------
    DeformationError
        If there is none of that name.
    """
    if name not in GRIDS:
        near = did_you_mean(name, GRIDS) or f"; there are: {', '.join(GRIDS)}"
        raise DeformationError(f"no grid of deformations is named {name!r}{near}")
    return GRIDS[name]


def chains(deformations: str | Iterable[Chain | str]) -> tuple[Chain, ...]:
    """Return deformations, each once, from the name of a grid, or from chains and their text forms.

    Raises
    ------
    DeformationError
        If there is none, or if a name, text or strength is not valid.
    """
    if isinstance(deformations, str):
        return find_grid(deformations)
    parsed = (Chain.parse(chain) if isinstance(chain, str) else chain for chain in deformations)
    if not (unique := tuple(dict.fromkeys(parsed))):
        raise DeformationError("there is no deformation to evaluate")
    return unique
