"""From a file to the log-mel-spectrogram, on one thread: decode, mix, resample, log-mel-spectrogram."""

from __future__ import annotations

from importlib.util import find_spec

from benchmarks.measure import Loop, loops
from benchmarks.record import Row, shown
from benchmarks.setting import Setting
from taggram.tagging import DEFAULT_MODEL

MODELS = (DEFAULT_MODEL,)  # its front end
MEL = "decode, resample, mel (ONNX Runtime)"
TARGETS = {MEL: ">= 850"}


def measure(setting: Setting) -> list[Row]:
    """Seconds of audio per second, up to each step."""
    file, length = setting.material.song_file(), setting.material.song
    works = {
        MEL: "mel_onnx",
        "decode, resample, mel (torch)": "mel_torch",
        "decode, resample": "decode",
    }
    if find_spec("soundfile"):
        works["decode, resample (soundfile and soxr, whole file)"] = "soundfile"
    commands = {name: Loop("loops", work, file, one_core=True) for name, work in works.items()}
    found = loops(commands, setting.runs)
    return [
        Row(
            "front end, 1 thread",
            name,
            "x real time",
            [length / seconds for seconds in values],
            TARGETS.get(name, ""),
            shown(commands[name].command),
        )
        for name, values in found.items()
    ]
