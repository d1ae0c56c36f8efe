"""gtzan: 30-second excerpts of ten genres, in the lists from which known faults are removed."""

from __future__ import annotations

from pathlib import Path

from taggram.datasets.dataset import Dataset, Protocol, PublishedFile
from taggram.datasets.listing import Listed, Listing
from taggram.datasets.registry import register_dataset
from taggram.datasets.samples import write_noise
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
        "1000 excerpts of 30 seconds, 100 for each of ten genres, collected in 2000 and 2001 from CDs, radio and "
        "microphone recordings. The most used set for genres, and the best known for its faults."
    )
    citation = (
        "G. Tzanetakis, P. Cook: Musical genre classification of audio signals. IEEE Transactions on Speech and Audio "
        "Processing 10(5), 2002. Lists: C. Kereliuk, B. L. Sturm, J. Larsen: Deep learning and music adversaries. "
        "IEEE Transactions on Multimedia 17(11), 2015."
    )
    licence = "Audio: excerpts of commercial recordings, collected without permission; for research only."
    homepage = "http://marsyas.info/downloads/datasets.html"
    obtain = (
        "The authors' site offers the audio no longer; copies hold the folder genres/ with .au or genres_original/ "
        f"with .wav files. Lay the lists beside it: {{train,valid,test}}_filtered.txt from {LISTS}."
    )
    traps = (
        "Sturm (2012) found 50 exact repetitions, 22 further excerpts of the same recordings and 13 of other versions; "
        "the filtered lists leave repetitions out.",
        "He calls 43 labels conspicuously wrong and 63 contentious, and some excerpts distorted, one of them for all "
        "but 5 seconds.",
        "The files name no artist, and some artists have many: 35 of the reggae excerpts are Bob Marley's, 24 of the "
        "pop excerpts Britney Spears's.",
        "jazz.00054.wav, in both train lists, cannot be decoded in a widespread WAV copy.",
    )
    files = (
        *(PublishedFile(f"{split}_filtered.txt", SHA256[split], f"{LISTS}{split}_filtered.txt") for split in SPLITS),
        *(
            PublishedFile(f"{split}_stratified.txt", url=f"{LISTS}{split}_stratified.txt", required=False)
            for split in SPLITS
        ),
    )
    protocols = (
        Protocol(
            "filtered",
            "Kereliuk, Sturm and Larsen's lists of 930 excerpts, without known faults. They say that no artist is in "
            "two splits; the files do not name artists, so it cannot be checked.",
            {"train": 443, "valid": 197, "test": 290},
        ),
        Protocol(
            "stratified",
            "The same authors' random split of all 1000 excerpts, 50, 25 and 25 for each genre, as the field has long "
            "used them: repeated recordings and artists are on both sides.",
            {"train": 500, "valid": 250, "test": 250},
            leaky=True,
        ),
    )
    seconds = (29.0, 31.0)

    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:
        """Return the ten genres by name; see `Dataset`."""
        del folder
        self.protocol(protocol)
        return Vocabulary(name="gtzan", source=self.title, tags=dict.fromkeys(GENRES, "genre"))

    def listing(self, folder: Path, protocol: str | None = None) -> Listing:
        """List the excerpts as train, valid and test list have them; see `Dataset`."""
        known = self.protocol(protocol).name
        audio, suffix = _audio(folder)
        clips = []
        for split in SPLITS:
            file = self.find(folder, f"{split}_{known}.txt")
            for line in file.read_text(encoding="utf-8", errors="replace").split():
                genre, _, name = line.removesuffix(".wav").partition("/")
                if genre not in GENRES or not name.startswith(f"{genre}."):
                    raise DatasetError(f"{file} is malformed: {line!r} is not like blues/blues.00000.wav; get it again")
                clips.append(Listed(name, f"{audio}/{genre}/{name}{suffix}", split, (genre,)))
        return Listing(folder, tuple(clips))

    def write_sample(self, folder: Path) -> None:
        """Write five clips of two genres, and both kinds of lists; see `Dataset`."""
        names = [f"{genre}/{genre}.{number:05}.wav" for genre in ("blues", "rock") for number in range(2)]
        names.append("rock/rock.00002.wav")
        for seed, name in enumerate(names):
            write_noise(folder / "genres" / name, 29.5, seed)
        chosen = {"filtered": (names[::2], names[1:2], names[3:4]), "stratified": (names[2:], names[:1], names[1:2])}
        for protocol, lists in chosen.items():
            for split, listed in zip(SPLITS, lists, strict=True):
                (folder / f"{split}_{protocol}.txt").write_text(
                    "".join(f"{name}\n" for name in listed), encoding="utf-8"
                )


def _audio(folder: Path) -> tuple[str, str]:
    """Find out how a copy calls the folder of the audio, and its files."""
    for name in ("genres", "genres_original"):
        for suffix in (".wav", ".au"):
            if any((folder / name).glob(f"*/*{suffix}")):
                return name, suffix
    return "genres", ".wav"
