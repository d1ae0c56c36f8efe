"""Paths as text: valid UTF-8, and reversible."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taggram._text import decode_path, encode_path

PIECES = st.one_of(
    st.characters(), st.sampled_from(["\\", "\\u", "005c", "\\u005c", "u005c", "d8", "\\udce9", "\udce9"])
)


@given(st.lists(PIECES).map("".join))
def test_an_encoded_path_is_utf_8_and_decodes_to_the_path(path):
    text = encode_path(path)
    text.encode("utf-8")
    assert decode_path(text) == path


@pytest.mark.skipif(os.name == "nt", reason="names are text on Windows")
@given(st.binary())
def test_any_bytes_are_a_path(name):
    assert os.fsencode(decode_path(encode_path(os.fsdecode(name)))) == name


@pytest.mark.parametrize(
    "path", ["", "a/b.opus", "café/日本.mp3", "C:\\xfade\\udder.mp3", "100%E9.wav", "a\\u0041.wav", "\\"]
)
def test_a_path_in_utf_8_stays_as_it_is(path):
    assert encode_path(path) == decode_path(path) == path
