"""Build networks: new ones, and those of models."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from taggram.errors import CardError, ModelError
from taggram.models.card import ModelCard
from taggram.models.directories import WEIGHTS_FILE, find_model
from taggram.models.network import Network
from taggram.models.registry import load_architectures
from taggram.vocabularies import Vocabulary


def create_model(name: str, vocabulary: Vocabulary | str | Iterable[str] | None = None, **options: Any) -> Network:
    """Build a network: with random weights for ``architecture``, with trained ones for ``architecture.tag``.

    Parameters
    ----------
    name
        One of `list_architectures` or `list_models`, or a model's folder.
    vocabulary
        The tags of a new network: a `Vocabulary`, the name of a published one, or tags in output order. A trained
        model has its own.
    **options
        Further arguments of the architecture.

    Returns
    -------
    Network
        A torch module in evaluation mode for trained weights, in training mode for random ones.

    Raises
    ------
    ModelError
        If no such model exists, it is not installed, or the vocabulary is missing or superfluous.
    CardError
        If the weights of a model do not match the hash in its card, or its architecture.

    Examples
    --------
    >>> import torch
    >>> network = create_model("small_vgg", vocabulary=["piano", "guitar"]).eval()
    >>> logits, embedding = network(torch.zeros(1, network.segments.samples))
    >>> logits.shape
    torch.Size([1, 2])
    """
    if name in load_architectures():
        if vocabulary is None:
            raise ModelError(f"a new {name} needs a vocabulary, e.g. create_model({name!r}, vocabulary='mtat')")
        return load_architectures()[name](Vocabulary.from_names(vocabulary), **options)
    if vocabulary is not None or options:
        raise ModelError(f"{name} is not an architecture; a trained model has its own vocabulary and options")
    return _load(find_model(name))


def _load(folder: Path) -> Network:
    """Build the network of a model's folder, in evaluation mode."""
    card, architectures, file = ModelCard.read(folder), load_architectures(), folder / WEIGHTS_FILE
    if card.architecture not in architectures:
        raise CardError(f"{folder}: the card names an unknown architecture: {card.architecture}")
    network = architectures[card.architecture](card.vocabulary, **card.options)
    if not file.is_file():
        raise CardError(f"{card.name} has no {WEIGHTS_FILE} beside its card, which torch needs; use ONNX Runtime")
    card.check(file)
    try:
        network.load_state_dict(load_file(file))
    except (RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise CardError(f"{file}: not the weights of a {card.architecture}: {reason}") from error
    return network.eval()
