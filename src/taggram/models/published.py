"""The published weights that taggram can import, as a table."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from taggram.models.card import Score

_PONS = "Pons and Serra, musicnn: pre-trained convolutional neural networks for music audio tagging, 2019"
_WON = "Won, Ferraro, Bogdanov and Serra, Evaluation of CNN-based automatic music tagging models, 2020"
_WON_URL = "https://raw.githubusercontent.com/minzwon/sota-music-tagging-models/master/models"
# The architectures of that paper, and what the authors call the folders of their weights.
WON_FOLDERS = {
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
# Of the files that we have seen.
_WON_SHA256 = {
    ("fcn", "mtat"): "e89d751202d38c3ae69855782bc27010f87051958dbec64f5aa762364dbac271",
    ("fcn", "msd"): "6012aa7eecf864a8081faedca56af054521e8dfb9c5c98659a3dd5d3e1e66f21",
    ("fcn", "jamendo"): "7bce08a66dbc70d096b0a330f44b4cacd9aa25519b83489fbb98f2164a194e2b",
    ("crnn", "mtat"): "cd22fc70cafd06f8f2bfc7dd795abccb1f4b50d5b09094c39ad100baf87475a3",
    ("crnn", "msd"): "ebb99855ed0c83f38845db9cfb383dd6fc70938bc58701dcb66e18af9ee7fbea",
    ("crnn", "jamendo"): "0a558989c0793f488cb677d188464c91f47c007f7c70473230e55537ca598215",
    ("musicnn", "mtat"): "690ace3bb5d49d90dd38fe3ec05a1185350b3bc3742bd7ee941f56b649b2c893",
    ("musicnn", "jamendo"): "66280f4859376377c47f64313c7ac889a3201fdb06a01bf6e94ac6e619081bb5",
}
MUSICNN_WHEEL = "musicnn-0.1.0-py3-none-any.whl"

_TRAINED_ON = {
    "mtat": "MagnaTagATune, training split (folders 0 to b)",
    "msd": "Million Song Dataset, Last.fm top-50 tags, training split (old split)",
    "jamendo": "MTG-Jamendo, top-50 tags, training part of split 0",
}
_DATA_TERMS = {
    "mtat": "MagnaTagATune's audio (Magnatune, CC BY-NC-SA)",
    "msd": "Million Song Dataset previews (commercial recordings)",
    "jamendo": "MTG-Jamendo's audio (Creative Commons, differing per track)",
}


@dataclass(frozen=True)
class PublishedWeights:
    """Weights that somebody published.

    Attributes
    ----------
    name
        Ours: ``architecture.tag``.
    vocabulary
        Name of the published vocabulary that it answers with.
    url
        Where users get the file: an address, or what pip calls it.
    sha256
        Hash of that file; None where we have not seen it. Then all that an import can check is that the file has
        exactly the entries of the network; the card says so, with the hash that was found.
    member
        The checkpoint's folder inside it, where it is an archive.
    paper, trained_on, licence
        As in the card.
    scores
        What the authors report.
    """

    name: str
    vocabulary: str
    url: str
    sha256: str | None
    member: str | None
    paper: str
    trained_on: str
    licence: str
    scores: tuple[Score, ...] = ()

    @property
    def architecture(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]


def _won(architecture: str, dataset: str) -> PublishedWeights:
    return PublishedWeights(
        name=f"{architecture}.{dataset}-won2020",
        vocabulary=dataset,
        url=f"{_WON_URL}/{dataset}/{WON_FOLDERS[architecture]}/best_model.pth",
        sha256=_WON_SHA256.get((architecture, dataset)),
        member=None,
        paper=_WON,
        trained_on=_TRAINED_ON[dataset],
        licence=f"Weights: MIT (minzwon/sota-music-tagging-models). Trained on {_DATA_TERMS[dataset]}.",
    )


def _pons(architecture: str, dataset: str, member: str, roc_auc: float, ap: float) -> PublishedWeights:
    protocol, clips = {
        "mtat": ("MagnaTagATune, full split, test, mean over patches", 5329),
        "msd": ("MSD Last.fm-50, old split, test, mean over patches", None),
    }[dataset]
    source = f"{member}/experiment.result in {MUSICNN_WHEEL}; not measured again here"
    return PublishedWeights(
        name=f"{architecture}.{dataset}-pons2019",
        vocabulary=dataset,
        url="musicnn==0.1.0",
        sha256="f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa",
        member=f"musicnn/{member}",
        paper=_PONS,
        trained_on=_TRAINED_ON[dataset],
        licence=f"Weights: ISC (Music Technology Group, UPF, 2019). Trained on {_DATA_TERMS[dataset]}.",
        scores=(
            Score(metric="roc_auc", value=roc_auc, protocol=protocol, clips=clips, source=source),
            Score(metric="ap", value=ap, protocol=protocol, clips=clips, source=source),
        ),
    )


PUBLISHED: dict[str, PublishedWeights] = {
    entry.name: entry
    for entry in (
        *(_won(*which) for which in itertools.product(WON_FOLDERS, _TRAINED_ON) if which != _NEVER_PUBLISHED),
        _pons("musicnn_pons", "mtat", "MTT_musicnn", 0.9067, 0.3831),
        _pons("musicnn_pons", "msd", "MSD_musicnn", 0.8802, 0.2891),
        _pons("vgg_pons", "mtat", "MTT_vgg", 0.9030, 0.3823),
        _pons("vgg_pons", "msd", "MSD_vgg", 0.8768, 0.2819),
    )
}
