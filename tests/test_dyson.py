"""Coefficients of the eigenvalue dynamics against brute force, finite differences and exact identities."""

from __future__ import annotations

import numpy as np
import pytest

from phasebook.dyson import (
    Coefficients,
    coefficients,
    coulomb,
    diagonal_covariance,
    ensemble_coefficients,
    ensemble_gradients,
    second_order_drift,
    spacing_diffusion,
    spacing_drift,
    spacing_repulsion,
)
from phasebook.network import Array, Ensemble, sample_ensemble


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return sample_ensemble(n_models=3, inv_sigma_w=1.0, n_samples=200, seed=3)


def brute_force(ensemble: Ensemble) -> tuple[Array, Array]:
    """Delta and Delta^X of every test sample, with loops over nothing spared: (model, sample, ...)."""
    delta, phi = ensemble_gradients(ensemble, ensemble.weights)
    gradient = delta[..., :, None] * phi[..., None, :]
    w = ensemble.weights[:, None]
    return gradient, w @ gradient.swapaxes(-1, -2) + gradient @ w.swapaxes(-1, -2)


def noise_matrix(n: int = 16, seed: int = 0) -> Array:
    half = np.random.default_rng(seed).random((n, n))
    return half + half.T


@pytest.mark.parametrize("basis", ["X", "K"])
@pytest.mark.parametrize("variance", ["rotated_samples", "rotated_table"])
def test_rank_one_shortcut_agrees_with_brute_force(ensemble, basis, variance):
    """K, V, L and |u E[Delta]|^2 from vectors alone equal those from 16 x 16 matrices of every sample."""
    gradient, of_x = brute_force(ensemble)
    w = ensemble.weights
    matrix = w @ w.swapaxes(-1, -2) if basis == "X" else -of_x.mean(axis=1)
    result = ensemble_coefficients(ensemble, w, basis=basis, variance=variance)
    u = result.vectors
    assert np.allclose(matrix @ u, u * np.linalg.eigvalsh(matrix)[:, None, :], rtol=0, atol=1e-12)
    rotated = np.einsum("mia,msij,mjb->msab", u, of_x, u)
    table = np.einsum("mia,mij,mjb->mab", u, of_x.var(axis=1), u)
    rows = np.einsum("mia,msik->msak", u, gradient)
    expected = rotated.var(axis=1) if variance == "rotated_samples" else table
    assert np.allclose(result.drift_matrix, -rotated.mean(axis=1), rtol=0, atol=1e-12)
    assert np.allclose(result.noise, expected, rtol=0, atol=1e-12)
    assert np.allclose(result.laguerre, rows.var(axis=1).sum(axis=-1), rtol=0, atol=1e-12)
    assert np.allclose(result.displacement, (rows.mean(axis=1) ** 2).sum(axis=-1), rtol=0, atol=1e-12)
    assert np.allclose(result.eigenvalues, np.linalg.eigvalsh(w @ w.swapaxes(-1, -2)))


def test_update_of_x_is_exact_at_second_order(ensemble):
    """X' - X = -eps Delta^X + eps^2 Delta Delta^T with the transposes of (4.4) put right."""
    gradient, of_x = brute_force(ensemble)
    w, eps = ensemble.weights, 0.7
    updated = w - eps * gradient[:, 0]
    change = updated @ updated.swapaxes(-1, -2) - w @ w.swapaxes(-1, -2)
    square = gradient[:, 0] @ gradient[:, 0].swapaxes(-1, -2)
    assert np.allclose(change, -eps * of_x[:, 0] + eps**2 * square, rtol=0, atol=1e-12)


def test_printed_transposes_do_not_even_fit(ensemble):
    gradient, _ = brute_force(ensemble)
    with pytest.raises(ValueError, match="mismatch"):
        np.matmul(ensemble.weights[0], gradient[0, 0])


def test_drift_is_the_derivative_of_the_eigenvalues(ensemble):
    """K_i = dx_i/dt along the mean gradient, and its curvature `second_order_drift`: differences."""
    delta, phi = ensemble_gradients(ensemble, ensemble.weights)
    mean = delta.swapaxes(-1, -2) @ phi / delta.shape[-2]
    values = coefficients(ensemble.weights, delta, phi)

    def levels(eps: float) -> Array:
        w = ensemble.weights - eps * mean
        return np.linalg.eigvalsh(w @ w.swapaxes(-1, -2))

    h = 1e-4
    assert np.allclose((levels(h) - levels(-h)) / (2 * h), values.drift, rtol=1e-4, atol=1e-7)
    curvature = (levels(h) - 2 * levels(0.0) + levels(-h)) / (2 * h**2)
    assert np.allclose(curvature, second_order_drift(values), rtol=1e-3, atol=1e-6)


def test_isotropic_noise_gives_the_wishart_coefficients():
    """Independent entries of variance v: V_ij = v (x_i + x_j), V_ii = 4 v x_i, L_i = n_1 v.

    Rank-one samples delta phi^T with independent signs in both factors have just that covariance.
    """
    rng = np.random.default_rng(1)
    n, m, samples = 4, 6, 400_000
    w = rng.standard_normal((n, m))
    delta = rng.choice([-1.0, 1.0], size=(samples, n))
    phi = rng.choice([-1.0, 1.0], size=(samples, m))
    result = coefficients(w, delta, phi)
    x = result.eigenvalues
    expected = (x[:, None] + x[None, :]) * (1 + np.eye(n))
    assert np.allclose(result.noise, expected, rtol=0.02, atol=0.02)
    assert np.allclose(result.laguerre, m, rtol=0.01)


