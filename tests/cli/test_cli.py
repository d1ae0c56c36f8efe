"""The command line as a person meets it; what a process does and no function can is tested in one of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import INTERRUPTIBLE, PROGRAM, run, run_process

import taggram

MODEL = "musicnn_pons.mtat-pons2019"
PIECES = ["piano-prelude.opus", "strings-and-harpsichord.opus", "synth-groove.opus"]


def tag(*arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return run("tag", "--model", MODEL, *arguments, stdin=stdin)


@pytest.fixture(scope="module", autouse=True)
def model(published: Callable[[str], Path]) -> Path:
    return published(MODEL)


def test_version_and_help() -> None:
    assert run_process("--version").stdout == f"taggram {taggram.__version__}\n"
    top = run("--help")
    assert top.returncode == 0
    assert "Exit codes" in top.stdout
    for verb in (["tag"], ["models"], ["models", "list"], ["models", "show"], ["models", "import"], ["models", "path"]):
        assert run(*verb, "--help").returncode == 0
    assert run().returncode == 2
    completed = run(_TAGGRAM_COMPLETE="complete_bash", COMP_WORDS="taggram models im", COMP_CWORD="2")
    assert completed.stdout.strip() == "import"


def test_tables_for_people(pieces: Path) -> None:
    done = tag(pieces)
    assert done.returncode == 0
    assert next(line.split()[0] for line in done.stdout.splitlines() if "█" in line) == "piano"
    assert done.stdout.count(MODEL) == 3
    assert re.fullmatch(r"3 files, 0 failed, 90\.0 s of audio in [\d.]+ s \(\d+ x real time\)\n", done.stderr)
    assert all(len(line) <= 80 for line in done.stdout.splitlines() if "█" in line)


def test_json_lines(pieces: Path) -> None:
    done = tag(pieces / PIECES[0], pieces / "nothing.mp3", pieces / PIECES[2], "--json", "--top", 2)
    assert done.returncode == 1
    first, failed, last = map(json.loads, done.stdout.splitlines())
    assert [tag["tag"] for tag in first["tags"]] == ["piano", "classical"]
    assert failed["path"].endswith("nothing.mp3")
    assert "nothing.mp3" in failed["error"]
    assert last["tags"][0] == {"tag": "techno", "category": "genre", "score": pytest.approx(0.88, abs=0.02)}
    everything = json.loads(tag(pieces / PIECES[0], "--json", "--over-time").stdout)
    assert len(everything["tags"]) == 50
    assert len(everything["segments"]) == 10
    assert everything["segments"][0]["start"] == 0


def test_progress_goes_to_a_terminal_on_stderr(pieces: Path) -> None:
    watched, terminal = pty.openpty()
    command = [PROGRAM, "tag", "--model", MODEL, "--json", "--duration", "3", "--workers", "1", str(pieces)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, text=True, timeout=120)
    os.close(terminal)
    assert b"3/3" in os.read(watched, 100_000)
    os.close(watched)
    assert [Path(json.loads(line)["path"]).name for line in done.stdout.splitlines()] == PIECES


def test_csv(pieces: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(tag(pieces, "--csv").stdout)))
    assert [Path(row["path"]).name for row in rows] == PIECES
    assert float(rows[0]["piano"]) > 0.5
    assert list(rows[0])[:6] == ["path", "duration", "title", "artist", "model", "tags"]
    assert rows[0]["model"] == MODEL
    assert rows[0]["tags"].split("; ")[0] == "piano"
    assert len(rows[0]) == 6 + 50
    assert next(csv.DictReader(io.StringIO(tag(pieces, "--csv", "--top", 1).stdout)))["tags"] == "piano"


def test_over_time_and_plot(pieces: Path, tmp_path: Path) -> None:
    done = tag(pieces / PIECES[2], "--over-time", "--plot", tmp_path / "taggram.png", "--top", 3)
    assert done.returncode == 0
    assert re.search(r"techno +[▁▂▃▄▅▆▇█]{10,}", done.stdout)
    assert "0:00" in done.stdout
    assert (tmp_path / "taggram.png").read_bytes().startswith(b"\x89PNG")
    assert tag(pieces, "--plot", tmp_path / "a.png").returncode == 2
    many = tag(pieces, "--plot", tmp_path / "new" / "folder", "--duration", 3)
    assert many.returncode == 0, many.stderr
    drawn = sorted(file.name for file in (tmp_path / "new" / "folder").iterdir())
    assert drawn == [Path(piece).with_suffix(".png").name for piece in PIECES]
    (tmp_path / "same").mkdir()
    for suffix in ("opus", "ogg"):
        shutil.copy(pieces / PIECES[0], tmp_path / "same" / f"a.{suffix}")
    assert tag(tmp_path / "same", "--plot", tmp_path / "folder", "--duration", 3).returncode == 0
    assert sorted(file.name for file in (tmp_path / "folder").iterdir()) == ["a.ogg.png", "a.opus.png"]
    (tmp_path / "file").touch()
    assert "/file cannot be created (" in tag(pieces, "--plot", tmp_path / "file").stderr
    assert tag(pieces / PIECES[0], "--plot", tmp_path / "a.gif").returncode == 2
    unwritable = tag(pieces / PIECES[0], "--duration", 3, "--plot", tmp_path / "no" / "a.png")
    assert unwritable.returncode == 1
    assert any("cannot be written" in line for line in unwritable.stderr.splitlines())


def test_a_model_without_thresholds(pieces: Path) -> None:
    refused = tag(pieces / PIECES[0], "--thresholds", "f1")
    assert refused.returncode == 1
    assert refused.stderr == f"error: {MODEL} has no thresholds f1; use --top or --all\n"
    assert tag(pieces / PIECES[0]).stdout.count("█") > 0
    assert len(tag(pieces / PIECES[0]).stdout.splitlines()) == 1 + 5 + 1
    assert len(tag(pieces / PIECES[0], "--all").stdout.splitlines()) == 1 + 50 + 1


def test_folders_patterns_and_standard_input(pieces: Path, tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    shutil.copy(pieces / PIECES[0], tmp_path / "deep" / "er" / "ünï çødé 音楽.OPUS")
    (tmp_path / "deep" / "notes.txt").write_text("not audio")
    part = ("--duration", 3, "--json", "--top", 1)
    for named, stdin in (
        ([tmp_path], ""),
        ([tmp_path / "**" / "*.OPUS"], ""),
        (["-"], f"{tmp_path / 'deep' / 'er' / 'ünï çødé 音楽.OPUS'}\n\n"),
    ):
        done = tag(*named, *part, stdin=stdin)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["path"].endswith("ünï çødé 音楽.OPUS")
    empty = tag(tmp_path / "nothing*.mp3", tmp_path / "deep" / "notes.txt")
    assert empty.returncode == 1
    assert "nothing*.mp3 matches no file" in empty.stderr


def test_start_duration_segments_aggregation_workers(pieces: Path) -> None:
    part = json.loads(
        tag(pieces / PIECES[2], "--json", "--over-time", "--start", 12, "--duration", 9, "--segments", 2).stdout
    )
    assert [segment["start"] for segment in part["segments"]] == [12.0, pytest.approx(18.0, abs=0.05)]
    assert part["duration"] == 9.0
    highest = json.loads(tag(pieces / PIECES[2], "--json", "--aggregation", "max", "--top", 1).stdout)
    assert highest["tags"][0]["score"] > 0.9
    two = tag(pieces, "--workers", 2, "--json", "--top", 1)
    assert [json.loads(line)["tags"][0]["tag"] for line in two.stdout.splitlines()] == ["piano", "classical", "techno"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "--csv"],
        ["--csv", "--over-time"],
        ["--start", "1:75"],
        ["--start", "-1"],
        ["--duration", "nan"],
        ["--top", "3", "--all"],
        ["--thresholds", "median"],
        ["--top", "0"],
        ["--duration", "0"],
        ["--workers", "0"],
        ["--aggregation", "median"],
        ["--no"],
    ],
)
def test_wrong_usage(arguments: list[str], pieces: Path) -> None:
    done = tag(pieces / PIECES[0], *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupt_keeps_completed_results(workers: int, pieces: Path) -> None:
    arguments = ["tag", "--model", MODEL, *[str(pieces)] * 30, "--workers", str(workers), "--json"]
    command = [sys.executable, "-c", INTERRUPTIBLE, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(first)["tags"][0]["tag"] == "piano"
    assert "Traceback" not in errors


def test_models(model: Path, tmp_path: Path) -> None:
    listed = run("models", "list", "*mtat*")
    assert re.search(r"musicnn_pons\.mtat-pons2019 +yes", listed.stdout)
    assert "jamendo" not in listed.stdout
    assert json.loads(run("models", "show", MODEL, "--json").stdout)["architecture"] == "musicnn_pons"
    assert run("models", "path", MODEL).stdout.strip() == str(model)
    for arguments, said in (
        (["models", "path", "nothing"], "no model is named 'nothing'"),
        (["models", "import", "nothing*"], "no published weights are named"),
        (["models", "import", "fcn.mtat-won2020", "--from", tmp_path], "contains no *.pth file"),
        (["tag", tmp_path / "a.mp3", "--model", "crnn.msd-won2020"], "taggram models import crnn.msd-won2020"),
    ):
        failed = run(*arguments)
        assert failed.returncode == 1
        assert said in failed.stderr
        assert len(failed.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory, pieces: Path) -> dict[str, Path]:
    """Files that cannot be tagged."""
    folder = tmp_path_factory.mktemp("bad")
    rng = np.random.default_rng(0)
    files = {
        "zero bytes": b"",
        "text": b"la la la\n" * 50,
        "random bytes": rng.bytes(100_000),
        "broken m4a header": b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00M4A mp42isom" + rng.bytes(20_000),
    }
    made = {}
    for name, content in files.items():
        made[name] = folder / f"{name}.{'m4a' if 'm4a' in name else 'mp3'}"
        made[name].write_bytes(content)
    made["no frames"] = folder / "no frames.wav"
    soundfile.write(made["no frames"], np.zeros(0), 44100)
    made["missing"] = folder / "missing.mp3"
    made["fifo"] = folder / "fifo.mp3"
    os.mkfifo(made["fifo"])
    made["folder without audio"] = folder / "empty"
    made["folder without audio"].mkdir()
    made["name too long"] = folder / ("x" * 300 + ".mp3")
    return made


def test_each_bad_file_is_one_line_and_the_batch_goes_on(bad: dict[str, Path], pieces: Path) -> None:
    files = *bad.values(), pieces / PIECES[0]
    done = run_process("tag", "--model", MODEL, *files, "--duration", 3, "--json")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[-1].startswith(f"{len(bad) + 1} files, {len(bad)} failed")
    for name, file in bad.items():
        mine = [line for line in lines if str(file) in line]
        assert len(mine) == 1, name
        assert mine[0].startswith("error: "), name
    assert len(lines) == len(bad) + 1
    assert json.loads(done.stdout.splitlines()[-1])["tags"][0]["tag"] == "piano"


def test_usable_but_odd_files_are_tagged_with_a_warning(pieces: Path, tmp_path: Path) -> None:
    samples = taggram.read(pieces / PIECES[0], 44100, duration=8)
    holes = samples.copy()
    holes[5000:5003] = (np.nan, np.inf, -np.inf)
    for name, data in (("holes", holes), ("units", samples * 1000), ("silence", samples * 0)):
        soundfile.write(tmp_path / f"{name}.wav", data, 44100, subtype="FLOAT")
    soundfile.write(tmp_path / "cut.flac", samples, 44100)
    whole = (tmp_path / "cut.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) * 2 // 5])
    done = tag(tmp_path, "--json", "--top", 1)
    assert done.returncode == 0, done.stderr
    warned = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert [Path(line.split(": ")[1]).stem for line in warned] == ["cut", "holes", "silence", "units"]
    tags = {Path(data["path"]).stem: data for data in map(json.loads, done.stdout.splitlines())}
    assert all(data["tags"][0]["tag"] == "piano" for name, data in tags.items() if name != "silence")
    assert "silent" in tags["silence"]["warnings"][0]


def test_odd_formats_are_tagged_without_warnings(pieces: Path, tmp_path: Path) -> None:
    samples = taggram.read(pieces / PIECES[0], 48000, duration=6)
    low = taggram.read(pieces / PIECES[0], 8000, duration=6)
    soundfile.write(tmp_path / "8k.wav", low, 8000)
    soundfile.write(tmp_path / "96k.wav", np.repeat(samples, 2)[:, None].repeat(2, 1), 96000, subtype="PCM_24")
    soundfile.write(tmp_path / "5.1.wav", samples[:, None].repeat(6, 1), 48000)
    soundfile.write(tmp_path / "1s.wav", samples[48000:96000], 48000)
    soundfile.write(tmp_path / "0.1s.wav", samples[48000:52800], 48000)
    done = tag(tmp_path, "--json", "--top", 1)
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1
    assert len(done.stdout.splitlines()) == 5


def test_every_original_is_tagged(shared: Path) -> None:
    originals = [file for file in (shared / "data" / "originals").iterdir() if file.suffix in (".mp3", ".ogg", ".flac")]
    done = tag(shared / "data" / "originals", "--json", "--top", 3, "--segments", 5)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(originals)
    tags = {
        Path(data["path"]).name: [t["tag"] for t in data["tags"]] for data in map(json.loads, done.stdout.splitlines())
    }
    assert tags["joram-moments_of_clarity-08-solipsism-59-88.mp3"][0] == "techno"
    strings = tags["Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra).ogg"]
    assert strings[0] == "classical" and {"strings", "violin"} & {*strings}
