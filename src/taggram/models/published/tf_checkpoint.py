"""Reader for TensorFlow checkpoints (format V2), without TensorFlow.

Such a checkpoint is a pair of files. The index is a sorted table in LevelDB's format, from a tensor's name to a
protocol-buffer message with its type, shape, offset and checksum; the data file holds the values one after another.
Every block of the table and every tensor carries a masked CRC-32C, and each is checked here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from taggram.errors import ModelError

_TABLE_MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES = 48
_FLOAT32 = 1  # DT_FLOAT in TensorFlow's types.proto
# Field numbers of BundleEntryProto.
_DTYPE, _SHAPE, _SHARD, _OFFSET, _SIZE, _CRC = 1, 2, 3, 4, 5, 6


def _crc_tables() -> list[list[int]]:
    """Tables for CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), eight bytes at a time."""
    first = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        first.append(crc)
    tables = [first]
    for _ in range(7):
        tables.append([(crc >> 8) ^ first[crc & 0xFF] for crc in tables[-1]])
    return tables


_TABLES = _crc_tables()


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of a byte string.

    Examples
    --------
    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    t7, t6, t5, t4, t3, t2, t1, t0 = _TABLES
    crc = 0xFFFFFFFF
    whole = len(data) // 8 * 8
    for low, high in struct.iter_unpack("<II", data[:whole]):
        low ^= crc
        crc = (
            t0[low & 255]
            ^ t1[low >> 8 & 255]
            ^ t2[low >> 16 & 255]
            ^ t3[low >> 24]
            ^ t4[high & 255]
            ^ t5[high >> 8 & 255]
            ^ t6[high >> 16 & 255]
            ^ t7[high >> 24]
        )
    for byte in data[whole:]:
        crc = (crc >> 8) ^ t7[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def _check(data: bytes, masked: int, what: str) -> None:
    crc = crc32c(data)
    if ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF != masked:
        raise ModelError(f"TensorFlow checkpoint: the checksum of {what} is wrong; the file is damaged")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _block(index: bytes, offset: int, size: int) -> bytes:
    """Return one block of the table, its checksum checked."""
    body = index[offset : offset + size + 1]  # the checksum covers the compression type
    (masked,) = struct.unpack_from("<I", index, offset + size + 1)
    _check(body, masked, f"the index block at {offset}")
    if body[-1]:
        raise ModelError("TensorFlow checkpoint: compressed index blocks are not supported")
    return body[:-1]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Walk the keys and values of a block; a key shares a prefix with the one before it."""
    (restarts,) = struct.unpack_from("<I", block, len(block) - 4)
    end = len(block) - 4 * (restarts + 1)
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at)
        fresh, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + fresh]
        at += fresh
        yield key, block[at : at + length]
        at += length


def _message(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Walk the fields of a protocol-buffer message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        value: int | bytes
        match kind:
            case 0:
                value, at = _varint(data, at)
            case 2:
                length, at = _varint(data, at)
                value = data[at : at + length]
                at += length
            case 5:
                (value,) = struct.unpack_from("<I", data, at)
                at += 4
            case _:
                raise ModelError(f"TensorFlow checkpoint: unknown wire type {kind} in the index")
        yield number, value


def _shape(data: bytes) -> tuple[int, ...]:
    """Return the sizes of a TensorShapeProto: field 2 is a dimension, whose field 1 is its size."""
    dimensions = [value for number, value in _message(data) if number == 2 and isinstance(value, bytes)]
    return tuple(int(dict(_message(dimension)).get(1, 0)) for dimension in dimensions)


def read_checkpoint(index: bytes, data: bytes, *, skip: str = "/Adam") -> dict[str, NDArray[np.float32]]:
    """Read the float32 tensors of a checkpoint.

    Parameters
    ----------
    index, data
        Contents of the ``.index`` file and of the only ``.data-00000-of-00001`` file.
    skip
        Tensors whose name contains this are left out; by default the state of the optimiser.

    Returns
    -------
    dict
        From name to values.

    Raises
    ------
    ModelError
        If the files are no such checkpoint, are damaged, or use features that this reader lacks (several shards,
        compressed or partitioned tensors, other types).
    """
    try:
        return dict(_tensors(index, data, skip))
    except (struct.error, IndexError, UnicodeDecodeError, ValueError, TypeError) as error:
        raise ModelError(f"TensorFlow checkpoint: the index cannot be read ({error}); the file is damaged") from error


def _tensors(index: bytes, data: bytes, skip: str) -> Iterator[tuple[str, NDArray[np.float32]]]:
    footer = index[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or struct.unpack_from("<Q", footer, 40)[0] != _TABLE_MAGIC:
        raise ModelError("TensorFlow checkpoint: not an index (wrong magic number)")
    _, at = _varint(footer, 0)  # the footer names the metaindex block first, which is empty
    _, at = _varint(footer, at)
    offset, at = _varint(footer, at)
    size, at = _varint(footer, at)
    for _, handle in _entries(_block(index, offset, size)):
        block_offset, at = _varint(handle, 0)
        block_size, _ = _varint(handle, at)
        for key, value in _entries(_block(index, block_offset, block_size)):
            name = key.decode()
            if not name or skip in name:  # the empty key is the header
                continue
            fields = dict(_message(value))
            if fields.get(_DTYPE) != _FLOAT32 or fields.get(_SHARD, 0) or set(fields) > {1, 2, 3, 4, 5, 6}:
                raise ModelError(f"TensorFlow checkpoint: {name} is not a plain float32 tensor of the first data file")
            start, length = int(fields.get(_OFFSET, 0)), int(fields[_SIZE])
            raw = data[start : start + length]
            _check(raw, int(fields[_CRC]), name)
            yield name, np.frombuffer(raw, "<f4").reshape(_shape(bytes(fields.get(_SHAPE, b""))))
