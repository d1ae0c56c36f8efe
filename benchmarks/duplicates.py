"""Threshold of near duplicates: ``python -m benchmarks.duplicates``, from the root of the project.

Clips of two data sets outside the repository are altered like copies of a recording, and embedded by the default
model. The threshold is the lowest one that hardly any pair of clips by different artists reaches. It is written
with the shares of altered copies that it finds, and the same for embeddings that are only centred.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.measure import PROJECT
from benchmarks.record import Row, show, write
from taggram import Tagger, read
from taggram._system import cpu_count
from taggram.auditing.duplicates import standardise
from taggram.datasets import dataset
from taggram.datasets.names import artist_key

Samples = npt.NDArray[np.float32]
SETS = ("mer4q", "emotify")
SEED = 0
COMMAND = "python -m benchmarks.duplicates"
FALSE = 10  # of a million pairs of clips by different artists that may reach the threshold
THRESHOLDS = (0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
RATE = 16000


def encoded(suffix: str, codec: str, rate: int, kilobits: int) -> Callable[[Samples], Samples]:
    """Return a function that encodes samples to a lossy file and decodes it."""

    def alter(samples: Samples) -> Samples:
        import av
        import soxr

        with tempfile.NamedTemporaryFile(suffix=suffix) as file:
            with av.open(file.name, "w") as out:
                stream = out.add_stream(codec, rate=rate, layout="mono", format="fltp" if codec != "libopus" else "flt")
                stream.bit_rate = 1000 * kilobits
                resampled = np.ascontiguousarray(soxr.resample(samples, RATE, rate), dtype=np.float32)
                frame = av.AudioFrame.from_ndarray(
                    resampled[None].clip(-1, 1), format=stream.format.name, layout="mono"
                )
                frame.sample_rate = rate
                for packet in [*stream.encode(frame), *stream.encode(None)]:
                    out.mux(packet)
            return read(file.name, RATE)

    return alter


def resampled(rate: int) -> Callable[[Samples], Samples]:
    """Return a function that resamples to another rate and back."""

    def alter(samples: Samples) -> Samples:
        import soxr

        return np.asarray(soxr.resample(soxr.resample(samples, RATE, rate), rate, RATE), np.float32)

    return alter


def shifted(seconds: float) -> Callable[[Samples], Samples]:
    """Return a function that removes the start."""
    return lambda samples: samples[round(seconds * RATE) :]


def faster(samples: Samples) -> Samples:
    """Play 2 % faster, and so higher."""
    import soxr

    return np.asarray(soxr.resample(samples, 1.02 * RATE, RATE), np.float32)


ALTERATIONS: dict[str, Callable[[Samples], Samples]] = {
    "mp3, 64 kbit/s": encoded(".mp3", "libmp3lame", 44100, 64),
    "opus, 24 kbit/s": encoded(".opus", "libopus", 48000, 24),
    "through 11,025 Hz": resampled(11025),
    "6 dB quieter": lambda samples: samples / 2,
    "2 % faster": faster,
    "begins 0.5 s later": shifted(0.5),
    "begins 2 s later": shifted(2),
    "begins 10 s later": shifted(10),
}


@cache
def tagger() -> Tagger:
    """Return the default model, once in each process."""
    return Tagger()


def embedded(job: tuple[Path, bool]) -> list[Samples]:
    """Embed a clip, and all its altered copies if these are asked for."""
    file, altered = job
    samples = read(file, RATE)
    versions = [samples, *(alter(samples) for alter in ALTERATIONS.values() if altered)]
    return [tagger().tag(version, sample_rate=RATE).embedding for version in versions]


def centred(embeddings: Samples) -> Samples:
    """Centre and normalize like `standardise`, without dividing by the standard deviation."""
    away = embeddings - embeddings.mean(axis=0)
    unit: Samples = away / np.linalg.norm(away, axis=1, keepdims=True)
    return unit


def rows(embeddings: Samples, copies: npt.NDArray[np.float32], chosen: list[int], artists: list[str]) -> list[Row]:
    """Choose the threshold, and count the copies that it finds.

    Parameters
    ----------
    embeddings : (clips, size)
        Of the clips.
    copies : (chosen, alterations, size)
        Of the altered copies of some of them.
    chosen
        Which.
    artists
        Of the clips.
    """
    first, second = np.triu_indices(len(embeddings), 1)
    names = np.array(artists)
    same = names[first] == names[second]
    found = []
    for name, prepare in (("standardised", standardise), ("centred", centred)):
        unit = prepare(embeddings)
        cosines = (unit @ unit.T)[first, second]
        threshold = next(
            value for value in THRESHOLDS if 1e6 * np.mean(cosines[~same] >= value) <= FALSE or value == THRESHOLDS[-1]
        )
        title = f"near duplicates, {name}, from {threshold} on"

        def row(
            subject: str, unit: str, factor: float, values: Samples, title: str = title, at: float = threshold
        ) -> Row:
            return Row(title, subject, unit, [factor * float(np.mean(values >= at))], command=COMMAND)

        found.append(row("pairs by different artists", "in a million", 1e6, cosines[~same]))
        found.append(row("pairs by one artist", "% found", 100, cosines[same]))
        for i, alteration in enumerate(ALTERATIONS):
            both = prepare(np.concatenate([embeddings, copies[:, i]]))
            pairs = (both[chosen] * both[len(embeddings) :]).sum(axis=1)
            found.append(row(f"copy, {alteration}", "% found", 100, pairs))
    return found


def main() -> None:
    """Embed the clips and their copies, choose the threshold, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.duplicates", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data")
    parser.add_argument("--altered", type=int, default=300, help="clips of which there are altered copies")
    parser.add_argument("--workers", type=int, default=cpu_count())
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks" / "results" / "duplicates.csv")
    options = parser.parse_args()

    indexes = [dataset(name).index(options.data / name) for name in SETS]
    files = [index.file(clip) for index in indexes for clip in index.clips]
    artists = [artist_key(clip.artist) for index in indexes for clip in index.clips]
    chosen = sorted(np.random.default_rng(SEED).choice(len(files), options.altered, replace=False).tolist())
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
        jobs = [(file, i in set(chosen)) for i, file in enumerate(files)]
        found = pool.map(embedded, jobs, chunksize=8)
    embeddings = np.stack([versions[0] for versions in found])
    copies = np.stack([found[i][1:] for i in chosen])
    measured = rows(embeddings, copies, chosen, artists)
    write(measured, options.out)
    show(measured)


if __name__ == "__main__":
    main()
