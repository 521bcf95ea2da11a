"""The integrators against exact laws (two particles, the Wishart process) and single updates of SGD."""

from __future__ import annotations

import numpy as np
import pytest

from phasebook.dyson import (
    coefficients,
    coulomb,
    ensemble_gradients,
    second_order_drift,
    spacing_diffusion,
    spacing_drift,
    spacing_repulsion,
)
from phasebook.network import Array, sample_ensemble
from phasebook.sgd import train
from phasebook.spectra import level_spacing
from phasebook.theory.dyson_dynamics import integrate_levels, integrate_spacing, separate
from phasebook.theory.dyson_sgd import coefficients_along, one_step, theory_along

RATE, STRENGTH, TEMPERATURE = 1.0, 1.0, 0.3
PAIR = STRENGTH * np.array([[2.0, 1.0], [1.0, 2.0]])
SIGMA = np.sqrt(TEMPERATURE * STRENGTH / RATE)
"""Two levels, K_i = -RATE x_i, V_11 = V_22 = 2 V_12: P = |x_1 - x_2| exp(-(x_1^2 + x_2^2) / 2 SIGMA^2)."""


def stationary_spacings(paths: Array) -> Array:
    """Every path twice, late and a few relaxation times later still, so that the draws are independent."""
    return paths[:, [-31, -1]].ravel()


def assert_wigner(spacing: Array) -> None:
    """Mean sqrt(pi) SIGMA and <S^2>/<S>^2 = 4/pi, within five standard errors of the sample."""
    error = spacing.std() / np.sqrt(spacing.size)
    assert abs(spacing.mean() - np.sqrt(np.pi) * SIGMA) < 5 * error + 0.01 * SIGMA
    ratio = (spacing**2).mean() / spacing.mean() ** 2
    assert abs(ratio - 4 / np.pi) < 0.03


def test_two_levels_reach_their_exact_stationary_law():
    """E10: spacing after Wigner's surmise, density of variance 3/2 SIGMA^2."""
    path = integrate_levels(
        np.tile([-0.5, 0.5], (2000, 1)), lambda t, x: (-RATE * x, PAIR),
        temperature=TEMPERATURE, times=np.linspace(0, 8, 81), substeps=2,
    )  # fmt: skip
    assert_wigner(stationary_spacings(path[..., 1] - path[..., 0]))
    assert path[:, -1].var() / SIGMA**2 == pytest.approx(1.5, rel=0.08)


def test_one_particle_equation_of_two_levels_has_the_same_law():
    """For N = 2 equal spacing is no assumption: (4.8) with (B.7), (B.9) is exact."""
    v_s, d_s = spacing_repulsion(PAIR), spacing_diffusion(PAIR)
    path = integrate_spacing(
        np.ones(2000), lambda t, s: (spacing_drift(np.stack([0 * s, -RATE * s], axis=-1)), v_s, d_s),
        temperature=TEMPERATURE, times=np.linspace(0, 8, 81), substeps=2,
    )  # fmt: skip
    assert_wigner(stationary_spacings(path))


def wishart_forces(n1: int, v: float, temperature: float, *, laguerre: bool):
    def forces(t: float, x: Array) -> tuple[Array, Array]:
        noise = v * (x[..., :, None] + x[..., None, :]) * (1 + np.eye(x.shape[-1]))
        return np.full_like(x, temperature * n1 * v * laguerre), np.maximum(noise, 0.0)

    return forces


@pytest.mark.parametrize("laguerre", [True, False])
def test_wishart_process_grows_at_the_exact_rate(laguerre):
    """E8: dE[Tr X]/dt = n_1 n_2 T v with the drift that (4.3) leaves out, and zero without it."""
    n1, n2, v, temperature = 32, 16, 1 / 32, 0.2
    w = np.random.default_rng(0).standard_normal((400, n2, n1)) / np.sqrt(n1)
    start = np.linalg.eigvalsh(w @ w.swapaxes(-1, -2))
    path = integrate_levels(
        start, wishart_forces(n1, v, temperature, laguerre=laguerre),
        temperature=temperature, times=np.linspace(0, 0.5, 6), substeps=5,
    )  # fmt: skip
    growth = (path[:, -1] - path[:, 0]).sum(axis=-1)
    error = growth.std() / np.sqrt(len(growth))
    assert abs(growth.mean() - laguerre * n1 * n2 * temperature * v * 0.5) < 4 * error


def test_every_level_of_the_wishart_process_moves_as_in_the_matrix():
    """Mean of each of 16 eigenvalues of W + noise, drawn directly, against the integrated equation."""
    n1, n2, v, temperature, time = 32, 16, 1 / 32, 1.0, 0.5
    rng = np.random.default_rng(0)
    w = rng.standard_normal((400, n2, n1)) / np.sqrt(n1)
    later = w + np.sqrt(temperature * v * time) * rng.standard_normal(w.shape)
    start, exact = (np.linalg.eigvalsh(m @ m.swapaxes(-1, -2)) for m in (w, later))
    path = integrate_levels(
        start, wishart_forces(n1, v, temperature, laguerre=True),
        temperature=temperature, times=np.linspace(0, time, 6), substeps=12,
    )  # fmt: skip
    error = np.hypot((exact - start).std(axis=0), (path[:, -1] - start).std(axis=0)) / np.sqrt(400)
    assert np.all(
        np.abs(path[:, -1].mean(axis=0) - exact.mean(axis=0)) < 4.5 * error + 0.01 * exact.mean(axis=0)
    )


