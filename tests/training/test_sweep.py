"""Sweeps: every combination once with each seed, resumed, pruned, searched; a failure costs one combination."""

from __future__ import annotations

import csv
import errno
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tones
from command_line import INTERRUPTIBLE
from tone_store import pack_tones

from taggram.errors import RecipeError
from taggram.parallel import use_ray
from taggram.training import Recipe
from taggram.training.sweep import sweep

pytest.importorskip("optuna")

GRID = {"model.architecture": ["knn", "random_forest"], "data.min_positives": [1, 2]}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep") / "tones"
    pack_tones(folder, {"train": 8, "valid": 4, "test": 4})
    return folder


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of models, without the numbers at their end, and the seeds that are trained, in order."""
    from taggram.training.sweep import trial

    calls: list[str] = []
    train = trial.train

    def count(recipe: Recipe, *arguments: Any, **options: Any) -> Any:
        name, trial, seed = recipe.name.rsplit("-", 2)
        assert trial.isdecimal() and int(seed) == recipe.seed
        calls.append(f"{name} {seed}")
        return train(recipe, *arguments, **options)

    monkeypatch.setattr(trial, "train", count)
    return calls


@pytest.fixture
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing the ONNX file takes longer than a training here."""
    monkeypatch.setattr("taggram.models.weights.export_onnx", lambda _, file: file.write_bytes(b""))


def baselines(store: Path, **settings: Any) -> Recipe:
    """A sweep of classical models, which take a tenth of a second."""
    text = f"{{name: knn.tones, data: {{store: {store}}}, model: {{architecture: knn}}}}"
    return Recipe.parse(text).replace(sweep={"grid": GRID, "seeds": [0, 1], **settings})


def networks(store: Path, **settings: Any) -> Recipe:
    return tones.recipe(
        data={"store": str(store)}, optim={"epochs": 2}, sweep={"metric": "validation_loss", **settings}
    )


def rows(folder: Path, name: str = "sweep.csv") -> list[dict[str, str]]:
    with (folder / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def without_seconds(folder: Path) -> list[dict[str, str]]:
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows(folder)]


def test_each_combination_is_trained_once_with_each_seed(store: Path, tmp_path: Path, trained: list[str]) -> None:
    result = sweep(baselines(store), tmp_path / "out")
    names = ["knn.tones", "random_forest.tones"]
    assert trained == [f"{name} {seed}" for name in names for _ in range(2) for seed in (0, 1)]
    table = rows(tmp_path / "out")
    assert [(row["trial"], row["seed"], row["folder"]) for row in table] == [
        (str(trial), str(seed), f"trials/{trial}/seed-{seed}") for trial in range(4) for seed in range(2)
    ]
    assert [row["model.architecture"] for row in table[::4]] == ["knn", "random_forest"]
    assert [row["data.min_positives"] for row in table[::2]] == ["1", "2", "1", "2"]
    assert all((tmp_path / "out" / row["folder"] / "card.json").is_file() for row in table)
    # The tones are separable, and knn takes all of the few examples for neighbours.
    assert [float(row["roc_auc"]) for row in table] == [0.5] * 4 + [1.0] * 4
    assert result.best is not None and result.best.values["model.architecture"] == "random_forest"
    assert [float(row["roc_auc_mean"]) for row in rows(tmp_path / "out", "summary.csv")] == [1, 1, 0.5, 0.5]
    assert {row["runs"] for row in rows(tmp_path / "out", "summary.csv")} == {"2"}


@pytest.mark.usefixtures("no_export")
def test_a_network_has_the_metrics_of_its_kept_epoch(store: Path, tmp_path: Path) -> None:
    grid = {"model.options.channels": [2, 4], "optim.schedule": [{"kind": "step", "every": 1}]}
    result = sweep(networks(store, grid=grid), tmp_path)
    assert [trial.values["model.options.channels"] for trial in result.trials] == [2, 4]
    for row in rows(tmp_path):
        history = rows(tmp_path / row["folder"], "history.csv")
        best = min(history, key=lambda epoch: float(epoch["validation_loss"]))
        assert float(row["validation_loss"]) == pytest.approx(float(best["validation_loss"]), rel=1e-5)
        assert float(row["roc_auc"]) == pytest.approx(float(best["roc_auc"]), rel=1e-5)
        assert float(row["seconds"]) == pytest.approx(sum(float(epoch["seconds"]) for epoch in history), rel=1e-4)
        assert row["epochs"] == "2" and int(row["macs"]) > int(row["parameters"]) > 0
    losses = [trial.mean("validation_loss") for trial in result.ranking]
    assert losses == sorted(losses)


