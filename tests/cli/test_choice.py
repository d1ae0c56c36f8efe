"""Which tags ``taggram tag`` shows of a model that has thresholds, and in which words."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import run

from taggram.models import ModelCard
from taggram.models.card import Levels
from taggram.vocabularies import Vocabulary, VocabularyMap

# Score and threshold for the best F1; all other tags have 0.01 and 0.5. Of these, "piano" alone is precise.
SCORES = {
    "classical": (0.9, 0.5),
    "soundtrack": (0.6, 0.5),
    "rock": (0.4, 0.5),
    "piano": (0.8, 0.3),
    "strings": (0.3, 0.2),
    "no vocals": (0.7, 0.6),
    "relaxing": (0.2, 0.1),
    "slow": (0.35, 0.3),
    "solo": (0.45, 0.4),
}
TABLE = """\
classical   █████████████████████▋    0.90  genre
piano       ███████████████████▎      0.80  instrument
no vocals   ████████████████▊         0.70  voice
soundtrack  ██████████████▍           0.60  genre
solo        ██████████▊               0.45  other
slow        ████████▍                 0.35  tempo and loudness
strings     ███████▎                  0.30  instrument
relaxing    ████▊                     0.20  mood
"""
TAGGRAM = Vocabulary.from_names("taggram")
VOCABULARY = TAGGRAM.replace(tags={tag: kind for tag, kind in TAGGRAM.tags.items() if kind != "scale"})
BEST_FIRST = ["classical", "piano", "no vocals", "soundtrack", "solo", "slow", "strings", "relaxing"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that answers every clip with the scores above."""
    import torch

    from taggram.models import create_model
    from taggram.models.weights import save_model

    network = create_model("musicnn", vocabulary=VOCABULARY, channels=4, units=8)
    tags = network.vocabulary.names
    odds = {tag: SCORES.get(tag, (0.01, 0.5))[0] for tag in tags}
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.copy_(torch.tensor([math.log(p / (1 - p)) for p in odds.values()]))
    best = {tag: SCORES.get(tag, (0.01, 0.5))[1] for tag in tags}
    card = network.card(
        "musicnn.known",
        trained_on="nothing",
        licence="MIT",
        options={"channels": 4, "units": 8},
        thresholds={"balanced": best, "f1": dict.fromkeys(tags, 0.95), "precision": {"piano": 0.7, "rock": 0.9}},
    )
    folder = tmp_path_factory.mktemp("models") / "known"
    save_model(network, card, folder)
    return folder


