"""Training on a GPU, beside a loop of the published kind and the limit of the chip: ``python -m benchmarks.gpu``.

The published kind is the loop of Won et al. 2020: segments from .npy files by PyTorch's DataLoader, float32, steps of
16 segments, and the loss is read after each. `taggram.train` trains in bfloat16 from a packed store. Both read noise.
The limit is the time that the multiplications of a step take as products of large matrices in bfloat16.

Measurements are in the order of their weight. Each is written when it is done and not repeated by the next call, which
goes on where the time of this one ended.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

import taggram
from benchmarks.measure import PROJECT
from taggram.datasets import list_table, pack
from taggram.datasets.synthetic import write_noise
from taggram.models.analysis.cost import cost
from taggram.training import Recipe

FIRST = "short_chunk_cnn_res"
ARCHITECTURES = (
    *("fcn", "musicnn", "sample_cnn", "harmonic_cnn", "crnn", "self_attention", "sample_cnn_se", "short_chunk_cnn"),
    *("vgg_cnn", "fcn5", "mse_cnn", "four_layer_cnn", "musicnn_pons", "vgg_pons", "musicnn_ferraro"),
    *("genre_mood_cnn", "zhang_cnn", "choi_cnn", "small_vgg"),
)
COMPILED = (FIRST, "fcn", "musicnn", "vgg_cnn", "small_vgg")
PUBLISHED_BATCH, BATCH, PRODUCT = 16, 128, 8192
COLUMNS = ("architecture", "subject", "segments_per_second", "batch_size", "device", "torch", "taggram", "command")


class _Files(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """A random segment of each .npy file, as published code reads them."""

    def __init__(self, files: list[Path], samples: int) -> None:
        self.files, self.samples = files, samples

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        waveform = np.load(self.files[i], mmap_mode="r")
        start = int(np.random.default_rng().integers(len(waveform) - self.samples + 1))
        segment = np.array(waveform[start : start + self.samples], dtype="float32")
        return torch.from_numpy(segment), (torch.arange(50) % 10 == i % 10).float()


def published_loop(architecture: str, folder: Path, device: str, seconds: float, workers: int) -> float:
    """Train as published code does; returns segments per second of the second half."""
    torch.manual_seed(0)
    network = taggram.create_model(architecture, "mtat").to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, weight_decay=1e-4)
    loss_of = torch.nn.BCELoss()
    samples = network.segments.samples
    files = sorted(folder.glob("*.npy"))
    loader = DataLoader(_Files(files, samples), PUBLISHED_BATCH, shuffle=True, drop_last=True, num_workers=workers)
    start = time.perf_counter()
    marks: list[float] = []
    while time.perf_counter() - start < seconds or len(marks) < 4:
        for waveform, target in loader:
            scores = torch.sigmoid(network(waveform.to(device))[0])
            loss = loss_of(scores, target.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()
            marks.append(time.perf_counter())
    half = len(marks) // 2
    return PUBLISHED_BATCH * (len(marks) - 1 - half) / (marks[-1] - marks[half])


def taggram_training(
    architecture: str, store: Path, device: str, segments_per_clip: int, batch: int, compile_layers: bool = False
) -> float:
    """Train by a recipe; returns segments per second of the last epoch."""
    recipe = Recipe.parse(f"""
