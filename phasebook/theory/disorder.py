"""Couplings and external field between features, Sections 2.4 and 2.5 and Appendix A."""

from __future__ import annotations

import numpy as np

from phasebook.network import Array, couplings, external_field
from phasebook.spectra import eigenvalues, marchenko_pastur, marchenko_pastur_edges


def sample_readouts(*, n_draws: int, n_last: int, width: int, sigma_w: float = 1.0, seed: int = 0) -> Array:
    """Last layers W^(L) at initialisation, Eq. (2.11): shape (draw, n_L, n_{L-1}).

    Args:
        n_draws: how many.
        n_last: n_L, the number of outputs.
        width: n_{L-1}, the number of features.
        sigma_w: positive.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    return rng.normal(scale=sigma_w / np.sqrt(width), size=(n_draws, n_last, width))


def coupling_mean(*, n_last: int, width: int, sigma_w: float = 1.0) -> Array:
    """E[J_ij], the first half of Eq. (2.24), shape (width, width): diagonal."""
    return n_last / width * sigma_w**2 * np.eye(width)


def coupling_covariance(*, n_last: int, width: int, sigma_w: float = 1.0) -> Array:
    """Cov[J_ij, J_kl], the second half of Eq. (2.24), shape (width, width, width, width)."""
    one = np.eye(width)
    pairs = np.einsum("ik,jl->ijkl", one, one) + np.einsum("il,jk->ijkl", one, one)
    return n_last / width**2 * sigma_w**4 * pairs


def coupling_moments(sampled: Array) -> tuple[Array, Array, Array, Array]:
    """Mean and covariance of sampled couplings, each with its standard error.

    Args:
        sampled: J, shape (draw, width, width).

    Returns:
        (mean, its error, covariance, its error), of shapes (width, width) and (width, width, width, width).
    """
    n_draws, width = sampled.shape[:2]
    mean = sampled.mean(axis=0)
    centred = (sampled - mean).reshape(n_draws, -1)
    covariance = centred.T @ centred / (n_draws - 1)
    fourth = (centred**2).T @ centred**2 / n_draws
    error = np.sqrt(np.maximum(fourth - covariance**2, 0.0) / n_draws)
    shape = (width,) * 4
    return (
        mean,
        sampled.std(axis=0, ddof=1) / np.sqrt(n_draws),
        covariance.reshape(shape),
        error.reshape(shape),
    )


def coupling_eigenvalues(readout: Array) -> Array:
    """Eigenvalues of J = W^T W, Eq. (2.23), ascending: shape (..., n_L, width) -> (..., width).

    The first width - n_L of them are zero where n_L < width: J has no more directions than there are outputs.
    """
    return eigenvalues(np.swapaxes(readout, -1, -2))


def coupling_edges(*, ratio: float, sigma_w: float = 1.0) -> tuple[float, float]:
    """Support of the positive eigenvalues of J for large matrices: sigma_w^2 (1 -+ sqrt(ratio))^2."""
    scale, aspect = _as_wishart(ratio, sigma_w)
    return marchenko_pastur_edges(sigma_w=scale, aspect=aspect)


def coupling_density(x: Array, *, ratio: float, sigma_w: float = 1.0) -> Array:
    """Marchenko-Pastur density of the eigenvalues of J without those at zero, for large matrices.

    Args:
        x: where to evaluate, any shape.
        ratio: n_L / n_{L-1}, positive.
        sigma_w: standard deviation of Eq. (2.11).

    Returns:
        Density per unit x, shape of `x`. It integrates to min(ratio, 1); the rest, 1 - ratio, sits at zero.

    Raises:
        ValueError: `ratio` or `sigma_w` not positive.
    """
    scale, aspect = _as_wishart(ratio, sigma_w)
    return min(ratio, 1.0) * marchenko_pastur(x, sigma_w=scale, aspect=aspect)


def _as_wishart(ratio: float, sigma_w: float) -> tuple[float, float]:
    """(sigma, aspect) for which Eq. (4.2) is the law of the positive eigenvalues of J.

    Below ratio 1 these are the eigenvalues of the n_L x n_L matrix W W^T, above it of J itself, and the
    variance of the entries of W is sigma_w^2 / width = (ratio sigma_w^2) / n_L.
    """
    if not 0 < ratio < np.inf:
        raise ValueError(f"n_L / n_(L-1) must be a positive number, got {ratio}")
    return (sigma_w, ratio) if ratio <= 1 else (sigma_w * np.sqrt(ratio), 1 / ratio)


def frustrated_share(sampled: Array) -> Array:
    """Share of triangles (i, j, k) that no three spins can satisfy under the loss (2.9).

    The loss has +J where Eq. (2.10) has -J, so J_ij > 0 wants spins i and j to differ: a triangle is
    frustrated if J_ij J_jk J_ki > 0.

    Args:
        sampled: J, shape (..., width, width).

    Returns:
        Shape (...).
    """
    signs = np.sign(sampled) * (1 - np.eye(sampled.shape[-1]))
    width = sampled.shape[-1]
    excess = np.einsum("...ij,...jk,...ki->...", signs, signs, signs, optimize=True)
    return 0.5 + excess / (2 * width * (width - 1) * (width - 2))


def field_energy(features: Array, targets: Array, readout: Array) -> Array:
    """L_h, the energy of the features in the external field, Eq. (2.25).

    Args:
        features: phi, (..., sample, n_{L-1}).
        targets: y, (..., sample, n_L).
        readout: W^(L), (..., n_L, n_{L-1}).

    Returns:
        Shape (...).
    """
    return -np.mean(np.sum(external_field(targets, readout) * features, axis=-1), axis=-1)


def energy_of_samples(features: Array, targets: Array, readout: Array) -> Array:
    """H_alpha of Eq. (A.4), the energy of each sample, shape (..., sample): the loss (2.9) is its mean."""
    interaction = np.sum((features @ couplings(readout)) * features, axis=-1) / 2
    return interaction - np.sum(external_field(targets, readout) * features, axis=-1)


def energy_of_pairs(features: Array, targets: Array, readout: Array) -> Array:
    """H_ij of Eq. (A.5), the energy of each pair of features, (..., n_{L-1}, n_{L-1}): (2.9) is its sum."""
    n_samples, width = features.shape[-2:]
    overlap = np.swapaxes(features, -1, -2) @ features / n_samples
    alignment = np.mean(external_field(targets, readout) * features, axis=-2)
    return couplings(readout) * overlap / 2 - alignment[..., None] * np.eye(width)
