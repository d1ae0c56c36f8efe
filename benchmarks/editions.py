"""Two editions of the default model: ``python -m benchmarks.editions FORMER NEW``, from the root of the project.

Both are folders of models. They tag the validation and test clips of mer4q and Emotify, and so do the teachers.
Validation clips chose thresholds and levels, and helped to choose the model; test clips took no part in anything.
Intervals contain 95 % of resamples of the clips; differences are paired. ``benchmarks/voices.tsv`` says who sings on
the validation clips where title and artist tell; it was written without hearing the clips, and without seeing scores.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import PROJECT
from benchmarks.new_tags import clip_id
from benchmarks.quality import DATA, LABELS, comparisons, show, write
from taggram import ModelCard, VocabularyMap
from taggram.errors import TaggramError
from taggram.evaluation.summary import mean_roc_auc
from taggram.evaluation.teachers.embeddings import K
from taggram.evaluation.teachers.labelled_clips import label_names
from taggram.evaluation.teachers.labels import POSITIVES
from taggram.evaluation.teachers.results import ComparisonResult, Resampling, at_least
from taggram.evaluation.teachers.teacher_comparison import TAGS, ModelScores, TeacherComparison, scored_by_all
from taggram.metrics import accuracy, macro, neighbour_precision, spearman
from taggram.models.directories import find_model
from taggram.training.labels import map_labels
from taggram.vocabularies import Vocabulary

VOICES = PROJECT / "benchmarks" / "voices.tsv"
# Tags that the former edition showed on much music that is something else, with the genre that confirms them.
OVERUSED = {"soundtrack": "stage & screen", "jazz": "jazz", "reggae": "reggae", "electronic": "electronic"}
SUNG = ("vocals", "male voice", "female voice", "rapping", "choir")
CATEGORIES = np.array(list(Vocabulary.from_names("taggram").tags.values()))


@dataclass(frozen=True, eq=False)
class Edition:
    """An edition of the default model on the clips of a data set.

    Attributes
    ----------
    model
        Its scores and embeddings.
    shown : (clips, tags) bool
        Which tags `taggram tag` shows, in taggram's vocabulary.
    probabilities : (clips, tags) float64
        How likely each tag is right, by the levels of its card; 0 for a tag without a level.
    """

    model: ModelScores
    shown: NDArray[np.bool_]
    probabilities: NDArray[np.float64]

    @classmethod
    def from_scores(cls, model: ModelScores, card: ModelCard) -> Edition:
        """Apply the thresholds and levels of a card."""
        limits = (card.thresholds or {}).get("balanced", {})
        shown = model.scores >= np.array([limits.get(tag, np.inf) for tag in TAGS], np.float32)
        levels = card.levels
        assert levels is not None
        probabilities = [
            [0.0 if np.isnan(score) else levels.probability(tag, score) for tag, score in zip(TAGS, row, strict=True)]
            for row in model.scores.tolist()
        ]
        return cls(model, shown, np.array(probabilities))


@dataclass(frozen=True, eq=False)
class Material:
    """Clips of a data set with both editions, the teachers and the labels as tags.

    Attributes
    ----------
    comparison
        Of the new edition, as the student, with the teachers.
    new, former
        The editions.
    truth : (clips, tags) float32
        1 where a clip has a tag, 0 where not, NaN where its labels do not determine it.
    """

    comparison: TeacherComparison
    new: Edition
    former: Edition
    truth: NDArray[np.float32]


def main() -> None:
    """Compare the editions, write the results to a CSV file and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.editions", description="Compare two editions.")
    parser.add_argument("former", help="name or folder of the former default model")
    parser.add_argument("new", help="name or folder of the new one")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with mer4q/ and emotify/")
    parser.add_argument("--cache", type=Path, help="prediction cache  [default: the one in taggram's data folder]")
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks" / "results" / "editions.csv")
    parser.add_argument("--workers", type=int, default=2, help="processes that tag")
    parser.add_argument("--resamples", type=int, default=1000, help="of each interval")
    options = parser.parse_args()

    resampling = Resampling(options.resamples)
    try:
        former, new = (ModelCard.read(find_model(name)) for name in (options.former, options.new))
        both = zip(
            comparisons(options.new, options.data, options.cache, options.workers),
            comparisons(options.former, options.data, options.cache, options.workers),
            strict=True,
        )
        mer4q, emotify = (_material(pair, former, new) for pair in both)
    except (TaggramError, OSError) as error:
        sys.exit(f"error: {error}")
    results = [
        result
        for split in ("valid", "test")
        for result in (
            *compare_labels(mer4q, split, resampling),
            *compare_labels(emotify, split, resampling),
            *compare_quadrants(mer4q, split, resampling),
            *compare_agreement(emotify, split, resampling),
            *compare_neighbours(mer4q, split, resampling),
            *compare_shown([mer4q, emotify], split, resampling),
        )
    ]
    results += compare_voices([mer4q, emotify], resampling)
    write(results, options.out, new, resampling)
    show(results)


