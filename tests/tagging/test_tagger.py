"""From audio to a prediction."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

import taggram
from taggram.audio import EvenlySpaced, EvenlySpacedWon, Sliding, WholeClip, cut
from taggram.errors import AudioError, CardError, ModelError
from taggram.tagging import Prediction, Tagger, segmenter

RATE = 16000
MODEL = "musicnn_pons.mtat-pons2019"


def music(pieces: Path) -> np.ndarray:
    return taggram.read(pieces / "synth-groove.opus", RATE)


@pytest.mark.parametrize(
    ("piece", "tags"),
    [
        ("piano-prelude", {"piano", "classical"}),
        ("strings-and-harpsichord", {"classical", "harpsichord", "strings"}),
        ("synth-groove", {"techno", "electronic"}),
    ],
)
def test_the_example_pieces_get_their_tags(piece: str, tags: set[str], tagger: Tagger, pieces: Path) -> None:
    prediction = tagger.tag(pieces / f"{piece}.opus")
    assert {tag for tag, _ in prediction.top(len(tags))} == tags
    assert prediction.warnings == ()
    assert prediction.duration == pytest.approx(30.0, abs=1e-3)
    assert prediction.times[0, 0] == 0
    assert prediction.times[-1, 1] == pytest.approx(30.0, abs=1.5)


def test_a_file_and_its_samples_get_the_same_scores(tagger: Tagger, pieces: Path) -> None:
    of_file = tagger.tag(pieces / "synth-groove.opus")
    samples = taggram.read(pieces / "synth-groove.opus", RATE)
    np.testing.assert_allclose(tagger.tag(samples, sample_rate=RATE).scores, of_file.scores, atol=1e-5)
    stereo = np.stack([samples, samples])
    np.testing.assert_allclose(tagger.tag(stereo, sample_rate=RATE).scores, of_file.scores, atol=1e-5)
    coarse = (samples * 32768).round().clip(-32768, 32767).astype(np.int16)
    np.testing.assert_allclose(tagger.tag(coarse, sample_rate=RATE).scores, of_file.scores, atol=0.02)


def test_streaming_gives_the_stream_segments_the_plan(tagger: Tagger, pieces: Path) -> None:
    """What comes out while decoding equals cutting the padded clip at once, for hops shorter and longer."""
    spec, samples = tagger.card.segments, music(pieces)
    padded = np.pad(samples, spec.clip_padding)
    for hop, ends_with_the_clip in ((spec.hop, False), (30000, False), (70000, False), (50000, True), (90000, True)):
        clip = segmenter.AudioSource(str(pieces / "synth-groove.opus"), None, RATE)
        streamed = list(segmenter.stream_segments(clip, Sliding(hop), spec))
        starts = Sliding(hop).starts(len(padded), spec.samples)
        assert (starts[-1] % hop != 0) == ends_with_the_clip
        assert [start for start, _ in streamed] == starts.tolist()
        np.testing.assert_array_equal(np.stack([s for _, s in streamed]), cut(padded, starts, spec.samples))
        assert clip.length == len(samples)


@pytest.mark.parametrize("plan", [EvenlySpaced(1), EvenlySpaced(5), EvenlySpaced(40), EvenlySpacedWon(16)])
def test_planned_segments_are_those_of_the_plan(plan: EvenlySpaced, tagger: Tagger, pieces: Path) -> None:
    spec, samples = tagger.card.segments, music(pieces)
    clip = segmenter.AudioSource(str(pieces / "synth-groove.opus"), None, RATE)
    found = list(segmenter.stream_segments(clip, plan, spec))
    padded = np.pad(samples, spec.clip_padding)
    starts = plan.starts(len(padded), spec.samples)
    assert [start for start, _ in found] == starts.tolist()
    np.testing.assert_array_equal(np.stack([s for _, s in found]), cut(padded, starts, spec.samples))


@pytest.fixture(scope="module")
def long_file(pieces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve minutes of music, long enough to be read by seeking."""
    file = tmp_path_factory.mktemp("long") / "long.flac"
    soundfile.write(file, np.tile(0.9 * music(pieces), 24), RATE)
    return file


