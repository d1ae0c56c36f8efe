"""Models are evaluated on deformed clips into stored results, once, and each clip is deformed once for all models."""

from __future__ import annotations

import csv
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import run

from taggram.audio import read
from taggram.datasets.synthetic import write_noise
from taggram.deform import DEFORMATIONS, Chain
from taggram.errors import DeformationError, EvaluationError, TaggramError
from taggram.evaluation import (
    GRIDS,
    EvaluationResult,
    compare,
    evaluate,
    evaluate_robustness,
    read_result,
    summarize_robustness,
)
from taggram.evaluation.evaluation_data import load_folder
from taggram.evaluation.robustness.predictions import predict_deformed
from taggram.models.directories import find_model
from taggram.tagging import Tagger
from taggram.tagging.cache import PredictionCache, PredictionKey

LABELS = ("rock;loud", "piano", "rock", "piano;polka", "rock", "piano")
TWO = ("gain=-12", "muda_noise=0.2")

Call = Callable[..., list[EvaluationResult]]


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for number in range(len(LABELS)):
        write_noise(folder / f"{number}.flac", 4.0, seed=number)
    return folder


@pytest.fixture
def table(audio: Path, tmp_path: Path) -> Path:
    """Six test clips; rock, piano and loud are tags of the default model."""
    file = tmp_path / "clips.csv"
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(["id", "path", "labels", "split", "artist"])
        for number, tags in enumerate(LABELS):
            writer.writerow([f"clip {number}", audio / f"{number}.flac", tags, "test", f"artist {number // 2}"])
    return file


@pytest.fixture
def robustness(tmp_path: Path, table: Path) -> Call:
    def call(models: object = "default", **options: object) -> list[EvaluationResult]:
        defaults = {"data": "table", "folder": table, "deformations": TWO}
        stored = {"out": tmp_path / "results", "cache": tmp_path / "cache"}
        return evaluate_robustness(models, **{**defaults, **stored, **options})

    return call


def scores_of(results: list[EvaluationResult]) -> dict[tuple[str, str], np.ndarray]:
    return {(result.info.mode, result.info.protocol.deformation): result.test.scores for result in results}


def test_each_deformation_has_results_by_labels_and_without(robustness: Call, audio: Path) -> None:
    results = robustness()
    scores = scores_of(results)
    assert list(scores) == list(itertools.product(("zero-shot", "unlabelled"), ("", *TWO)))
    samples = Chain.parse("gain=-12")(read(audio / "3.flac", 16000), 16000)
    prediction = Tagger().tag(samples, sample_rate=16000)
    expected = prediction.clip_scores("mean")
    assert scores["unlabelled", "gain=-12"][3].tolist() == expected.tolist()
    rock = results[0].test.tags.index("rock")
    assert scores["zero-shot", "gain=-12"][3, rock] == expected[prediction.vocabulary.names.index("rock")]
    assert not results[-1].test.truth.any() and results[0].test.truth.sum() == 8
    assert results[-1].test.tags == Tagger().card.vocabulary.names
    for result in results:
        np.testing.assert_array_equal(read_result(result.folder).test.scores, result.test.scores)


def test_the_deformation_is_a_rule_of_the_protocol(robustness: Call) -> None:
    clean, gain, noise = (result.info.protocol for result in robustness()[:3])
    assert len({clean.hash, gain.hash, noise.hash}) == 3
    assert gain.differences(clean) == ("deformation",) == clean.differences(gain)
    with pytest.raises(EvaluationError, match="differ in deformation"):
        clean.require_equal(noise)


def test_the_clips_as_they_are_are_those_of_evaluate(robustness: Call, table: Path, tmp_path: Path) -> None:
    (plain,) = evaluate("default", "table", table, out=tmp_path / "results", cache=tmp_path / "cache", valid=False)
    assert robustness()[0].info == plain.info


