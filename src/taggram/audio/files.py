"""Audio files of a folder, by suffix."""

import os
from collections.abc import Iterator

__all__ = ["audio_files"]

# Suffixes of common formats that FFmpeg reads.
SUFFIXES = tuple(
    """
    .aac .ac3 .aif .aifc .aiff .alac .amr .ape .au .caf .dsf .flac .m4a .m4b .mka .mkv .mov .mp1 .mp2 .mp3 .mp4
    .mpc .oga .ogg .opus .ra .snd .spx .tta .w64 .wav .wave .webm .wma .wv
    """.split()
)


def audio_files(folder: str | os.PathLike[str]) -> Iterator[str]:
    """Find the files with an audio suffix in a folder and all its sub-folders.

    Parameters
    ----------
    folder
        The folder.

    Yields
    ------
    str
        Paths that begin with `folder`, in sorted order; no hidden files.
    """
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            if file.lower().endswith(SUFFIXES) and not file.startswith("."):
                yield os.path.join(parent, file)