@pytest.mark.usefixtures("no_export")
def test_moments_are_those_of_the_seeds(store: Path, tmp_path: Path) -> None:
    result = sweep(networks(store, grid={"optim.batch_size": [4]}, seeds=[3, 5]), tmp_path)
    (trial,) = result.trials
    first, second = (run.metrics["validation_loss"] for run in trial.runs)
    assert first != second
    assert trial.mean("validation_loss") == pytest.approx((first + second) / 2)
    assert trial.std("validation_loss") == pytest.approx(abs(first - second) / 2**0.5)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_killed_sweep_resumes_with_the_same_table(store: Path, tmp_path: Path, trained: list[str]) -> None:
    recipe = baselines(store, grid={"model.architecture": ["random_forest"], "data.min_positives": [1, 2, 3, 4]})
    (tmp_path / "recipe.yaml").write_text(recipe.to_yaml())
    command = [sys.executable, "-c", INTERRUPTIBLE, "sweep", tmp_path / "recipe.yaml", "--out", tmp_path / "out"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("trial 1: "):
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "out" / "sweep.csv").exists()
    done = {file: file.stat().st_mtime_ns for file in (tmp_path / "out" / "trials").glob("[01]/*/*")}
    sweep(recipe, tmp_path / "out")
    assert 1 <= len(trained) <= 4  # of eight, four are done at least
    assert len(done) == 12 and done == {file: file.stat().st_mtime_ns for file in done}
    sweep(recipe, tmp_path / "whole")
    assert without_seconds(tmp_path / "out") == without_seconds(tmp_path / "whole")
    assert (tmp_path / "out" / "summary.csv").read_bytes() == (tmp_path / "whole" / "summary.csv").read_bytes()


