"""Length of an mp3 frame by its header, to detect truncated files without an info header."""

__all__ = ["frame_bytes"]

# kbit/s by the header's index, layer III (ISO/IEC 11172-3 and 13818-3); 0 is "free": unknown.
_MPEG_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = (44100, 48000, 32000)  # of MPEG-1; MPEG-2 halves them, MPEG-2.5 halves them again


def frame_bytes(header: bytes) -> int:
    r"""Return the length of an mp3 frame in bytes, by its header of 4 bytes; 0 if that is no header of layer III.

    Examples
    --------
    >>> frame_bytes(b"\xff\xfb\x90\x00")  # 128 kbit/s, 44.1 kHz
    417
    """
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, index, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or index == 15 or rate == 3:
        return 0
    first = version == 3
    kilobits = (_MPEG_1 if first else _MPEG_2)[index]
    hertz = _RATES[rate] // (1 if first else 2 if version == 2 else 4)
    if not kilobits:
        return 0
    return (144 if first else 72) * 1000 * kilobits // hertz + (header[2] >> 1 & 1)
