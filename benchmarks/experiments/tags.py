"""The clips of mer4q with genres and moods, and the most frequent of them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

from taggram.datasets import ClipIndex, dataset

FREQUENT = 50


def tagged_clips(data: Path) -> ClipIndex:
    """List the clips of mer4q with the labels of both columns; no artist is in two of its splits."""
    index = dataset("mer4q").index(data, "genres")
    moods = {clip.id: clip.labels for clip in dataset("mer4q").index(data, "moods").clips}
    clips = (dataclasses.replace(clip, labels=(*clip.labels, *moods[clip.id])) for clip in index.clips)
    return index.replace(clips)


def frequent_tags(clips: ClipIndex) -> list[str]:
    """Return the tags that most training clips have, ties by name."""
    counts = Counter(label for clip in clips.clips if clip.split == "train" for label in clip.labels)
    return sorted(sorted(counts), key=lambda label: -counts[label])[:FREQUENT]