@pytest.mark.usefixtures("no_export")
def test_an_interrupted_training_resumes_from_its_checkpoint(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: list[str]
) -> None:
    from taggram.training.loop.trainer import Trainer

    recipe = networks(store, grid={"optim.batch_size": [4]})
    run_epoch = Trainer.run_epoch

    def interrupt(trainer: Trainer, *arguments: Any) -> Any:
        if len(trainer.history) == 1:
            raise KeyboardInterrupt
        return run_epoch(trainer, *arguments)

    monkeypatch.setattr(Trainer, "run_epoch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sweep(recipe, tmp_path)
    (first,) = rows(tmp_path / "trials" / "0" / "seed-0", "history.csv")
    monkeypatch.setattr(Trainer, "run_epoch", run_epoch)
    result = sweep(recipe, tmp_path)
    assert result.trials[0].runs[0].epochs == 2
    assert rows(tmp_path / "trials" / "0" / "seed-0", "history.csv")[0] == first  # its seconds, too
    sweep(recipe, tmp_path)
    assert len(trained) == 2


def test_a_seed_that_is_done_is_not_trained_again(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: list[str]
) -> None:
    from taggram.training.sweep import trial

    recipe = baselines(store, grid={"data.min_positives": [1]}, seeds=[0, 1, 2])
    train = trial.train

    def interrupt(*arguments: Any, **options: Any) -> Any:
        if len(trained) == 2:
            raise KeyboardInterrupt
        return train(*arguments, **options)

    monkeypatch.setattr(trial, "train", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sweep(recipe, tmp_path)
    monkeypatch.setattr(trial, "train", train)
    (result,) = sweep(recipe, tmp_path).trials
    assert [run.seed for run in result.runs] == [0, 1, 2]
    assert trained == ["knn.tones 0", "knn.tones 1", "knn.tones 2"]


@pytest.mark.usefixtures("no_export")
def test_a_warning_is_reported_once(store: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    recipe = networks(store, grid={"optim.optimizer.lr": [1e-3, 1e-12], "optim.epochs": [1, 2]}, seeds=[0, 1])
    sweep(recipe, tmp_path, report=lines.append)
    warnings = [line for line in lines if line.startswith("warning: ")]
    assert [line.split(";")[0] for line in warnings] == ["warning: trial 2: the first epoch hardly changed the weights"]


@pytest.mark.usefixtures("no_export")
def test_a_bad_training_is_pruned(store: Path, tmp_path: Path) -> None:
    rates = [1e-2, 9e-3, 8e-3, 7e-3, 6e-3, 1e-8]  # five complete ones are needed for a comparison
    recipe = networks(store, grid={"optim.optimizer.lr": rates}, prune=True)
    lines: list[str] = []
    result = sweep(recipe, tmp_path, report=lines.append)
    *good, bad = result.trials
    assert [trial.state for trial in good] == ["complete"] * 5
    assert bad.state == "pruned" and [run.epochs for run in bad.runs] == [1]
    assert not (tmp_path / "trials" / "5" / "seed-0" / "card.json").exists()
    assert lines[-1] == "trial 5: pruned after 1 epoch: optim.optimizer.lr=1e-08"
    assert bad not in result.ranking


def test_a_search_finds_the_better_value_and_goes_on(store: Path, tmp_path: Path, trained: list[str]) -> None:
    search = {"model.architecture": ["knn", "random_forest"], "seed": {"low": 0, "high": 1000}}
    recipe = baselines(store, search=search, grid=[], trials=14, seeds=[0])
    result = sweep(recipe, tmp_path / "a")
    chosen = [trial.values["model.architecture"] for trial in result.trials]
    assert result.best is not None and result.best.values["model.architecture"] == "random_forest"
    assert len(chosen) == 14 and set(chosen) == {"knn", "random_forest"}
    assert chosen[10:].count("random_forest") >= 3  # after ten random ones
    assert [trial.values for trial in sweep(recipe, tmp_path / "b").trials] == [trial.values for trial in result.trials]
    trained.clear()
    more = sweep(recipe.replace(sweep={"trials": 16}), tmp_path / "a")
    assert len(trained) == 2 and more.trials[:14] == result.trials
    seeds = [trial.values["seed"] for trial in more.trials]
    assert len(set(seeds)) == 16


def test_a_random_search_stays_within_its_ranges(store: Path, tmp_path: Path) -> None:
    search = {"licence": ["a", "b"], "optim.optimizer.lr": {"low": 1e-6, "high": 1e-1, "log": True}}
    recipe = baselines(store, search=search, grid=[], sampler="random", trials=12, seeds=[0])
    rates = [trial.values["optim.optimizer.lr"] for trial in sweep(recipe, tmp_path).trials]
    assert all(1e-6 <= rate <= 1e-1 for rate in rates) and len(set(rates)) == 12
    assert 2 <= sum(rate < 3e-4 for rate in rates) <= 10  # half of the logarithms


def test_a_failure_costs_one_combination_and_is_tried_again(store: Path, tmp_path: Path, trained: list[str]) -> None:
    other = tmp_path / "other"
    lines: list[str] = []
    recipe = baselines(store, grid={"data.store": [str(other), str(store)]}, seeds=[0])
    result = sweep(recipe, tmp_path / "out", report=lines.append)
    assert [trial.state for trial in result.trials] == ["failed", "complete"]
    assert f"error: trial 0: {other}" in lines[1]
    assert len(rows(tmp_path / "out")) == 1
    assert [row["error"] != "" for row in rows(tmp_path / "out", "summary.csv")] == [False, True]
    shutil.copytree(store, other)
    trained.clear()
    again = sweep(recipe, tmp_path / "out")
    assert [trial.state for trial in again.trials] == ["complete", "complete"]
    assert trained == ["knn.tones 0"]


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"grid": {"optim.rate": [1]}}, "knn.tones: there is no setting optim.rate"),
        ({"search": {"optim.rate": {"low": 1, "high": 2}}}, "knn.tones: there is no setting optim.rate"),
        ({"grid": {"model.architecture": ["knn", "no_such"]}}, "model.architecture: must be one of"),
        ({"grid": {"model.architecture": ["fcn"], "model.options.no_such": [1, 2]}}, "no_such"),
        ({"search": {"optim.epochs": [0, 1]}}, "optim.epochs=0: optim.epochs"),
    ],
)
def test_a_mistyped_setting_ends_it_before_the_first_training(
    settings: dict[str, Any], error: str, store: Path, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match=error):
        sweep(baselines(store, **{"grid": (), **settings}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_metric_that_does_not_exist_is_a_failure(store: Path, tmp_path: Path) -> None:
    result = sweep(baselines(store, metric="validation_loss", seeds=[0]), tmp_path)
    assert {trial.error for trial in result.trials} == {
        f"{name}.tones-{number}-0: sweep.metric: there is no validation_loss on the validation split"
        for number, name in enumerate(["knn", "knn", "random_forest", "random_forest"])
    }


def test_a_folder_has_one_sweep(store: Path, tmp_path: Path) -> None:
    recipe = baselines(store, grid={"data.min_positives": [1]}, seeds=[0])
    sweep(recipe, tmp_path / "a")
    with pytest.raises(RecipeError, match="contains a sweep of another recipe; choose another --out"):
        sweep(recipe.replace(seed=1), tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "notes.txt").write_text("mine")
    with pytest.raises(RecipeError, match="contains files that are no sweep"):
        sweep(recipe, tmp_path / "b")
    assert [file.name for file in (tmp_path / "b").iterdir()] == ["notes.txt"]
    with pytest.raises(RecipeError, match="sweep: this key is missing"):
        sweep(recipe.with_values({}), tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_a_journal_that_a_full_disk_has_cut_off_loses_its_last_line_only(
    store: Path, tmp_path: Path, trained: list[str]
) -> None:
    recipe = baselines(store, seeds=[0])
    sweep(recipe, tmp_path)
    table, journal = without_seconds(tmp_path), tmp_path / "study.log"
    trained.clear()
    journal.write_bytes(journal.read_bytes()[:-9])
    for _ in range(2):
        sweep(recipe, tmp_path)
        assert without_seconds(tmp_path) == table
    assert not trained


def test_an_error_of_a_full_disk_names_the_folder(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")  # as Optuna does, which writes to an open file

    monkeypatch.setattr("optuna.storages.journal.JournalFileBackend.append_logs", fill)
    with pytest.raises(OSError, match="No space left") as caught:
        sweep(baselines(store), tmp_path / "out")
    assert caught.value.filename == str(tmp_path / "out")


@pytest.mark.parametrize("damage", [b"\xff\x00\n", b"hello\n", b"[]\n"])
def test_a_damaged_journal_is_one_line(damage: bytes, store: Path, tmp_path: Path) -> None:
    recipe = baselines(store, grid={"data.min_positives": [1]}, seeds=[0])
    sweep(recipe, tmp_path)
    journal = tmp_path / "study.log"
    journal.write_bytes(damage + journal.read_bytes())
    with pytest.raises(RecipeError, match=r"study.log is damaged: restore it, or choose another --out"):
        sweep(recipe, tmp_path)


def test_a_sweep_does_not_mix_two_states_of_its_store(store: Path, tmp_path: Path) -> None:
    clips = tmp_path / "store"
    shutil.copytree(store, clips)
    recipe = baselines(clips, search={"seed": {"low": 0, "high": 9}}, grid=[], trials=1, seeds=[0])
    sweep(recipe, tmp_path / "out")
    pack_tones(clips, {"train": 6, "valid": 4, "test": 4})
    for trials in (1, 2):
        with pytest.raises(RecipeError, match=r"store: its clips have changed since the sweep in .*out began"):
            sweep(recipe.replace(sweep={"trials": trials}), tmp_path / "out")
    pack_tones(clips, {"train": 8, "valid": 4, "test": 4})
    assert len(sweep(recipe.replace(sweep={"trials": 2}), tmp_path / "out").ranking) == 2


def test_two_processes_do_not_run_the_same_sweep(store: Path, tmp_path: Path) -> None:
    from filelock import FileLock

    tmp_path.mkdir(exist_ok=True)
    with FileLock(tmp_path / "sweep.lock"), pytest.raises(RecipeError, match="another process runs this sweep"):
        sweep(baselines(store), tmp_path)


@pytest.fixture(params=["processes", pytest.param("ray", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "ray":
        pytest.importorskip("ray")
        with use_ray():
            yield "ray"
    else:
        yield "processes"


def test_workers_give_the_same_table(engine: str, store: Path, tmp_path: Path) -> None:
    sweep(baselines(store), tmp_path / "two", workers=2)
    sweep(baselines(store), tmp_path / "one")
    assert without_seconds(tmp_path / "two") == without_seconds(tmp_path / "one")


def test_a_published_experiment_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = sweep("nair/four_layer_cnn", tmp_path / "out")
    assert [trial.values.get("optim.epochs", 10) for trial in result.failed] == [10, 10, 10, 2, 2]
    assert all("data/mtat-16000" in trial.error for trial in result.failed)