def test_levels_never_cross_however_large_the_step():
    path = integrate_levels(
        np.tile(np.arange(5.0), (50, 1)), lambda t, x: (-x, 100 * (1 + np.eye(5))),
        temperature=1.0, times=np.linspace(0, 10, 11),
    )  # fmt: skip
    assert np.diff(path, axis=-1).min() > 0


def test_implicit_step_solves_its_equation():
    rng = np.random.default_rng(0)
    y, half = rng.standard_normal((20, 16)), rng.random((20, 16, 16))
    strength = half + half.swapaxes(-1, -2)
    x = separate(y, strength, guess=np.tile(np.arange(16.0), (20, 1)))
    assert np.diff(x, axis=-1).min() > 0
    assert np.allclose(x, y + coulomb(x, strength), atol=1e-8)


def test_two_levels_in_the_implicit_step_by_hand():
    """The gap g solves g = y + 2 c / g."""
    x = separate(np.array([[1.0, -1.0]]), np.full((1, 2, 2), 0.5), guess=np.array([[0.0, 1.0]]))
    assert x[0, 1] - x[0, 0] == pytest.approx((-2 + np.sqrt(4 + 4)) / 2, rel=1e-9)


def test_without_noise_the_levels_follow_their_drift():
    path = integrate_levels(
        np.array([[1.0, 2.0]]), lambda t, x: (-x, np.zeros((2, 2))),
        temperature=1.0, times=np.linspace(0, 1, 11), substeps=100,
    )  # fmt: skip
    assert np.allclose(path[0, -1], np.array([1.0, 2.0]) * np.exp(-1), rtol=1e-2)


@pytest.mark.parametrize(
    ("start", "times", "noise", "message"),
    [
        ([[1.0, 1.0]], [0, 1], 1.0, "distinct and ascending"),
        ([[0.0, 1.0]], [0, 0], 1.0, "times must be"),
        ([[0.0, 1.0]], [0, 1], -1.0, "must not be negative"),
    ],
)
def test_bad_arguments_are_named(start, times, noise, message):
    with pytest.raises(ValueError, match=message):
        integrate_levels(
            np.array(start), lambda t, x: (0 * x, np.full((2, 2), noise)), temperature=1.0, times=times
        )


def test_bad_spacings_are_named():
    with pytest.raises(ValueError, match="positive"):
        integrate_spacing(np.zeros(2), lambda t, s: (s, s, s), temperature=1.0, times=[0, 1])
    with pytest.raises(ValueError, match="negative"):
        integrate_spacing(np.ones(2), lambda t, s: (s, -s, s), temperature=1.0, times=[0, 1])


@pytest.mark.parametrize("learning_rate", [1e-4])
def test_single_updates_have_the_mean_and_variance_of_the_completed_equation(learning_rate):
    """Monte Carlo over batches: V_ii, and Coulomb + Laguerre + second order; the Coulomb term alone fails."""
    ensemble = sample_ensemble(n_models=1, inv_sigma_w=1.0, n_samples=500, seed=2)
    delta, phi = (a[0] for a in ensemble_gradients(ensemble, ensemble.weights, data="training"))
    w, temperature = ensemble.weights[0], learning_rate / 4
    values = coefficients(w, delta, phi)
    measured = one_step(w, delta, phi, learning_rate=learning_rate, repeats=6000)
    rest = (measured.change - measured.first_order) / learning_rate
    error = rest.std(axis=0) / np.sqrt(len(rest))
    repulsion = temperature * coulomb(values.eigenvalues, values.noise)
    complete = repulsion + temperature * values.laguerre + learning_rate * second_order_drift(values)
    assert np.all(np.abs(rest.mean(axis=0) - complete) < 5 * error)
    assert np.sum(np.abs(rest.mean(axis=0) - repulsion) > 5 * error) >= 8
    first = measured.first_order.mean(axis=0) / learning_rate
    first_error = measured.first_order.std(axis=0) / learning_rate / np.sqrt(len(rest))
    assert np.all(np.abs(first - values.drift) < 5 * first_error)
    variance = measured.change.var(axis=0) / (temperature * learning_rate)
    assert np.allclose(variance, np.diagonal(values.noise), rtol=0.15)


def test_theory_with_coefficients_of_a_cold_run_follows_it():
    """At T far below the paper's the equations must reproduce SGD's mean spacing."""
    temperature = 2.0**-10
    ensemble = sample_ensemble(n_models=6, inv_sigma_w=2.0, temperature=temperature, n_samples=200)
    steps = np.arange(0, 401, 8)
    run = train(
        ensemble, learning_rate=4 * temperature, record_steps=steps.tolist(), order="with_replacement",
        precision="float64",
    )  # fmt: skip
    path = coefficients_along(ensemble, run)
    theory = theory_along(path, steps, learning_rate=4 * temperature)
    measured = level_spacing(path.eigenvalues)[:, -1].mean()
    growth = measured - level_spacing(path.eigenvalues)[:, 0].mean()
    assert path.noise.shape == (6, len(steps), 16, 16)
    for spacing in (level_spacing(theory.printed), level_spacing(theory.complete), theory.spacing):
        assert spacing.shape == (24, len(steps))
        assert abs(spacing[:, -1].mean() - measured) < 0.15 * abs(growth) + 0.002 * measured


def test_one_step_arguments_are_named():
    with pytest.raises(ValueError, match="at least 1"):
        one_step(np.eye(2), np.ones((3, 2)), np.ones((3, 2)), learning_rate=1.0, repeats=0)
