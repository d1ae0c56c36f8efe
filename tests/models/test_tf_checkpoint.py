"""The checkpoint reader, on a checkpoint made here and on the published ones."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from taggram.errors import ModelError
from taggram.models.published.tf_checkpoint import crc32c, read_checkpoint


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def masked(data: bytes) -> int:
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """A LevelDB block whose keys share prefixes, with compression type and checksum."""
    body, previous = b"", b""
    for key, value in entries:
        shared = next(
            (i for i, (a, b) in enumerate(zip(key, previous, strict=False)) if a != b), min(len(key), len(previous))
        )
        body += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        previous = key
    body += struct.pack("<II", 0, 1) + b"\0"
    return body + struct.pack("<I", masked(body))


def checkpoint(tensors: dict[str, np.ndarray], dtype: int = 1) -> tuple[bytes, bytes]:
    data, entries = b"", [(b"", b"\x08\x01")]
    for name, values in sorted(tensors.items()):
        raw = values.astype("<f4").tobytes()
        shape = b"".join(b"\x12" + varint(len(size)) + size for size in (b"\x08" + varint(n) for n in values.shape))
        entry = b"\x08" + varint(dtype) + b"\x12" + varint(len(shape)) + shape
        entry += b"\x20" + varint(len(data)) + b"\x28" + varint(len(raw)) + b"\x35" + struct.pack("<I", masked(raw))
        entries.append((name.encode(), entry))
        data += raw
    table = block(entries)
    handle = varint(0) + varint(len(table) - 5)
    index_block = block([(b"z", handle)])
    footer = varint(0) + varint(0) + varint(len(table)) + varint(len(index_block) - 5)
    return table + index_block + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57), data


TENSORS = {
    "conv2d/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "conv2d/bias": np.array([1.5, -2.5], dtype=np.float32),
    "conv2d/bias/Adam": np.zeros(2, dtype=np.float32),
    "step": np.float32(3).reshape(()),
}


def test_reads_what_was_written() -> None:
    read = read_checkpoint(*checkpoint(TENSORS))
    assert set(read) == {"conv2d/kernel", "conv2d/bias", "step"}
    for name, values in read.items():
        np.testing.assert_array_equal(values, TENSORS[name])


def test_every_damaged_byte_is_noticed() -> None:
    index, data = checkpoint(TENSORS)
    blocks = len(index) - 48
    for at in range(0, blocks, 7):
        damaged = bytearray(index)
        damaged[at] ^= 0x20
        with pytest.raises(ModelError):
            read_checkpoint(bytes(damaged), data)
    for at in range(4, len(data) - 4, 5):
        damaged = bytearray(data)
        damaged[at] ^= 0x01
        kernel_or_bias = not 8 <= at < 16  # the optimizer's slot is not read
        if kernel_or_bias:
            with pytest.raises(ModelError, match="checksum of"):
                read_checkpoint(index, bytes(damaged))


@pytest.mark.parametrize("length", [0, 10, 47, 60, 150])
def test_truncated_files_are_refused(length: int) -> None:
    index, data = checkpoint(TENSORS)
    with pytest.raises(ModelError):
        read_checkpoint(index[:length], data)
    with pytest.raises(ModelError):
        read_checkpoint(index, data[:40])


def test_other_types_are_refused() -> None:
    with pytest.raises(ModelError, match="not a plain float32 tensor"):
        read_checkpoint(*checkpoint(TENSORS, dtype=3))


@pytest.mark.parametrize(
    ("member", "values"),
    [("MTT_musicnn", 2366399), ("MSD_musicnn", 2366399), ("MTT_vgg", 1818528), ("MSD_vgg", 1818528)],
)
def test_published_checkpoints_are_read_whole(member: str, values: int, wheels: Path) -> None:
    with zipfile.ZipFile(next(wheels.glob("musicnn-0.1.0-*.whl"))) as archive:
        parts = [archive.read(f"musicnn/{member}/{part}") for part in (".index", ".data-00000-of-00001")]
    read = read_checkpoint(*parts, skip="nothing")
    assert sum(tensor.size for tensor in read.values()) == values
    assert all(np.isfinite(tensor).all() for tensor in read.values())