name: {architecture}.noise
data: {{store: "{store}", vocabulary: mtat, segments_per_clip: {segments_per_clip}, validation_segments: 1}}
model: {{architecture: {architecture}}}
optim: {{epochs: 2, batch_size: {batch}, precision: bf16}}
""")
    speeds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        taggram.train(
            recipe,
            Path(folder, "model"),
            device=device,
            compile_layers=compile_layers,
            on_epoch=lambda row: speeds.append(row["segments_per_second"]),
        )
    return speeds[-1]


def limit(architecture: str, device: str, product: int = PRODUCT) -> float:
    """Return segments per second if a step were its multiplications only, three for each of inference."""
    one, other = torch.randn(2, product, product, device=device, dtype=torch.bfloat16)
    times = []
    for _ in range(4):
        start = time.perf_counter()
        result = one @ other
        float(result[0, 0])  # waits for the device
        times.append(time.perf_counter() - start)
    return product**3 / min(times) / (3 * cost(taggram.create_model(architecture, "mtat")).macs)


def write_clips(folder: Path, clips: int, rate: int) -> Path:
    """Write noise as .npy files and as a packed store of the same rate; returns the store."""
    store = folder / f"store-{rate}"
    if store.exists():
        return store
    rows = ["path,labels,split"]
    tags = taggram.create_model("small_vgg", "mtat").vocabulary.names
    for i in range(clips):
        write_noise(folder / f"{i}.wav", seconds=30, seed=i)
        np.save(folder / f"{i}.npy", taggram.read(folder / f"{i}.wav", sample_rate=rate))
        rows.append(f"{i}.wav,{tags[i % 50]},{'train' if i % 8 else 'valid'}")
    (folder / "clips.csv").write_text("\n".join(rows))
    pack(list_table(folder / "clips.csv"), store, sample_rate=rate, workers=4)
    return store


def measurements(
    folder: Path,
    device: str,
    clips: int,
    segments: int,
    seconds: float,
    batch: int,
    workers: int,
    architectures: tuple[str, ...],
) -> Iterator[tuple[str, str, int, Any]]:
    """Yield architecture, subject, batch size and a function that measures, the most wanted first."""

    def store(architecture: str) -> Path:
        rate = taggram.create_model(architecture, "mtat").front_end.sample_rate
        return write_clips(folder / str(rate), clips, rate)

    def ours(architecture: str, compile_layers: bool = False) -> Any:
        per_clip = max(1, segments // clips)
        return lambda: taggram_training(architecture, store(architecture), device, per_clip, batch, compile_layers)

    first, *others = architectures
    yield first, "taggram", batch, ours(first)
    yield (
        first,
        "published loop",
        PUBLISHED_BATCH,
        lambda: published_loop(first, store(first).parent, device, seconds, workers),
    )
    yield first, "limit", batch, lambda: limit(first, device, PRODUCT if device != "cpu" else 512)
    for architecture in others:
        yield architecture, "taggram", batch, ours(architecture)
    for architecture in (each for each in architectures if each in COMPILED):
        yield architecture, "taggram, compiled", batch, ours(architecture, True)


def main() -> None:
    """Measure what is missing in the table, until the time is over."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks" / "results" / "gpu.csv")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir(), "taggram-gpu"))
    parser.add_argument("--budget", type=float, default=200, help="seconds after which no measurement starts")
    parser.add_argument("--architectures", nargs="+", default=[FIRST, *ARCHITECTURES])
    parser.add_argument("--clips", type=int, default=256)
    parser.add_argument("--segments", type=int, default=4096, help="of an epoch of taggram")
    parser.add_argument("--seconds", type=float, default=10, help="of the published loop")
    parser.add_argument("--batch-size", type=int, default=BATCH)
    parser.add_argument("--workers", type=int, default=8, help="processes that read files in the published loop")
    arguments = parser.parse_args()
    name = torch.cuda.get_device_name() if arguments.device.startswith("cuda") else "CPU"
    done = _read(arguments.out)
    start = time.perf_counter()
    for architecture, subject, batch, measure in measurements(
        arguments.work,
        arguments.device,
        arguments.clips,
        arguments.segments,
        arguments.seconds,
        arguments.batch_size,
        arguments.workers,
        tuple(arguments.architectures),
    ):
        if any((row["architecture"], row["subject"], row["device"]) == (architecture, subject, name) for row in done):
            continue
        if time.perf_counter() - start > arguments.budget:
            print("The time is over; the same command goes on.")
            return
        speed = f"{measure():.4g}"
        versions = (name, torch.__version__, taggram.__version__, "python -m benchmarks.gpu")
        done.append(dict(zip(COLUMNS, (architecture, subject, speed, str(batch), *versions), strict=True)))
        _write(done, arguments.out)
        print(f"{architecture}, {subject}: {speed} segments/s", flush=True)


def _read(file: Path) -> list[dict[str, str]]:
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _write(rows: list[dict[str, str]], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    main()
