"""Standard streams that are closed, full, gone or in another encoding cost one line, not the work."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import PROGRAM, run

NAME = b"caf\xe9.opus"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = command.replace("taggram", shlex.quote(str(PROGRAM)), 1)
    env = {**os.environ, "COLUMNS": "80", **environment}
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, env=env, timeout=120)


@pytest.fixture
def song(pieces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one file, which is the current one."""
    shutil.copy(pieces / "synth-groove.opus", tmp_path / "ok.opus")
    monkeypatch.chdir(tmp_path)
    return tmp_path


posix = pytest.mark.skipif(os.name != "posix", reason="closes streams as a POSIX shell does")


@posix
@pytest.mark.parametrize(
    ("command", "code", "lines", "errors"),
    [
        ("taggram tag ok.opus ok.opus --json 2>&-", 0, 2, ""),
        ("taggram tag - <&-", 1, 0, "error: standard input is closed: - expects a list of file names on it\n"),
        ("taggram tag ok.opus >&-", 1, 0, "error: standard output is closed"),
        ("taggram tag ok.opus >/dev/full", 1, 0, "error: standard output cannot be written (no space left on device)"),
        ("taggram models list >/dev/full", 1, 0, "error: standard output cannot be written (no space left on device)"),
        ("taggram tag ok.opus --json >&- 2>&-", 1, 0, ""),
        ("taggram tag - < ok.opus", 1, 0, "error: standard input is not a list of file names"),
        ("taggram tag ok.opus --json <&- >&1 2>&1", 0, 2, ""),  # the summary, too
    ],
)
def test_closed_and_full_streams(song: Path, command: str, code: int, lines: int, errors: str) -> None:
    if "/dev/full" in command and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = shell(command)
    assert (done.returncode, len(done.stdout.splitlines())) == (code, lines), done
    assert done.stderr.decode().startswith(errors)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@posix
def test_a_name_of_any_bytes_in_every_output(song: Path) -> None:
    """An encoding that is strict about surrogates, as that of most terminals."""
    os.rename(os.fsencode(song / "ok.opus"), os.path.join(os.fsencode(song), NAME))
    strict = {"PYTHONIOENCODING": "utf-8:strict"}
    done = shell("taggram tag . --json", **strict)
    assert done.returncode == 0, done.stderr
    path = json.loads(done.stdout.decode("utf-8"))["path"]
    assert path == "./caf\\udce9.opus"
    table = shell("taggram tag . --plot pictures", **strict)
    assert table.returncode == 0, table.stderr
    assert b"caf\\udce9.opus" in table.stdout
    assert os.listdir(os.fsencode(song / "pictures")) == [b"caf\xe9.png"]
    rows = shell("taggram tag . --csv", **strict)
    assert b"\n./caf\\udce9.opus,30.000," in rows.stdout
    listed = shell("printf 'caf\\351.opus\\nnone\\351.opus\\n' | taggram tag - --json", **strict)
    one, two = map(json.loads, listed.stdout.decode("utf-8").splitlines())
    assert listed.returncode == 1
    assert (one["path"], two["path"]) == ("none\\udce9.opus", "caf\\udce9.opus") or "error" in two


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_bars_in_an_encoding_without_blocks(song: Path, encoding: str) -> None:
    for option in ("--top=3", "--over-time"):
        done = subprocess.run(
            [PROGRAM, "tag", "ok.opus", option], capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding}
        )
        assert done.returncode == 0, done.stderr
        text = done.stdout.decode(encoding)
        assert "##" in text or "**" in text
        assert "\\u" not in text


def test_bars_where_stdout_has_every_character(song: Path) -> None:
    assert "█" in run("tag", "ok.opus").stdout
