"""A model card as a page for people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from taggram.features import FrontEnd, RawFrontEnd
from taggram.models import ModelCard

if TYPE_CHECKING:
    from rich.console import RenderableType

METRICS = {"roc_auc": "ROC-AUC", "ap": "average precision"}
RUNTIMES = {"onnx": "ONNX Runtime", "numpy": "NumPy"}


def card_page(card: ModelCard) -> RenderableType:
    """Return the page of a card, for a terminal."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    groups = _model(card), _tags(card), _input(card), _training(card)
    for index, (name, value) in enumerate(chain.from_iterable([*group, ("", "")] for group in groups)):
        grid.add_row(Text(name, style="" if index else "bold"), Text(value))
    return grid


def _model(card: ModelCard) -> Iterator[tuple[str, str]]:
    """What the model is and what runs it."""
    yield "model", card.name
    yield "architecture", card.architecture
    yield "paper", card.paper
    yield "runs in", RUNTIMES[card.backend] + (", with 8-bit integers" if card.quantized else "")


def _tags(card: ModelCard) -> Iterator[tuple[str, str]]:
    """Its tags by category, and the thresholds."""
    yield "tags", f"{len(card.vocabulary)}, vocabulary {card.vocabulary.name}: {card.vocabulary.source}"
    for category in dict.fromkeys(card.vocabulary.tags.values()):
        tags = (tag for tag, other in card.vocabulary.tags.items() if other == category)
        yield f"  {category}", ", ".join(tags)
    thresholds = (f"{criterion} ({len(limits)} tags)" for criterion, limits in (card.thresholds or {}).items())
    yield "thresholds", ", ".join(thresholds).replace("(1 tags)", "(1 tag)") or "none"
    for row in card.levels.precision if card.levels else ():
        if row.precision is not None:
            yield f"  {row.level}", f"{row.precision:.0%} right of {row.right + row.wrong} judged tags"


def _input(card: ModelCard) -> Iterator[tuple[str, str]]:
    """What it takes, and how a clip is cut."""
    front_end, rate, segments = card.front_end, card.sample_rate, card.segments
    waveform = f"waveform at {rate} Hz"
    if isinstance(front_end, RawFrontEnd):
        yield "front end", waveform
    else:
        bands = (
            f"log-mel-spectrogram, {front_end.n_mels} bands, {front_end.f_min:g} to {front_end.top:g} Hz"
            if isinstance(front_end, FrontEnd)
            else f"{front_end.harmonics} harmonics of {len(front_end.pitches)} pitches"
        )
        frames = f"frames of {front_end.frame_length} samples every {front_end.hop}"
        yield "front end", f"{bands}, {frames}, of a {waveform}"
    length = f"{segments.samples / rate:.2f} s{' or longer' if segments.any_length else ''}"
    yield "segments", f"{length}, every {segments.hop / rate:.2f} s; aggregated by {card.aggregation}"
    yield "embedding", f"{card.embedding_size} values per segment"


def _training(card: ModelCard) -> Iterator[tuple[str, str]]:
    """Where it comes from, what it may be used for, and how good it is."""
    yield "trained on", card.trained_on
    yield "licence", card.licence
    if card.provenance:
        hashed = {"sha256": "", "entries": " (unverified)"}[card.provenance.verified_by]
        yield "published at", card.provenance.url + (f", {card.provenance.member}" if card.provenance.member else "")
        yield "SHA-256", card.provenance.sha256 + hashed
    for number, score in enumerate(card.scores):
        interval = f" ({score.interval[0]:.4f} to {score.interval[1]:.4f})" if score.interval else ""
        clips = "" if score.clips is None else f", {score.clips} clips"
        value = f"{METRICS.get(score.metric, score.metric)} {score.value:.4f}{interval}"
        yield "" if number else "scores", f"{value}: {score.protocol}{clips}; {score.source}"