def test_results_are_not_computed_again_even_without_audio(
    robustness: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = robustness()
    monkeypatch.setattr(Tagger, "tag", lambda *_: pytest.fail("tagged again"))
    monkeypatch.setattr(PredictionCache, "content_hash", lambda *_: pytest.fail("read a file"))
    assert [result.info for result in robustness()] == [result.info for result in first]


def test_an_interrupted_run_resumes_from_the_cache(robustness: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def interrupt(chain: Chain, *arguments: object) -> object:
        calls.append(chain)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return deform(chain, *arguments)

    deform = Chain.__call__
    monkeypatch.setattr(Chain, "__call__", interrupt)
    with pytest.raises(KeyboardInterrupt):
        robustness()
    robustness()
    assert len(calls) == 6 + 2 * (6 - 2)  # two of six clips were done, and the third has to be deformed again


def test_another_deformation_takes_only_itself(robustness: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    robustness()
    calls: list[str] = []
    deform = Chain.__call__
    monkeypatch.setattr(Chain, "__call__", lambda chain, *rest: calls.append(str(chain)) or deform(chain, *rest))
    robustness(deformations=(*TWO, "hard-clip"))
    assert calls == ["hard_clip=12"] * 6


def test_a_clip_is_decoded_and_deformed_once_for_all_models(
    audio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[Path] = []
    module = "taggram.evaluation.robustness.predictions"
    monkeypatch.setattr(f"{module}.read", lambda file, *rest, **part: files.append(file) or read(file, *rest, **part))
    calls: list[str] = []
    deform = Chain.__call__
    monkeypatch.setattr(Chain, "__call__", lambda chain, *rest: calls.append(str(chain)) or deform(chain, *rest))
    taggers = [Tagger(), Tagger()]
    clips = load_folder(audio).test[:2]
    with PredictionCache(tmp_path / "cache") as cache:
        assert predict_deformed(taggers, clips, list(map(Chain.parse, TWO)), cache) == {}
        assert sorted(file.name for file in files) == ["0.flac", "1.flac"] and len(calls) == 4
        key = PredictionKey.from_tagger(taggers[0], cache.content_hash(audio / "0.flac"), deformation=TWO[0])
        assert key in cache and key._replace(deformation="") not in cache
        assert cache.get(key).embeddings.shape == (1, 0)


def test_workers_return_the_same(robustness: Call, tmp_path: Path) -> None:
    one = scores_of(robustness())
    two = scores_of(robustness(workers=2, out=tmp_path / "other", cache=tmp_path / "other.sqlite"))
    for key, scores in one.items():
        np.testing.assert_array_equal(two[key], scores)


def test_a_sample_is_part_of_a_larger_one(robustness: Call) -> None:
    two, four = (robustness(clips=clips, deformations=TWO[:1])[1] for clips in (2, 4))
    assert set(two.test.clips.tolist()) < set(four.test.clips.tolist()) and len(two.test) == 2
    assert two.info.protocol.name == "table-sample2" and two.info.protocol.split_hash != four.info.protocol.split_hash
    assert len(robustness(clips=100, deformations=TWO[:1])[1].test) == 6


def test_a_folder_needs_no_labels(robustness: Call, audio: Path) -> None:
    results = robustness(data=str(audio), folder=None)
    assert [result.info.mode for result in results] == ["unlabelled"] * 3
    (table,) = summarize_robustness(results).tables
    assert not table.has_labels and table.clips == 6 and table.title == "agreement of tags"


def test_a_clip_that_cannot_be_read_is_missing(robustness: Call, audio: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(audio, copy)
    (copy / "1.flac").write_bytes(b"no audio")
    lines: list[str] = []
    results = robustness(data=str(copy), folder=None, report=lines.append)
    assert [list(result.info.missing) for result in results] == [["1.flac"]] * 3
    assert all("1.flac" in result.info.missing["1.flac"] for result in results)
    assert len(lines) == 1 and summarize_robustness(results).tables[0].clips == 5


def test_a_model_that_fails_does_not_stop_the_others(robustness: Call) -> None:
    errors: list[tuple[str, TaggramError]] = []
    results = robustness(["no-such-model", "default"], on_error=lambda *error: errors.append(error))
    assert len(results) == 6 and [name for name, _ in errors] == ["no-such-model"]
    with pytest.raises(TaggramError, match="no model is named"):
        robustness(["no-such-model", "default"])


def test_comparisons_leave_deformed_clips_out(robustness: Call, tmp_path: Path) -> None:
    results = robustness()
    comparison = compare([tmp_path / "results"])
    assert [len(table.models) for table in comparison.tables] == [1]
    with pytest.raises(EvaluationError, match="no result is of clips as they are with labels"):
        compare(results[1:])


def test_the_noise_of_a_clip_depends_on_its_content_only(
    audio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(audio / "4.flac", tmp_path / "4 again.flac")
    shutil.copy(audio / "5.flac", tmp_path / "5.flac")
    seeds: list[int] = []
    deform = Chain.__call__
    monkeypatch.setattr(
        Chain, "__call__", lambda chain, x, rate, seed: seeds.append(seed) or deform(chain, x, rate, seed)
    )
    clips = [*load_folder(audio).test[4:], *load_folder(tmp_path).test]
    assert [clip.file.name for clip in clips] == ["4.flac", "5.flac", "4 again.flac", "5.flac"]
    for i, clip in enumerate(clips):
        with PredictionCache(tmp_path / f"{i}.sqlite") as cache:
            predict_deformed([Tagger()], [clip], [Chain.parse("noise=0")], cache)
    assert seeds[:2] == seeds[2:] and seeds[0] != seeds[1]


def test_more_noise_changes_the_tags_of_music_more(shared: Path, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for file in sorted((shared / "data" / "mer4q" / "audio").iterdir())[:8]:
        (music / file.name).symlink_to(file)
    results = evaluate_robustness(
        "default", str(music), deformations=["noise=60", "noise=20", "noise=0"], out=tmp_path, cache=tmp_path / "cache"
    )
    (table,) = summarize_robustness(results).tables
    loud, middle, soft = (condition.score.value for condition in table.models[0].conditions)
    assert loud < middle < soft and soft > 0.9 and loud < 0.6


def test_grids_have_every_deformation() -> None:
    assert {chain.name for chain in GRIDS["quick"]} == set(DEFORMATIONS) == {chain.name for chain in GRIDS["full"]}
    published = {name for name, deformation in DEFORMATIONS.items() if deformation.published}
    assert {chain.name for chain in GRIDS["won2020"]} == published
    for chain in GRIDS["won2020"]:
        ((name, value),) = chain.steps
        low, high = DEFORMATIONS[name].published
        assert isinstance(value, str) or low <= value <= high
    for name in published:
        values = {chain.steps[0].value for chain in GRIDS["won2020"] if chain.name == name}
        assert len(values) >= 3 and values >= set(DEFORMATIONS[name].published)
    assert set(GRIDS["won2020"]) < set(GRIDS["full"])


@pytest.mark.parametrize(("grid", "error"), [("won", "did you mean won2020"), ([], "no deformation to evaluate")])
def test_unknown_grids_are_refused(robustness: Call, grid: object, error: str) -> None:
    with pytest.raises(DeformationError, match=error):
        robustness(deformations=grid)


def test_command_line(audio: Path, table: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(find_model("default"), folder)
    options = ["--deformation", "gain=-12", "--deformation", "hard-clip", "-o", "results"]
    env = {"TAGGRAM_HOME": str(tmp_path / "home")}
    done = run("robustness", str(folder), "--data", f"table={table}", *options, "--files", "files", cwd=tmp_path, **env)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("table (") and "zero-shot: 6 clips of 3 artists" in lines[0]
    assert lines[1].split("  ")[0] == "model" and "retained AP" in lines[1] and "gain   hard_clip" in lines[1]
    assert "agreement of tags" in done.stdout and "without labels" in done.stdout
    names = {file.name for file in (tmp_path / "files").iterdir()}
    assert {"table-zero-shot-robustness.csv", "table-zero-shot-robustness-gain-roc_auc.svg"} < names
    assert "table-unlabelled-robustness-hard_clip.png" in names

    unlabelled = run("robustness", str(folder), "--data", str(audio), *options, "--json", cwd=tmp_path, **env)
    assert unlabelled.returncode == 2  # no such option
    report = run("report", "results", cwd=tmp_path, **env)
    assert report.returncode == 0, report.stderr
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="robustness"' in page and "change of AP" in page