def test_long_files_are_read_by_seeking(long_file: Path, tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = tagger.card.segments
    clip = segmenter.AudioSource(str(long_file), None, RATE)
    picked = list(segmenter._two_passes(clip, EvenlySpaced(8), spec))
    monkeypatch.setattr(segmenter, "_two_passes", None)  # so that only seeking is left
    clip = segmenter.AudioSource(str(long_file), None, RATE)
    sought = list(segmenter.stream_segments(clip, EvenlySpaced(8), spec))
    assert [start for start, _ in sought] == [start for start, _ in picked]
    for (_, one), (_, other) in zip(sought, picked, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert clip.length == 24 * 30 * RATE


def test_a_long_file_that_is_cut_short_is_still_tagged(long_file: Path, tmp_path: Path, tagger: Tagger) -> None:
    """Its header promises more than there is, so seeking fails and the file is measured instead."""
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(long_file.read_bytes()[: long_file.stat().st_size * 2 // 5])
    prediction = Tagger(MODEL, segmentation=EvenlySpaced(4)).tag(damaged)
    assert len(prediction.scores) == 4
    assert 250 < prediction.duration < 330
    assert prediction.times[-1, 1] == pytest.approx(prediction.duration, abs=0.05)
    assert any("720" in warning for warning in prediction.warnings)


@pytest.mark.parametrize("seconds", [0.1, 1.0, 2.9])
def test_short_clips_are_repeated(seconds: float, tagger: Tagger, pieces: Path) -> None:
    samples = music(pieces)[: int(seconds * RATE)]
    prediction = tagger.tag(samples, sample_rate=RATE)
    assert len(prediction.scores) == 1
    assert prediction.duration == pytest.approx(seconds)
    assert prediction.times.tolist() == [[0.0, pytest.approx(seconds)]]
    repeated = np.resize(samples, 47616)
    np.testing.assert_allclose(tagger.tag(repeated, sample_rate=RATE).scores, prediction.scores, atol=1e-6)


def test_a_part_of_a_file(tagger: Tagger, pieces: Path) -> None:
    part = tagger.tag(pieces / "synth-groove.opus", start=10.0, duration=6.0)
    assert part.duration == pytest.approx(6.0)
    assert part.times[0].tolist() == [10.0, pytest.approx(12.976)]
    of_array = tagger.tag(music(pieces), sample_rate=RATE, start=10.0, duration=6.0)
    np.testing.assert_allclose(part.scores, of_array.scores, atol=1e-3)
    for wrong in ({"start": 31.0}, {"start": -1.0}, {"duration": 0.0}, {"start": float("nan")}):
        for audio in (music(pieces), pieces / "synth-groove.opus"):
            rate = {"sample_rate": RATE} if isinstance(audio, np.ndarray) else {}
            with pytest.raises(AudioError):
                tagger.tag(audio, **rate, **wrong)


def test_what_is_wrong_with_the_audio_is_said(tagger: Tagger, pieces: Path) -> None:
    silent = tagger.tag(np.zeros(5 * RATE, np.float32), sample_rate=RATE)
    assert silent.warnings == ("silent: no tags",)
    holes = music(pieces).copy()
    holes[1000:1010] = np.nan
    assert "10" in tagger.tag(holes, sample_rate=RATE).warnings[0]
    loud = tagger.tag(1000 * music(pieces), sample_rate=RATE)
    assert loud.warnings
    peak = np.abs(music(pieces)).max()
    np.testing.assert_allclose(loud.scores, tagger.tag(music(pieces) / peak, sample_rate=RATE).scores, atol=1e-3)


def test_whole_clip_and_other_segmentations(tagger: Tagger, pieces: Path) -> None:
    whole = Tagger(MODEL, segmentation=WholeClip()).tag(pieces / "synth-groove.opus")
    assert whole.scores.shape == (1, 50)
    assert whole.top(1)[0][0] == "techno"
    dense = Tagger(MODEL, segmentation=Sliding(hop=16000)).tag(pieces / "synth-groove.opus")
    assert len(dense.scores) == 28
    with pytest.raises(AudioError, match="too long to be taken whole"):
        Tagger(MODEL, segmentation=WholeClip()).tag(np.zeros(601 * RATE, np.float32), sample_rate=RATE)


def test_score_segments(tagger: Tagger, pieces: Path) -> None:
    spec = tagger.card.segments
    padded = np.pad(music(pieces), spec.clip_padding)
    segments = cut(padded, Sliding(spec.hop).starts(len(padded), spec.samples), spec.samples)
    scores = tagger.score_segments(segments)
    np.testing.assert_array_equal(scores, tagger.tag(pieces / "synth-groove.opus").scores)
    assert tagger.score_segments(segments[:0]).shape == (0, 50)
    for wrong in (segments[0], segments[:, :-1], segments.astype(np.float64)):
        with pytest.raises(AudioError, match="takes segments of shape"):
            tagger.score_segments(wrong)


def test_torch_gives_the_same(tagger: Tagger, pieces: Path) -> None:
    onnx = tagger.tag(pieces / "piano-prelude.opus")
    torch = Tagger(MODEL, backend="torch").tag(pieces / "piano-prelude.opus")
    np.testing.assert_allclose(torch.scores, onnx.scores, atol=1e-4)
    np.testing.assert_allclose(torch.embeddings, onnx.embeddings, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"backend": "abacus"}, ModelError, "no backend is named"),
        ({"backend": "torch", "device": "abacus"}, ModelError, "torch cannot use the device"),
        ({"backend": "torch", "device": "cuda:99"}, ModelError, "torch cannot use the device"),
        ({"model": "nothing"}, ModelError, "no model is named"),
    ],
)
def test_a_tagger_that_cannot_be(
    arguments: dict, error: type[Exception], said: str, published: Callable[[str], Path]
) -> None:
    published(MODEL)
    with pytest.raises(error, match=said) as raised:
        Tagger(**{"model": MODEL, **arguments})
    assert "\n" not in str(raised.value)


def test_a_model_without_a_usable_file(tmp_path: Path, published: Callable[[str], Path]) -> None:
    card = published(MODEL) / "card.json"
    (tmp_path / "card.json").write_bytes(card.read_bytes())
    with pytest.raises(CardError, match="model.onnx: missing"):
        Tagger(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(CardError, match="not the file that its card describes"):
        Tagger(tmp_path)
    (tmp_path / "card.json").write_text(re.sub(r'"files": \{.*?\}', '"files": {}', card.read_text(), flags=re.DOTALL))
    with pytest.raises(CardError, match="not a usable model file"):
        Tagger(tmp_path)


def test_a_fixed_segment_takes_no_whole_clip(pieces: Path) -> None:
    assert not Tagger().card.segments.any_length
    with pytest.raises(ModelError, match="one length only"):
        Tagger(segmentation=WholeClip()).tag(pieces / "synth-groove.opus")


def test_an_array_needs_its_rate(tagger: Tagger) -> None:
    for rate in (None, 0, -1, 3):
        with pytest.raises(AudioError, match="needs its sample rate"):
            tagger.tag(np.zeros(1000, np.float32), sample_rate=rate)


def prediction() -> Prediction:
    return Prediction(
        path="song.mp3",
        model="m.t",
        vocabulary=taggram.Vocabulary(name="v", tags={"loud": "tempo", "piano": "instrument"}),
        scores=np.array([[0.9, 0.4], [0.7, 0.6], [0.2, 0.6]], np.float32),
        times=np.array([[0.0, 3.0], [3.0, 6.0], [6.0, 9.0]]),
        embeddings=np.arange(6, dtype=np.float32).reshape(3, 2),
        duration=9.0,
        thresholds={"balanced": {"loud": 0.8, "piano": 0.5}, "f1": {"loud": 0.8, "piano": 0.7}},
        warnings=("w",),
    )


def test_clip_scores() -> None:
    song = prediction()
    np.testing.assert_allclose(song.clip_scores(), [0.6, 1.6 / 3], rtol=1e-6)
    np.testing.assert_allclose(song.clip_scores("max"), [0.9, 0.6], rtol=1e-6)
    np.testing.assert_allclose(song.clip_scores("vote"), [1 / 3, 0], rtol=1e-6)  # by the thresholds for the best F1
    assert song.top(1) == [("loud", pytest.approx(0.6))]
    assert [tag for tag, _ in song.top(5, "vote")] == ["loud", "piano"]
    np.testing.assert_array_equal(song.embedding, [2.0, 3.0])
    with pytest.raises(ModelError, match="no aggregation is named 'median'"):
        song.clip_scores("median")


def test_tags_that_pass() -> None:
    song = prediction()
    assert song.tags() == [("piano", pytest.approx(1.6 / 3))]
    assert song.tags("f1") == []
    with pytest.raises(ModelError, match=r"m\.t has no thresholds 'precision'; choose: balanced, f1"):
        song.tags("precision")
    with pytest.raises(ModelError, match=r"m\.t has no thresholds 'balanced'; use top\(\)"):
        dataclasses.replace(song, thresholds={}).tags()


def test_in_another_vocabulary() -> None:
    mtat = taggram.Vocabulary.from_names("mtat")
    scores = np.random.default_rng(0).random((3, 50), np.float32)
    limits = dict(zip(mtat.names, np.linspace(0, 1, 50).tolist(), strict=True))
    song = dataclasses.replace(
        prediction(), vocabulary=mtat, scores=scores, thresholds={"balanced": limits, "precision": {"beats": 0.9}}
    )
    ours = song.in_vocabulary("taggram")
    assert ours.scores.shape == (3, len(ours.vocabulary)) == (3, 36)
    assert not np.isnan(ours.scores).any()
    assert ours.vocabulary.tags["beat"] == "other"
    assert "reggae" not in ours.vocabulary.tags  # MagnaTagATune does not know it
    beat = ours.scores[:, ours.vocabulary.names.index("beat")]
    np.testing.assert_array_equal(beat, scores[:, [mtat.names.index("beat"), mtat.names.index("beats")]].max(1))
    assert ours.thresholds["balanced"]["beat"] == min(limits["beat"], limits["beats"])
    assert ours.thresholds["precision"] == {"beat": 0.9}
    assert {tag for tag, _ in ours.tags()} <= set(ours.vocabulary.names)

    again = ours.in_vocabulary("msd")  # from a part of a vocabulary
    assert set(again.vocabulary.names) < set(taggram.Vocabulary.from_names("msd").names)
    np.testing.assert_array_equal(song.in_vocabulary("mtat").scores, scores)


def test_every_published_tag_has_an_answer_of_ours() -> None:
    own = taggram.Vocabulary.from_names("taggram")
    song = dataclasses.replace(prediction(), vocabulary=own, scores=np.zeros((1, len(own)), np.float32), thresholds={})
    for name in set(taggram.Vocabulary.published()) - {"audioset"}:  # most of AudioSet is no music
        assert song.in_vocabulary(name).vocabulary == taggram.Vocabulary.from_names(name)


def test_tags_of_somebody_s_own_are_not_translated() -> None:
    with pytest.raises(ModelError, match="vocabulary 'v' is a custom one"):
        prediction().in_vocabulary("mtat")
    with pytest.raises(ModelError, match="no vocabulary is named 'klingon'"):
        prediction().in_vocabulary("klingon")


def test_json_and_pandas() -> None:
    data = json.loads(prediction().to_json(prediction().top(1), over_time=True))
    assert data["tags"] == [{"tag": "loud", "category": "tempo", "score": 0.6}]
    assert data["segments"][1] == {"start": 3.0, "end": 6.0, "scores": [0.7]}
    assert (data["path"], data["duration"], data["warnings"]) == ("song.mp3", 9.0, ["w"])
    assert "segments" not in prediction().to_dict()
    frame = prediction().to_pandas()
    assert list(frame.columns) == ["loud", "piano"]
    assert frame.loc[(3.0, 6.0), "piano"] == pytest.approx(0.6)


def test_importing_is_cheap() -> None:
    """`import taggram` loads neither runtime; tagging does not load torch."""
    code = (
        "import sys, taggram; assert not {'torch', 'onnxruntime', 'numpy', 'pydantic'} & set(sys.modules); "
        "import taggram.tagging; taggram.list_models(); assert not {'torch', 'onnxruntime'} & set(sys.modules); "
        "assert len(taggram.__all__) <= 20; from importlib.util import find_spec; "
        "[getattr(taggram, name) for name in taggram.__all__ if find_spec('torch')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_picture_is_drawn(tagger: Tagger, pieces: Path, tmp_path: Path) -> None:
    from taggram.tagging.plot import plot_taggram

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of matplotlib's own dependencies
        for name, start in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml")):
            plot_taggram(tagger.tag(pieces / "piano-prelude.opus", start=5, duration=10), tmp_path / name)
            assert (tmp_path / name).read_bytes().startswith(start)
    assert b"piano" in (tmp_path / "a.svg").read_bytes()
    with pytest.raises(ModelError, match="of a file"):
        plot_taggram(tagger.tag(np.ones(RATE, np.float32), sample_rate=RATE), tmp_path / "b.png")


def test_a_long_file_that_cannot_be_entered_anywhere_is_decoded(
    pieces: Path, tmp_path: Path, tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AAC decodes to other samples after a seek, so the segments are picked while all of it is decoded."""
    import av

    samples = np.tile(music(pieces)[: 10 * RATE], 61)
    with av.open(str(tmp_path / "long.m4a"), "w") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        for at in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, at : at + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    monkeypatch.setattr(segmenter, "_seek_segments", None)
    clip = segmenter.AudioSource(str(tmp_path / "long.m4a"), None, RATE)
    found = list(segmenter.stream_segments(clip, EvenlySpaced(3), tagger.card.segments))
    whole = np.pad(taggram.read(tmp_path / "long.m4a", RATE), tagger.card.segments.clip_padding)
    assert found[-1][0] + tagger.card.segments.samples == len(whole)
    for start, segment in found:
        np.testing.assert_allclose(segment, whole[start:][: len(segment)], atol=1e-6)


def test_a_prediction_names_the_model_as_the_tagger_takes_it(published, pieces: Path) -> None:
    folder = published(MODEL)
    for model in ("default", MODEL, str(folder)):
        prediction = Tagger(model).tag(pieces / "piano-prelude.opus", duration=3)
        assert prediction.model == Tagger(prediction.model).model == model
