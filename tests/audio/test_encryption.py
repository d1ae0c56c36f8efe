"""Encrypted files are named as such, and not taken for damaged ones or for music."""

import struct
import uuid

import pytest

from taggram.audio import probe, read
from taggram.errors import AudioError

KEY = {
    "encryption_scheme": "cenc-aes-ctr",
    "encryption_key": "00112233445566778899aabbccddeeff",
    "encryption_kid": "a7e61c373e219033c21091fa607bf3b8",
}


def refused(path):
    for function in (read, probe):
        with pytest.raises(AudioError, match=r"is encrypted \(DRM\)") as caught:
            function(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("entry", [b"drms", b"enca", b"aavd"])
@pytest.mark.parametrize("name", ["tone.m4a", "tone.mp4"])  # with its header at the beginning, and at the end
def test_protected_tracks_of_shops(damaged, name, entry):
    def protect(data):
        position = data.index(b"mp4a", data.index(b"stsd"))
        return data[:position] + entry + data[position + 4 :]

    refused(damaged(name, protect))


@pytest.mark.parametrize("encoder", ["aac", "libmp3lame", "alac"])
def test_common_encryption(tmp_path, encode, music, encoder):
    refused(encode(tmp_path / "stream.mp4", music(1), encoder, 44100, "stereo", KEY))


@pytest.mark.parametrize(
    ("guid", "content"),
    [
        ("2211B3FB-BD23-11D2-B4B7-00A0C955FC6E", (struct.pack("<I", 4) + b"DRM\0") * 4),
        ("298AE614-2622-4C17-B935-DAE07EE9289C", struct.pack("<I", 4) + b"data"),
    ],
    ids=["content encryption", "extended content encryption"],
)
def test_windows_media(damaged, guid, content):
    def protect(data):
        size, count = struct.unpack("<QI", data[16:28])
        item = uuid.UUID(guid).bytes_le + struct.pack("<Q", 24 + len(content)) + content
        return data[:16] + struct.pack("<QI", size + len(item), count + 1) + data[28:size] + item + data[size:]

    refused(damaged("tone.wma", protect))


def test_matroska(tmp_path, encode, music):
    data = encode(tmp_path / "plain.mka", music(1), "flac", 44100, "stereo", {"write_crc32": "0"}).read_bytes()

    def element(identifier, content):
        return bytes.fromhex(identifier) + bytes([0x80 | len(content)]) + content

    def long_size(number):
        return b"\1" + number.to_bytes(7, "big")

    settings = element("5035", element("47E1", b"\5") + element("47E2", b"0123456789abcdef"))
    encodings = element("6D80", element("6240", element("5032", b"\1") + element("5033", b"\1") + settings))
    tracks = data.rindex(bytes.fromhex("1654AE6B"))
    end = tracks + 5 + (data[tracks + 4] & 0x7F)
    entry = data[tracks + 14 : end] + encodings
    assert data[tracks + 5] == 0xAE  # one track, whose size has eight bytes
    content = b"\xae" + long_size(len(entry)) + entry
    segment = data.index(bytes.fromhex("18538067")) + 4
    header = data[:segment] + b"\1" + b"\xff" * 7 + data[segment + 8 : tracks]
    path = tmp_path / "encrypted.mka"
    path.write_bytes(header + bytes.fromhex("1654AE6B") + long_size(len(content)) + content + data[end:])
    refused(path)


@pytest.mark.parametrize("magic", [b"CTENFDAM", b"yeelion-kuwo-tme"])
def test_files_of_streaming_services(tmp_path, magic):
    path = tmp_path / "song"
    path.write_bytes(magic + bytes(1000))
    refused(path)
