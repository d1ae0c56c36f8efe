"""Weights of Won et al. 2020: nine networks, each trained on three data sets (PyTorch state dicts)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from taggram.models.published.base import DATA_TERMS, TRAINED_ON, Entries, PublishedWeights

__all__ = ["WEIGHTS"]

_PAPER = "Won, Ferraro, Bogdanov and Serra, Evaluation of CNN-based automatic music tagging models, 2020"
_URL = "https://raw.githubusercontent.com/minzwon/sota-music-tagging-models/master/models"
# Names of the architectures, and of their folders in the authors' repository.
_FOLDERS = {
    "fcn": "fcn",
    "crnn": "crnn",
    "musicnn": "musicnn",
    "sample_cnn": "sample",
    "sample_cnn_se": "se",
    "self_attention": "attention",
    "harmonic_cnn": "hcnn",
    "short_chunk_cnn": "short",
    "short_chunk_cnn_res": "short_res",
}
_NEVER_PUBLISHED = ("musicnn", "msd")
_SHA256 = {
    ("fcn", "mtat"): "e89d751202d38c3ae69855782bc27010f87051958dbec64f5aa762364dbac271",
    ("fcn", "msd"): "6012aa7eecf864a8081faedca56af054521e8dfb9c5c98659a3dd5d3e1e66f21",
    ("fcn", "jamendo"): "7bce08a66dbc70d096b0a330f44b4cacd9aa25519b83489fbb98f2164a194e2b",
    ("crnn", "mtat"): "cd22fc70cafd06f8f2bfc7dd795abccb1f4b50d5b09094c39ad100baf87475a3",
    ("crnn", "msd"): "ebb99855ed0c83f38845db9cfb383dd6fc70938bc58701dcb66e18af9ee7fbea",
    ("crnn", "jamendo"): "0a558989c0793f488cb677d188464c91f47c007f7c70473230e55537ca598215",
    ("musicnn", "mtat"): "690ace3bb5d49d90dd38fe3ec05a1185350b3bc3742bd7ee941f56b649b2c893",
    ("musicnn", "jamendo"): "66280f4859376377c47f64313c7ac889a3201fdb06a01bf6e94ac6e619081bb5",
}

# From the authors' entry names to taggram's, by substitutions that are applied in this order.
_Rename = tuple[str, str | Callable[[re.Match[str]], str]]
_FRONT_END = re.compile(r"(hstft\.)?spec\.")  # computed from the card's settings, not loaded
_BLOCKS: list[_Rename] = [
    (r"^layer(\d+)\.", lambda m: f"blocks.{int(m[1]) - 1}."),
    (r"\.conv_3\.", ".shortcut.0."),
    (r"\.bn_3\.", ".shortcut.1."),
    (r"\.(conv|bn)_([12])\.", r".\1\2."),
]
_ONE_DENSE: list[_Rename] = [(r"^spec_bn\.", "bn."), (r"^dense\.", "head.")]
_TWO_DENSE: list[_Rename] = [
    (r"^bn\.", "dense_bn."),
    (r"^(spec|hstft)_bn\.", "bn."),
    (r"^dense1\.", "dense."),
    (r"^dense2\.", "head."),
]
_RENAMES: dict[str, list[_Rename]] = {
    "fcn": [*_BLOCKS, *_ONE_DENSE],
    "crnn": [(r"^layer5\.", "gru."), *_BLOCKS, *_ONE_DENSE],
    "musicnn": [
        *_TWO_DENSE,
        (r"^layers\.([01])\.", r"vertical.\1."),
        (r"^layers\.(\d)\.", lambda m: f"horizontal.{int(m[1]) - 2}."),
        (r"^layer(\d)\.", lambda m: f"middle.{int(m[1]) - 1}."),
    ],
    "sample_cnn": [*_BLOCKS, *_ONE_DENSE],
    "sample_cnn_se": [*_TWO_DENSE, *_BLOCKS, (r"\.(dense[12])\.", r".excitation.\1.")],
    "self_attention": [
        *_BLOCKS,
        *_ONE_DENSE,
        (r"^pooler\.", ""),
        (r"^encoder\.layer\.", "transformer."),
        (r"\.attention\.self\.", "."),
        (r"\.attention\.output\.dense\.", ".attended."),
        (r"\.attention\.output\.LayerNorm\.", ".attended_norm."),
        (r"\.intermediate\.dense\.", ".inner."),
        (r"\.output\.dense\.", ".outer."),
        (r"\.output\.LayerNorm\.", ".outer_norm."),
    ],
    "harmonic_cnn": [*_TWO_DENSE, *_BLOCKS, (r"^hstft\.bw_Q$", "features.quality")],
    "short_chunk_cnn": [*_TWO_DENSE, *_BLOCKS],
    "short_chunk_cnn_res": [*_TWO_DENSE, *_BLOCKS],
}


def _convert(architecture: str, entries: Entries) -> Entries:
    return {_renamed(key, architecture): value for key, value in entries.items() if not _FRONT_END.match(key)}


def _renamed(key: str, architecture: str) -> str:
    for pattern, replacement in _RENAMES[architecture]:
        key = re.sub(pattern, replacement, key)
    return key


WEIGHTS = tuple(
    PublishedWeights(
        name=f"{architecture}.{dataset}-won2020",
        vocabulary=dataset,
        url=f"{_URL}/{dataset}/{folder}/best_model.pth",
        sha256=_SHA256.get((architecture, dataset)),
        member=None,
        convert=_convert,
        paper=_PAPER,
        trained_on=TRAINED_ON[dataset],
        licence=f"Weights: MIT (minzwon/sota-music-tagging-models). Trained on {DATA_TERMS[dataset]}.",
    )
    for (architecture, folder), dataset in itertools.product(_FOLDERS.items(), TRAINED_ON)
    if (architecture, dataset) != _NEVER_PUBLISHED
)