@pytest.fixture
def tag(model: Path, pieces: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def tag_piano(*arguments: object) -> subprocess.CompletedProcess[str]:
        return run("tag", pieces / "piano-prelude.opus", "--duration", 3, "--model", model, *arguments)

    return tag_piano


def shown(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of tags."""
    assert done.returncode == 0, done.stderr
    return [line.rstrip() for line in done.stdout.splitlines()[1:-1]]


def named(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The tags of the JSON."""
    assert done.returncode == 0, done.stderr
    return [entry["tag"] for entry in json.loads(done.stdout)["tags"]]


def test_tags_that_pass_are_shown_best_first(tag) -> None:
    assert shown(tag()) == TABLE.splitlines()
    assert shown(tag("--thresholds", "balanced")) == TABLE.splitlines()
    assert [line.split()[0] for line in shown(tag("--thresholds", "precision"))] == ["piano"]


def test_nothing_passes(tag, tmp_path: Path) -> None:
    line = ["no tag is above its threshold; --top 5 shows the best"]
    assert shown(tag("--thresholds", "f1")) == line
    assert shown(tag("--thresholds", "f1", "--over-time", "--plot", tmp_path / "a.png")) == line
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert named(tag("--thresholds", "f1", "--json")) == []


def test_all_and_top(tag) -> None:
    everything = shown(tag("--all"))
    assert len(everything) == len(VOCABULARY)
    assert everything[5].split()[0] == "rock"  # does not pass, and stands between those that do
    assert [line.split("  ")[0] for line in shown(tag("--top", 5))] == BEST_FIRST[:5]
    assert "rock" in "".join(shown(tag("--top", 6)))
    assert shown(tag("--top", 1))[0].endswith("0.90  genre")


def test_json(tag) -> None:
    assert named(tag("--json")) == BEST_FIRST
    assert named(tag("--json", "--thresholds", "precision")) == ["piano"]
    assert named(tag("--json", "--top", 2)) == BEST_FIRST[:2]
    assert len(named(tag("--json", "--all"))) == len(VOCABULARY)


@pytest.mark.parametrize("name", Vocabulary.published())
def test_in_the_words_of_a_published_set(name: str, tag) -> None:
    covered = VocabularyMap.between("taggram", name).covered()
    assert set(named(tag("--json", "--all", "--vocabulary", name))) == set(covered)
    rows = list(csv.reader(io.StringIO(tag("--csv", "--vocabulary", name).stdout)))
    assert tuple(rows[0][6:]) == covered
    assert len(rows[1]) == 6 + len(covered)


def test_tags_that_pass_in_other_words(tag) -> None:
    passed = named(tag("--json", "--vocabulary", "mtat"))
    assert passed[:3] == ["classical", "classic", "piano"]
    assert set(passed[3:]) == {"no vocals", "no vocal", "no voice", "solo", "slow", "strings"}
    assert named(tag("--json", "--vocabulary", "taggram")) == BEST_FIRST


def test_over_time(tag) -> None:
    assert [line.split("  ")[0] for line in shown(tag("--over-time"))[:-1]] == BEST_FIRST
    assert len(shown(tag("--over-time", "--top", 3))) == 4


def test_the_taggram_shows_probabilities_where_there_are_levels(model: Path, tag, tmp_path: Path) -> None:
    card = ModelCard.read(model)
    score = SCORES["relaxing"][0]
    offset = math.log(0.95 / 0.05) - math.log(score / (1 - score))
    levelled = tmp_path / "levelled"
    shutil.copytree(model, levelled)
    card.replace(levels=Levels(slope=1.0, offsets=dict.fromkeys(card.vocabulary.names, offset))).write(levelled)
    (row,) = (line for line in shown(tag("--over-time", "--model", levelled)) if line.startswith("relaxing"))
    assert set(row.split()[1]) == {"█"}
    (row,) = (line for line in shown(tag("--over-time")) if line.startswith("relaxing"))
    assert set(row.split()[1]) == {"▂"}


def test_an_unknown_vocabulary_is_one_line(tag) -> None:
    done = tag("--vocabulary", "klingon")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no vocabulary is named 'klingon'")
    assert len(done.stderr.splitlines()) == 1


def test_levels(model: Path, tag, tmp_path: Path) -> None:
    """The same model with levels: probabilities of 0.95, 0.8 and 0.5 for the best three tags, and less below."""
    card = ModelCard.read(model)
    offsets = dict.fromkeys(card.vocabulary.names, -9.0)
    for name, probability in {"classical": 0.95, "piano": 0.8, "no vocals": 0.5}.items():
        score = SCORES[name][0]
        offsets[name] = math.log(probability / (1 - probability)) - math.log(score / (1 - score))
    levelled = tmp_path / "levelled"
    shutil.copytree(model, levelled)
    card.replace(levels=Levels(slope=1.0, offsets=offsets)).write(levelled)
    lines = shown(tag("--model", levelled))
    assert lines[:4] == [
        "Classical music with piano; perhaps instrumental",
        "classical   ██████████████████████▊   sure    95 %  genre",
        "piano       ███████████████████▎      likely  80 %  instrument",
        "no vocals   ████████████              maybe   50 %  voice",
    ]
    assert lines[4].split()[-4:] == ["maybe", "0", "%", "genre"]  # above its threshold
    assert [line.split()[0] for line in shown(tag("--model", levelled, "--min", "likely"))[1:]] == [
        "classical",
        "piano",
    ]
    entries = json.loads(tag("--model", levelled, "--json", "--all").stdout)["tags"]
    assert entries[0] == {"tag": "classical", "category": "genre", "score": 0.9, "probability": 0.95, "level": "sure"}
    assert entries[-1]["level"] is None
    mapped = json.loads(tag("--model", levelled, "--json", "--vocabulary", "mtat", "--min", "sure").stdout)["tags"]
    assert [entry["tag"] for entry in mapped] == ["classical", "classic"]  # both map to it
    card.replace(levels=Levels(slope=1.0, offsets=offsets), thresholds=None).write(levelled)
    without = tag("--model", levelled, "--min", "sure")
    assert (without.returncode, without.stderr) == (1, f"error: {levelled} has no thresholds; use --top or --all\n")
    refused = tag("--min", "likely")
    assert (refused.returncode, refused.stderr) == (1, f"error: {model} has no levels; use --top or --all\n")
