"""Tags with the same meaning as one tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.errors import EvaluationError
from taggram.metrics._checks import require_scored_tags

__all__ = ["MergedTags", "merge_synonyms"]


class MergedTags(NamedTuple):
    """Scores and labels of tags whose synonyms are merged.

    Attributes
    ----------
    scores : (clips, merged tags)
        Highest score of the synonyms, in the type of the scores.
    labels : (clips, merged tags) bool
        Whether the clip has any of the synonyms.
    names : (merged tags,)
        In the order of their first synonyms.
    """

    scores: NDArray[Any]
    labels: NDArray[np.bool_]
    names: list[str]


def merge_synonyms(scores: NDArray[Any], labels: NDArray[Any], names: Sequence[str]) -> MergedTags:
    """Merge columns of synonymous tags: the score is the highest, the label is true if any is.

    In sets such as MagnaTagATune a listener chose one of several words, so a model that predicts another one is counted
    as wrong. Metrics of merged tags do not count this; show them beside those of the tags as they are.

    Parameters
    ----------
    scores : (clips, tags)
        Finite numbers of any type, or predicted tags.
    labels : (clips, tags) bool
        Which clips have which tag.
    names : (tags,)
        Merged tag of each tag; a tag without synonyms keeps its own name.

    Returns
    -------
    MergedTags
        One column for each different name.

    Raises
    ------
    EvaluationError
        As for `roc_auc`, and if there is not a name for each tag.

    Examples
    --------
    >>> scores, labels = np.array([[0.2, 0.9, 0.7]]), np.array([[True, True, False]])
    >>> merge_synonyms(scores, labels, ["vocal", "guitar", "vocal"])
    MergedTags(scores=array([[0.7, 0.9]]), labels=array([[ True,  True]]), names=['vocal', 'guitar'])
    """
    require_scored_tags(scores, labels)
    if len(names) != scores.shape[1]:
        raise EvaluationError(f"{scores.shape[1]} tags need as many names, not {len(names)}")
    merged = list(dict.fromkeys(names))
    columns = [[tag for tag, name in enumerate(names) if name == one] for one in merged]
    return MergedTags(
        np.stack([scores[:, tags].max(axis=1) for tags in columns], axis=1),
        np.stack([labels[:, tags].any(axis=1) for tags in columns], axis=1),
        merged,
    )
