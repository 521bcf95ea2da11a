"""Two data sets that ship with scikit-learn, as problems for networks without biases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.datasets import load_diabetes, load_digits

from phasebook.beyond.planes import Problem, random_students
from phasebook.network import Network

TEST_SHARE = 4
"""One sample in four is kept for the test."""


def digits(networks: Sequence[Network], *, hidden: Sequence[int] = (32, 16), seed: int = 0) -> Problem:
    """Handwritten digits, 8 x 8 pixels, ten classes, cross-entropy; pixels shifted and scaled as one."""
    pixels, classes = (np.asarray(part) for part in load_digits(return_X_y=True))
    x = (pixels - pixels.mean()) / pixels.std()
    return _shared(networks, x, classes[:, None].astype(np.int64), (64, *hidden, 10), "cross_entropy", seed)


def diabetes(networks: Sequence[Network], *, hidden: Sequence[int] = (32, 16), seed: int = 0) -> Problem:
    """Progress of diabetes in a year from ten measurements; all of mean 0 and variance 1, squared error."""
    measured, progress = (np.asarray(part) for part in load_diabetes(return_X_y=True))
    x = measured / measured.std(axis=0)
    y = (progress - progress.mean()) / progress.std()
    return _shared(networks, x, y[:, None], (10, *hidden, 1), "squares", seed)


def _shared(
    networks: Sequence[Network], x: np.ndarray, y: np.ndarray, widths: Sequence[int], loss: str, seed: int
) -> Problem:
    """All networks share the data; which samples are kept for the test depends on the seed alone."""
    order = np.random.default_rng(seed).permutation(len(x))
    test, train = np.split(order, [len(x) // TEST_SHARE])
    layers = random_students(networks, widths, seed=seed)
    return Problem(layers, x[None, train], y[None, train], x[None, test], y[None, test], loss)
