import numpy as np
import pytest
from numpy.typing import NDArray

from taggram.deform import DEFORMATIONS, Chain, describes, gain, low_pass, noise, reverb
from taggram.deform.registry import register
from taggram.errors import DeformationError
from taggram.vocabularies import Vocabulary

RATE = 16000


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("gain=-6", "gain=-6"),
        ("time-stretch=1.20", "time_stretch=1.2"),
        (" low_pass = 4e3 , noise", "low_pass=4000,noise=20"),
        ("compress=speech,mp3=32", "compress=speech,mp3=32"),
        ("reverb=0.1,reverb=0.1", "reverb=0.1,reverb=0.1"),
    ],
)
def test_text_is_printed_in_one_form(text: str, printed: str) -> None:
    chain = Chain.parse(text)
    assert str(chain) == printed
    assert repr(chain) == f"Chain.parse({printed!r})"
    assert Chain.parse(printed) == chain
    assert hash(Chain.parse(printed)) == hash(chain)


def test_numbers_are_exact_in_text() -> None:
    value = 2**-0.5
    assert Chain.parse(str(Chain([("time_stretch", value)]))).steps[0].value == value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("strech=2", "no deformation is named 'strech'; did you mean"),
        ("x=1", "no deformation is named 'x'; there are: compress, gain"),
        ("", "no deformation is named ''"),
        ("gain=-6,", "no deformation is named ''"),
        ("gain=", "^gain: decibels must be a number from -40 to 12, not ''"),
        ("gain=13", "decibels must be a number from -40 to 12, not '13'"),
        ("compress=music", "preset must be one of radio, .* not 'music'; did you mean music-"),
        ("mp3=96", "bit_rate must be one of 32, 64, 128 kb/s, not '96'"),
    ],
)
def test_other_text_is_refused_in_one_line(text: str, line: str) -> None:
    with pytest.raises(DeformationError, match=line) as caught:
        Chain.parse(text)
    assert "\n" not in str(caught.value)


def test_a_chain_has_a_step() -> None:
    with pytest.raises(DeformationError, match="at least one"):
        Chain([])


def test_steps_follow_one_another_and_share_a_generator(music: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(4)
    expected = noise(reverb(low_pass(gain(music, RATE, -6), RATE, 2000), RATE, 0.5, rng), RATE, 10, rng)
    chain = Chain.parse("gain=-6,low_pass=2000,reverb=0.5,noise=10")
    assert np.array_equal(chain(music, RATE, seed=4), expected)
    assert not np.array_equal(Chain(reversed(chain.steps))(music, RATE, seed=4), expected)


def test_tags_that_a_deformation_changes() -> None:
    tags = Vocabulary.from_names("mtat").names
    stretched = {tag for tag in tags if Chain.parse("time_stretch=1.2").changes_tag(tag)}
    softer = {tag for tag in tags if Chain.parse("gain=-12").changes_tag(tag)}
    both = {tag for tag in tags if Chain.parse("gain=-12,time_stretch=1.2").changes_tag(tag)}
    assert stretched == {"slow", "fast"}
    assert softer == {"quiet", "soft", "loud"}
    assert both == stretched | softer
    assert not any(Chain.parse("pitch_shift=1").changes_tag(tag) for tag in tags)
    assert Chain.parse("pitch_shift=1").changes_tag("Eb minor")


@pytest.mark.parametrize(
    ("tag", "attribute", "does"),
    [
        *(("uptempo", "tempo", True), ("120 bpm", "tempo", True), ("allegro", "tempo", True)),
        *(("breakfast", "tempo", False), ("upbeat", "tempo", False)),
        *(("c major", "key", True), ("A-flat major", "key", True), ("minor", "key", False)),
        *(("soft", "loudness", True), ("soft rock", "loudness", False), ("clouds", "loudness", False)),
        *(("lo-fi", "fidelity", True), ("White noise", "noise", True), ("Echo", "reverberation", True)),
    ],
)
def test_words(tag: str, attribute: str, does: bool) -> None:
    assert describes(tag, attribute) == does  # type: ignore[arg-type]


def test_the_published_grid() -> None:
    """Ends of the ranges in the robustness test of Won et al."""
    published = {name: each.published for name, each in DEFORMATIONS.items() if each.published}
    assert published == {
        "compress": ("music-standard", "speech"),
        "muda_noise": (0.1, 0.4),
        "pitch_shift": (-1, 1),
        "time_stretch": (2**-0.5, 2**0.5),
    }


def test_a_name_is_registered_once() -> None:
    def gain(x: object, sample_rate: int, decibels: float) -> None: ...

    with pytest.raises(DeformationError, match="already registers a deformation named gain"):
        register(DEFORMATIONS["gain"].parameter)(gain)  # type: ignore[type-var]
