"""The Gaussian RBM against linear algebra, integration of its equation, and long runs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from phasebook.systems.gaussian_rbm import (
    GaussianRBM,
    aligned_start,
    learning_curve,
    learning_time,
    mean_shift,
    relaxation_rate,
    stationary_width,
    width_correction,
)

MODEL = GaussianRBM()
SOME = GaussianRBM(sites=7, mass=1.0, mu=2.5, sigma_h=0.6)


def noise_free(weights: np.ndarray, model: GaussianRBM, *, learning_rate: float, updates: int) -> np.ndarray:
    """Gradient ascent with the exact C of the model: |B| without limit."""
    target, identity = np.linalg.inv(model.kinetic), np.eye(model.sites)
    for _ in range(updates):
        square = np.linalg.solve(model.precision(weights), identity)
        weights = weights + learning_rate * model.sigma_h**2 * weights @ (target - square)
    return weights


@pytest.mark.parametrize("model", [MODEL, SOME, GaussianRBM(sites=3)])
def test_modes_diagonalise_the_field(model):
    assert np.allclose(model.modes.T @ model.modes, np.eye(model.sites), atol=1e-14)
    assert np.allclose(model.kinetic @ model.modes, model.modes * model.kappa, atol=1e-13)
    assert np.allclose(np.linalg.eigvalsh(model.kinetic), model.kappa)


def test_momenta_come_in_pairs():
    """Ten sites: eight targets in four pairs, the ends of the band alone; numbers of the set-up."""
    assert MODEL.multiplets == ((0,), (1, 2), (3, 4), (5, 6), (7, 8), (9,))
    assert np.allclose(MODEL.kappa, [4, 4.382, 4.382, 5.382, 5.382, 6.618, 6.618, 7.618, 7.618, 8], atol=5e-4)
    assert len(SOME.pairs) == 3


@pytest.mark.parametrize("model", [MODEL, SOME])
def test_marginal_and_conditionals_are_those_of_the_energy(model):
    """E is a quadratic form of (v, h); marginal and conditionals by blocks of that form's inverse."""
    rng = np.random.default_rng(0)
    n, w = model.sites, 0.4 * rng.standard_normal((model.sites, model.sites))
    form = np.block([[model.mu**2 * np.eye(n), -w.T], [-w, np.eye(n) / model.sigma_h**2]])
    v, h = rng.standard_normal((2, 5, n))
    both = np.concatenate([v, h], axis=1)
    assert np.allclose(model.energy(v, h, w), np.einsum("ai,ij,aj->a", both, form, both) / 2)
    covariance = np.linalg.inv(form)
    assert np.allclose(np.linalg.inv(covariance[:n, :n]), model.precision(w))
    mean, variance = model.hidden_given_visible(v, w)
    assert np.allclose(mean, v @ (covariance[n:, :n] @ np.linalg.inv(covariance[:n, :n])).T)
    assert variance == pytest.approx(model.sigma_h**2)
    mean, variance = model.visible_given_hidden(h, w)
    assert np.allclose(mean, h @ (covariance[:n, n:] @ np.linalg.inv(covariance[n:, n:])).T)
    assert variance == pytest.approx(model.mu**-2)


def test_update_climbs_the_likelihood():
    """sigma_h^2 W (C_data - K^-1) is the gradient of (log det K - tr K C_data) / 2, by finite differences."""
    rng = np.random.default_rng(1)
    w, turn = 0.3 * rng.standard_normal((2, SOME.sites, SOME.sites))
    data = np.linalg.inv(SOME.kinetic)

    def likelihood(weights: np.ndarray) -> float:
        k = SOME.precision(weights)
        return float(np.linalg.slogdet(k)[1] - np.trace(k @ data)) / 2

    slope = (likelihood(w + 1e-5 * turn) - likelihood(w - 1e-5 * turn)) / 2e-5
    update = (noise_free(w, SOME, learning_rate=1.0, updates=1) - w).ravel()
    assert slope == pytest.approx(update @ turn.ravel(), rel=1e-7)


