"""FCN-4: fully convolutional network (Choi et al. 2016), in the form of Ferraro et al. 2020."""

from __future__ import annotations

from taggram.models.architectures.vgg_cnn import VGGCNN
from taggram.models.registry import register
from taggram.vocabularies import Vocabulary


@register
class FCN4(VGGCNN):
    """`VGGCNN` as Choi et al. 2016 have it: 96 mel bands, 12 kHz, a hop of 256, decibels.

    Parameters
    ----------
    vocabulary
        The tags, in the order of the outputs.
    """

    paper = "Choi, Fazekas and Sandler, Automatic tagging using deep convolutional neural networks, 2016"
    deviations = ("In the form of the published code of Ferraro et al. 2020.", *VGGCNN.deviations)

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary, log="db")
