"""SGD on one parameter: the cases that can be solved on a blackboard.

Two losses with the same mean curvature k. In the first, sample alpha pulls towards a place of its own,
l = k (w - c_alpha)^2 / 2: no w fits all, and the gradient's noise is the same everywhere. In the second all
samples agree on where and differ in how hard they pull, l = a_alpha^2 w^2 / 2 with E[a^2] = k: w = 0 fits
all, and there the noise vanishes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from phasebook.network import Array

Samples = Literal["disagree", "agree"]


def stationary_variance(
    *, learning_rate: ArrayLike, batch_size: ArrayLike, curvature: float = 1.0, noise: float = 1.0
) -> Array:
    """Variance of w in the long run when samples disagree: eps sigma^2 / (|B| k (2 - eps k)), exact.

    Args:
        learning_rate: eps, with eps k < 2 (infinite beyond).
        batch_size: |B|, broadcast against `learning_rate`.
        curvature: k.
        noise: sigma^2, variance of the gradient of one sample.
    """
    eps = np.asarray(learning_rate, dtype=float)
    room = 2 - eps * curvature
    variance = eps * noise / (np.asarray(batch_size) * curvature * np.where(room > 0, room, 1))
    return np.where(room > 0, variance, np.inf)


def mean_square_factor(*, learning_rate: ArrayLike, batch_size: ArrayLike, curvature: float = 1.0) -> Array:
    """E[w'^2] / E[w^2] of one step when samples agree, a ~ N(0, k): (1 - eps k)^2 + 2 eps^2 k^2 / |B|.

    Below one the mean square dies out, above one it grows.
    """
    pull = np.asarray(learning_rate, dtype=float) * curvature
    return (1 - pull) ** 2 + 2 * pull**2 / np.asarray(batch_size)


def run(
    samples: Samples,
    *,
    learning_rate: float,
    batch_size: int,
    record_steps: Sequence[int],
    replicas: int,
    start: float = 1.0,
    curvature: float = 1.0,
    noise: float = 1.0,
    seed: int = 0,
) -> Array:
    """SGD with fresh samples in every batch, many replicas.

    Args:
        samples: "disagree" or "agree", see above.
        learning_rate: eps.  batch_size: |B|.
        record_steps: ascending numbers of updates.
        replicas: how many.
        start: w at the start.
        curvature: k.
        noise: sigma^2 of the gradient of one sample, where they disagree.
        seed: of the samples.

    Returns:
        w, (replica, time).

    Raises:
        ValueError: an unknown kind of samples.
    """
    if samples not in ("disagree", "agree"):
        raise ValueError(f"samples must be disagree or agree, got {samples!r}")
    rng = np.random.default_rng(seed)
    w = np.full(replicas, float(start))
    records, done = [], 0
    for stop in record_steps:
        for _ in range(done, stop):
            drawn = rng.standard_normal((batch_size, replicas))
            if samples == "disagree":
                slope = curvature * w + np.sqrt(noise) * drawn.mean(axis=0)
            else:
                slope = curvature * (drawn**2).mean(axis=0) * w
            w = w - learning_rate * slope
        records.append(w)
        done = stop
    return np.stack(records, axis=-1)
