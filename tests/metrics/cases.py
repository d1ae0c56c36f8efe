"""Made-up scores and labels for tests of metrics."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from taggram.metrics import average_precision, f1, mcc, pr_auc, precision, recall, roc_auc

RANKING = (roc_auc, average_precision, pr_auc)
THRESHOLDED = (precision, recall, f1, mcc)

few = settings(max_examples=25, deadline=None)

shapes = st.tuples(st.integers(1, 25), st.integers(1, 4))


@st.composite
def scores_and_labels(draw):
    """Scores of five different values, so that there are many ties, and labels."""
    shape = draw(shapes)
    scores = draw(arrays.arrays(np.float64, shape, elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0])))
    return scores, draw(arrays.arrays(bool, shape))


@st.composite
def predicted_and_labels(draw):
    """Predicted tags, and labels."""
    shape = draw(shapes)
    return draw(arrays.arrays(bool, shape)), draw(arrays.arrays(bool, shape))


def is_defined(labels):
    """Whether there are positives and negatives."""
    return labels.any() and not labels.all()


def equals_oracle(metric, oracle, scores, labels):
    """Whether a metric equals one of scikit-learn for each tag, and is NaN for a tag of a single class."""
    for tag, value in enumerate(metric(scores, labels)):
        if is_defined(labels[:, tag]):
            np.testing.assert_allclose(value, oracle(labels[:, tag], scores[:, tag]), atol=1e-12)
        else:
            assert np.isnan(value)
    return True