@pytest.mark.parametrize("harmonic", ["formula", "released"])
def test_repulsion_of_the_spacing_is_the_printed_sum(harmonic):
    """(B.7) written out with the paper's indices; the released code has one of them off by one."""
    v, n = noise_matrix(), 16
    shift = 1 if harmonic == "formula" else 0
    total = sum((v[n - 1, n - k - 1] + v[0, k + shift - 1]) / k for k in range(1, n - 1))
    expected = 2 * v[n - 1, 0] / (n - 1) ** 2 + total / (n - 1)
    assert spacing_repulsion(v, harmonic=harmonic) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [2, 3, 16])
def test_equal_spacings_turn_the_coulomb_sums_into_v_s(n):
    """E9: for x_j = x_1 + (j - 1) S both sides of (B.6) are the same to rounding."""
    v, spacing = noise_matrix(n), 0.37
    x = 1.3 + spacing * np.arange(n)
    force = coulomb(x, v)
    assert (force[-1] - force[0]) / (n - 1) == pytest.approx(spacing_repulsion(v) / spacing, rel=1e-12)


def test_coulomb_forces_cancel_in_the_trace():
    x = np.sort(np.random.default_rng(0).random((5, 16)), axis=-1)
    assert np.allclose(coulomb(x, noise_matrix()).sum(axis=-1), 0, atol=1e-9)


def test_spacing_drift_reads_the_same_levels_in_three_ways():
    drift = np.array([[0.5, -1.0, 2.0, -3.0]])
    assert spacing_drift(drift)[0] == pytest.approx((-3.0 - 0.5) / 3)
    assert spacing_drift(drift, reading="absolute_difference")[0] == pytest.approx((0.5 - 3.0) / 3)
    assert spacing_drift(drift, reading="largest_spread")[0] == pytest.approx(-5.0 / 3)


def test_diffusion_of_the_spacing():
    v = noise_matrix()
    assert spacing_diffusion(v) == pytest.approx((v[0, 0] + v[15, 15]) / (2 * 15**2))


def test_noise_of_rotated_samples_is_never_negative_and_that_of_a_rotated_table_is(ensemble):
    delta, phi = ensemble_gradients(ensemble, ensemble.weights)
    samples = coefficients(ensemble.weights, delta, phi)
    table = coefficients(ensemble.weights, delta, phi, variance="rotated_table")
    assert samples.noise.min() >= 0
    assert spacing_repulsion(samples.noise).min() > 0
    assert (table.noise.min(axis=(-2, -1)) < 0).all()


def test_rotated_table_depends_on_signs_that_mean_nothing(ensemble):
    """tanh is odd: a unit with all its weights mirrored is the same unit. V_ij knows, U^T Var U does not."""
    delta, phi = ensemble_gradients(ensemble, ensemble.weights)
    mirror = np.where(np.arange(16) % 2, 1.0, -1.0)
    mirrored = ensemble.weights * mirror[:, None]
    samples, samples_mirrored = (
        coefficients(w, d, phi) for w, d in ((ensemble.weights, delta), (mirrored, delta * mirror))
    )
    table, table_mirrored = (
        coefficients(w, d, phi, variance="rotated_table")
        for w, d in ((ensemble.weights, delta), (mirrored, delta * mirror))
    )
    assert np.allclose(samples.eigenvalues, samples_mirrored.eigenvalues)
    assert np.allclose(samples.noise, samples_mirrored.noise, rtol=1e-6, atol=1e-12)
    assert not np.allclose(table.noise, table_mirrored.noise, rtol=0.5)


def test_diagonal_covariance_has_the_noise_on_its_diagonal(ensemble):
    delta, phi = ensemble_gradients(ensemble, ensemble.weights)
    covariance = diagonal_covariance(ensemble.weights, delta, phi)
    noise = coefficients(ensemble.weights, delta, phi).noise
    assert np.allclose(np.diagonal(covariance, axis1=-2, axis2=-1), np.einsum("...ii->...i", noise))


def test_teacher_is_a_fixed_point_without_noise(ensemble):
    """No label noise: at the teacher every sample's gradient is zero, so K, V and L are."""
    at_teacher = ensemble_coefficients(ensemble, ensemble.teacher[1])
    for values in (at_teacher.drift, at_teacher.noise, at_teacher.laguerre):
        assert np.abs(values).max() < 1e-25


def test_diverged_network_gives_nan_and_leaves_the_others_alone(ensemble):
    weights = ensemble.weights.copy()
    weights[1, 0, 0] = np.inf
    delta, phi = ensemble_gradients(ensemble, ensemble.weights)
    broken, whole = coefficients(weights, delta, phi), coefficients(ensemble.weights, delta, phi)
    assert np.isnan(broken.noise[1]).all()
    assert np.array_equal(broken.noise[[0, 2]], whole.noise[[0, 2]])
    assert isinstance(broken, Coefficients)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"basis": "Y"}, "basis must be one of X, K"), ({"variance": "none"}, "variance must be one of")],
)
def test_unknown_options_are_named(ensemble, change, message):
    with pytest.raises(ValueError, match=message):
        ensemble_coefficients(ensemble, ensemble.weights, **change)


def test_shapes_that_do_not_fit_are_named(ensemble):
    delta, phi = ensemble_gradients(ensemble, ensemble.weights)
    with pytest.raises(ValueError, match="do not fit"):
        coefficients(ensemble.weights, phi, delta)
