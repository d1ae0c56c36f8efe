"""Which new tags the default model may show: ``python -m benchmarks.new_tags FORMER NEW``, from the project's root.

A tag that the former edition did not have is shown if the interval of its ROC-AUC is above 0.5: on the validation clips
that were judged, if the tag is right on five of them or more, else on the recordings of ``benchmarks/recordings.tsv``
against all other training and validation clips of mer4q. That table lists recordings by artist and title whose
instrument or style is well known; ``benchmarks/judgements.tsv`` says of each validation clip whether a new tag is
right. Both were written from artist, title and labels, without hearing the clips, and without seeing scores.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import record
from benchmarks.measure import PROJECT
from benchmarks.quality import DATA
from taggram import ModelCard, Tagger
from taggram._progress import progress
from taggram.errors import TaggramError
from taggram.evaluation.predictions import predict_clips
from taggram.evaluation.teachers.labelled_clips import LabelledClips
from taggram.metrics import Interval, bootstrap, roc_auc
from taggram.models.directories import find_model
from taggram.tagging.cache import PredictionCache
from taggram.training.calibration.levels import read_judgements

JUDGEMENTS = PROJECT / "benchmarks" / "judgements.tsv"  # of tags that the former edition does not have
RECORDINGS = PROJECT / "benchmarks" / "recordings.tsv"
LEAST = 5  # clips


def main() -> None:
    """Measure each new tag, and write a row for it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.new_tags", description="Measure the new tags.")
    parser.add_argument("former", help="name or folder of the former default model")
    parser.add_argument("new", help="name or folder of the new one")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with mer4q/ and emotify/")
    parser.add_argument("--cache", type=Path, help="prediction cache  [default: the one in taggram's data folder]")
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks" / "results" / "new-tags.csv")
    options = parser.parse_args()
    try:
        former = ModelCard.read(find_model(options.former)).vocabulary.tags
        tagger = Tagger(options.new)
        scores = _scores(tagger, options.data, options.cache)
        rows = [
            _measure(tag, category, scores, tagger.card)
            for tag, category in tagger.card.vocabulary.tags.items()
            if tag not in former and category != "scale"
        ]
    except (TaggramError, OSError) as error:
        sys.exit(f"error: {error}")
    facts = {"model_sha256": tagger.card.files.get("model.onnx", ""), **record.facts()}
    with options.out.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [*rows[0], *facts], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | facts for row in rows)
    for row in rows:
        print(*row.values(), sep="\t")


def _scores(tagger: Tagger, data: Path, cache: Path | None) -> dict[str, NDArray[np.float32]]:
    """Return the scores (tags,) of the training and validation clips by their ids."""
    scores = {}
    with PredictionCache(cache) as predictions:
        for name in ("mer4q", "emotify"):
            clips = LabelledClips.from_dataset(name, data / name)
            chosen = np.flatnonzero(clips.in_splits("train", "valid")).tolist()
            files = [clips.files[row] for row in chosen]
            found = predict_clips(tagger, files, predictions, workers=2, progress=progress)
            scores |= {clip_id(name, file): row for file, row in zip(files, found.scores, strict=True)}
    return scores


def clip_id(data: str, file: Path) -> str:
    """Return the id of a clip in the table of judgements; Emotify's files have zeros in front of the number."""
    return f"{data}/{file.stem if data == 'mer4q' else int(file.stem)}"


def _measure(tag: str, category: str, scores: dict[str, NDArray[np.float32]], card: ModelCard) -> dict[str, object]:
    column = card.vocabulary.names.index(tag)
    judged = [
        (j.clip, j.verdict == "right") for j in read_judgements(JUDGEMENTS) if j.tag == tag and j.verdict != "unknown"
    ]
    clips = "judged validation clips"
    if sum(right for _, right in judged) < LEAST:
        with RECORDINGS.open(newline="", encoding="utf-8") as stream:
            known = {row["clip"] for row in csv.DictReader(stream, delimiter="\t") if row["tag"] == tag}
        clips, judged = "known recordings", [(clip, clip in known) for clip in scores if clip.startswith("mer4q/")]
    truth = np.array([right for _, right in judged], bool)
    values = np.array([scores[clip][column] for clip, _ in judged])
    interval = Interval(np.nan, np.nan, np.nan)
    if truth.any():
        interval = bootstrap(_roc_auc, values, truth, rng=np.random.default_rng(0), resamples=1000)
    return {
        "tag": tag,
        "category": category,
        "clips": clips,
        "positives": int(truth.sum()),
        "negatives": int((~truth).sum()),
        **{name: "" if np.isnan(value) else f"{value:.4f}" for name, value in interval._asdict().items()},
        "vouched": "yes" if truth.sum() >= LEAST and interval.low > 0.5 else "no",
        "shown": "yes" if card.levels is not None and tag in card.levels.offsets else "no",
    }


def _roc_auc(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    return float(roc_auc(scores[:, None], truth[:, None])[0])


if __name__ == "__main__":
    main()
