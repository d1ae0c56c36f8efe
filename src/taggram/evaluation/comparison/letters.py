"""Groups of models that do not differ, as letters beside each model."""

from __future__ import annotations

from collections.abc import Iterable
from string import ascii_lowercase

__all__ = ["letter_display"]


def letter_display(models: int, different: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Give letters to models, so that two have a letter in common exactly if they do not differ.

    Parameters
    ----------
    models
        Number of models.
    different
        Pairs of models, by their positions, that differ.

    Returns
    -------
    tuple of str
        The letters of each model; the first model has ``"a"``.

    References
    ----------
    H.-P. Piepho: An algorithm for a letter-based representation of all-pairwise comparisons. Journal of Computational
    and Graphical Statistics 13, 2004 (insert and absorb).

    Examples
    --------
    The second model differs neither from the first nor from the third, which differ from each other:

    >>> letter_display(3, [(0, 2)])
    ('a', 'ab', 'b')
    """
    groups = [frozenset(range(models))]
    for first, second in different:
        split = [group - {model} for group in groups for model in _members(group, first, second)]
        groups = [group for i, group in enumerate(split) if not _absorbed(group, i, split)]
    groups.sort(key=sorted)
    return tuple(
        "".join(_letter(number) for number, group in enumerate(groups) if model in group) for model in range(models)
    )


def _members(group: frozenset[int], first: int, second: int) -> tuple[int, ...]:
    """Return the models to leave out of a group: each of two that differ, or none."""
    return (first, second) if {first, second} <= group else (-1,)


def _absorbed(group: frozenset[int], position: int, groups: list[frozenset[int]]) -> bool:
    """Return whether another group has all models of a group; of equal groups the first one stays."""
    return any(group < other or (group == other and i < position) for i, other in enumerate(groups))


def _letter(number: int) -> str:
    return ascii_lowercase[number] if number < len(ascii_lowercase) else f"({number + 1})"
