"""Eigenvalues of X = W W^T, Eq. (4.1), and the laws of random matrices they are compared with."""

from __future__ import annotations

import numpy as np

from phasebook.network import Array


def eigenvalues(weights: Array) -> Array:
    """Eigenvalues of X = W W^T, Eq. (4.1): shape (..., n_2, n_1) -> (..., n_2), ascending.

    Computed in double precision from X itself; non-finite weights give not-a-number.
    """
    weights = np.asarray(weights, dtype=np.float64)
    finite = np.asarray(np.isfinite(weights).all(axis=(-2, -1), keepdims=True))
    safe = np.where(finite, weights, 0.0)
    # For finite but enormous weights the squares overflow: scale to order one before and back after.
    scale = np.maximum(np.abs(safe).max(axis=(-2, -1), keepdims=True), np.finfo(float).tiny)
    scaled = safe / scale
    with np.errstate(over="ignore"):
        x = np.linalg.eigvalsh(scaled @ np.swapaxes(scaled, -1, -2)) * scale[..., 0] ** 2
    x[~finite[..., 0, 0]] = np.nan
    return x


def level_spacing(x: Array) -> Array:
    """Mean spacing S = (x_N - x_1) / (N - 1) of ascending eigenvalues, Eq. (4.5): (..., N) -> (...)."""
    return (x[..., -1] - x[..., 0]) / (x.shape[-1] - 1)


def marchenko_pastur_edges(*, sigma_w: float, aspect: float) -> tuple[float, float]:
    """x_- and x_+ of Eq. (4.2), sigma_w^2 (1 -+ sqrt(aspect))^2.

    Raises:
        ValueError: `sigma_w` not positive, or `aspect` outside (0, 1].
    """
    if not 0 < sigma_w < np.inf:
        raise ValueError(f"sigma_w must be a positive number, got {sigma_w}")
    if not 0 < aspect <= 1:
        raise ValueError(f"aspect must lie in (0, 1], got {aspect}")
    return sigma_w**2 * (1 - np.sqrt(aspect)) ** 2, sigma_w**2 * (1 + np.sqrt(aspect)) ** 2


def marchenko_pastur(x: Array, *, sigma_w: float, aspect: float) -> Array:
    """Spectral density of X = W W^T at initialisation, Eq. (4.2), in the limit of large matrices.

    For W of shape (n_2, n_1) with independent entries N(0, sigma_w^2 / n_1).

    Args:
        x: where to evaluate, any shape.
        sigma_w: standard deviation that sets the disorder, Eq. (2.11); positive.
        aspect: r = n_2 / n_1, in (0, 1].

    Returns:
        Density per unit x, shape of `x`; zero outside the support.

    Raises:
        ValueError: `sigma_w` or `aspect` out of range.
    """
    lower, upper = marchenko_pastur_edges(sigma_w=sigma_w, aspect=aspect)
    inside = np.clip((upper - x) * (x - lower), 0.0, None)
    return np.sqrt(inside) / (2 * np.pi * sigma_w**2 * aspect * np.where(np.asarray(x) > 0, x, np.inf))


def marchenko_pastur_cdf(x: Array, *, sigma_w: float, aspect: float) -> Array:
    """Integral of `marchenko_pastur` from 0 to x, shape of `x`.

    With x = (lower + upper)/2 - cos(theta) (upper - lower)/2 the integrand becomes smooth and periodic, so
    the trapezium rule converges faster than any power; the table is then interpolated.
    """
    lower, upper = marchenko_pastur_edges(sigma_w=sigma_w, aspect=aspect)
    theta = np.linspace(0, np.pi, 20001)
    places = (lower + upper) / 2 - np.cos(theta) * (upper - lower) / 2
    slope = marchenko_pastur(places, sigma_w=sigma_w, aspect=aspect) * np.sin(theta) * (upper - lower) / 2
    integral = np.concatenate([[0.0], np.cumsum((slope[1:] + slope[:-1]) / 2 * np.diff(theta))])
    return np.interp(x, places, integral / integral[-1])


def spacing_ratios(x: Array) -> Array:
    """Smaller over larger of neighbouring spacings, in [0, 1]: ascending levels (..., N) -> (..., N - 2).

    The ratio needs no unfolding: the local density of levels cancels.
    """
    spacings = np.diff(x, axis=-1)
    first, second = spacings[..., :-1], spacings[..., 1:]
    return np.minimum(first, second) / np.maximum(first, second)


def shuffled_levels(x: Array, *, seed: int = 0) -> Array:
    """Spectra put together from different networks, (network, N): the density kept, repulsion lost."""
    return np.sort(np.random.default_rng(seed).permuted(x, axis=0), axis=-1)


def wigner_semicircle(x: Array, *, radius: float = 2.0) -> Array:
    """Spectral density of large symmetric matrices with independent entries; zero outside [-radius, radius].

    Entries of variance s^2 off the diagonal of an N x N matrix give the radius 2 s sqrt(N).

    Raises:
        ValueError: `radius` not positive.
    """
    if not 0 < radius < np.inf:
        raise ValueError(f"the radius must be a positive number, got {radius}")
    return 2 * np.sqrt(np.clip(radius**2 - np.asarray(x) ** 2, 0.0, None)) / (np.pi * radius**2)


def wigner_surmise(s: Array, *, beta: int = 1) -> Array:
    """Density of the distance of neighbouring levels in units of its mean, exact for 2 x 2 matrices.

    Args:
        s: not negative, any shape.
        beta: 1 real symmetric, 2 complex Hermitian; P(s) ~ s^beta for small s. 0 is independent levels.

    Raises:
        ValueError: another `beta`.
    """
    s = np.asarray(s, dtype=float)
    if beta == 0:
        return np.exp(-s)
    if beta == 1:
        return np.pi / 2 * s * np.exp(-np.pi / 4 * s**2)
    if beta == 2:
        return 32 / np.pi**2 * s**2 * np.exp(-4 / np.pi * s**2)
    raise ValueError(f"beta must be 0, 1 or 2, got {beta}")