def _material(pair: tuple[TeacherComparison, TeacherComparison], former: ModelCard, new: ModelCard) -> Material:
    comparison, of_former = pair
    clips = comparison.clips
    table = VocabularyMap.read(LABELS)
    quadrants = ({f"mer4q/{quadrant}"} if clips.name == "mer4q" else set() for quadrant in clips.classes.tolist())
    labels = [[*a, *b, *c] for a, b, c in zip(clips.genres, clips.moods, quadrants, strict=True)]
    truth = map_labels(labels, table, {label for of_clip in labels for label in of_clip})
    return Material(
        comparison,
        Edition.from_scores(comparison.student, new),
        Edition.from_scores(of_former.student, former),
        truth[:, [table.target.names.index(tag) for tag in TAGS]],
    )


def compare_labels(material: Material, split: str, resampling: Resampling) -> Iterator[ComparisonResult]:
    """Compare by the labels of people: genres and moods, as tags."""
    clips = material.comparison.clips
    chosen = clips.in_splits(split)
    positives = np.nansum(material.truth[chosen], axis=0)
    for category, target in (("genre", None), ("mood", at_least(0.7))):
        tags = (category == CATEGORIES) & (positives >= POSITIVES) & ~np.isnan(material.truth[chosen]).any(axis=0)
        tags &= scored_by_all(material.new.model.scores)
        if not tags.any():
            continue
        references = {
            "": (material.new.model.scores, target),
            "former": (material.former.model.scores, None),
            **{teacher.name: (teacher.scores, None) for teacher in material.comparison.teachers},
            "ensemble": (material.comparison.ensemble, None),
        }
        for name, (scores, aim) in references.items():
            common = tags & scored_by_all(scores)
            if not common.any():
                continue
            truth = material.truth[chosen][:, common] == 1
            new, other = (each[chosen][:, common] for each in (material.new.model.scores, scores))
            fields = (
                resampling.paired(mean_roc_auc, new, other, truth)
                if name
                else resampling.single(mean_roc_auc, new, truth)
            )
            yield ComparisonResult(
                f"labels of people: {category}s",
                f"{clips.name} {split}, tags with {POSITIVES} clips or more",
                "ROC-AUC, mean over tags",
                tags=int(common.sum()),
                reference=name,
                target=aim,
                **fields,
            )


def compare_quadrants(material: Material, split: str, resampling: Resampling) -> Iterator[ComparisonResult]:
    """Measure the accuracy of the quadrant of valence and arousal; the limits are the medians of the training clips."""
    clips = material.comparison.clips
    axes = material.new.model.scores[:, [TAGS.index("valence"), TAGS.index("energy")]]
    if np.isnan(axes).any():
        return
    valence, energy = (axes > np.median(axes[clips.in_splits("train")], axis=0)).T
    quadrants = np.where(valence, np.where(energy, "Q1", "Q4"), np.where(energy, "Q2", "Q3"))
    chosen = clips.in_splits(split)
    yield ComparisonResult(
        "valence and energy",
        f"{clips.name} {split}",
        "accuracy of the quadrant",
        tags=4,
        target=at_least(0.7),
        **resampling.single(accuracy, quadrants[chosen], clips.classes[chosen]),
    )


def compare_agreement(material: Material, split: str, resampling: Resampling) -> Iterator[ComparisonResult]:
    """Compare the agreement with the mean of the teachers that were trained on MagnaTagATune."""
    clips = material.comparison.clips
    chosen = clips.in_splits(split)
    of_mtat = [teacher.scores[chosen] for teacher in material.comparison.teachers if ".mtat-" in teacher.name]
    common = scored_by_all(*of_mtat) & scored_by_all(material.new.model.scores, material.former.model.scores)
    mean = np.mean(of_mtat, axis=0)[:, common]
    new, former = (edition.model.scores[chosen][:, common] for edition in (material.new, material.former))
    yield ComparisonResult(
        f"agreement with the {len(of_mtat)} teachers of MagnaTagATune",
        f"{clips.name} {split}",
        "Spearman, mean over tags",
        tags=int(common.sum()),
        reference="former",
        **resampling.paired(lambda a, b: macro(spearman(a, b)).mean, new, former, mean),
    )


