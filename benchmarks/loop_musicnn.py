"""The child process that tags with the musicnn library: ``python -m benchmarks.loop_musicnn MODEL FILE``.

It runs in the peer's environment, see ``peers.md``. The library's own function builds its graph and reads the weights
anew for each file; here that is done once, and patches go through the network ten at a time, which is as fast as it
gets.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import serve, timed

BATCH = 10


def tag(model: str, file: str) -> Callable[[], float]:
    """Seconds for one file; the spectrogram is the library's own."""
    import librosa
    import musicnn.extractor
    import tensorflow
    from musicnn import configuration as config
    from musicnn import models

    tf = tensorflow.compat.v1
    frames = librosa.time_to_frames(3, sr=config.SR, n_fft=config.FFT_SIZE, hop_length=config.FFT_HOP) + 1
    x, is_training = tf.placeholder(tf.float32, [None, frames, config.N_MELS]), tf.placeholder(tf.bool)
    with tf.name_scope("model"):
        scores = tf.nn.sigmoid(models.define_model(x, is_training, model, len(config.MTT_LABELS))[0])
    session = tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=-1))
    tf.train.Saver().restore(session, f"{Path(musicnn.extractor.__file__).parent / model}/")

    def task() -> None:
        patches, _ = musicnn.extractor.batch_data(file, frames, frames)
        for first in range(0, len(patches), BATCH):
            session.run(scores, {x: patches[first : first + BATCH], is_training: False})

    return timed(task)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of TensorFlow about its own age
    serve(tag(*sys.argv[1:]))
