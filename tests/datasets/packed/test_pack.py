"""Packing stores the decoded samples, in spite of failures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import taggram
from taggram.datasets import ClipIndex, ClipInfo, PackedStore, PackResult, list_folder, list_table, missing_clips, pack
from taggram.errors import AudioWarning, DatasetError

Contents = Callable[[Path], dict[str, bytes]]
SHARD = 20000 / 16000  # seconds: two clips each


def within_a_step(stored: np.ndarray, samples: np.ndarray) -> None:
    np.testing.assert_allclose(stored, np.clip(samples, -1, 32767 / 32768), rtol=0, atol=0.5 / 32768 + 1e-7)


def test_round_trip(mixed: Path, tmp_path: Path) -> None:
    results: list[PackResult] = []
    summary = pack(list_folder(mixed, folders_are_tags=True), tmp_path / "store", report=results.append)
    assert (summary.packed, summary.kept, summary.failed, summary.damaged) == (3, 0, 1, 2)
    assert [result.state for result in results] == ["failed", "packed", "packed", "packed"]
    assert "wrong.mp3" in results[0].message
    store = PackedStore(tmp_path / "store")
    assert [clip.id for clip in store.clips] == ["piano/good.opus", "synth/cut.wav", "synth/loud.wav"]
    assert [clip.labels for clip in store.clips] == [("piano",), ("synth",), ("synth",)]
    for i, clip in enumerate(store.clips):
        if clip.warning:
            with pytest.warns(AudioWarning, match=clip.warning.split(":")[0]):
                samples = taggram.read(mixed / clip.path, 16000)
        else:
            samples = taggram.read(mixed / clip.path, 16000)
        assert clip.length == samples.size
        assert clip.duration == pytest.approx(samples.size / 16000)
        within_a_step(store.read(i), samples)
    assert [bool(clip.warning) for clip in store.clips] == [False, True, True]
    assert summary.seconds == pytest.approx(store.clips.durations.sum())


def test_another_rate(mixed: Path, tmp_path: Path) -> None:
    index = list_folder(mixed / "piano")
    pack(index, tmp_path / "store", sample_rate=22050)
    store = PackedStore(tmp_path / "store")
    assert store.sample_rate == 22050
    within_a_step(store.read(0), taggram.read(mixed / "piano" / "good.opus", 22050))
    with pytest.raises(DatasetError, match="holds audio at 22050 Hz"):
        pack(index, tmp_path / "store")
    with pytest.raises(DatasetError, match="cannot be packed at 5 Hz"):
        pack(index, tmp_path / "other", sample_rate=5)


def test_parallel_is_serial_bit_for_bit(index: ClipIndex, tmp_path: Path, contents: Contents) -> None:
    backwards = ClipIndex(index.folder, index.clips[::-1])
    results: dict[int, list[PackResult]] = {1: [], 2: []}
    for workers in results:
        store = tmp_path / str(workers)
        pack(backwards, store, workers=workers, shard_seconds=SHARD, report=results[workers].append)
    assert results[1] == results[2]
    for name in ("manifest.parquet", "journal.jsonl"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert len(contents(tmp_path / "1")) > 20
    assert [clip.id for clip in PackedStore(tmp_path / "2").clips] == [clip.id for clip in backwards.clips]


def test_equal_files_are_stored_once(index: ClipIndex, tmp_path: Path) -> None:
    pack(index, tmp_path / "store")
    store = PackedStore(tmp_path / "store")
    ids = list(store.clips.ids)
    twin, first = ids.index("twin.wav"), ids.index("03.wav")
    np.testing.assert_array_equal(store.read(twin), store.read(first))
    stored = (tmp_path / "store" / "shard-00000.pcm").stat().st_size // 2
    assert stored == store.clips.lengths.sum() - store.clips[twin].length


def test_what_is_packed_is_not_decoded_again(mixed: Path, tmp_path: Path, contents: Contents) -> None:
    store, index = tmp_path / "store", list_folder(mixed)
    pack(index, store)
    before = contents(store)
    assert [clip.path for clip in missing_clips(index, store)] == ["wrong.mp3"]

    (mixed / "piano" / "good.opus").rename(mixed / "piano" / "moved.opus")
    os.utime(mixed / "synth" / "cut.wav", (1, 1))
    (mixed / "wrong.mp3").write_bytes((mixed / "synth" / "loud.wav").read_bytes()[:60000])
    index = list_folder(mixed, folders_are_tags=True)
    results: list[PackResult] = []
    summary = pack(index, store, workers=2, report=results.append)
    assert {result.clip.path: result.state for result in results} == {
        "synth/loud.wav": "kept",
        "wrong.mp3": "packed",
        "piano/moved.opus": "kept",
        "synth/cut.wav": "kept",
    }
    assert summary.damaged == 3
    after = contents(store)["shard-00000.pcm"]
    assert after.startswith(before["shard-00000.pcm"])
    packed = PackedStore(store)
    assert len(after) // 2 == packed.clips.lengths.sum()
    assert packed.clips.labels == ((), ("piano",), ("synth",), ("synth",))
    assert list(missing_clips(index, store)) == []


def test_a_changed_file_is_packed_anew_and_a_lost_one_keeps_its_audio(index: ClipIndex, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    for name in ("00.wav", "01.wav"):
        (folder / name).write_bytes((index.folder / name).read_bytes())
    mine = list_folder(folder)
    pack(mine, tmp_path / "store")
    lost = PackedStore(tmp_path / "store").read(0)
    (folder / "00.wav").unlink()
    soundfile.write(folder / "01.wav", np.full(500, 0.25), 16000)
    summary = pack(mine, tmp_path / "store")
    assert (summary.packed, summary.kept, summary.failed) == (1, 0, 1)
    store = PackedStore(tmp_path / "store")
    np.testing.assert_array_equal(store.read(0), lost)
    np.testing.assert_array_equal(store.read(1), np.full(500, 0.25, np.float32))


def test_the_listing_of_the_last_run_counts(index: ClipIndex, tmp_path: Path) -> None:
    pack(index, tmp_path / "store")
    fewer = ClipIndex(index.folder, tuple(replace(clip, split="train") for clip in index.clips[5:9]))
    assert pack(fewer, tmp_path / "store").kept == 4
    assert list(PackedStore(tmp_path / "store").clips.splits) == ["train"] * 4


@pytest.mark.parametrize("kept", [0, 1, 2, 30])
@pytest.mark.parametrize("torn", ["", '{"path": "03.w', "\x00\x00\x00\n"])
def test_a_torn_end_is_cut_off(kept: int, torn: str, index: ClipIndex, tmp_path: Path, contents: Contents) -> None:
    """Samples and new shards without a journal line, half a line, and a manifest that was never finished."""
    store = tmp_path / "store"
    pack(index, store, shard_seconds=SHARD)
    whole, manifest = contents(store), (store / "manifest.parquet").read_bytes()
    (store / "manifest.parquet").rename(store / "manifest.away")
    journal = store / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:kept]) + torn)
    torn_journal = journal.read_bytes()
    assert len(list(missing_clips(index, store))) == len(index.clips) - max(0, kept - 1)
    assert journal.read_bytes() == torn_journal
    expected = max(0, kept - 1) + (kept == 30)  # with the twin of a clip that is known
    summary = pack(index, store, shard_seconds=SHARD)
    assert summary.kept == expected
    assert contents(store) == whole
    assert (store / "manifest.parquet").read_bytes() == manifest
    assert list(missing_clips(index, store)) == []


def test_samples_are_on_disk_before_the_journal_speaks_of_them(
    index: ClipIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a power cut would leave: at each sync of the journal, all its clips are in synced parts of the shards."""
    on_disk: dict[str, int] = {}
    seen: list[int] = []

    def fsync(descriptor: int) -> None:
        file = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if file.name == "journal.jsonl":
            entries = [json.loads(line) for line in file.read_text().splitlines()[1:]]
            seen.append(len(entries))
            for entry in entries:
                assert 2 * (entry["offset"] + entry["length"]) <= on_disk[f"shard-{entry['shard']:05}.pcm"]
        elif file.suffix == ".pcm":
            on_disk[file.name] = file.stat().st_size
        elif "manifest" in file.name:
            assert seen[-1] == len(index.clips)
            on_disk["manifest"] = file.stat().st_size

    monkeypatch.setattr(os, "fsync", fsync)
    pack(index, tmp_path / "store", shard_seconds=SHARD)
    assert len(seen) > 3
    assert on_disk["manifest"] == (tmp_path / "store" / "manifest.parquet").stat().st_size


