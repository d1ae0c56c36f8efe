"""Try an installed taggram as a user would; runs with the interpreter to be tried, without pytest and without torch.

Usage: python smoke.py EXAMPLES GOLDEN.json [--write]. After a change of the default model, --write makes the golden
scores anew.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import pkgutil
import sys
import tempfile
from pathlib import Path

# Scores may differ by this between processors and versions of ONNX Runtime: the default model computes with 8-bit
# integers, and a rounding error of the front end can move one of them.
TOLERANCE = 5e-3
# What only the extra `train` installs: names of ours that need it cannot be imported without it.
TRAIN = {"torch", "pydantic", "yaml", "pyarrow", "safetensors", "onnx", "onnxscript", "lightning_fabric"}


def refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise OSError(f"network access: {event} {arguments}")


def import_public_names() -> int:
    """Import every name in `__all__` of the package and its rooms; return how many there are."""
    import taggram
    from taggram.errors import MissingExtraError

    rooms = [module.name for module in pkgutil.iter_modules(taggram.__path__) if not module.name.startswith("_")]
    imported = 0
    for module in ["taggram", *(f"taggram.{room}" for room in rooms if room != "cli")]:
        try:
            room = importlib.import_module(module)
        except ModuleNotFoundError as error:
            allow_missing(error)
            continue
        for name in getattr(room, "__all__", ()):
            try:
                getattr(room, name)
            except ModuleNotFoundError as error:
                allow_missing(error)
            except MissingExtraError as error:
                if "taggram[train]" not in str(error):
                    raise
            else:
                imported += 1
    return imported


def allow_missing(error: ModuleNotFoundError) -> None:
    if str(error.name).partition(".")[0] not in TRAIN:
        raise error


def show_help() -> int:
    """Run ``--help`` of each command; return how many there are."""
    import typer
    from typer.testing import CliRunner

    from taggram.cli import app

    runner = CliRunner()

    def walk(command: object, path: list[str]) -> int:
        result = runner.invoke(app, [*path, "--help"])
        if result.exit_code or "Usage" not in result.output:
            raise SystemExit(f"taggram {' '.join(path)} --help: exit code {result.exit_code}: {result.output}")
        return 1 + sum(walk(child, [*path, name]) for name, child in getattr(command, "commands", {}).items())

    return walk(typer.main.get_command(app), [])


def tag_pieces(pieces: Path) -> dict[str, dict[str, float]]:
    """Tag the pieces in two processes, from the command line's printers to a data frame; return the scores."""
    from taggram import Tagger
    from taggram.tagging.plot import plot_taggram

    files = sorted(pieces.glob("*.opus"))
    results = {}
    for result in Tagger().tag_many(files, workers=2):
        if result.prediction is None:
            raise SystemExit(f"{result.path}: {result.error}")
        prediction = result.prediction
        scores = prediction.clip_scores().astype(float).round(6).tolist()
        results[Path(result.path).name] = dict(zip(prediction.vocabulary.names, scores, strict=True))
    if len(prediction.to_pandas()) == 0:
        raise SystemExit("the data frame of a prediction is empty")
    with tempfile.TemporaryDirectory() as folder:
        plot_taggram(prediction, Path(folder) / "plot.png", prediction.top(5))
    return results


def compare(results: dict[str, dict[str, float]], golden: dict[str, dict[str, float]]) -> float:
    """Return the largest difference of a score; exit if it is above the tolerance or a file or tag is missing."""
    if {name: list(tags) for name, tags in results.items()} != {name: list(tags) for name, tags in golden.items()}:
        raise SystemExit("other files or tags than those of the golden scores")
    worst = max(abs(results[name][tag] - score) for name, tags in golden.items() for tag, score in tags.items())
    if not worst <= TOLERANCE:
        raise SystemExit(f"a score differs by {worst:.4f} from the golden one")
    return worst


def main() -> None:
    sys.addaudithook(refuse_network)
    pieces, golden = Path(sys.argv[1]), Path(sys.argv[2])
    if "torch" in sys.modules or importlib.util.find_spec("torch"):
        raise SystemExit("torch is installed: this is meant to try taggram without it")
    results = tag_pieces(pieces)
    if "--write" in sys.argv:
        golden.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    worst = compare(results, json.loads(golden.read_bytes()))
    print(f"scores within {worst:.4f}, {import_public_names()} names, {show_help()} commands")


if __name__ == "__main__":
    main()
