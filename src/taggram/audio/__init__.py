"""Decoding of files to mono float32 samples at any sample rate, and positions of segments.

`probe` describes a file, `read` and `AudioStream` decode it, `clean` converts an array by the same rules. The
segmentations in `taggram.audio.segments` determine where a clip is cut. Decoders are loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taggram.audio.discovery.files import audio_files
    from taggram.audio.sanitize import clean
    from taggram.audio.segments import EvenlySpaced, EvenlySpacedWon, Segmentation, Sliding, WholeClip, cut, fill
    from taggram.audio.source import AudioInfo, probe
    from taggram.audio.stream import AudioStream, read

__all__ = [
    "AudioInfo",
    "AudioStream",
    "EvenlySpaced",
    "EvenlySpacedWon",
    "Segmentation",
    "Sliding",
    "WholeClip",
    "audio_files",
    "clean",
    "cut",
    "fill",
    "probe",
    "read",
]

_MODULES = {
    "AudioInfo": "source",
    "probe": "source",
    "AudioStream": "stream",
    "read": "stream",
    "clean": "sanitize",
    "audio_files": "discovery.files",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'segments')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
