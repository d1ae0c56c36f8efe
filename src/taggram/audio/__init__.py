"""Files and arrays in, mono float32 at a sample rate out.

`probe` says what a file is, `read` and `AudioStream` decode it, `clean` does for arrays what those two do for files.
The segment plans in `taggram.audio.segments` say where to cut a clip. Decoders are loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taggram.audio.files import audio_files
    from taggram.audio.levels import clean
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

_HOMES = {
    "AudioInfo": "source",
    "probe": "source",
    "AudioStream": "stream",
    "read": "stream",
    "clean": "levels",
    "audio_files": "files",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'segments')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
