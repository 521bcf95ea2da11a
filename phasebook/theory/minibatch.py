"""The gradient of a mini-batch as a random variable: its mean and its variance against |B|."""

from __future__ import annotations

import numpy as np

from phasebook.network import Array


def minibatch_gradients(
    gradients: Array, *, batch_size: int, draws: int, replacement: bool = True, seed: int = 0
) -> Array:
    """Delta_B of many independent mini-batches at fixed weights, Eq. (2.28).

    Args:
        gradients: Delta_alpha of all samples, (sample, parameter).
        batch_size: |B|.
        draws: how many batches.
        replacement: whether a sample may be drawn twice; if not, |B| is at most the number of samples.
        seed: of the draws.

    Returns:
        Shape (draw, parameter).

    Raises:
        ValueError: |B| out of range.
    """
    n_samples = len(gradients)
    if batch_size < 1 or (not replacement and batch_size > n_samples):
        raise ValueError(f"|B| must lie between 1 and the {n_samples} samples, got {batch_size}")
    rng = np.random.default_rng(seed)
    if replacement:
        counts = rng.multinomial(batch_size, np.full(n_samples, 1 / n_samples), size=draws)
    else:
        counts = np.zeros((draws, n_samples))
        order = rng.random((draws, n_samples)).argsort(axis=1)[:, :batch_size]
        np.put_along_axis(counts, order, 1.0, axis=1)
    return counts @ gradients / batch_size


def variance_factor(batch_size: Array, *, n_samples: int, replacement: bool = True) -> Array:
    """Variance of Delta_B over that of one sample: 1/|B|; without replacement (N - |B|) / ((N - 1) |B|)."""
    size = np.asarray(batch_size, dtype=float)
    return 1 / size if replacement else (n_samples - size) / ((n_samples - 1) * size)


def excess_kurtosis(samples: Array) -> float:
    """How far from a Gaussian: fourth cumulant over squared variance, both summed over the parameters.

    For independent draws it falls as 1/|B|, exactly.

    Args:
        samples: (draw, parameter).
    """
    square = (samples - samples.mean(axis=0)) ** 2
    variance = square.mean(axis=0)
    return float(np.sum((square**2).mean(axis=0) - 3 * variance**2) / np.sum(variance**2))