def test_a_crash_of_the_decoder_costs_one_file(ramps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills the process that opens the file, like a fault in a decoder."""
    folder = tmp_path / "music"
    folder.mkdir()
    for name in ("00.wav", "01.wav", "02.wav"):
        (folder / name).write_bytes((ramps / name).read_bytes())
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, os\n"
        "sys.addaudithook(lambda event, args: os.kill(os.getpid(), 9)\n"
        "    if event == 'open' and str(args[0]).endswith('01.wav') else None)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    results: list[PackResult] = []
    summary = pack(list_folder(folder), tmp_path / "store", workers=2, report=results.append)
    assert (summary.packed, summary.failed) == (2, 1)
    assert "01.wav: its worker process died (exit code -9)" in results[1].message
    assert list(PackedStore(tmp_path / "store").clips.ids) == ["00.wav", "02.wav"]


def test_what_pack_refuses(index: ClipIndex, ramps: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="contains files that are no packed store"):
        pack(index, ramps)
    store = tmp_path / "store"
    few = ClipIndex(ramps, index.clips[:3])
    pack(few, store)
    with pytest.raises(DatasetError, match="contains the clips of another source"):
        pack(ClipIndex(ramps, (ClipInfo("x", "59.wav"),)), store)
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="cannot be written"):
        pack(few, tmp_path / "file")
    journal = store / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    for damage, said in [
        ([lines[0], "{\n", *lines[1:]], r"journal\.jsonl, line 2 is damaged"),
        ([lines[0], '{"path": "00.wav"}\n', *lines[1:]], r"journal\.jsonl is damaged"),
        ([lines[0].replace('store": 1', 'store": 2'), *lines[1:]], "is a store of version 2, not 1"),
    ]:
        journal.write_text("".join(damage))
        with pytest.raises(DatasetError, match=said):
            pack(few, store)
    journal.write_text("".join(lines))
    os.truncate(store / "shard-00000.pcm", 1000)
    with pytest.raises(DatasetError, match=r"shard-00000\.pcm is truncated"):
        pack(few, store)


def test_a_full_disk(index: ClipIndex, tmp_path: Path, contents: Contents) -> None:
    """Here a limit on the size of a file; what was packed before it counts."""
    program = (
        "import resource, sys; from taggram.datasets import list_folder, pack;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000));"
        "pack(list_folder(sys.argv[1]), sys.argv[2])"
    )
    command = [sys.executable, "-W", "error", "-c", program, index.folder, tmp_path / "store"]
    done = subprocess.run(command, capture_output=True, text=True)
    said = f"{tmp_path / 'store'} cannot be written (File too large): fix the cause, and run again"
    assert done.stderr.splitlines()[-1] == f"taggram.errors.DatasetError: {said}"
    assert "ResourceWarning" not in done.stderr
    assert pack(index, tmp_path / "store").kept >= 16
    pack(index, tmp_path / "calm")
    assert contents(tmp_path / "store") == contents(tmp_path / "calm")


def test_two_cannot_pack_into_one_store(index: ClipIndex, tmp_path: Path) -> None:
    seen: list[str] = []

    def interfere(result: PackResult) -> None:
        if not seen:
            with pytest.raises(DatasetError, match="is being packed by another process") as caught:
                pack(index, tmp_path / "store")
            seen.append(str(caught.value))

    pack(index, tmp_path / "store", report=interfere)
    assert seen
    assert len(PackedStore(tmp_path / "store")) == len(index.clips)


def test_an_interrupted_run_keeps_what_it_has(index: ClipIndex, tmp_path: Path) -> None:
    results: list[PackResult] = []

    def stop(result: PackResult) -> None:
        results.append(result)
        if len(results) == 21:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(index, tmp_path / "store", workers=2, report=stop)
    assert pack(index, tmp_path / "store").kept == 21 + 1  # and the twin of one of them


def test_file_names_of_any_bytes(ramps: Path, tmp_path: Path) -> None:
    names = [os.fsdecode(b"caf\xe9 \xf0\x9f\x8e\xb5.wav"), r"caf\udce9.wav", "z.wav"]
    folder, store = tmp_path / os.fsdecode(b"m\xfcsic"), tmp_path / os.fsdecode(b"st\xf6re")
    folder.mkdir()
    for i, name in enumerate(names):
        (folder / name).write_bytes((ramps / f"{i:02}.wav").read_bytes())
    for state in ("packed", "kept"):
        results: list[PackResult] = []
        pack(list_folder(folder), store, report=results.append)
        assert {result.state for result in results} == {state}
    clips = PackedStore(store).clips
    assert list(clips.ids) == [r"caf\u005cudce9.wav", "caf\\udce9 \U0001f3b5.wav", "z.wav"]
    assert sorted(clips.paths) == sorted(names) and {clip.path for clip in clips} == set(names)


def test_real_clips(shared: Path, tmp_path: Path) -> None:
    whole = list_table(shared / "data" / "mer4q" / "labels.tsv", id="track_id", labels=["genres", "moods", "quadrant"])
    assert len(whole.clips) == 809
    summary = pack(ClipIndex(whole.folder, whole.clips[:20]), tmp_path / "store", workers=2)
    assert (summary.packed, summary.failed, summary.damaged) == (20, 0, 0)
    store = PackedStore(tmp_path / "store")
    clip = store.clips[1]
    assert (clip.id, clip.group, clip.split) == ("MT0000011357", "Dismember", "train")
    assert clip.labels == ("electronic", "international", "pop/rock", "negative", "nervous", "jittery", "Q2")
    for i in (0, 19):
        within_a_step(store.read(i), taggram.read(whole.file(whole.clips[i]), 16000))
    emotify = list_table(shared / "data" / "emotify" / "labels.tsv", id="track_id", labels=["tags"])
    assert emotify.clips[0].labels == ("genre---classical", "mood---calmness", "mood---sadness", "mood---solemnity")
    assert json.loads((tmp_path / "store" / "journal.jsonl").read_text().splitlines()[1])["size"] > 1000
