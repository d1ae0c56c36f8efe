"""Without the optional libraries, errors name the extra that installs them, and the rest works."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

MODEL = "musicnn_pons.mtat-pons2019"
WITHOUT = """
import sys
for name in {hidden!r}.split():
    sys.modules[name] = None  # importing it fails as if it were not installed
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in {hidden!r}.split() else found(name, *rest)
import taggram, taggram.parallel
try:
    {code}
except taggram.TaggramError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("hidden", "code", "said"),
    [
        (
            "torch",
            "taggram.create_model('fcn', 'mtat')",
            "an architecture needs the [train] extra: pip install 'taggram[train]'",
        ),
        ("torch", "print(taggram.list_architectures())", "'fcn4', 'fcn5', 'four_layer_cnn'"),
        ("torch", "taggram.Tagger({model!r}, backend='torch')", "the torch backend needs the [train] extra"),
        ("pandas", "taggram.Tagger({model!r}).tag({piece!r}).to_pandas()", "a data frame needs the [pandas] extra"),
        (
            "matplotlib",
            "from taggram.tagging.plot import plot_taggram as plot; "
            "plot(taggram.Tagger({model!r}).tag({piece!r}), 'a.png')",
            "a plot needs the [plot] extra",
        ),
        (
            "torch",
            "from taggram.cli import recipes; recipes.show('nair/knn')",
            "training needs the [train] extra: pip install 'taggram[train]'",
        ),
        (
            "torch",
            "from taggram.cli.resolution import resolution; resolution('music', 'out')",
            "training needs the [train] extra: pip install 'taggram[train]'",
        ),
        ("sklearn", "taggram.learn('music')", "learning tags needs the [train] extra"),
        (
            "optuna",
            "from taggram.training import Recipe; from taggram.training.sweep import sweep; "
            "sweep(Recipe.parse('{{name: knn.a, data: {{store: a}}, model: {{architecture: knn}}}}'), 'a')",
            "a sweep needs the [sweep] extra: pip install 'taggram[sweep]'",
        ),
        ("ray", "with taggram.parallel.use_ray(): pass", "a Ray cluster needs the [ray] extra"),
        (
            "torch safetensors onnx matplotlib pandas",
            "print(taggram.Tagger({model!r}).tag({piece!r}).top(1)[0][0])",
            "piano",
        ),
    ],
)
def test_what_is_missing_is_named(
    hidden: str, code: str, said: str, published: Callable[[str], Path], pieces: Path
) -> None:
    published(MODEL)
    program = WITHOUT.format(hidden=hidden, code=code.format(model=MODEL, piece=str(pieces / "piano-prelude.opus")))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert len(done.stdout.splitlines()) == 1
