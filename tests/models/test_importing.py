"""Importing published weights: the file is verified, and errors contain the remedy."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

import taggram
from taggram.cli import app
from taggram.errors import ModelError
from taggram.models.importing import download, import_model, load_published
from taggram.models.published import PUBLISHED
from taggram.models.published.tflite import read_tflite
from taggram.vocabularies import Vocabulary

PAYLOAD = b"published weights"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server on this machine with one published file."""
    (tmp_path / "best_model.pth").write_bytes(PAYLOAD)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/best_model.pth"
        server.shutdown()
        thread.join()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAGGRAM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_fetched_file_must_have_the_published_hash(address: str, home: Path) -> None:
    entry = dataclasses.replace(PUBLISHED["fcn.mtat-won2020"], url=address)
    right = dataclasses.replace(entry, sha256=hashlib.sha256(PAYLOAD).hexdigest())
    assert download(right).read_bytes() == PAYLOAD
    download(right).unlink()
    with pytest.raises(ModelError, match="the download failed") as error:
        download(entry)
    assert not list(home.rglob("*.pth"))
    assert "\n" not in str(error.value)


def test_what_cannot_be_fetched_comes_with_the_command(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = dataclasses.replace(PUBLISHED["fcn.mtat-won2020"], url="http://127.0.0.1:9/best_model.pth")
    with pytest.raises(ModelError, match=r"curl -LO http\S+ && taggram models import fcn.mtat-won2020 --from"):
        download(entry)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ModelError, match=r"pip download musicnn==0.1.0 .*&& taggram models import vgg_pons.msd"):
        download(PUBLISHED["vgg_pons.msd-pons2019"])


def test_another_file_is_refused(tmp_path: Path, home: Path) -> None:
    other = tmp_path / "best_model.pth"
    torch.save({"weight": torch.zeros(1)}, other)
    with pytest.raises(ModelError, match="not the published file of fcn.mtat-won2020"):
        import_model("fcn.mtat-won2020", other)
    with pytest.raises(ModelError, match=r"contains no \*.pth file"):
        import_model("fcn.mtat-won2020", tmp_path)
    with pytest.raises(ModelError, match="no such file or folder"):
        import_model("fcn.mtat-won2020", tmp_path / "nowhere")
    with pytest.raises(ModelError, match="no published weights are named 'fcn.mtat'"):
        import_model("fcn.mtat", tmp_path)
    assert not home.exists()


def test_a_published_file_runs_nothing(tmp_path: Path, home: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "trapped"),)

    name = "sample_cnn.mtat-won2020"
    assert PUBLISHED[name].sha256 is None
    file = tmp_path / "best_model.pth"
    torch.save({"head.weight": Trap()}, file)
    with pytest.raises(ModelError, match="not a PyTorch state dict"):
        import_model(name, file)
    assert not (tmp_path / "trapped").exists()


def test_a_file_without_a_known_hash_is_verified_by_its_entries(
    tmp_path: Path, home: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import from a copy of the authors' repository; the card states what was verified, and for which file."""
    monkeypatch.setattr("taggram.models.weights.export_onnx", lambda _, file: file.write_bytes(b""))
    name = "sample_cnn.mtat-won2020"
    entry = PUBLISHED[name]
    assert entry.sha256 is None
    file = tmp_path / "copy/models/mtat/sample/best_model.pth"
    file.parent.mkdir(parents=True)
    ours = taggram.create_model("sample_cnn", vocabulary="mtat").state_dict()
    theirs = {key.replace("head.", "dense.") if "head" in key else numbered(key): ours[key] for key in ours}
    torch.save(theirs, file)
    card = import_model(name, tmp_path / "copy")
    assert card.provenance is not None
    assert card.provenance.verified_by == "entries"
    listed = CliRunner().invoke(app, ["models", "list", name], env={"COLUMNS": "200"})
    assert f"{name}  yes, unverified" in listed.stdout
    assert card.provenance.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert torch.equal(taggram.create_model(name).state_dict()["head.weight"], ours["head.weight"])

    torch.save(dict(list(theirs.items())[1:]), file)
    with pytest.raises(ModelError, match="not the weights of a sample_cnn"):
        import_model(name, file)
    file.write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(ModelError, match="not a PyTorch state dict"):
        import_model(name, file)
    with pytest.raises(ModelError, match="contains no msd/sample/best_model.pth"):
        import_model("sample_cnn.msd-won2020", tmp_path)
    assert download(dataclasses.replace(entry, url=address)).read_bytes() == PAYLOAD


def numbered(key: str) -> str:
    """Name an entry of `blocks` as the authors do."""
    block, _, rest = key.removeprefix("blocks.").partition(".")
    return f"layer{int(block) + 1}.{rest}"


def test_a_damaged_tensorflow_lite_file_is_refused(shared: Path) -> None:
    data = (shared / "weights/yamnet.tflite").read_bytes()
    assert read_tflite(data)["yamnet_frames/dense/MatMul"].shape == (521, 1024)
    with pytest.raises(ModelError, match="wrong identifier"):
        read_tflite(b"\0" * 100)
    with pytest.raises(ModelError, match="it is damaged"):
        read_tflite(data[: len(data) // 2])


def test_every_published_row_has_an_architecture_and_a_vocabulary() -> None:
    assert len(PUBLISHED) == 9 * 3 - 1 + 4 + 1
    for entry in PUBLISHED.values():
        assert entry.architecture in taggram.list_architectures()
        assert entry.vocabulary in Vocabulary.published()


def test_entries_that_do_not_fit_are_refused() -> None:
    network = taggram.create_model("fcn", vocabulary="mtat")
    with pytest.raises(ModelError, match="not the weights of a fcn"):
        load_published(network, PUBLISHED["fcn.mtat-won2020"], {"dense.weight": torch.zeros(1, 1)})


def test_an_imported_model_says_where_it_comes_from(published: Callable[[str], Path]) -> None:
    folder = published("musicnn_pons.mtat-pons2019")
    card = taggram.ModelCard.read(folder)
    entry = PUBLISHED["musicnn_pons.mtat-pons2019"]
    assert card.provenance is not None
    assert card.provenance.sha256 == entry.sha256
    assert {score.metric: score.value for score in card.scores} == {"roc_auc": 0.9067, "ap": 0.3831}
    assert "ISC" in card.licence
    assert sorted(file.name for file in folder.iterdir()) == ["card.json", "model.onnx", "model.safetensors"]