def compare_neighbours(material: Material, split: str, resampling: Resampling) -> Iterator[ComparisonResult]:
    """Compare the nearest neighbours with those of the former edition, and of the best teacher on train clips."""
    clips = material.comparison.clips
    genres = clips.label_matrix(label_names(clips.genres))

    def precisions(model: ModelScores, gallery: NDArray[np.bool_]) -> NDArray[np.float64]:
        return neighbour_precision(model.embeddings[gallery], genres[gallery], clips.artists[gallery], K)

    train, chosen = clips.in_splits("train"), clips.in_splits(split)
    best = max(material.comparison.teachers, key=lambda teacher: float(np.nanmean(precisions(teacher, train))))
    for name, reference in (("former", material.former.model), (f"best teacher: {best.name}", best)):
        yield ComparisonResult(
            "embedding",
            f"{clips.name} {split}",
            f"precision at {K} (a genre in common, other artists)",
            tags=genres.shape[1],
            reference=name,
            **resampling.paired(
                lambda values: float(np.nanmean(values)),
                precisions(material.new.model, chosen),
                precisions(reference, chosen),
            ),
        )


def compare_shown(materials: list[Material], split: str, resampling: Resampling) -> Iterator[ComparisonResult]:
    """Compare what is shown: how often each overused tag is not confirmed by the genre, and clips without a mood."""
    data = ", ".join(f"{material.comparison.clips.name} {split}" for material in materials)
    chosen = [material.comparison.clips.in_splits(split) for material in materials]

    def shown(edition: str) -> NDArray[np.bool_]:
        return np.concatenate([getattr(m, edition).shown[c] for m, c in zip(materials, chosen, strict=True)])

    def count(flags: NDArray[np.bool_]) -> float:
        return float(flags.sum())

    def share(flags: NDArray[np.bool_]) -> float:
        return float(flags.mean())

    new, former = shown("new"), shown("former")
    for tag, genre in OVERUSED.items():
        confirmed = np.concatenate(
            [
                np.array(
                    [any(label.endswith(f"/{genre}") for label in labels) for labels in m.comparison.clips.genres]
                )[c]
                for m, c in zip(materials, chosen, strict=True)
            ]
        )
        column = TAGS.index(tag)
        yield ComparisonResult(
            "tags shown",
            data,
            f"clips with {tag} that have another genre",
            tags=1,
            reference="former",
            **resampling.paired(count, new[:, column] & ~confirmed, former[:, column] & ~confirmed),
        )
    moods = CATEGORIES == "mood"
    for metric, flags in (
        ("share of clips with a mood", lambda each: each[:, moods].any(axis=1)),
        ("share of clips with a tag", lambda each: each.any(axis=1)),
    ):
        yield ComparisonResult(
            "tags shown",
            data,
            metric,
            tags=0,
            reference="former",
            **resampling.paired(share, flags(new), flags(former)),
        )
    yield ComparisonResult(
        "tags shown",
        data,
        "tags per clip",
        tags=0,
        reference="former",
        **resampling.paired(lambda n: float(n.mean()), new.sum(axis=1), former.sum(axis=1)),
    )


def compare_voices(materials: list[Material], resampling: Resampling) -> Iterator[ComparisonResult]:
    """Compare whether singing is shown where somebody sings, and who sings."""
    with VOICES.open(newline="", encoding="utf-8") as stream:
        voices = {row["clip"]: row["voice"] for row in csv.DictReader(stream, delimiter="\t")}
    truth, new, former = [], [], []
    for material in materials:
        names = [clip_id(material.comparison.clips.name, file) for file in material.comparison.clips.files]
        for row, name in enumerate(names):
            if name in voices:
                truth.append(voices[name])
                new.append(_voice(material.new, row))
                former.append(_voice(material.former, row))
    known: NDArray[Any] = np.array(truth)
    for metric, chosen, column in (
        ("singing is shown where there is some, and only there", np.ones(len(known), bool), 0),
        ("the voice of a singer", known != "none", 1),
    ):
        fields = resampling.paired(
            accuracy,
            np.array([each[column] for each in new])[chosen],
            np.array([each[column] for each in former])[chosen],
            np.where(known == "none", "none", "sung")[chosen] if column == 0 else known[chosen],
        )
        yield ComparisonResult(
            "voices",
            "valid, known singers",
            metric,
            tags=2,
            reference="former",
            target=at_least((0.9, 0.8)[column]),
            **fields,
        )


def _voice(edition: Edition, row: int) -> tuple[str, str]:
    """Return whether singing is shown, and which of the two voices is likelier."""
    sung = edition.shown[row, [TAGS.index(tag) for tag in SUNG]].any()
    female, male = (edition.probabilities[row, TAGS.index(f"{voice} voice")] for voice in ("female", "male"))
    return "sung" if sung else "none", "female" if female > male else "male"


if __name__ == "__main__":
    main()
