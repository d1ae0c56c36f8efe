"""The child process that tags with the musicnn library: ``python -m benchmarks.loop_musicnn MODEL FILE``.

It runs in the peer's environment, see ``peers.md``. The library's own function builds its graph and reads the weights
anew for each file; here that is done once, and patches go through the network ten at a time, which is as fast as it
gets.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import librosa
import musicnn.extractor
import tensorflow as tf
from musicnn import configuration as config
from musicnn import models

from benchmarks.measure import serve, timed

BATCH = 10

warnings.simplefilter("ignore")  # of TensorFlow about its own age
model, file = sys.argv[1:]
frames = librosa.time_to_frames(3, sr=config.SR, n_fft=config.FFT_SIZE, hop_length=config.FFT_HOP) + 1
x = tf.compat.v1.placeholder(tf.float32, [None, frames, config.N_MELS])
is_training = tf.compat.v1.placeholder(tf.bool)
with tf.name_scope("model"):
    scores = tf.nn.sigmoid(models.define_model(x, is_training, model, len(config.MTT_LABELS))[0])
threads = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
session = tf.compat.v1.Session(config=threads)
tf.compat.v1.train.Saver().restore(session, f"{Path(musicnn.extractor.__file__).parent / model}/")


def tag() -> None:
    """Tag the file; the spectrogram is the library's own."""
    patches, _ = musicnn.extractor.batch_data(file, frames, frames)
    for first in range(0, len(patches), BATCH):
        session.run(scores, {x: patches[first : first + BATCH], is_training: False})


serve(timed(tag))
