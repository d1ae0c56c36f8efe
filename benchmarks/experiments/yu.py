"""Genre and mood by one network (Yu 2018): slices of a song in several splits, as published, and split by artist.

Six genres of mer4q with 22 songs each, whose only genre they are, and its four quadrants as moods. Both protocols have
the same slices, and as many of them in each split; networks and settings are those of the paper, with a quarter of the
channels.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import taggram
from benchmarks.experiments.scores import Row, Scored, pack_clips, result_store, show, slug, train_and_score
from taggram.datasets import ClipIndex, ClipInfo, PackedStore, dataset
from taggram.datasets.splits import artist_split, leaky_by_slice
from taggram.metrics import neighbour_precision, roc_auc
from taggram.training import Recipe, load_recipe

GENRES = ("pop/rock", "rap", "reggae", "jazz", "country", "blues")
MOODS = ("Q1", "Q2", "Q3", "Q4")
SONGS, SLICES, SEED = 22, 10, 0
BATCH = 16  # so that the running statistics of batch norm, which move by 0.01 in a step, arrive in few epochs
CHANNELS = [16, 32, 64, 128]
RATE = 22050
SAMPLES = 65024  # a slice of 2.95 s
GENRE = {"kind": "softmax", "tags": list(GENRES)}
MOOD = {"kind": "softmax", "tags": list(MOODS), "weight": 1.25}
BOTH = {"genre": GENRE, "mood": MOOD}
NETWORKS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "genre_mood_cnn": ("genre_mood_cnn", {"channels": CHANNELS}, BOTH),
    "choi_cnn": ("choi_cnn", {}, BOTH),
    "genre_mood_cnn, genre alone": ("genre_mood_cnn", {"channels": CHANNELS}, {"genre": GENRE}),
    "genre_mood_cnn, mood alone": ("genre_mood_cnn", {"channels": CHANNELS}, {"mood": MOOD}),
}
BY_SLICE, BY_ARTIST = "by slice, as published", "by artist"
SHARES = {"train": 0.8, "valid": 0.08, "test": 0.12}


def run(data: Path, work: Path, threads: int, epochs: int = 12) -> Iterator[Row]:
    """Train each network by each protocol; yields accuracies of test slices with intervals over artists."""
    slices = _write_slices(data, work)
    stores = {BY_SLICE: work / "yu-slice", BY_ARTIST: work / "yu-artist"}
    pack_clips(leaky_by_slice(slices, seed=SEED, shares=SHARES), stores[BY_SLICE], RATE)
    pack_clips(artist_split(slices, seed=SEED, shares=SHARES), stores[BY_ARTIST], RATE)
    first: dict[tuple[str, str], np.ndarray] = {}  # of genre_mood_cnn
    for name, (_, _, heads) in NETWORKS.items():
        for protocol, store in stores.items():
            folder = work / f"{store.name}-{slug(name)}"
            scored = train_and_score(_recipe(name, store, epochs), folder, threads)
            for target, head in heads.items():
                right = scored.right(head["tags"])
                first.setdefault((protocol, target), right)
                shown = {name: right}
                if name != "genre_mood_cnn":
                    shown[f"{name}, less genre_mood_cnn"] = right - first[protocol, target]
                for network, values in shown.items():
                    yield {
                        "protocol": protocol,
                        "network": network,
                        "target": target,
                        "metric": "accuracy",
                        **show(scored.mean_of_clips(values)),
                        "clips": len(values),
                        "groups": len(set(scored.groups.tolist())),
                        "epochs": epochs,
                    }
            if name == "genre_mood_cnn" and protocol == BY_ARTIST:
                yield from _units(folder, scored)


def _recipe(name: str, store: Path, epochs: int) -> Recipe:
    """Return the paper's recipe for a network, with fewer epochs."""
    architecture, options, heads = NETWORKS[name]
    base = load_recipe("yu2018/models").with_values({"model.architecture": architecture})
    tags = [tag for head in heads.values() for tag in head["tags"]]
    return base.replace(
        name=f"{architecture}.yu",
        seed=SEED,
        data={"store": str(store), "vocabulary": tags, "segments_per_clip": 1, "validation_segments": 1},
        model={"options": {**options, "heads": heads}},
        optim={"epochs": epochs, "batch_size": BATCH},
        published=None,
    )


def _units(folder: Path, scored: Scored) -> Iterator[Row]:
    """Look at the 15 units of the dense layer, one by one and as a space of neighbours, on test slices."""
    tagger, store = taggram.Tagger(folder), PackedStore(result_store(folder))
    clips = scored.test.clips.tolist()
    units = np.stack([tagger.tag(store.read(clip), sample_rate=store.sample_rate).embedding for clip in clips])
    about = {"protocol": BY_ARTIST, "network": "genre_mood_cnn", "clips": len(clips), "epochs": ""}
    about["groups"] = len(set(scored.groups.tolist()))
    for unit, values in enumerate(units.T):
        areas = roc_auc(np.repeat(values[:, None], len(scored.tags), 1), scored.test.labels)
        tag = int(np.nanargmax(np.abs(areas - 0.5)))

        def area(counts: Any, column: int = tag, values: Any = values) -> Any:
            arguments = () if counts is None else (counts,)
            return roc_auc(values[:, None], scored.test.labels[:, [column]], *arguments)[..., 0]

        yield {
            **about,
            "target": f"unit {unit}",
            "metric": f"ROC-AUC, {scored.tags[tag]}",
            **show(scored.interval(area)),
        }
    near = neighbour_precision(units, scored.test.labels, scored.groups, k=10)
    chance = neighbour_precision(
        np.random.default_rng(0).normal(size=units.shape), scored.test.labels, scored.groups, k=10
    )
    metric = "neighbours of 10 with a label in common, other artists"
    for target, values in (("15 units", near), ("random vectors", chance)):
        yield {**about, "target": target, "metric": metric, **show(scored.mean_of_clips(values))}


def _write_slices(data: Path, work: Path) -> ClipIndex:
    """Cut ten evenly spaced slices from each song, as WAV files."""
    index = dataset("mer4q").index(data, "genres")
    moods = {clip.id: clip.labels[0] for clip in dataset("mer4q").index(data, "quadrant").clips}
    songs: dict[str, list[ClipInfo]] = {genre: [] for genre in GENRES}
    for clip in sorted(index.clips, key=lambda clip: clip.id):
        if len(clip.labels) == 1 and clip.labels[0] in songs and len(songs[clip.labels[0]]) < SONGS:
            songs[clip.labels[0]].append(clip)
    folder = work / "yu-slices"
    folder.mkdir(parents=True, exist_ok=True)
    slices = []
    for genre, clips in songs.items():
        for clip in clips:
            files = [folder / f"{clip.id}-{number}.wav" for number in range(SLICES)]
            if not all(file.exists() for file in files):
                samples = taggram.read(index.folder / clip.path, sample_rate=RATE)
                for number, file in enumerate(files):
                    start = number * (len(samples) - SAMPLES) // (SLICES - 1)
                    _write_wav(file, samples[start : start + SAMPLES])
            slices += [ClipInfo(file.name, file.name, "", (genre, moods[clip.id]), clip.group) for file in files]
    return ClipIndex(folder, tuple(slices))


def _write_wav(file: Path, samples: np.ndarray) -> None:
    part = file.with_suffix(".part")
    with wave.open(str(part), "wb") as stream:
        stream.setparams((1, 2, RATE, 0, "NONE", ""))
        stream.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
    part.rename(file)
