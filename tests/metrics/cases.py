"""Made-up scores and labels for tests of metrics."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

shapes = st.tuples(st.integers(1, 25), st.integers(1, 4))


@st.composite
def scores_and_labels(draw):
    """Scores of five different values, so that there are many ties, and labels."""
    shape = draw(shapes)
    scores = draw(arrays.arrays(np.float64, shape, elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0])))
    return scores, draw(arrays.arrays(bool, shape))
