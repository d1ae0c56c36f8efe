"""Paths as text: valid UTF-8, and reversible."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taggram._text import decode_path, encode_path, printable
from taggram.errors import AudioError

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


@pytest.mark.parametrize(
    "text", ["夜　曲.mp3", "Où sont-ils\u202f!.mp3", "\U0001f468\u200d\U0001f469.mp3", "नमस्ते", "a\\b", ""]
)
def test_a_name_in_any_script_is_printed_as_it_is(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("two\nlines", "two\\nlines"),
        ("\x1b[31mred\x85", "\\x1b[31mred\\x85"),
        ("caf\udce9", "caf\\udce9"),
        ("a\u2028b\u202egpj", "a\\u2028b\\u202egpj"),
    ],
)
def test_a_name_stays_on_its_line_in_messages(name, text):
    assert printable(name) == str(AudioError(name)) == text
