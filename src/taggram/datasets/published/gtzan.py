"""gtzan: 30-second excerpts of ten genres, with the filtered split."""

from __future__ import annotations

from pathlib import Path

from taggram.datasets.base import Dataset, DatasetProtocol, PublishedFile
from taggram.datasets.index import ClipIndex, ClipInfo
from taggram.datasets.registry import register_dataset
from taggram.datasets.synthetic import write_noise
from taggram.errors import DatasetError
from taggram.vocabularies import Vocabulary

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
SPLITS = ("train", "valid", "test")
LISTS = "https://raw.githubusercontent.com/coreyker/dnn-mgr/master/gtzan/"
SHA256 = {
    "train": "2b04966cef1486f1a7767b74271533fa23e220388db804a1937835e1fc4fa3fa",
    "valid": "f8fbee7c52397a0e0f3a91dc54fedecb2e27f5bdc9a9daeab8cb10d077e26956",
    "test": "09cafa6a89ce0a27f30ed250d56ecb4d03c22fffb5a693f96c7ae655ee02ac72",
}


@register_dataset
class GTZAN(Dataset):
    """Tzanetakis and Cook's genre collection."""

    name = "gtzan"
    title = "GTZAN genre collection"
    about = (
        "1000 excerpts of 30 seconds, 100 of each of ten genres, collected in 2000 and 2001 from CDs, radio and "
        "microphone recordings. The most used data set for genres, with well documented faults."
    )
    citation = (
        "G. Tzanetakis, P. Cook: Musical genre classification of audio signals. IEEE Transactions on Speech and Audio "
        "Processing 10(5), 2002. Lists: C. Kereliuk, B. L. Sturm, J. Larsen: Deep learning and music adversaries. "
        "IEEE Transactions on Multimedia 17(11), 2015."
    )
    licence = "Audio: excerpts of commercial recordings, collected without permission; for research only."
    homepage = "http://marsyas.info/downloads/datasets.html"
    how_to_get = (
        "The authors no longer distribute the audio; copies contain the folder genres/ with .au or genres_original/ "
        f"with .wav files. Put {{train,valid,test}}_filtered.txt from {LISTS} next to it."
    )
    known_issues = (
        "Sturm (2012) found 50 exact repetitions, 22 further excerpts of the same recordings and 13 of other versions; "
        "the filtered lists exclude repetitions.",
        "He considers 43 labels conspicuously wrong and 63 contentious, and found distorted excerpts, one of them "
        "distorted for all but 5 seconds.",
        "The files do not name artists, and some artists have many excerpts: Bob Marley has 35 in reggae, Britney "
        "Spears 24 in pop.",
        "jazz.00054.wav, in both train lists, cannot be decoded in a common WAV copy.",
    )
    files = (
        *(PublishedFile(f"{split}_filtered.txt", SHA256[split], f"{LISTS}{split}_filtered.txt") for split in SPLITS),
        *(
            PublishedFile(f"{split}_stratified.txt", url=f"{LISTS}{split}_stratified.txt", required=False)
            for split in SPLITS
        ),
    )
    protocols = (
        DatasetProtocol(
            "filtered",
            "Kereliuk, Sturm and Larsen's lists of 930 excerpts without known faults. They state that no artist is in "
            "two splits; the files do not name artists, so this cannot be verified.",
            {"train": 443, "valid": 197, "test": 290},
        ),
        DatasetProtocol(
            "stratified",
            "The same authors' random split of all 1000 excerpts, 50, 25 and 25 per genre, the common practice for "
            "long: repeated recordings and artists are in several splits.",
            {"train": 500, "valid": 250, "test": 250},
            leaky=True,
        ),
    )
    seconds = (29.0, 31.0)

    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:
        """Return the ten genres, sorted; see `Dataset`."""
        del folder
        self.protocol(protocol)
        return Vocabulary(name="gtzan", source=self.title, tags=dict.fromkeys(GENRES, "genre"))

    def index(self, folder: Path, protocol: str | None = None) -> ClipIndex:
        """List the excerpts in the order of the lists; see `Dataset`."""
        name = self.protocol(protocol).name
        audio, suffix = _audio(folder)
        clips = []
        for split in SPLITS:
            file = self.find(folder, f"{split}_{name}.txt")
            for line in file.read_text(encoding="utf-8", errors="replace").split():
                genre, _, clip = line.removesuffix(".wav").partition("/")
                if genre not in GENRES or not clip.startswith(f"{genre}."):
                    raise DatasetError(
                        f"{file} is malformed: {line!r} is not like blues/blues.00000.wav; download it again"
                    )
                clips.append(ClipInfo(clip, f"{audio}/{genre}/{clip}{suffix}", split, (genre,)))
        return ClipIndex(folder, tuple(clips))

    def write_sample(self, folder: Path) -> None:
        """Write five clips of two genres, and both kinds of lists; see `Dataset`."""
        names = [f"{genre}/{genre}.{number:05}.wav" for genre in ("blues", "rock") for number in range(2)]
        names.append("rock/rock.00002.wav")
        for seed, name in enumerate(names):
            write_noise(folder / "genres" / name, 29.5, seed)
        chosen = {"filtered": (names[::2], names[1:2], names[3:4]), "stratified": (names[2:], names[:1], names[1:2])}
        for protocol, lists in chosen.items():
            for split, files in zip(SPLITS, lists, strict=True):
                (folder / f"{split}_{protocol}.txt").write_text(
                    "".join(f"{name}\n" for name in files), encoding="utf-8"
                )


def _audio(folder: Path) -> tuple[str, str]:
    """Return the name of the audio folder and the suffix of its files, which differ between copies."""
    for name in ("genres", "genres_original"):
        for suffix in (".wav", ".au"):
            if any((folder / name).glob(f"*/*{suffix}")):
                return name, suffix
    return "genres", ".wav"
