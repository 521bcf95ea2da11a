"""Coefficients of the eigenvalue dynamics: Eq. (4.3), (4.4), and of the mean spacing: (4.8), (B.7), (B.9).

The gradient of one sample is an outer product, Delta = delta phi^T, so that of X is made of two vectors,

    Delta^X = W Delta^T + Delta W^T = z delta^T + delta z^T,        z = W phi,

and every mean and variance needed here is a product of matrices over samples: no matrix is formed for a
sample. All functions are batched over networks (any leading axes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from phasebook.network import TEST_POINTS, Array, Ensemble, per_sample_gradient

Basis = Literal["X", "K"]
Variance = Literal["rotated_samples", "rotated_table"]
Drift = Literal["signed", "absolute_difference", "largest_spread"]
Harmonic = Literal["formula", "released"]


@dataclass(frozen=True)
class Coefficients:
    """What Eq. (4.3) needs at one W, in the basis u_1..u_N; per unit of t = eps times number of updates.

    Attributes:
        eigenvalues: x_i of X = W W^T, ascending, whatever the basis, (..., N).
        drift_matrix: u_i^T K u_j with K = -E[Delta^X], (..., N, N); its diagonal is `drift`.
        noise: V_ij, (..., N, N), symmetric.
        laguerre: L_i = sum_k Var[(u_i^T Delta)_k], the drift per T that Eq. (4.3) leaves out, (..., N).
        displacement: |u_i^T E[Delta]|^2, part of the drift per eps that Eq. (4.3) leaves out, (..., N).
        vectors: u_j as columns, (..., N, N).
    """

    eigenvalues: Array
    drift_matrix: Array
    noise: Array
    laguerre: Array
    displacement: Array
    vectors: Array

    @property
    def drift(self) -> Array:
        """K_i of Eq. (4.3), (..., N)."""
        return _diagonal(self.drift_matrix)


def coefficients(
    weights: Array, delta: Array, phi: Array, *, basis: Basis = "X", variance: Variance = "rotated_samples"
) -> Coefficients:
    """K_i, V_ij of Eq. (4.4) and the two drifts beyond it, from rank-one gradients.

    Args:
        weights: W, (..., N, n_1).
        delta, phi: factors of the gradients of the samples, (..., sample, N) and (..., sample, n_1), as
            `network.per_sample_gradient` gives them.
        basis: "X", eigenvectors of X by ascending x_i, which perturbation theory asks for (and the released
            code uses, in descending order); "K", eigenvectors of K by ascending K_i, as the text says.
        variance: "rotated_samples", Var over samples of u_i^T Delta^X u_j; "rotated_table", the table of
            variances Var[Delta^X_ij] rotated as if it were a matrix, as in the released code. Its entries may
            be negative, and off the diagonal their sign is that of the eigenvectors, which is arbitrary.

    Returns:
        Not-a-number throughout for a network whose weights or gradients are not finite.

    Raises:
        ValueError: an unknown option, or shapes that do not fit.
    """
    _check_option("basis", basis, Basis)
    _check_option("variance", variance, Variance)
    if weights.shape[-2:] != (delta.shape[-1], phi.shape[-1]) or delta.shape[-2] != phi.shape[-2]:
        raise ValueError(
            f"W {weights.shape}, delta {delta.shape} and phi {phi.shape} do not fit: "
            "need (..., N, n_1), (..., sample, N) and (..., sample, n_1)"
        )
    weights, delta, phi, finite = _finite(weights, delta, phi)
    z = phi @ _t(weights)
    x, vectors = np.linalg.eigh(weights @ _t(weights))
    if basis == "K":
        vectors = np.linalg.eigh(-_mean_and_variance(z, delta)[0])[1]
    z_rotated, delta_rotated = z @ vectors, delta @ vectors
    mean, noise = _mean_and_variance(z_rotated, delta_rotated)
    if variance == "rotated_table":
        noise = _t(vectors) @ _mean_and_variance(z, delta)[1] @ vectors
    mean_gradient = _t(delta_rotated) @ phi / phi.shape[-2]
    displacement = np.sum(mean_gradient**2, axis=-1)
    squared = np.mean(delta_rotated**2 * np.sum(phi**2, axis=-1, keepdims=True), axis=-2)
    laguerre = np.maximum(squared - displacement, 0.0)
    return Coefficients(
        *(_where_finite(finite, values) for values in (x, -mean, noise, laguerre, displacement, vectors))
    )


def ensemble_coefficients(
    ensemble: Ensemble,
    weights: Array,
    *,
    data: Literal["test", "training"] = "test",
    points: int = TEST_POINTS,
    basis: Basis = "X",
    variance: Variance = "rotated_samples",
) -> Coefficients:
    """`coefficients` of an ensemble's networks with `weights` in the trained layer.

    Args:
        weights: (model, N, n_1).
        data: over which samples mean and variance are taken: the first `points` of the test set, as in the
            paper, or the whole training set, from which SGD draws.
        points: 100 in the text, 128 in the released code; for data="test".
    """
    delta, phi = ensemble_gradients(ensemble, weights, data=data, points=points)
    return coefficients(np.asarray(weights, np.float64), delta, phi, basis=basis, variance=variance)


def ensemble_gradients(
    ensemble: Ensemble,
    weights: Array,
    *,
    data: Literal["test", "training"] = "test",
    points: int = TEST_POINTS,
) -> tuple[Array, Array]:
    """The rank-one factors (delta, phi) behind `ensemble_coefficients`; compute once for several readings."""
    _check_option("data", data, Literal["test", "training"])
    if data == "test":
        inputs, targets = ensemble.test_inputs[:, :points], ensemble.test_targets[:, :points]
    else:
        inputs, targets = ensemble.inputs, ensemble.targets
    layers = ensemble.with_weights(np.asarray(weights, np.float64))
    return per_sample_gradient(layers, inputs, targets, trained=ensemble.trained)


def diagonal_covariance(weights: Array, delta: Array, phi: Array) -> Array:
    """Cov over samples of u_i^T Delta^X u_i and u_j^T Delta^X u_j, with u the eigenvectors of X: (..., N, N).

    Its diagonal is V_ii; Eq. (4.3) takes what is off the diagonal to be zero (independent eta_i).
    """
    vectors = np.linalg.eigh(weights @ _t(weights))[1]
    diagonal = 2 * (phi @ _t(weights) @ vectors) * (delta @ vectors)
    centred = diagonal - diagonal.mean(axis=-2, keepdims=True)
    return _t(centred) @ centred / centred.shape[-2]


def coulomb(x: Array, strength: Array) -> Array:
    """sum over j != i of strength_ij / (x_i - x_j), the Coulomb term of Eq. (4.3) over T: -> (..., N).

    Args:
        x: (..., N).
        strength: V_ij, (..., N, N).
    """
    gaps = x[..., :, None] - x[..., None, :]
    np.einsum("...ii->...i", gaps)[...] = np.inf
    return np.sum(strength / gaps, axis=-1)


def second_order_drift(values: Coefficients) -> Array:
    """Drift per eps of x_i from the mean gradient at second order, absent in Eq. (4.3): (..., N).

    |u_i^T E[Delta]|^2 + sum over j != i of K_ij^2 / (x_i - x_j); for coefficients in the basis of X.
    """
    return values.displacement + coulomb(values.eigenvalues, values.drift_matrix**2)


def spacing_drift(drift: Array, *, reading: Drift = "signed") -> Array:
    """K_S of Eq. (B.9): (..., N) -> (...).

    Args:
        drift: K_i, in the order of their basis.
        reading: "signed", (K_N - K_1) / (N - 1), the formula; "absolute_difference",
            -(|K_N| - |K_1|) / (N - 1), as in the released code; "largest_spread",
            -(max K - min K) / (N - 1), the difference between the largest and the smallest eigenvalue, taken
            as the strength of a restoring force.
    """
    _check_option("reading", reading, Drift)
    first, last = drift[..., 0], drift[..., -1]
    if reading == "signed":
        difference = last - first
    elif reading == "absolute_difference":
        difference = np.abs(first) - np.abs(last)
    else:
        difference = drift.min(axis=-1) - drift.max(axis=-1)
    return difference / (drift.shape[-1] - 1)


def spacing_repulsion(noise: Array, *, harmonic: Harmonic = "formula") -> Array:
    """V_S of Eq. (B.7): (..., N, N) -> (...).

    Args:
        noise: V_ij, levels ascending.
        harmonic: "formula", as printed, with V_{1,k+1}; "released", with V_{1,k}: in the released code one of
            the two indices starts at the diagonal.
    """
    _check_option("harmonic", harmonic, Harmonic)
    n = noise.shape[-1]
    distance = np.arange(1, n - 1)
    top = noise[..., -1, ::-1][..., 1:-1]
    bottom = noise[..., 0, 1:-1] if harmonic == "formula" else noise[..., 0, :-2]
    return 2 * noise[..., -1, 0] / (n - 1) ** 2 + np.sum((top + bottom) / distance, axis=-1) / (n - 1)


def spacing_diffusion(noise: Array) -> Array:
    """D_S of Eq. (B.9): (..., N, N) -> (...)."""
    return (noise[..., 0, 0] + noise[..., -1, -1]) / (2 * (noise.shape[-1] - 1) ** 2)


def _mean_and_variance(z: Array, delta: Array) -> tuple[Array, Array]:
    """Over samples, of the entries of z delta^T + delta z^T: (..., sample, N) each -> twice (..., N, N)."""
    samples = z.shape[-2]
    half = _t(z) @ delta / samples
    mean = half + _t(half)
    squares = _t(z**2) @ delta**2 / samples
    product = z * delta
    second = squares + _t(squares) + 2 * (_t(product) @ product) / samples
    return mean, np.maximum(second - mean**2, 0.0)


def _finite(weights: Array, delta: Array, phi: Array) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    """The arguments with zeros for networks that have anything not finite, and which networks are finite."""
    finite = np.asarray(
        np.isfinite(weights).all(axis=(-2, -1))
        & np.isfinite(delta).all(axis=(-2, -1))
        & np.isfinite(phi).all(axis=(-2, -1))
    )
    if finite.all():
        return weights, delta, phi, finite
    mask = finite[..., None, None]
    return np.where(mask, weights, 0.0), np.where(mask, delta, 0.0), np.where(mask, phi, 0.0), finite


def _where_finite(finite: NDArray[np.bool_], values: Array) -> Array:
    if finite.all():
        return values
    return np.where(finite.reshape(finite.shape + (1,) * (values.ndim - finite.ndim)), values, np.nan)


def _check_option(name: str, value: str, options: object) -> None:
    known = getattr(options, "__args__", ())
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")


def _diagonal(matrix: Array) -> Array:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _t(matrix: Array) -> Array:
    return np.swapaxes(matrix, -1, -2)
