"""Features as soft spins, Sections 2.2 and 2.3: their distribution, its potential and its peaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phasebook.network import Array

CRITICAL_VARIANCE = 0.5
"""sigma_c^2: variance of the pre-activation at which one well becomes two, Eq. (2.22)."""


def preactivations(layers: Sequence[Array], inputs: Array) -> list[Array]:
    """z^(l) of every layer, Eq. (2.2), (2.3), with phi = tanh.

    Args:
        layers: W^(l) of shape (..., n_l, n_{l-1}), l = 1..L.
        inputs: x of shape (..., sample, n_0).

    Returns:
        [z^(1), ..., z^(L)], each of shape (..., sample, n_l); the last one is the network's output.
    """
    values: list[Array] = [inputs @ np.swapaxes(layers[0], -1, -2)]
    for weight in layers[1:]:
        values.append(np.tanh(values[-1]) @ np.swapaxes(weight, -1, -2))
    return values


def second_moment(activity: Array, *, sigma_w: float) -> Array:
    """Average of z_i z_i over the weights of a layer, Eq. (2.13); with inputs as `activity`, Eq. (2.14).

    Two samples alpha and beta have the moment sigma_w^2 (1/n) sum_k phi_k,alpha phi_k,beta; different units i
    and j have none.

    Args:
        activity: what enters the layer, shape (..., sample, n).
        sigma_w: standard deviation of Eq. (2.11).

    Returns:
        Shape (..., sample, sample).
    """
    return sigma_w**2 * activity @ np.swapaxes(activity, -1, -2) / activity.shape[-1]


def conditional_variance(activity: Array, *, sigma_w: float) -> Array:
    """Variance of z for each sample, the diagonal of Eq. (2.13): shape (..., sample, n) -> (..., sample)."""
    return sigma_w**2 * np.mean(activity**2, axis=-1)


def potential(phi: ArrayLike, *, variance: ArrayLike) -> Array:
    """V(phi) of Eq. (2.21), with V(0) = 0.

    Args:
        phi: inside (-1, 1); broadcast against `variance`.
        variance: sigma_z^2 of the pre-activation, positive.

    Raises:
        ValueError: `phi` outside (-1, 1) or `variance` not positive.
    """
    phi, variance = np.asarray(phi, dtype=float), _positive(variance)
    if np.any(np.abs(phi) >= 1):
        raise ValueError("phi must lie inside (-1, 1), where its distribution lives")
    return np.arctanh(phi) ** 2 / (2 * variance) + np.log1p(-(phi**2))


def potential_coefficients(variance: ArrayLike) -> tuple[Array, Array]:
    """The coefficients of phi^2 and phi^4 in V, Eq. (2.22): both change sign near sigma_z^2 = 1/2 or 2/3."""
    inverse = 1 / _positive(variance)
    return inverse / 2 - 1, inverse / 3 - 1 / 2


def feature_density(phi: ArrayLike, *, variance: ArrayLike) -> Array:
    """p(phi) for phi = tanh(z), z ~ N(0, variance): Eq. (2.21) with its normalisation.

    Args:
        phi: inside (-1, 1); broadcast against `variance`.
        variance: sigma_z^2, positive.

    Returns:
        exp(-V(phi)) / (sqrt(2 pi) sigma_z), which integrates to one.
    """
    return np.exp(-potential(phi, variance=variance)) / np.sqrt(2 * np.pi * _positive(variance))


def mixture_density(phi: ArrayLike, *, variances: Array) -> Array:
    """p(phi) when the variance of z is itself random: `feature_density` averaged over `variances`.

    Args:
        phi: inside (-1, 1), any shape.
        variances: draws of the conditional variance of z, any shape; more than 2000 are thinned to that many
            quantiles.
    """
    drawn = np.ravel(variances)
    if len(drawn) > 2000:
        drawn = np.quantile(drawn, (np.arange(2000) + 0.5) / 2000)
    return np.mean(feature_density(np.asarray(phi, dtype=float)[..., None], variance=drawn), axis=-1)


def peaks(variance: ArrayLike) -> Array:
    """Where p(phi) is largest: the solution phi >= 0 of phi = tanh(2 sigma_z^2 phi).

    Zero up to sigma_z^2 = 1/2, positive above; the other peak is its mirror image. Solved by bisection for
    z = artanh(phi), so that peaks close to 1 keep their digits.

    Args:
        variance: sigma_z^2, any shape, positive.

    Returns:
        Shape of `variance`.
    """
    slope = 2 * _positive(variance)
    lower, upper = np.zeros_like(slope), slope.copy()
    for _ in range(80):
        middle = (lower + upper) / 2
        inside = slope * np.tanh(middle) > middle
        lower, upper = np.where(inside, middle, lower), np.where(inside, upper, middle)
    return np.where(slope > 2 * CRITICAL_VARIANCE, np.tanh((lower + upper) / 2), 0.0)


def local_maxima(density: Array) -> NDArray[np.intp]:
    """Indices of the maxima of a curve sampled on phi >= 0 and mirrored: 0 counts if the curve falls from it.

    Args:
        density: shape (n,), values at ascending phi from 0.
    """
    mirrored = np.concatenate([density[1:2], density])
    inner = (mirrored[1:-1] > mirrored[:-2]) & (mirrored[1:-1] > mirrored[2:])
    return np.flatnonzero(inner)


def _positive(variance: ArrayLike) -> Array:
    variance = np.asarray(variance, dtype=float)
    if not np.all(variance > 0):
        raise ValueError(f"the variance sigma_z^2 must be positive, got {variance.min()}")
    return variance
