"""Initial weights from a trained model, for fine-tuning and linear probes."""

from __future__ import annotations

from safetensors import SafetensorError
from safetensors.torch import load_file

from taggram.errors import CardError, ModelError
from taggram.models import ModelCard
from taggram.models.directories import WEIGHTS_FILE, find_model
from taggram.models.network import Network
from taggram.training.recipe.sections import ModelConfig


def initial_card(config: ModelConfig) -> ModelCard:
    """Return the card of the model that a network starts from.

    Raises
    ------
    ModelError
        If it is not installed, has no weights for torch, or is of another architecture.
    """
    assert config.init is not None
    folder = find_model(config.init)
    card = ModelCard.read(folder)
    if card.architecture != config.architecture:
        raise ModelError(f"{config.init} is a {card.architecture}, not a {config.architecture}")
    if not (folder / WEIGHTS_FILE).is_file():
        raise ModelError(f"{config.init} has no {WEIGHTS_FILE}, only a file for ONNX Runtime; try taggram learn")
    return card


def load_initial_weights(network: Network, config: ModelConfig) -> None:
    """Load the weights of the model that a network starts from; with a new last layer, all but that one.

    Raises
    ------
    CardError
        If the weights do not match the hash in the card.
    ModelError
        If they do not fit the network.
    """
    assert config.init is not None
    file = find_model(config.init) / WEIGHTS_FILE
    ModelCard.read(file.parent).check(file)
    try:
        weights = load_file(file)
    except SafetensorError as error:
        raise CardError(f"{file}: {error}") from None
    if config.head == "new":
        own = network.state_dict()
        weights = {name: own[name] if name.startswith("head.") else tensor for name, tensor in weights.items()}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split("\n\t")[1:2]) or str(error)
        raise ModelError(f"the weights of {config.init} do not fit the options: {reason}") from None
