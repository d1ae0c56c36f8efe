"""Models, scores and embeddings are evaluated from a table of clips to stored results, once."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import run

import taggram
from taggram._files import sha256
from taggram.audio import EvenlySpacedWon
from taggram.datasets import dataset
from taggram.datasets.synthetic import write_noise
from taggram.errors import EvaluationError, ModelError, TaggramError
from taggram.evaluation import read_result
from taggram.evaluation.predefined import PROTOCOLS
from taggram.metrics import roc_auc
from taggram.models.directories import find_model
from taggram.tagging import Tagger

SPLITS = ("train",) * 4 + ("valid",) * 2 + ("test",) * 3
LABELS = ("rock;loud", "piano", "rock", "piano;polka") * 3


@pytest.fixture(autouse=True)
def few_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taggram.training.probing.probe.STRENGTHS", (1e-4, 1e-2))


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for number in range(len(SPLITS)):
        write_noise(folder / f"{number}.flac", 6.0, seed=number)
    return folder


@pytest.fixture
def table(audio: Path, tmp_path: Path) -> Path:
    """Nine clips; two labels are tags of the default model, loud is one, too, and polka is not."""
    return write_table(audio, tmp_path / "clips.csv", LABELS)


def write_table(audio: Path, file: Path, labels: tuple[str, ...]) -> Path:
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(["id", "path", "labels", "split", "artist"])
        for number, (split, tags) in enumerate(zip(SPLITS, labels, strict=False)):
            writer.writerow([f"clip {number}", audio / f"{number}.flac", tags, split, f"artist {number // 2}"])
    return file


@pytest.fixture
def evaluate(tmp_path: Path, table: Path) -> Callable[..., list[taggram.evaluation.EvaluationResult]]:
    def call(models: object = (), **options: object) -> list[taggram.evaluation.EvaluationResult]:
        defaults = {"data": "table", "folder": table, "out": tmp_path / "results", "cache": tmp_path / "cache"}
        return taggram.evaluate(models, **{**defaults, **options})

    return call


def test_a_model_of_another_vocabulary_is_asked_zero_shot(evaluate, audio: Path) -> None:
    (result,) = evaluate("default")
    info = result.info
    assert (info.mode, info.model, info.origin) == ("zero-shot", "small_vgg.default", "model")
    assert info.sources == {"rock": ("rock",), "piano": ("piano",), "loud": ("loud",)}
    assert info.missing == {} and info.train_hash == "" and info.cost.parameters == 680144
    assert info.cost.seconds_per_minute > 0 and info.cost.machine and info.versions["taggram"] == taggram.__version__
    assert result.test.clips.tolist() == ["clip 6", "clip 7", "clip 8"]
    assert result.test.groups.tolist() == ["artist 3", "artist 3", "artist 4"]
    assert result.test.tags == ("rock", "piano", "loud", "polka")
    assert result.test.truth.tolist() == [[1, 0, 0, 0], [0, 1, 0, 1], [1, 0, 1, 0]]
    prediction = Tagger().tag(audio / "7.flac")
    assert result.test.scores[1, :3].tolist() == [prediction[tag] for tag in ("rock", "piano", "loud")]
    assert np.isnan(result.test.scores[:, 3]).all()
    assert result.valid is not None and result.valid.clips.tolist() == ["clip 4", "clip 5"]
    np.testing.assert_array_equal(read_result(result.folder).test.scores, result.test.scores)


def test_a_finished_model_is_not_computed_again(evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = evaluate("default")
    monkeypatch.setattr(Tagger, "_predict", lambda *_: pytest.fail("tagged again"))
    (second,) = evaluate("default")
    assert second.info == first.info
    np.testing.assert_array_equal(second.test.scores, first.test.scores)


def test_an_interrupted_model_resumes_from_the_cache(evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    predict = Tagger._predict
    calls = []

    def interrupt(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return predict(*arguments)

    monkeypatch.setattr(Tagger, "_predict", interrupt)
    with pytest.raises(KeyboardInterrupt):
        evaluate("default")
    monkeypatch.setattr("taggram.evaluation.systems.TaggerSystem._seconds_per_minute", lambda *_: None)
    evaluate("default")
    assert len(calls) == 3 + 5 - 2  # five clips of test and valid, of which two were done


def test_an_edited_result_is_refused(evaluate, tmp_path: Path) -> None:
    (result,) = evaluate("default", valid=False)
    assert result.valid is None
    file = result.folder / "protocol.json"
    file.write_text(file.read_text().replace("small_vgg.default", "other"))
    with pytest.raises(EvaluationError, match="was changed after it was written: delete"):
        evaluate("default")


def test_missing_audio_is_counted(evaluate, audio: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    for number in (0, 1, 2, 3, 4, 5, 7, 8):
        (copies / f"{number}.flac").symlink_to(audio / f"{number}.flac")
    (copies / "4.flac").unlink()
    lines: list[str] = []
    (result,) = evaluate("default", folder=write_table(copies, tmp_path / "other.csv", LABELS), report=lines.append)
    assert list(result.info.missing) == ["clip 6"] and "6.flac does not exist" in result.info.missing["clip 6"]
    assert result.test.clips.tolist() == ["clip 7", "clip 8"] and result.valid.clips.tolist() == ["clip 5"]
    missing = [line for line in lines if "missing" in line]
    assert [line.partition(": ")[2][:30] for line in missing] == [
        "1 of 3 test clips are missing:",
        "1 of 2 valid clips are missing",
    ]


def test_without_any_audio_there_is_no_result(evaluate, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="none of 3 test clips has scores: .*does not exist"):
        evaluate("default", folder=write_table(tmp_path, tmp_path / "other.csv", LABELS))
    assert not (tmp_path / "results").exists()


def test_a_probe_is_stored_apart(evaluate) -> None:
    zero_shot, probe = evaluate("default", probe=True)
    assert (zero_shot.info.mode, probe.info.mode) == ("zero-shot", "probe")
    assert zero_shot.folder != probe.folder and probe.info.train_hash
    assert sorted(probe.info.sources) == ["loud", "piano", "polka", "rock"]
    assert (probe.test.scores > 0).all() and (probe.test.scores < 1).all()


def test_a_probe_learns_nothing_from_test_labels(evaluate, audio: Path, tmp_path: Path) -> None:
    def scores(number: int, labels: tuple[str, ...]) -> np.ndarray:
        file = write_table(audio, tmp_path / f"{number}.csv", labels)
        _, probe = evaluate("default", folder=file, out=tmp_path / str(number), probe=True)
        return probe.test.scores[:, [probe.test.tags.index(tag) for tag in ("piano", "rock")]]

    first = scores(0, LABELS)
    np.testing.assert_array_equal(scores(1, (*LABELS[:6], "piano", "rock", "piano")), first)
    assert not np.array_equal(scores(2, ("piano", "rock", "piano", "rock", *LABELS[4:])), first)


def test_a_probe_needs_training_clips(evaluate) -> None:
    with pytest.raises(EvaluationError, match="no training clips to fit a probe on"):
        evaluate("default", probe=True, all_splits=True)


def test_a_model_without_any_of_the_tags_is_an_error(evaluate, audio: Path, tmp_path: Path) -> None:
    file = write_table(audio, tmp_path / "other.csv", ("polka", "zydeco") * 6)
    with pytest.raises(EvaluationError, match="small_vgg.default has none of the tags of table; fit a probe"):
        evaluate("default", folder=file)
    (probe,) = evaluate("default", folder=file, probe=True)
    assert probe.info.mode == "probe"


def test_means_over_different_tags_are_a_warning(table: Path, tmp_path: Path) -> None:
    clips = ["clip 6", "clip 7", "clip 8"]
    files = [save_scores(tmp_path / f"{tag}.npz", clips, ["rock", tag]) for tag in ("piano", "loud")]
    command = ("evaluate", "--data", f"table={table}", "-o", tmp_path / "out", "--no-valid", "--scores", files[0])
    warning = "zero-shot: the models have scores for different tags, 1 of them in common"
    assert warning not in run(*command, TAGGRAM_HOME=str(tmp_path)).stderr
    assert warning in run(*command, "--scores", files[1], TAGGRAM_HOME=str(tmp_path)).stderr


def test_a_training_that_has_not_ended_is_evaluated(evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "training").mkdir()
    checkpoint = tmp_path / "training" / "checkpoint.pt"
    checkpoint.write_bytes(b"weights")
    written = []

    def write_checkpoint(file: Path, folder: Path) -> None:
        shutil.copytree(find_model("default"), folder)
        written.append((file, folder))

    monkeypatch.setattr("taggram.training.export.write_checkpoint", write_checkpoint)
    (by_folder,) = evaluate(tmp_path / "training", valid=False)
    (by_file,) = evaluate(checkpoint, valid=False)
    assert [file for file, _ in written] == [checkpoint] * 2 and not any(folder.exists() for _, folder in written)
    assert by_folder.info == by_file.info and by_folder.info.model_hash == sha256(checkpoint)


def test_segments_of_the_protocol_are_used(evaluate, audio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own,) = evaluate("default", valid=False)
    monkeypatch.setitem(PROTOCOLS, "table", dataclasses.replace(PROTOCOLS["table"], placement="won", segments=16))
    (won,) = evaluate("default", valid=False)
    assert own.info.protocol.differences(won.info.protocol) == ("placement",) and own.folder != won.folder
    prediction = Tagger(segmentation=EvenlySpacedWon(16)).tag(audio / "6.flac")
    assert len(prediction.scores) == 16
    assert won.test.scores[0, 0] == prediction["rock"] != own.test.scores[0, 0]


def test_slices_are_parts_of_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "mer4q"
    dataset("mer4q").write_sample(data)  # of six seconds: only the first two slices exist
    monkeypatch.setitem(PROTOCOLS, "mer4q-slice", dataclasses.replace(PROTOCOLS["mer4q-slice"], slices=3))
    lines: list[str] = []
    options = {"out": tmp_path / "results", "cache": tmp_path / "cache", "report": lines.append}
    (result,) = taggram.evaluate("default", "mer4q", data, protocol="mer4q-slice", all_splits=True, **options)
    assert lines[0] == "small_vgg.default was trained on clips of mer4q: score the test split only"
    assert len(result.test) == 12 and len(result.info.missing) == 6
    row = result.test.clips.tolist().index("MT0000000003/1")
    prediction = Tagger().tag(data / "audio" / "MT0000000003.opus", start=3.0, duration=3.0)
    assert result.test.scores[row, result.test.tags.index("jazz")] == prediction["jazz"]


def save_scores(file: Path, clips: list[str], tags: list[str], seed: int = 0) -> Path:
    np.savez(file, clips=clips, tags=tags, scores=np.random.default_rng(seed).random((len(clips), len(tags))))
    return file


def test_scores_of_another_program_are_judged_alike(evaluate, tmp_path: Path) -> None:
    clips = [f"clip {number}" for number in (8, 7, 4, 5, 6)]
    own = save_scores(tmp_path / "own.npz", clips, ["polka", "piano", "rock", "loud"])
    part = save_scores(tmp_path / "part.npz", clips[:2], ["piano", "Rock"])
    first, second = evaluate(scores=[own, part])
    assert (first.info.mode, first.info.origin, first.info.model) == ("own", "scores", "own")
    with np.load(own) as arrays:
        np.testing.assert_array_equal(first.test.scores[2], arrays["scores"][0, [2, 1, 3, 0]].astype(np.float32))
    assert first.valid.clips.tolist() == ["clip 4", "clip 5"]
    assert second.info.mode == "zero-shot" and list(second.info.sources) == ["piano"]
    assert second.test.clips.tolist() == ["clip 7", "clip 8"] and second.valid is None
    assert second.info.missing == {"clip 6": f"{part} does not have it"}
    assert first.info.protocol_hash == second.info.protocol_hash


def test_embeddings_of_another_program_get_a_probe(evaluate, tmp_path: Path) -> None:
    clips = [f"clip {number}" for number in range(9)]
    vectors = np.array([["rock" in LABELS[i], "piano" in LABELS[i]] for i in range(9)], float)
    np.savez(tmp_path / "e.npz", clips=clips, embeddings=vectors)
    (result,) = evaluate(embeddings=[tmp_path / "e.npz"])
    assert (result.info.mode, result.info.origin) == ("probe", "embeddings")
    known = [result.test.tags.index(tag) for tag in ("rock", "piano")]
    assert roc_auc(result.test.scores[:, known], result.test.truth[:, known]).tolist() == [1, 1]


def test_a_model_that_fails_does_not_stop_the_others(evaluate) -> None:
    errors: dict[str, TaggramError] = {}
    results = evaluate(["missing", "default"], on_error=errors.__setitem__)
    assert [result.info.model for result in results] == ["small_vgg.default"]
    assert list(errors) == ["missing"] and isinstance(errors["missing"], ModelError)
    with pytest.raises(ModelError, match="no model is named 'missing'"):
        evaluate(["missing", "default"])


def test_the_command_prints_a_table_per_way_of_asking(table: Path, tmp_path: Path) -> None:
    scores = save_scores(tmp_path / "other.npz", ["clip 6", "clip 7", "clip 8"], ["polka", "piano", "rock", "loud"])
    command = ("evaluate", "default", "--data", f"table={table}", "-o", tmp_path / "out", "--probe")
    done = run(*command, "--scores", scores, "missing", TAGGRAM_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "error: no model is named 'missing'" in done.stderr
    assert "warning: other: 2 of 2 valid clips are missing" in done.stderr
    assert done.stdout.startswith("table (")
    assert [line.split("  ")[0] for line in done.stdout.splitlines() if "ROC-AUC" in line] == [
        *("own tags", "zero-shot", "probe of the embedding"),
    ]
    (zero_shot, probe) = (line.split() for line in done.stdout.splitlines() if line.startswith("small_vgg"))
    assert zero_shot[-5:] == ["3", "2", "3", "of", "4"] and probe[-5:] == ["3", "2", "4", "of", "4"]
    rows = [json.loads(line) for line in run(*command, "--json", TAGGRAM_HOME=str(tmp_path)).stdout.splitlines()]
    assert [(row["mode"], row["scored_tags"], row["clips"], row["groups"]) for row in rows] == [
        ("zero-shot", 3, 3, 2),
        ("probe", 4, 3, 2),
    ]
    assert rows[0]["protocol_hash"] in done.stdout and Path(rows[0]["folder"]).parent == tmp_path / "out"


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("--data", "table=missing.csv", "default"), 1, "missing.csv does not exist"),
        (("--data", "nothing", "default"), 1, "no protocol is of a data set named 'nothing'"),
        (("--data", "emotify", "--protocol", "gtzan", "default"), 1, "emotify has no protocol 'gtzan'"),
        (("--data", "table=x.csv"), 2, "give a MODEL, --scores or --embeddings"),
        (("default",), 2, "--data"),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[str, ...], code: int, reason: str, tmp_path: Path) -> None:
    done = run("evaluate", *arguments, cwd=tmp_path, TAGGRAM_HOME=str(tmp_path))
    assert done.returncode == code and reason in " ".join(done.stderr.replace("│", " ").split())


def test_names_of_protocols_are_completed() -> None:
    from taggram.cli.completion import data_set_names, protocol_names

    assert protocol_names("mer4q-") == ["mer4q-artist", "mer4q-moods", "mer4q-slice"]
    assert data_set_names("m") == ["mtat", "msd_lastfm50", "mtg_jamendo", "mer4q"]
