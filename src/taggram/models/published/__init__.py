"""Published weights that taggram can import: one file per source, with its table and the renaming of its entries."""

from taggram.models.published import pons2019, won2020, yamnet
from taggram.models.published.base import PublishedWeights

__all__ = ["PUBLISHED", "PublishedWeights"]

PUBLISHED: dict[str, PublishedWeights] = {
    weights.name: weights for weights in (*won2020.WEIGHTS, *pons2019.WEIGHTS, *yamnet.WEIGHTS)
}
