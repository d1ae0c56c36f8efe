"""``taggram train``: from generated tones to a model that tags."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import INTERRUPTIBLE, run_process
from command_line import run as taggram

from taggram.datasets import ClipIndex, ClipInfo, pack
from taggram.models import create_model
from taggram.models.weights import save_model

RATE = 16000
RECIPE = """
name: small_vgg.tones
data: {store: tones, validation_segments: 1}
model: {architecture: small_vgg, options: {channels: [8, 8, 8, 8, 8], embedding_size: 16}}
optim: {epochs: 10, batch_size: 4, optimizer: {kind: adam, lr: 1e-2}}
"""


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return taggram(*arguments, cwd=folder)


def tone(file: Path, label: str, rng: np.random.Generator) -> None:
    frequency = (220 if label == "low" else 2500) * rng.uniform(0.9, 1.1)
    samples = 0.3 * np.sin(2 * np.pi * frequency * np.arange(int(3.5 * RATE)) / RATE)
    soundfile.write(file, samples + 0.01 * rng.standard_normal(len(samples)), RATE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed store of tones, and a recipe."""
    made = tmp_path_factory.mktemp("train")
    rng = np.random.default_rng(0)
    clips = []
    for i in range(20):
        label, split = ("low", "high")[i % 2], "train" if i < 12 else "valid" if i < 18 else "test"
        tone(made / f"{i}.wav", label, rng)
        clips.append(ClipInfo(str(i), f"{i}.wav", split=split, labels=(label,)))
    pack(ClipIndex(made, tuple(clips)), made / "tones", workers=1)
    (made / "a.yaml").write_text(RECIPE)
    return made


def test_the_plan_is_shown_and_nothing_is_written(folder: Path) -> None:
    done = run(folder, "train", "a.yaml", "--dry-run", "--out", "nothing")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-3] == "# 12 training clips, 6 validation clips"
    assert lines[-2] == "# 2 tags, 0 of them without a training clip; 3,180 parameters"
    assert {"  - high", "  - low", "  patience: null", "    weight_decay: 0.0001"} <= set(lines)
    assert not (folder / "nothing").exists()


def test_interrupted_training_resumes_and_its_model_tags(folder: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTIBLE, "train", "a.yaml", "--out", "model", "--device", "cpu"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        while not (folder / "model" / "checkpoint.pt").exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    *epochs, last = errors.splitlines()
    assert last == "interrupted; run the same command again to resume"
    assert all(line.startswith("epoch ") for line in epochs)
    assert not (folder / "model" / "card.json").exists()
    done = run(folder, "train", "a.yaml", "--out", "model", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "model\n"
    *epochs, last = done.stderr.splitlines()
    assert last.startswith("small_vgg.tones: validation loss 0.")
    assert epochs and all(line.startswith("epoch ") and "ROC-AUC" in line for line in epochs)
    tagged = run(folder, "tag", "18.wav", "19.wav", "--model", "model", "--json", "--top", 1)
    assert [json.loads(line)["tags"][0]["tag"] for line in tagged.stdout.splitlines()] == ["low", "high"]


def test_errors_are_one_line(folder: Path) -> None:
    (folder / "wrong.yaml").write_text(RECIPE + "augment: {colour: blue}\n")
    (folder / "far.yaml").write_text(RECIPE.replace("store: tones", "store: nowhere"))
    for arguments, message in (
        (["wrong.yaml"], "error: wrong.yaml: augment.colour: no such key"),
        (["none.yaml"], "error: none.yaml: No such file"),
        (["far.yaml"], "nowhere"),
        (["a.yaml", "--device", "tpu", "--out", "x"], "there is no device 'tpu'"),
    ):
        done = run(folder, "train", *arguments)
        assert done.returncode == 1
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not done.stdout


def test_a_classical_model_is_trained_the_same_way(folder: Path) -> None:
    (folder / "forest.yaml").write_text(
        "{name: random_forest.tones, data: {store: tones}, model: {architecture: random_forest}}"
    )
    shown = run(folder, "train", "forest.yaml", "--dry-run")
    assert shown.stdout.splitlines()[-2] == "# 2 tags, 0 of them without a training clip", shown.stderr
    done = run(folder, "train", "forest.yaml", "--out", "forest")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "forest\n"
    assert done.stderr.startswith("random_forest.tones: training split (12 clips); scikit-learn")
    tagged = run(folder, "tag", "18.wav", "19.wav", "--model", "forest", "--json", "--top", 1)
    assert [json.loads(line)["tags"][0]["tag"] for line in tagged.stdout.splitlines()] == ["low", "high"]


@pytest.mark.parametrize(
    "hidden",
    ["torch", *(pytest.param(name, marks=pytest.mark.slow) for name in ("lightning_fabric", "yaml", "pyarrow"))],
)
def test_missing_extra_is_named(folder: Path, hidden: str) -> None:
    program = f"import sys; sys.modules[{hidden!r}] = None; from taggram.cli import main; main()"
    done = run_process("train", folder / "a.yaml", "--dry-run", program=(sys.executable, "-c", program))
    assert done.returncode == 1
    assert "needs the [train] extra: pip install 'taggram[train]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_distillation_from_files_to_calibrated_model(folder: Path, tmp_path: Path) -> None:
    """From files to a calibrated model in one command, which does nothing twice."""
    network = create_model("small_vgg", "mtat", channels=(4, 4, 4, 4, 4), embedding_size=8)
    card = network.card("small_vgg.teacher", trained_on="nothing", licence="none")
    save_model(network, card, tmp_path / "teacher")
    rows = [f"{folder / f'{i}.wav'},{('train', 'valid')[i % 2]},{('low', 'high')[i // 2 % 2]}" for i in range(16)]
    (tmp_path / "clips.csv").write_text("\n".join(["path,split,labels", *rows]) + "\n")
    (tmp_path / "labels.tsv").write_text("label\ttags\ntones/low\tquiet\ntones/high\tloud\n")
    (tmp_path / "recipe.yaml").write_text(
        """
name: small_vgg.student
data: {store: store, vocabulary: mtat, sources: [{name: tones, path: clips.csv}]}
model: {architecture: small_vgg, options: {channels: [4, 4, 4, 4, 4], embedding_size: 8}}
optim: {epochs: 2, batch_size: 4, precision: bf16}
augment: {freq_mask: 8}
distill: {teachers: [{model: teacher, match_similarity: true}], label_map: labels.tsv}
"""
    )
    done = run(tmp_path, "train", "recipe.yaml", "--out", "student")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "student\n"
    assert "16 packed" in done.stderr and "teacher has scored 16 clips (1 of 1)" in done.stderr
    made = json.loads((tmp_path / "student" / "card.json").read_text())
    assert made["trained_on"].endswith("of tones, training split (8 clips); distilled from teacher")
    assert set(made["thresholds"]["f1"]) == set(made["calibration"]) == set(made["vocabulary"]["tags"])
    assert {tag["calibrated_on"] for tag in made["calibration"].values()} == {"teachers"}  # 4 labels are too few

    again = run(tmp_path, "train", "recipe.yaml", "--out", "student")
    assert "16 kept" in again.stderr and "has scored" not in again.stderr
    tagged = run(tmp_path, "tag", folder / "0.wav", "--model", "student", "--json", "--all")
    assert len(json.loads(tagged.stdout)["tags"]) == 50