@pytest.mark.parametrize("model", [MODEL, SOME])
def test_implicit_solution_against_the_differential_equation(model):
    s2, kappa = model.sigma_h**2, model.kappa
    tau = np.array([0.5, 5.0, 40.0, 200.0])
    start = 0.02 * model.targets
    found = solve_ivp(
        lambda t, x: 2 * s2 * x * (1 / kappa - 1 / (model.mu**2 - s2 * x)), (0, 200), start, t_eval=tau,
        method="DOP853", rtol=1e-11, atol=1e-13,
    ).y  # fmt: skip
    curve = learning_curve(tau[:, None], start=start, kappa=kappa, model=model)
    assert np.allclose(curve, found.T, rtol=1e-6)
    early = curve[:2]
    assert np.allclose(learning_time(early, start=start, kappa=kappa, model=model), tau[:2, None], rtol=1e-9)


def test_gradient_ascent_without_noise_follows_it():
    """Aligned start, exact C: the difference falls with the learning rate and is small at 0.01."""
    start = 0.05 * MODEL.targets
    expected = learning_curve(np.array(20.0), start=start, kappa=MODEL.kappa, model=MODEL)

    def error(learning_rate: float) -> float:
        w = noise_free(
            MODEL.weights_at(start), MODEL, learning_rate=learning_rate, updates=round(20 / learning_rate)
        )
        x = np.linalg.eigvalsh(w.T @ w)[::-1]
        return float(np.abs(x / expected - 1).max())

    assert error(0.01) < 2e-3
    assert error(0.01) / error(0.02) == pytest.approx(0.5, rel=0.1)


def test_small_random_weights_start_where_the_decomposition_says():
    """Three sites: the single level, and the product of the pair, while they grow; one random W."""
    model = GaussianRBM(sites=3, mass=1.0, mu=2.2)
    w = 1e-5 * np.random.default_rng(4).standard_normal((3, 3))
    later = noise_free(w, model, learning_rate=0.02, updates=900)
    x = np.linalg.eigvalsh(later.T @ later)[::-1]
    start = aligned_start(w, model)
    curve = learning_curve(np.array(18.0), start=start, kappa=model.kappa, model=model)
    assert x[0] == pytest.approx(curve[0], rel=0.02)
    assert x[1] * x[2] == pytest.approx(curve[1] * curve[2], rel=0.05)


def test_width_is_that_of_a_discrete_ornstein_uhlenbeck_process():
    """Var = q / (1 - (1 - gamma)^2) with kicks of variance q = (2 alpha s^2 x*)^2 Var C_aa."""
    alpha, batch = 0.1, 16
    gamma = relaxation_rate(SOME, learning_rate=alpha)
    kick = (2 * alpha * SOME.sigma_h**2 * SOME.targets) ** 2 * 2 / (batch * SOME.kappa**2)
    width2 = stationary_width(SOME.targets, learning_rate=alpha, batch_size=batch) ** 2
    correction = width_correction(SOME, learning_rate=alpha, sweeps=None)
    assert np.allclose(width2 * correction, kick / (1 - (1 - gamma) ** 2), rtol=1e-12)
    memory = width_correction(SOME, learning_rate=alpha, sweeps=3) / correction
    assert np.all(memory > 1)
    assert np.all(width_correction(SOME, learning_rate=alpha, sweeps=50) / correction < 1 + 1e-6)


def test_shift_scales_with_noise_and_units():
    """Proportional to alpha/|B|; x sigma_h^2 depends on alpha sigma_h^2 alone."""
    one = mean_shift(MODEL, learning_rate=0.1, batch_size=16)
    assert np.allclose(mean_shift(MODEL, learning_rate=0.05, batch_size=32), one / 4)
    other = GaussianRBM(sigma_h=2.0)
    assert np.allclose(mean_shift(other, learning_rate=0.1 / 4, batch_size=16), one / 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sites": 2}, "sites must be at least 3, got 2"),
        ({"mass": -1.0}, "mass and sigma_h must be positive"),
        ({"mu": 2.5}, "mu\\^2 must exceed the largest eigenvalue 8 of the field, got 6.25"),
    ],
)
def test_bad_machines_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        GaussianRBM(**arguments)
