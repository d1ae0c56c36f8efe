"""msd_lastfm50: the Million Song Dataset with the 50 most frequent Last.fm tags, in Choi's split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram.datasets._io import read_lines
from taggram.datasets.base import Dataset, DatasetProtocol, PublishedFile
from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.datasets.registry import register_dataset
from taggram.datasets.synthetic import write_noise
from taggram.errors import DatasetError
from taggram.vocabularies import Vocabulary

SPLITS = ("train", "valid", "test")
CHOI = "https://raw.githubusercontent.com/keunwoochoi/MSD_split_for_tagging/master/"
WON = "https://raw.githubusercontent.com/minzwon/sota-music-tagging-models/master/split/msd/"
SHA256 = {  # of the files that were available to us
    "valid_x_msd_id.txt": "2b19a3327ba8d380aeda263b837a999f0fd39457ffd707923be9cb96226ad43a",
    "valid_y.npy": "5ef6a55171b07e01509acfbdb1736b12ae5e60af3327360ccd0efd67579a7cad",
    "test_x_msd_id.txt": "38fb65450e2e25227f35103c1c30657b97f07a77bfdcb21425c9a75824710437",
    "test_y.npy": "974c8d9db55b87ed942b5d5e2d36b5cc76b023da46a3f42aa831825612b68b32",
}


@register_dataset
class MSDLastfm50(Dataset):
    """Bertin-Mahieux, Ellis, Whitman and Lamere's Million Song Dataset, in Choi's selection for tagging."""

    name = "msd_lastfm50"
    title = "Million Song Dataset, Last.fm top 50"
    about = (
        "242,854 songs of the Million Song Dataset that had a preview at 7digital and have one of the 50 most frequent "
        "Last.fm tags that describe the sound: genres, moods, eras, instruments, voices."
    )
    citation = (
        "T. Bertin-Mahieux, D. P. W. Ellis, B. Whitman, P. Lamere: The Million Song Dataset. ISMIR 2011. Split: K. "
        "Choi, G. Fazekas, M. Sandler: Automatic tagging using deep convolutional neural networks. ISMIR 2016."
    )
    licence = (
        "Audio: previews of commercial recordings, not published. Tags: Last.fm, for research, not commercial use."
    )
    homepage = "https://github.com/keunwoochoi/MSD_split_for_tagging"
    how_to_get = (
        "The audio is no longer available: the data set contains none, and 7digital no longer provides the previews. "
        "Ids and tags are on the homepage: *_x_msd_id.txt and *_y.npy of train, valid and test. Put existing previews "
        "next to these files, named by 7digital's numbers (3/9/3974574.clip.mp3), together with *_x_filename.txt from "
        "the homepage; without these lists a clip is named by its id: TRAADIN128F931D672 is "
        "A/A/D/TRAADIN128F931D672.mp3."
    )
    audio = "unavailable"
    known_issues = (
        "The audio is unavailable, so published scores cannot be reproduced from the published files.",
        "A tag is positive if Last.fm scores it above 50 of 100: a tag that few people used is absent, not false.",
        "Synonyms are separate tags: female vocalists and female vocalist, chill and chillout, electronic and "
        "electronica.",
        "The split is by song, not by artist: an artist's songs are in several splits, and the files name no artists.",
        "Most published scores refer to Lee's 201,680, 11,774 and 28,435 songs, which exclude previews under 29.1 "
        "seconds; some papers count 241,904 songs. Choi's own files, which taggram reads, contain more.",
    )
    files = (
        *(
            PublishedFile(name, SHA256.get(name, ""), f"{CHOI}{name}", size, required=False)
            for name, size in (
                ("train_x_msd_id.txt", 3_831_920),
                ("train_y.npy", 0),
                ("train_x_filename.txt", 0),
                ("valid_x_msd_id.txt", 240_046),
                ("valid_y.npy", 631_780),
                ("valid_x_filename.txt", 199_272),
                ("test_x_msd_id.txt", 542_260),
                ("test_y.npy", 1_427_080),
                ("test_x_filename.txt", 0),
            )
        ),
        PublishedFile(
            "50tagList.txt",
            "3b0fd183e73f8a0e7e65b955f61ec3034e517a6427cacad8ec0c2f16394d0770",
            f"{WON}50tagList.txt",
            417,
            required=False,
        ),
    )
    protocols = (
        DatasetProtocol(
            "choi",
            "Choi's split by song. Sizes are those of the lists of ids. Newer papers split by artist instead (Won, "
            "Choi, Serra 2021), so their scores are not comparable.",
            {"train": 201_680, "valid": 12_634, "test": 28_540},
            leaky=True,
        ),
    )
    seconds = (29.0, 61.0)

    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:  # noqa: ARG002 - always the same
        """Return the 50 tags in the order of the columns; see `Dataset`."""
        self.protocol(protocol)
        return Vocabulary.from_names("msd")

    def index(self, folder: Path, protocol: str | None = None) -> ClipIndex:
        """List the songs of the splits whose files exist; see `Dataset`."""
        self.protocol(protocol)
        splits = [split for split in SPLITS if (folder / f"{split}_x_msd_id.txt").is_file()]
        if not splits:
            self.find(folder, *(f"{split}_x_msd_id.txt" for split in SPLITS))
        return ClipIndex(folder, tuple(clip for split in splits for clip in self._split(folder, split)))

    def _split(self, folder: Path, split: str) -> list[ClipInfo]:
        ids_file = folder / f"{split}_x_msd_id.txt"
        ids = read_lines(ids_file)
        file = self.find(folder, f"{split}_y.npy")
        truth = _truth(file)
        if len(truth) != len(ids):
            raise DatasetError(f"{file} has {len(truth)} songs, {ids_file.name} {len(ids)}: download both again")
        names = folder / f"{split}_x_filename.txt"
        paths = (
            [f"{name.removesuffix('.npy')}.clip.mp3" for name in read_lines(names)]
            if names.is_file()
            else [f"{'/'.join(song[2:5])}/{song}.mp3" for song in ids]
        )
        if len(paths) != len(ids):
            raise DatasetError(f"{names} has {len(paths)} songs, {ids_file.name} {len(ids)}: download both again")
        tags = np.array(Vocabulary.from_names("msd").names, object)
        return [
            ClipInfo(song, path, split, tuple(tags[has])) for song, path, has in zip(ids, paths, truth, strict=True)
        ]

    def write_sample(self, folder: Path) -> None:
        """Write the lists and previews of three songs; see `Dataset`."""
        folder.mkdir(parents=True, exist_ok=True)
        tags = Vocabulary.from_names("msd").names
        (folder / "50tagList.txt").write_text("".join(f"{tag}\n" for tag in tags), encoding="utf-8")
        for split, songs in {
            "train": {"TRAAAAA000000000A1": {"rock", "guitar"}},
            "valid": {"TRZZZZA000000000A3": {"rock", "90s"}},
            "test": {"TRABCDE000000000A4": {"House", "sad"}},
        }.items():
            numbers = [f"30000{song[-1]}" for song in songs]
            for number in numbers:
                write_noise(folder / number[0] / number[1] / f"{number}.clip.mp3", 30.0, seed=int(number))
            (folder / f"{split}_x_msd_id.txt").write_text("".join(f"{song}\n" for song in songs), encoding="utf-8")
            names = (f"{number[0]}/{number[1]}/{number}.npy\n" for number in numbers)
            (folder / f"{split}_x_filename.txt").write_text("".join(names), encoding="utf-8")
            np.save(folder / f"{split}_y.npy", np.array([[tag in has for tag in tags] for has in songs.values()]))


def _truth(file: Path) -> NDArray[np.bool_]:
    try:
        truth = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f"{file} cannot be read ({' '.join(str(error).split())}): download it again") from error
    if not isinstance(truth, np.ndarray) or truth.ndim != 2 or truth.shape[1] != len(Vocabulary.from_names("msd")):
        raise DatasetError(f"{file} is not a table of songs and 50 tags: download it again")
    return truth.astype(bool)
