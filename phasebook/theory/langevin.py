"""Stochastic gradient descent and the Langevin equations that stand for it, Eq. (2.28)-(2.30).

Many replicas start from the same weights and see the same data; they differ in their noise. The noise is
that of true mini-batches, or a Gaussian with the same mean and with the variance that Eq. (2.29) writes
(each matrix element by itself) or with the whole covariance of the per-sample gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from phasebook.network import Array, gradient, per_sample_gradient

Noise = Literal["batch", "elementwise", "covariance", "none"]
NOISES = ("batch", "elementwise", "covariance", "none")


def gradient_moments(
    layers: Sequence[Array], inputs: Array, targets: Array, *, trained: int
) -> tuple[Array, Array]:
    """E[Delta_ij] and V[Delta_ij] over the training data, Eq. (2.29).

    Per-sample gradients are outer products, so both need no more memory than the two factors.

    Returns:
        (mean, variance), each of shape (..., n_l, n_{l-1}).
    """
    delta, phi = per_sample_gradient(layers, inputs, targets, trained=trained)
    return _moments(delta, phi)


def langevin_step(
    weights: Array, mean: Array, variance: Array, eta: Array, *, learning_rate: float, batch_size: float
) -> Array:
    """One step of the discrete Langevin equation (2.29); all arrays (..., n_l, n_{l-1})."""
    return weights - learning_rate * mean + np.sqrt(learning_rate**2 / batch_size * variance) * eta


def euler_maruyama_step(
    weights: Array, mean: Array, variance: Array, eta: Array, *, temperature: float, dt: float
) -> Array:
    """One step of length dt of the continuous Langevin equation (2.30): noise of variance T V dt."""
    return weights - dt * mean + np.sqrt(temperature * variance * dt) * eta


def simulate(
    layers: Sequence[Array],
    inputs: Array,
    targets: Array,
    *,
    trained: int,
    noise: Noise,
    learning_rate: float,
    batch_size: float,
    record_steps: Sequence[int],
    replicas: int,
    seed: int = 0,
) -> Array:
    """Replicas of one network under one kind of noise.

    Args:
        layers: W^(l), (n_l, n_{l-1}); the start of every replica.
        inputs: (sample, n_0).  targets: (sample, n_L).
        trained: which layer moves, counted from 1.
        noise: "batch", mini-batches drawn with replacement, Eq. (2.28); "elementwise", Eq. (2.29);
            "covariance", the Gaussian with the covariance that mini-batches have; "none", the mean alone.
        learning_rate: eps.
        batch_size: |B|; the Gaussian noises take any positive number, so that eps can go to zero at fixed
            T = eps / |B|.
        record_steps: ascending numbers of updates at which to record.
        replicas: how many.
        seed: of the noise. With the same seed mini-batch runs of different |B| see the same samples in the
            same order, replica by replica, which makes their differences precise.

    Returns:
        The trained layer, (replica, time, n_l, n_{l-1}).

    Raises:
        ValueError: unknown noise, |B| not positive or, for mini-batches, not a whole number.
    """
    if noise not in NOISES:
        raise ValueError(f"noise must be one of {', '.join(NOISES)}, got {noise!r}")
    if not batch_size > 0 or (noise == "batch" and batch_size != int(batch_size)):
        raise ValueError(f"|B| must be positive, and whole for mini-batches, got {batch_size}")
    rng = np.random.default_rng(seed)
    weights = np.repeat(layers[trained - 1][None], replicas, axis=0)
    records, done = [], 0
    for stop in record_steps:
        for _ in range(done, stop):
            current = [*layers[: trained - 1], weights, *layers[trained:]]
            if noise == "batch":
                # Sample by sample, so that k steps with |B| = 1 draw what one step with |B| = k draws.
                chosen = rng.integers(len(inputs), size=(int(batch_size), replicas)).T
                drawn = gradient(current, inputs[chosen], targets[chosen], trained=trained)
            else:
                delta, phi = per_sample_gradient(current, inputs, targets, trained=trained)
                drawn = _gaussian_gradient(delta, phi, rng, noise=noise, batch_size=batch_size)
            weights = weights - learning_rate * drawn
        records.append(weights)
        done = stop
    return np.stack(records, axis=1)


def _gaussian_gradient(
    delta: Array, phi: Array, rng: np.random.Generator, *, noise: Noise, batch_size: float
) -> Array:
    """A normal number in the place of the mini-batch gradient, (..., n_l, n_{l-1})."""
    n_samples = delta.shape[-2]
    if noise == "elementwise":
        mean, variance = _moments(delta, phi)
        # Minus, since the step subtracts it: with the plus of Eq. (2.29).
        return mean - np.sqrt(variance / batch_size) * rng.standard_normal(mean.shape)
    mean = np.swapaxes(delta, -1, -2) @ phi / n_samples
    if noise == "none":
        return mean
    # sum_alpha xi_alpha (Delta_alpha - E[Delta]) / sqrt(n) has exactly the covariance of Delta_alpha.
    xi = rng.standard_normal(delta.shape[:-1])[..., None] / np.sqrt(n_samples * batch_size)
    fluctuation = np.swapaxes(delta * xi, -1, -2) @ phi
    return mean + fluctuation - xi.sum(axis=-2, keepdims=True) * mean


def _moments(delta: Array, phi: Array) -> tuple[Array, Array]:
    n_samples = delta.shape[-2]
    mean = np.swapaxes(delta, -1, -2) @ phi / n_samples
    square = np.swapaxes(delta**2, -1, -2) @ phi**2 / n_samples
    return mean, np.maximum(square - mean**2, 0.0)
