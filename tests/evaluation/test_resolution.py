"""The study of resolutions in its smallest form: two configurations, two runs, one epoch, on tones."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import math
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from command_line import run
from scipy.stats import ttest_ind
from sklearn.metrics import roc_auc_score
from tone_store import write_tones

from taggram.datasets import dataset
from taggram.errors import DatasetError, RecipeError
from taggram.evaluation.resolution import GRIDS, Configuration, combine, load_clips, resolution
from taggram.evaluation.resolution.configurations import compare_configurations
from taggram.metrics import Interval
from taggram.models import create_model
from taggram.tagging import Tagger

pytest.importorskip("optuna")

SPLITS = {"train": 4, "valid": 2, "test": 6}
OPTIONS = (
    *("--mels", 8, "--hops", 10, "--sample-rates", "12000,16000", "--channels", "2,2,2,4"),
    *("--runs", 2, "--epochs", 1, "--batch-size", 4, "--device", "cpu"),
)
SMALL: dict[str, Any] = {
    "grids": [combine([12000], [8], [10], ["log10"])],
    "channels": (2, 2, 2, 4),
    "runs": 2,
    "epochs": 1,
    "batch_size": 4,
    "device": "cpu",
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resolution")
    return write_table(folder, SPLITS)


def write_table(folder: Path, splits: dict[str, int]) -> Path:
    index = write_tones(folder, splits, seconds=2)
    lines = ["id,path,labels,split,artist"]
    lines += [
        f"{clip.id},{clip.path},{clip.labels[0]},{clip.split},{clip.split}-{i // 2}"
        for i, clip in enumerate(index.clips)
    ]
    (folder / "clips.csv").write_text("\n".join(lines))
    return folder / "clips.csv"


@pytest.fixture(scope="module")
def study(table: Path) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = table.parent / "study"
    return out, run("resolution", "--data", table, "--out", out, *OPTIONS)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_table_has_each_configuration_with_the_scores_of_its_runs_on_the_test_split(
    study: tuple[Path, subprocess.CompletedProcess[str]], table: Path
) -> None:
    out, done = study
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("6 test clips of 3 artists or recordings, 2 tags\n")
    expected = {12000: [], 16000: []}
    for run_ in rows(out / "sweep" / "sweep.csv"):
        tagger = Tagger(out / "sweep" / run_["folder"])
        scores = [tagger.tag(table.parent / f"test-{i}.wav").clip_scores() for i in range(6)]
        high = tagger.card.vocabulary.names.index("high")
        aucs = [roc_auc_score([i % 2 == (tag == high) for i in range(6)], np.array(scores)[:, tag]) for tag in (0, 1)]
        expected[tagger.card.sample_rate].append(np.mean(aucs))
    p = ttest_ind(expected[12000], expected[16000], equal_var=False).pvalue
    for row in rows(out / "resolution.csv"):
        of_runs = expected[int(row["sample_rate"])]
        assert len(of_runs) == int(row["runs"]) == 2
        assert float(row["roc_auc_mean"]) == pytest.approx(np.mean(of_runs), abs=1e-5)
        assert float(row["roc_auc_std"]) == pytest.approx(np.std(of_runs, ddof=1), abs=1e-5)
        assert float(row["roc_auc_low"]) <= float(row["roc_auc_mean"]) <= float(row["roc_auc_high"])
        assert row["baseline"] == str(int(row["sample_rate"] == "12000"))
        expected_p = math.nan if row["baseline"] == "1" else p
        assert float(row["p"] or "nan") == pytest.approx(expected_p, rel=1e-4, nan_ok=True)


def test_the_table_has_cost_and_sizes(study: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, _ = study
    for row in rows(out / "resolution.csv"):
        rate = int(row["sample_rate"])
        network = create_model("vgg_cnn", ["a", "b"], n_mels=8, hop=2560, sample_rate=rate, channels=[2, 2, 2, 4])
        assert int(row["parameters"]) == sum(parameter.numel() for parameter in network.parameters())
        frames = network.segments.samples // 2560 + 1
        first = frames * 8 * 9 * 2  # operations of the first convolution
        assert first < float(row["gmac"]) * 1e9 < 2 * first
        assert float(row["store_mb"]) == pytest.approx(12 * 2 * rate * 2 / 1e6)  # 12 clips of 2 s
        assert float(row["features_mb"]) == pytest.approx(12 * (1 + 2 * rate // 2560) * 8 * 4 / 1e6)
        assert float(row["training_seconds"]) > 0 and float(row["tagging_seconds_per_minute"]) > 0


def test_plot_and_page(study: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, _ = study
    svg = ElementTree.parse(out / "trade-off.svg").getroot()  # noqa: S314 - our own file
    text = "".join(svg.itertext())
    assert "12 kHz, log" in text and "16 kHz, log" in text and "GMAC per segment" in text
    page = (out / "resolution.html").read_text()
    assert "The baseline, 8 mel bands, hop \N{MULTIPLICATION SIGN} 10, 12 kHz, log, has a ROC-AUC of" in page
    assert "Pareto front, from the cheapest on: " in page
    assert page.count("<tr>") == 1 + 2


def test_a_complete_study_is_not_run_again(study: tuple[Path, subprocess.CompletedProcess[str]], table: Path) -> None:
    out, first = study
    files = {file: file.stat().st_mtime_ns for file in (out / "sweep" / "trials").rglob("*")}
    assert sum(file.name == "test.npz" for file in files) == 4
    again = run("resolution", "--data", table, "--out", out, *OPTIONS)
    assert again.stdout == first.stdout
    assert files == {file: file.stat().st_mtime_ns for file in (out / "sweep" / "trials").rglob("*")}


def test_a_missing_split_is_an_error_before_anything_is_trained(tmp_path: Path) -> None:
    table = write_table(tmp_path / "audio", {"train": 2, "valid": 2})
    with pytest.raises(DatasetError, match="no clip is in the split test"):
        resolution(load_clips(str(table))[0], tmp_path / "out", runs=1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"train": ""}, "no clip of the split train has a tag: add labels"),
        ({"test": "high"}, "no tag has clips with and without it in the split test: add clips or labels"),
    ],
)
def test_labels_that_nothing_can_be_measured_with_are_an_error(
    labels: dict[str, str], message: str, tmp_path: Path
) -> None:
    clips = load_clips(str(write_table(tmp_path / "audio", SPLITS)))[0]
    changed = [
        dataclasses.replace(clip, labels=tuple(filter(None, [labels.get(clip.split, clip.labels[0])])))
        for clip in clips.clips
    ]
    with pytest.raises(DatasetError, match=message):
        resolution(dataclasses.replace(clips, clips=tuple(changed)), tmp_path / "out", **SMALL)
    assert not (tmp_path / "out" / "sweep").exists()


def test_a_resolution_that_does_not_exist_is_an_error_before_clips_are_packed(table: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="model.options: no pools for 7 mel bands"):
        grids = [combine([12000], [8, 7], [10], ["db"])]
        resolution(load_clips(str(table))[0], tmp_path / "out", **{**SMALL, "grids": grids})
    assert not (tmp_path / "out").exists()


def test_other_labels_of_the_test_split_are_not_given_the_old_scores(
    study: tuple[Path, subprocess.CompletedProcess[str]], table: Path
) -> None:
    out, first = study
    other = {"low": "high", "high": "low"}
    changed = table.with_name("changed.csv")
    lines = [
        re.sub("(low|high),test", lambda match: f"{other[match[1]]},test", line)
        for line in table.read_text().splitlines()
    ]
    changed.write_text("\n".join(lines))
    done = run("resolution", "--data", changed, "--out", out, *OPTIONS)
    assert done.returncode == 1 and not done.stdout
    assert "its clips have changed since the sweep" in done.stderr
    assert run("resolution", "--data", table, "--out", out, *OPTIONS).stdout == first.stdout


def test_data_sets_have_tags_of_their_own(tmp_path: Path) -> None:
    dataset("mer4q").write_sample(tmp_path)
    clips, tags = load_clips(f"mer4q={tmp_path}")
    assert clips.clips and tags == tuple(dataset("mer4q").vocabulary(tmp_path).names)


def test_the_grids_are_those_of_the_paper() -> None:
    cells = {
        name: {values for grid in grids for values in itertools.product(*grid.values())}
        for name, grids in GRIDS.items()
    }
    assert len(cells["paper"]) == 88
    assert len(cells["small"]) == 12 and cells["small"] < cells["paper"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--mels", "96;48"), "'96;48' is not a list of whole numbers such as 96,48"),
        (("--grid", "large"), "'large' is not one of"),
    ],
)
def test_wrong_options_are_wrong_usage(options: tuple[str, ...], message: str, table: Path, tmp_path: Path) -> None:
    done = run("resolution", "--data", table, "--out", tmp_path / "out", *options)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.replace("│", " ").split())


def configuration(mels: int, macs: int, *roc_auc: float) -> Configuration:
    mean = sum(roc_auc) / len(roc_auc)
    return Configuration(12000, mels, 1, "db", roc_auc, roc_auc, Interval(mean, mean, mean), macs, 1, 1, 1, 1.0, 1.0)


def test_configurations_are_compared_with_the_baseline() -> None:
    eight, many = configuration(8, 1, 0.5, 0.51, 0.5), configuration(128, 4, 0.91, 0.9, 0.92)
    half, baseline = configuration(48, 2, 0.9, 0.91, 0.9), configuration(96, 3, 0.9, 0.89, 0.9)
    compared = compare_configurations([eight, many, half, baseline])
    assert [each.n_mels for each in compared] == [128, 48, 96, 8]
    assert {each.n_mels: each.is_best for each in compared} == {128: True, 48: True, 96: False, 8: True}
    assert [each.n_mels for each in compared if each.is_baseline] == [96]
    p = {each.n_mels: ttest_ind(each.roc_auc, baseline.roc_auc, equal_var=False).pvalue for each in compared}
    least, middle, most = sorted((p[8], p[48], p[128]))
    holm = {least: 3 * least, middle: max(3 * least, 2 * middle), most: max(3 * least, 2 * middle, most)}
    for each in compared:
        if each.is_baseline:
            assert math.isnan(each.p)
        else:
            assert each.p == pytest.approx(min(1, holm[p[each.n_mels]]))


def test_without_that_baseline_the_first_one_is_it_and_one_run_has_no_test() -> None:
    compared = compare_configurations([configuration(48, 1, 0.8), configuration(24, 1, 0.9)])
    assert [(each.n_mels, each.is_baseline) for each in compared] == [(24, False), (48, True)]
    assert all(math.isnan(each.p) for each in compared)
    assert compare_configurations([]) == ()


def test_a_grid_is_a_product() -> None:
    grid = combine([12000], [96, 48], [1, 2], ["db"])
    assert grid["model.options.hop"] == [256, 512]
    assert len(list(itertools.product(*grid.values()))) == 4
