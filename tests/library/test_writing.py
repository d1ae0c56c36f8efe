"""Tags in files: nothing but genre and mood changes, whenever it ends, and undo brings back what was there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

mutagen = pytest.importorskip("mutagen")

import av  # noqa: E402
import numpy as np  # noqa: E402

from taggram.errors import LibraryError, MissingExtraError  # noqa: E402
from taggram.library import Library, Policy  # noqa: E402
from taggram.library.store import FileState, LibraryStore, Recording, StoredPrediction  # noqa: E402
from taggram.library.writing import apply  # noqa: E402
from taggram.library.writing.apply import audio_digest, read_values, write_values  # noqa: E402
from taggram.library.writing.file_tags import FIELDS  # noqa: E402
from taggram.library.writing.plan import read_names  # noqa: E402
from taggram.models import ModelCard  # noqa: E402

FORMATS = ["mp3", "flac", "ogg", "opus", "m4a", "wma", "wav", "aiff", "mka"]
CODECS = {"mp3": "libmp3lame", "flac": "flac", "ogg": "vorbis", "opus": "libopus", "m4a": "aac", "wma": "wmav2"}


def encode(file: Path, seconds: float = 1.0) -> Path:
    """Write a tone with title, artist and genre in the format of the suffix."""
    suffix = file.suffix[1:]
    codec = CODECS.get(suffix, "pcm_s16be" if suffix == "aiff" else "pcm_s16le")
    container = {"m4a": "ipod", "wma": "asf", "mka": "matroska"}.get(suffix)
    with av.open(str(file), "w", format=container) as out:
        out.metadata.update({"title": "Tone", "artist": "Nobody", "genre": "Test"})
        stream = out.add_stream(codec, rate=48000, layout="stereo", options={"strict": "experimental"})
        if suffix in CODECS and suffix != "flac":
            stream.codec_context.bit_rate = 128_000
        tone = (np.sin(np.arange(round(48000 * seconds)) / 20) * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48000, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_holds_several_values_and_gives_back_what_it_had(suffix: str, tmp_path: Path) -> None:
    file = encode(tmp_path / f"a.{suffix}")
    audio, before = audio_digest(file), read_values(str(file), FIELDS)
    os.utime(file, (1000, 1000))
    file.chmod(0o640)
    wanted = {"genre": ["Jazz", "Käse & Brot"], "mood": ["Calm", "Happy"], "tags": ["Flute", "Jazz"]}
    write_values(str(file), wanted, 1, keep_times=True)
    found = read_values(str(file), FIELDS)
    assert {field: sorted(values) for field, values in found.items()} == wanted
    assert audio_digest(file) == audio
    if suffix != "mka":  # whose tags are in a file beside it
        with av.open(str(file)) as opened:
            tags = {**opened.metadata, **opened.streams.audio[0].metadata}
        assert {key.casefold(): value for key, value in tags.items()}["title"] == "Tone"
        assert (file.stat().st_mode & 0o777, file.stat().st_mtime) == (0o640, 1000)
    write_values(str(file), before, 2)
    assert read_values(str(file), FIELDS) == before
    assert audio_digest(file) == audio
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_versions_and_other_frames_of_id3_stay(tmp_path: Path) -> None:
    from mutagen.id3 import ID3, TXXX, TYER

    file = encode(tmp_path / "a.mp3")
    tags = ID3(file)
    tags.add(TYER(encoding=0, text="1959"))
    tags.add(TXXX(encoding=1, desc="Mine", text=["x", "y"]))
    tags.save(file, v2_version=3, v23_sep=None, v1=2)
    end = file.read_bytes()[-128:]
    assert end.startswith(b"TAG")
    write_values(str(file), {"genre": ["Jazz", "Soul"], "mood": ["Calm"]}, 1)
    again = ID3(file, translate=False)
    assert again.version == (2, 3, 0)
    assert (again["TYER"].text, again["TXXX:Mine"].text, again["TXXX:MOOD"].text) == (["1959"], ["x", "y"], ["Calm"])
    assert again["TCON"].genres == ["Jazz", "Soul"]
    assert file.read_bytes()[-128:] == end


def test_a_file_without_tags_gets_them(tmp_path: Path) -> None:
    for suffix in ("mp3", "wav", "flac"):
        file = encode(tmp_path / f"a.{suffix}")
        opened = mutagen.File(file)
        opened.delete()
        write_values(str(file), {"genre": ["Jazz"]}, 1)
        assert read_values(str(file), ("genre", "mood")) == {"genre": ["Jazz"], "mood": []}


@pytest.fixture
def library(tmp_path: Path, card: ModelCard) -> Iterator[Library]:
    """Three files; the model is sure that they are jazz and classical, and finds them happy."""
    (tmp_path / "music").mkdir()
    with LibraryStore(tmp_path / "library.sqlite") as store:
        model = store.put_model("ab" * 32, "default", card)
        for number, suffix in enumerate(("mp3", "flac", "ogg")):
            file = encode(tmp_path / "music" / f"{number}.{suffix}", seconds=0.5)
            scores = np.full(len(card.vocabulary), 0.001, np.float32)
            for tag, score in {"jazz": 0.99, "classical": 0.95, "happy": 0.99}.items():
                scores[card.vocabulary.names.index(tag)] = score
            recording = Recording(str(number), 0.5, False, None, None, None, None, None)
            store.put_prediction(model, recording, StoredPrediction("Sliding(hop=1)", scores, np.ones(2, np.float32)))
            store.put_file(str(file), FileState.of(file), str(number))
    with Library(tmp_path / "library.sqlite") as opened:
        yield opened


def genres(folder: Path) -> list[list[str]]:
    return [read_values(str(file), ("genre",))["genre"] for file in sorted((folder / "music").iterdir())]


def test_nothing_is_touched_without_apply(library: Library, tmp_path: Path) -> None:
    before = {file: file.read_bytes() for file in (tmp_path / "music").iterdir()}
    summary = library.write([tmp_path / "music"])
    assert [change.after for change in summary.changes] == [{"mood": ["Happy"]}] * 3
    assert summary.run is None
    assert library.runs() == []
    assert {file: file.read_bytes() for file in (tmp_path / "music").iterdir()} == before


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(), ["Test"]),
        (Policy(mode="replace"), ["Jazz", "Classical"]),
        (Policy(mode="replace", most=1), ["Jazz"]),
        (Policy(mode="merge"), ["Test", "Jazz", "Classical"]),
        (Policy(mode="replace", keep=frozenset({"test"})), ["Test", "Jazz", "Classical"]),
        (Policy(mode="replace", names={"jazz": "Jazz (all)", "classical": ""}), ["Jazz (all)"]),
        (Policy(mode="replace", fields=("mood",)), ["Test"]),
    ],
)
def test_policies(policy: Policy, expected: list[str], library: Library, tmp_path: Path) -> None:
    library.write([tmp_path / "music"], policy, apply=True)
    assert genres(tmp_path) == [expected] * 3


def test_a_field_has_the_tags_of_every_category(library: Library, tmp_path: Path) -> None:
    policy = Policy(fields=("genre", "tags"), most=1, mode="replace")
    assert library.write([tmp_path / "music"], policy).changes[0].after == {
        "genre": ["Jazz"], "tags": ["Happy", "Jazz", "Classical"],
    }  # fmt: skip


def test_sidecars_leave_the_files_and_need_no_mutagen(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {file: file.read_bytes() for file in (tmp_path / "music").iterdir()}
    for module in [name for name in sys.modules if name.partition(".")[0] == "mutagen"]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"tags in files needs the \[tags\] extra"):
        library.write([tmp_path / "music"])
    for _ in range(2):  # the second run finds what the first has written
        library.write([tmp_path / "music"], Policy(sidecar=True), apply=True)
        sidecars = sorted((tmp_path / "music").glob("*.tags.json"))
        assert [file.name for file in sidecars] == ["0.mp3.tags.json", "1.flac.tags.json", "2.ogg.tags.json"]
        assert json.loads(sidecars[0].read_text()) == {"genre": ["Jazz", "Classical"], "mood": ["Happy"]}
    assert len(library.undo().changes) == 3
    assert {file: file.read_bytes() for file in (tmp_path / "music").iterdir()} == before


def test_undo_restores_values_and_the_scan_still_knows_the_files(library: Library, tmp_path: Path) -> None:
    summary = library.write([tmp_path / "music"], Policy(mode="replace"), apply=True)
    assert genres(tmp_path) == [["Jazz", "Classical"]] * 3
    assert library.verify() == []
    assert [(run.id, run.changes) for run in library.runs()] == [(summary.run, 3)]
    assert len(library.search("jazz").hits) == 3
    write_values(str(tmp_path / "music" / "1.flac"), {"genre": ["Mine"]}, 1)
    errors: list[str] = []
    undone = library.undo(on_error=lambda _, error: errors.append(str(error)))
    assert (len(undone.changes), len(undone.failed)) == (2, 1)
    assert "1.flac was changed since (genre reads Mine; mood reads Happy) and is left alone" in errors[0]
    assert genres(tmp_path) == [["Test"], ["Mine"], ["Test"]]
    write_values(str(tmp_path / "music" / "1.flac"), {"genre": ["Jazz", "Classical"]}, 1)
    assert len(library.undo().changes) == 1
    assert genres(tmp_path) == [["Test"]] * 3
    with pytest.raises(LibraryError, match="there is nothing to undo"):
        library.undo()


def test_what_cannot_be_written_is_one_line(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "music" / "0.mp3").unlink()
    monkeypatch.setattr(apply.os, "access", lambda file, _: not str(file).endswith("1.flac"))
    errors: list[str] = []
    summary = library.write([tmp_path], apply=True, on_error=lambda _, error: errors.append(str(error)))
    assert len(summary.changes) == 1
    assert "0.mp3 cannot be read" in errors[0]
    assert errors[1].endswith("1.flac cannot be written (permission denied); it is as it was")
    assert [run.changes for run in library.runs()] == [1]


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_damaged_file_of_tags_is_one_line_and_stays(content: bytes, tmp_path: Path) -> None:
    file = encode(tmp_path / "a.mka")
    beside = tmp_path / "a.mka.tags.json"
    beside.write_bytes(content)
    with pytest.raises(LibraryError, match="the tags of .*a.mka.tags.json cannot be read"):
        write_values(str(file), {"genre": ["Jazz"]}, 1)
    assert beside.read_bytes() == content


def test_a_full_disk_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = encode(tmp_path / "a.flac")
    before = file.read_bytes()

    def full(source: object, target: Path) -> None:
        Path(target).write_bytes(before[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(apply.shutil, "copy2", full)
    with pytest.raises(LibraryError, match="cannot be written .no space left on device.; it is as it was"):
        write_values(str(file), {"genre": ["Jazz"]}, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["a.flac"]
    assert file.read_bytes() == before


def test_a_file_that_was_replaced_since_the_scan_keeps_its_tags(library: Library, tmp_path: Path) -> None:
    replaced = tmp_path / "music" / "1.flac"
    shutil.copy(encode(tmp_path / "other.flac", seconds=2), replaced)
    errors: list[str] = []
    summary = library.write([tmp_path], Policy(mode="replace"), apply=True, on_error=lambda _, e: errors.append(str(e)))
    assert len(summary.changes) == 2
    assert errors == [f"{replaced} has changed since it was scanned: scan it again"]
    assert genres(tmp_path) == [["Jazz", "Classical"], ["Test"], ["Jazz", "Classical"]]


def test_undo_in_a_file_that_was_replaced_does_not_make_it_known(library: Library, tmp_path: Path) -> None:
    library.write([tmp_path], Policy(mode="replace"), apply=True)
    replaced = tmp_path / "music" / "1.flac"
    shutil.copy(encode(tmp_path / "other.flac", seconds=2), replaced)
    write_values(str(replaced), {"genre": ["Jazz", "Classical"], "mood": ["Happy"]}, 1)
    assert len(library.undo().changes) == 3
    assert library.verify() == [f"{replaced} has changed since it was scanned"]


def test_what_is_not_in_the_library_is_said(library: Library, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=f"^{tmp_path}/other is not in the library: scan it with"):
        library.write([tmp_path / "music", tmp_path / "other"], apply=True)
    assert library.runs() == []
    with pytest.raises(LibraryError, match="no field is given; there are: genre, mood, tags"):
        Policy(fields=())


def test_blank_values_are_none(library: Library, tmp_path: Path) -> None:
    blank = tmp_path / "music" / "1.flac"
    write_values(str(blank), {"genre": [" "]}, 1)
    with LibraryStore(library.file) as store:
        store.put_file(str(blank), FileState.of(blank), "1")
    library.write([blank], apply=True)
    assert genres(tmp_path)[1] == ["Jazz", "Classical"]
    library.undo()
    assert genres(tmp_path)[1] == [" "]


def test_a_map_in_any_case_with_one_name_for_several_tags(tmp_path: Path) -> None:
    (tmp_path / "map.tsv").write_text("Jazz\tNice\nsoul\tNice\nRock\t\n")
    policy = Policy(names=read_names(tmp_path / "map.tsv"), most=2)
    assert policy.after("genre", [], ["jazz", "soul", "rock", "genre---pop"]) == ["Nice", "Pop"]


def test_a_file_that_changes_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = encode(tmp_path / "a.flac")
    change = apply._change

    def other_program(copy: Path, values: dict[str, list[str]], path: str) -> None:
        change(copy, values, path)
        shutil.copy(encode(tmp_path / "other.flac", seconds=2), file)

    monkeypatch.setattr(apply, "_change", other_program)
    with pytest.raises(LibraryError, match="its audio would not be the same|was changed by another program meanwhile"):
        write_values(str(file), {"genre": ["Jazz"]}, 1)
    assert file.read_bytes() == (tmp_path / "other.flac").read_bytes()


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_writing_leaves_whole_files_and_can_be_undone(
    kills: int, library: Library, tmp_path: Path, card: ModelCard, add_copies: Callable[[int], dict[Path, str]]
) -> None:
    audio = add_copies(30)
    code = (
        "import sys\nfrom taggram.library import Library, Policy\n"
        "Library(sys.argv[1]).write([sys.argv[2]], Policy(mode='replace'), apply=True)\n"
    )
    delays = np.random.default_rng(0).uniform(0, 0.03, kills)
    for delay in delays:
        with subprocess.Popen(
            [sys.executable, "-c", code, str(library.file), str(tmp_path / "music")], stderr=subprocess.DEVNULL
        ) as process:
            start = time.monotonic()
            while not any((tmp_path / "music").glob(".*.part*")) and process.poll() is None:
                if time.monotonic() - start > 30:
                    pytest.fail("nothing was written")
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        for file, digest in audio.items():
            assert audio_digest(file) == digest
            assert read_values(str(file), ("genre",))["genre"] in (["Test"], ["Jazz", "Classical"])
        if process.returncode == 0:
            break
        while library.runs():
            assert library.undo().failed == {}
        assert set((tmp_path / "music").iterdir()) == set(audio)  # no copy is left
        assert all(read_values(str(file), ("genre",))["genre"] == ["Test"] for file in audio)


@pytest.fixture
def add_copies(library: Library, tmp_path: Path) -> Callable[[int], dict[Path, str]]:
    def add(count: int) -> dict[Path, str]:
        original = tmp_path / "music" / "0.mp3"
        with LibraryStore(library.file) as store:
            for number in range(count):
                copy = tmp_path / "music" / f"copy{number}.mp3"
                shutil.copy(original, copy)
                store.put_file(str(copy), FileState.of(copy), "0")
        return {file: audio_digest(file) for file in (tmp_path / "music").iterdir()}

    return add
