"""A network as it is trained, between waveforms and logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from taggram.models.network import Network
from taggram.training.augmentation.image import ImageAugmentation
from taggram.training.augmentation.masking import mask_bands
from taggram.training.augmentation.waveform import Augmentation


class TrainingModule(nn.Module):
    """A network as it is trained: augmentation and front end in float32, then masking, then the layers.

    Parameters
    ----------
    network
        The network.
    augmentation
        Of the waveforms of a training batch; None: they stay as they are.
    image
        Augmentation of the spectrograms of a training batch, before masking; None: they stay as they are.
    freq_mask
        Maximum number of masked mel bands; 0: none.
    bf16
        Whether the layers compute in bfloat16 where that is safe.
    frozen
        Whether the layers before the last one stay as they are: without dropout, batch norm by its running statistics.
    """

    def __init__(
        self,
        network: Network,
        augmentation: Augmentation | None = None,
        image: ImageAugmentation | None = None,
        freq_mask: int = 0,
        bf16: bool = False,
        frozen: bool = False,
    ) -> None:
        super().__init__()
        self.network, self.augmentation, self.image = network, augmentation, image
        self.freq_mask, self.bf16, self.frozen = freq_mask, bf16, frozen
        self.embed = network.embed
        if frozen:
            network.requires_grad_(False)
            network.head.requires_grad_(True)

    def compile_layers(self) -> None:
        """Compile the layers with `torch.compile`; the front end, with its Fourier transform, stays as it is."""
        self.embed = torch.compile(self.network.embed)

    def train(self, mode: bool = True) -> TrainingModule:
        """Set the mode; layers that are frozen are always in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.network.eval()
            self.network.dropout.train(mode)
        return self

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the logits (batch, tags) and the embeddings (batch, size) of segments (batch, samples)."""
        if self.training and self.augmentation is not None:
            waveform = self.augmentation(waveform, self.network.front_end.sample_rate)
        features = self.network.features(waveform)
        if self.training and self.image:
            features = self.image(features)
        if self.training and self.freq_mask:
            features = mask_bands(features, self.freq_mask)
        with torch.autocast(waveform.device.type, torch.bfloat16, enabled=self.bf16):
            embedding = self.embed(features)
            logits = self.network.classify(embedding)
        return logits.float(), embedding.float()
