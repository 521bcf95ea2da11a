"""Symmetric Gaussian matrices: samples, exact moments at finite size, and Brownian motion of the entries.

The scale is that of the semicircle between -2 and 2: off-diagonal entries of variance 1/N, for real matrices
(beta = 1) the diagonal with variance 2/N, for Hermitian ones (beta = 2) with 1/N.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from phasebook.network import Array

Beta = Literal[1, 2]


def sample_matrices(*, n_draws: int, size: int, beta: Beta = 1, seed: int = 0) -> NDArray[np.inexact]:
    """Draws of the Gaussian orthogonal (beta = 1) or unitary (beta = 2) ensemble: (n_draws, size, size).

    Raises:
        ValueError: `beta` neither 1 nor 2.
    """
    if beta not in (1, 2):
        raise ValueError(f"beta must be 1 (real) or 2 (complex), got {beta}")
    rng = np.random.default_rng((seed, size, beta))
    a: NDArray[np.inexact] = rng.standard_normal((n_draws, size, size))
    if beta == 2:
        a = (a + 1j * rng.standard_normal(a.shape)) / np.sqrt(2)
    return (a + np.conj(np.swapaxes(a, -1, -2))) / np.sqrt(2 * size)


def mean_moment(power: Literal[2, 4], *, size: int) -> float:
    """E[(1/N) Tr H^power] for real symmetric H of any size, exact; 1 and 2 for large matrices."""
    return 1 + 1 / size if power == 2 else 2 + 5 / size + 5 / size**2


def semicircle_cdf(x: Array) -> Array:
    """Integral of the semicircle between -2 and 2 up to x, shape of `x`."""
    inside = np.clip(np.asarray(x, dtype=float), -2, 2)
    return 0.5 + inside * np.sqrt(4 - inside**2) / (4 * np.pi) + np.arcsin(inside / 2) / np.pi


def unfolded_spacings(x: Array, *, share: float = 0.5) -> Array:
    """Spacings of the middle levels in units of the local mean spacing.

    Args:
        x: ascending eigenvalues on the scale of the semicircle, (..., N).
        share: part of the levels kept, around the middle; at the edges the semicircle is a poor guide.

    Returns:
        Flat, mean close to one.
    """
    levels = x.shape[-1] * semicircle_cdf(x)
    cut = round(x.shape[-1] * (1 - share) / 2)
    return np.diff(levels[..., cut : x.shape[-1] - cut], axis=-1).ravel()


def brownian_matrices(start: Array, *, times: Sequence[float] | Array, replicas: int, seed: int = 0) -> Array:
    """Real symmetric matrices whose entries diffuse: off-diagonal variance t, diagonal 2t.

    Args:
        start: M(times[0]), (N, N), symmetric.
        times: ascending.
        replicas: how many.

    Returns:
        M(t), (replica, time, N, N).
    """
    rng = np.random.default_rng(seed)
    size, steps = len(start), np.diff(np.asarray(times, dtype=float))
    a = rng.standard_normal((replicas, len(steps), size, size)) * np.sqrt(steps / 2)[:, None, None]
    moved = np.cumsum(a + np.swapaxes(a, -1, -2), axis=1)
    return start + np.concatenate([np.zeros((replicas, 1, size, size)), moved], axis=1)
