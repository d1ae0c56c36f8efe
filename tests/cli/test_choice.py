"""Which tags ``taggram tag`` shows of a model that has thresholds, and in which words."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import run

from taggram.vocabularies import Vocabulary

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
GROUPED = """\
genre               classical   █████████████████████▋    0.90
                    soundtrack  ██████████████▍           0.60
instrument          piano       ███████████████████▎      0.80
                    strings     ███████▎                  0.30
voice               no vocals   ████████████████▊         0.70
mood                relaxing    ████▊                     0.20
tempo and loudness  slow        ████████▍                 0.35
other               solo        ██████████▊               0.45
"""
BEST_FIRST = ["classical", "piano", "no vocals", "soundtrack", "solo", "slow", "strings", "relaxing"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that answers every clip with the scores above."""
    import torch

    from taggram.models import create_model
    from taggram.models.weights import save_model

    network = create_model("musicnn", vocabulary="taggram", channels=4, units=8)
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
def tag(model: Path, examples: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def tag_piano(*arguments: object) -> subprocess.CompletedProcess[str]:
        return run("tag", examples / "piano-prelude.opus", "--duration", 3, "--model", model, *arguments)

    return tag_piano


def shown(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of tags."""
    assert done.returncode == 0, done.stderr
    return [line.rstrip() for line in done.stdout.splitlines()[1:-1]]


def named(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The tags of the JSON."""
    assert done.returncode == 0, done.stderr
    return [entry["tag"] for entry in json.loads(done.stdout)["tags"]]


def test_tags_that_pass_are_shown_by_category(tag) -> None:
    assert shown(tag()) == GROUPED.splitlines()
    assert shown(tag("--thresholds", "balanced")) == GROUPED.splitlines()
    assert [line.split()[:2] for line in shown(tag("--thresholds", "precision"))] == [["instrument", "piano"]]


def test_nothing_passes(tag, tmp_path: Path) -> None:
    line = ["no tag is above its threshold; --top 5 shows the highest"]
    assert shown(tag("--thresholds", "f1")) == line
    assert shown(tag("--thresholds", "f1", "--over-time", "--plot", tmp_path / "a.png")) == line
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert named(tag("--thresholds", "f1", "--json")) == []


def test_all_and_top(tag) -> None:
    everything = shown(tag("--all"))
    assert len(everything) == 94
    assert everything[2].split()[0] == "rock"  # does not pass, and stands between those that do and the other genres
    assert [line.split("  ")[0] for line in shown(tag("--top", 5))] == BEST_FIRST[:5]
    assert "rock" in "".join(shown(tag("--top", 6)))
    assert shown(tag("--top", 1))[0].endswith("0.90  genre")


def test_json(tag) -> None:
    assert named(tag("--json")) == BEST_FIRST
    assert named(tag("--json", "--thresholds", "precision")) == ["piano"]
    assert named(tag("--json", "--top", 2)) == BEST_FIRST[:2]
    assert len(named(tag("--json", "--all"))) == 94


@pytest.mark.parametrize("name", Vocabulary.published())
def test_in_the_words_of_a_published_set(name: str, tag) -> None:
    vocabulary = Vocabulary.from_names(name)
    assert set(named(tag("--json", "--all", "--vocabulary", name))) == set(vocabulary.names)
    rows = list(csv.reader(io.StringIO(tag("--csv", "--vocabulary", name).stdout)))
    assert tuple(rows[0][6:]) == vocabulary.names
    assert len(rows[1]) == 6 + len(vocabulary)


def test_tags_that_pass_in_other_words(tag) -> None:
    passed = named(tag("--json", "--vocabulary", "mtat"))
    assert passed[:3] == ["classical", "classic", "piano"]
    assert set(passed[3:]) == {"no vocals", "no vocal", "no voice", "solo", "slow", "strings"}
    assert named(tag("--json", "--vocabulary", "taggram")) == BEST_FIRST


def test_over_time(tag) -> None:
    assert [line.split("  ")[0] for line in shown(tag("--over-time"))[:-1]] == BEST_FIRST
    assert len(shown(tag("--over-time", "--top", 3))) == 4


def test_an_unknown_vocabulary_is_one_line(tag) -> None:
    done = tag("--vocabulary", "klingon")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no vocabulary is named 'klingon'")
    assert len(done.stderr.splitlines()) == 1
