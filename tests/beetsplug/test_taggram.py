"""The plugin of beets, by the command ``beet`` with a library of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from taggram import Tagger
from taggram.library import Policy

pytest.importorskip("beets")
mediafile = pytest.importorskip("mediafile")

CONFIG = """
directory: {folder}/music
library: {folder}/beets.db
plugins: [taggram]
import:
  copy: yes
  quiet: yes
  autotag: no
{taggram}
"""
FILES = "piano-prelude", "strings-and-harpsichord", "synth-groove"

Beet = Callable[..., str]


@pytest.fixture
def beet(tmp_path: Path) -> Beet:
    def run(*arguments: object, config: str = "", code: int = 0) -> str:
        text = CONFIG.format(folder=tmp_path, taggram=f"taggram:\n  {config}" if config else "")
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "beets", *map(str, arguments)],
            capture_output=True,
            text=True,
            env={**os.environ, "BEETSDIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"},
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


@pytest.fixture
def album(tmp_path: Path, pieces: Path) -> Path:
    """The pieces, the last of which has a genre."""
    folder = tmp_path / "new"
    folder.mkdir()
    for name in FILES:
        shutil.copy(pieces / f"{name}.opus", folder)
        media = mediafile.MediaFile(folder / f"{name}.opus")
        media.title, media.artist, media.album, media.genres = name, "Nobody", "Pieces", []
        if name == "synth-groove":
            media.genres = ["Mine"]
        media.save()
    return folder


def fields(beet: Beet, *query: str, form: str = "$title|$genres|$mood") -> dict[str, list[str]]:
    lines = beet("list", "-f", form, *query).splitlines()
    return {line.split("|")[0]: line.split("|")[1:] for line in lines}


def test_imported_music_is_tagged(beet: Beet, album: Path, tmp_path: Path, pieces: Path) -> None:
    beet("import", album)
    policy, expected = Policy(), {}
    for name in FILES:
        prediction = Tagger().tag(pieces / f"{name}.opus")
        tags = {
            field: policy.tags(prediction.vocabulary, prediction.probabilities, field) for field in ("genre", "mood")
        }
        expected[name] = ["; ".join(policy.after(field, [], part)) for field, part in tags.items()]
    assert any(genres for genres, _ in expected.values()) and any(moods for _, moods in expected.values())
    expected["synth-groove"][0] = "Mine"
    assert fields(beet) == expected
    beet("write")  # which an import does by itself where it applies metadata
    for name, (genres, moods) in expected.items():
        (file,) = (tmp_path / "music").rglob(f"*{name}.opus")
        media = mediafile.MediaFile(file)
        assert "; ".join(media.genres or []) == genres
        assert [str(value) for value in media.mgfile.get("mood", [])] == (moods.split("; ") if moods else [])
    assert beet("list", "-a", "-f", "$genres").strip() != ""
    # The piano is found by its probability, and by its tag.
    probability = Tagger().tag(pieces / "piano-prelude.opus").probability("piano")
    assert probability is not None
    assert "piano-prelude" in fields(beet, f"taggram_piano:{probability - 0.001}..{probability + 0.001}")
    assert fields(beet, f"taggram_piano:{probability + 0.001}..").keys().isdisjoint({"piano-prelude"})
    assert "piano-prelude" in fields(beet, "taggram_tags:piano")


def test_the_command_tags_what_is_there(beet: Beet, album: Path) -> None:
    beet("import", album, config="auto: no")
    assert fields(beet, form="$title|$genres")["piano-prelude"] == [""]
    beet("taggram", "--nowrite", "title:synth", config="auto: no")
    assert fields(beet, "taggram_model:default").keys() == {"synth-groove"}
    assert fields(beet)["synth-groove"][0] == "Mine"
    beet("taggram", "--force", "title:synth", config="max: 1")
    genres, moods = fields(beet)["synth-groove"]
    assert genres not in ("", "Mine") and ";" not in genres + moods
    before = fields(beet, form="$title|$taggram_tags")
    beet("modify", "-yW", "title:synth", "taggram_tags=changed")
    beet("taggram", config="max: 1")  # only those that are not tagged yet
    after = fields(beet, form="$title|$taggram_tags")
    assert after["synth-groove"] == ["changed"] and before["piano-prelude"] != after["piano-prelude"]


def test_names_of_ones_own(beet: Beet, album: Path, tmp_path: Path) -> None:
    tags = Policy().tags
    prediction = Tagger().tag(album / "piano-prelude.opus")
    mood = tags(prediction.vocabulary, prediction.probabilities, "mood")[0]
    (tmp_path / "names.tsv").write_text(f"{mood}\tMy Mood\n", encoding="utf-8")
    beet("import", album, config=f"map: {tmp_path}/names.tsv")
    assert fields(beet)["piano-prelude"][1].startswith("My Mood")


def test_mistakes_are_one_line(beet: Beet, album: Path) -> None:
    beet("import", album, config="auto: no")
    assert "no level is named 'always'" in beet("taggram", config="min: always", code=1)
    assert "defualt" in beet("taggram", config="model: defualt", code=1).splitlines()[-1]
    assert "no field is named tags" in beet("taggram", config="fields: [genre, tags]", code=1)
