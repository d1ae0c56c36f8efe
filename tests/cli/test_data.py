"""``taggram data pack`` and ``show`` as a person meets them."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import run as taggram
from command_line import run_process

from taggram._text import decode_path
from taggram.datasets import PackedStore, dataset
from taggram.datasets.synthetic import write_noise


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return taggram("data", *arguments)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    for seed, name in enumerate(("rock", "jazz")):
        (folder / name).mkdir(parents=True)
        samples = np.random.default_rng(seed).normal(0, 0.1, 36000)
        soundfile.write(folder / name / "[1].wav", samples, 16000)
    whole = (folder / "rock" / "[1].wav").read_bytes()
    (folder / "rock" / "cut.wav").write_bytes(whole[:40044])
    (folder / "table.tsv").write_text(
        "nr\tpath\ttags\tsplit\n1\trock/[1].wav\trock;[loud]\ttrain\n2\tjazz/[1].wav\t\ttest\n"
    )
    return folder


def test_a_folder(music: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    dry = run("pack", "table", music, store, "--dry-run")
    assert dry.returncode == 0
    assert dry.stdout.splitlines() == [str(music / name) for name in ("jazz/[1].wav", "rock/[1].wav", "rock/cut.wav")]
    assert dry.stderr == "3 clips, 3 to pack, 0 of them missing\n"
    assert not store.exists()
    done = run("pack", "table", music, store, "--workers", 2, "--sample-rate", 8000)
    assert done.returncode == 0
    assert done.stdout == f"3 clips: 3 packed, 0 kept, 0 failed, 1 damaged, 0.00 h in {store}\n"
    assert done.stderr.startswith("warning: rock/cut.wav: 1.0 s of 2.3 s could not be decoded")
    assert len(done.stderr.splitlines()) == 1
    assert PackedStore(store).sample_rate == 8000
    shown = run("show", store)
    assert shown.stdout.startswith("3 clips, 0.00 h at 8000 Hz, 1 damaged\n")
    assert [line.split() for line in shown.stdout.splitlines()[2:]] == [
        ["no", "split", "3"],
        ["rock", "2"],
        ["jazz", "1"],
    ]
    assert len(run("show", store, "--top", 1).stdout.splitlines()) == len(shown.stdout.splitlines()) - 1


def test_a_table_and_a_bad_file(music: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    command = "pack", "table", music / "table.tsv", store, "--id", "nr", "--labels", "tags"
    (music / "jazz" / "[1].wav").rename(music / "away.wav")
    dry = run(*command, "--dry-run")
    assert dry.returncode == 1
    assert "does not exist" in dry.stderr
    failed = run(*command)
    assert failed.returncode == 1
    assert failed.stdout == f"2 clips: 1 packed, 0 kept, 1 failed, 0 damaged, 0.00 h in {store}\n"
    assert failed.stderr == f"error: {music / 'jazz' / '[1].wav'} does not exist: check the path\n"
    (music / "away.wav").rename(music / "jazz" / "[1].wav")
    assert run(*command, "--dry-run").stdout == f"{music / 'jazz' / '[1].wav'}\n"
    again = run(*command)
    assert again.returncode == 0
    assert again.stdout.startswith("2 clips: 1 packed, 1 kept, 0 failed")
    rows = [line.split() for line in run("show", store).stdout.splitlines()[2:]]
    assert rows == [["split", "train", "1"], ["split", "test", "1"], ["[loud]", "1"], ["rock", "1"]]


def test_a_split_of_ones_own(tmp_path: Path) -> None:
    for i in range(12):
        write_noise(tmp_path / "music" / ("rock", "jazz")[i % 2] / f"artist {i // 2}" / f"{i}.flac", 1.0, seed=i)
    done = run("pack", "table", tmp_path / "music", tmp_path / "store", "--new-split", 3)
    assert done.returncode == 0, done.stderr
    clips = PackedStore(tmp_path / "store").clips
    assert set(clips.splits) == {"train", "valid", "test"}
    for artist in set(clips.groups):
        assert {clip.labels for clip in clips if clip.group == artist} == {("rock",), ("jazz",)}
        assert len({clip.split for clip in clips if clip.group == artist}) == 1


def test_more_tags_of_magnatagatune(tmp_path: Path) -> None:
    dataset("mtat").write_sample(tmp_path / "mtat")
    pack = "pack", "mtat", tmp_path / "mtat"
    for store, options in (("usual", ()), ("all", ("--tags", 15))):
        done = run(*pack, tmp_path / store, *options, "--sample-rate", 2000)
        assert done.returncode == 0, done.stderr
    labels = [
        {label for clip in PackedStore(tmp_path / store).clips for label in clip.labels} for store in ("usual", "all")
    ]
    assert labels[1] - labels[0] == {"birds", "clasical"}


@pytest.mark.skipif(os.name == "nt", reason="names are text on Windows")
def test_file_names_of_any_bytes(music: Path, tmp_path: Path) -> None:
    jazz = music / os.fsdecode(b"j\xe4zz")
    (music / "jazz").rename(jazz)
    (jazz / os.fsdecode(b"\xff.wav")).write_text("no audio")
    store = tmp_path / os.fsdecode(b"st\xf6re")
    outputs = {
        command: run(*command).stdout
        for command in [
            ("pack", "table", music, store, "--dry-run"),
            ("pack", "table", music, store),
            ("show", store),
            ("info", "table", "--path", music, "--json"),
            ("info", "table", "--path", music),
            ("validate", "table", music, "--json"),
            ("validate", "table", music),
            ("audit", "table", music, "--json", "--no-audio"),
        ]
    }
    for command, output in outputs.items():
        output.encode("utf-8")  # fails if there is a lone surrogate
        assert r"\udce4" in output or r"\udcf6" in output, command
    paths = [decode_path(line) for line in next(iter(outputs.values())).splitlines()]
    assert len(paths) == 4 and all(map(os.path.exists, paths))
    issues = [json.loads(line) for line in outputs["validate", "table", music, "--json"].splitlines()]
    assert [os.fsencode(decode_path(issue["path"])) for issue in issues] == [b"j\xe4zz/\xff.wav", b"rock/cut.wav"]
    assert set(PackedStore(store).clips.labels) == {("rock",), (r"j\udce4zz",)}


def test_an_unreadable_folder_takes_no_clip_from_a_store(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, scan = tmp_path / "store", os.scandir
    command = "pack", "table", music, store
    assert run(*command).returncode == 0
    manifest = (store / "manifest.parquet").read_bytes()

    def denied(path: str) -> object:
        if os.path.basename(path) == "jazz":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", denied)
        done = run(*command)
        tagged = taggram("tag", music, "--top", 1)
        again = run(*command, "--dry-run")
    error = f"error: the folder {music / 'jazz'} cannot be read (permission denied): check its permissions\n"
    assert (
        (done.returncode, done.stdout, done.stderr) == (again.returncode, again.stdout, again.stderr) == (1, "", error)
    )
    assert (store / "manifest.parquet").read_bytes() == manifest and len(PackedStore(store)) == 3
    assert tagged.returncode == 1 and error in tagged.stderr and "3 files, 1 failed" in tagged.stderr


@pytest.mark.parametrize(
    "arguments",
    [("pack", "table", "{music}", "s"), ("validate", "mer4q", "{music}"), ("info", "fma", "--path", "{music}")],
)
def test_a_path_without_permission(arguments: tuple[str, ...], music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != music and access(path, mode))
    done = run(*(argument.format(music=music) for argument in arguments))
    assert (done.returncode, done.stderr) == (1, f"error: {music} cannot be read: check its permissions\n")


def test_doubts_about_a_table(music: Path, tmp_path: Path) -> None:
    (music / "t.csv").write_text("path;artist;rock;jazz\nrock/[1].wav;X;1;0\njazz/[1].wav;Y;0;1\n")
    done = run("pack", "table", music / "t.csv", tmp_path / "store")
    assert done.returncode == 0 and done.stdout.startswith("2 clips: 2 packed")
    assert done.stderr.startswith(
        f"warning: {music / 't.csv'} has no column 'labels', so no clip has a label: columns of"
    )
    assert len(done.stderr.splitlines()) == 1
    refused = run("pack", "table", music / "t.csv", tmp_path / "store", "--labels", "rock,jazz")
    assert refused.returncode == 1 and "are only numbers (0): write the names of the columns with 1" in refused.stderr


def test_a_data_set(tmp_path: Path) -> None:
    dataset("mer4q").write_sample(tmp_path / "mer4q")
    done = run("pack", "mer4q", tmp_path / "mer4q", tmp_path / "store", "--protocol", "quadrant")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("6 clips: 6 packed")
    clips = PackedStore(tmp_path / "store").clips
    assert set(clips.labels) == {("Q1",), ("Q2",), ("Q3",), ("Q4",)}
    assert list(clips.splits) == ["train"] * 4 + ["valid", "test"]
    assert clips.groups[0] == "Artist 0"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("pack", "table", "{music}", "{music}"), 1, "error: {music} contains files that are no packed store"),
        (
            ("pack", "table", "{music}/table.tsv", "s", "--labels", "genre"),
            1,
            "has no column 'genre'; it has nr, path, tags, split",
        ),
        (("pack", "table", "{music}/none", "s"), 1, "error: {music}/none does not exist: check the path"),
        (("show", "{music}"), 1, "error: {music} is no packed store"),
        (("pack", "table", "{music}", "s", "--id", "x"), 2, "name columns of a table"),
        (("pack", "mer4q", "{music}", "s", "--labels", "genres"), 2, "mer4q has tags and splits of its own"),
        (
            ("pack", "table", "{music}", "s", "--protocol", "genres"),
            1,
            "error: table has no protocol 'genres'; it has own",
        ),
        (("pack", "{music}", "s", "x"), 1, "error: no data set is named '{music}'; available are: "),
        (("pack", "mer4q", "{music}", "s"), 1, "error: {music} has no labels.tsv: taggram data info mer4q says"),
        (("pack", "mer4q", "{music}", "s", "--protocol", "era"), 1, "error: mer4q has no protocol 'era'"),
        (("pack", "mer4q", "{music}", "s", "--new-split", "0"), 2, "mer4q has tags and splits of its own"),
        (("pack", "mer4q", "{music}", "s", "--tags", "9"), 2, "--tags is for mtat"),
    ],
)
def test_errors_are_one_line(arguments: tuple[str, ...], code: int, said: str, music: Path) -> None:
    done = run(*(argument.format(music=music) for argument in arguments))
    assert done.returncode == code
    assert said.format(music=music) in done.stderr
    assert done.stdout == ""
    assert code == 2 or len(done.stderr.splitlines()) == 1


def test_without_pyarrow(music: Path, tmp_path: Path) -> None:
    program = "import sys; sys.modules['pyarrow'] = None; from taggram.cli import main; main()"
    command = "data", "pack", "table", music, tmp_path / "store"
    done = run_process(*command, program=(sys.executable, "-c", program))
    assert done.returncode == 1
    assert done.stderr == "error: the packed store needs the [train] extra: pip install 'taggram[train]'\n"
    assert not (tmp_path / "store").exists()
