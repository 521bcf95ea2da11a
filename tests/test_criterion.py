"""The formulas of Section 4.2: force balance, its exact flow, the bound (4.14), the vertical line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.stats import binom, chi

from phasebook.network import sample_ensemble
from phasebook.spectra import eigenvalues, level_spacing
from phasebook.theory.criterion import (
    converges,
    critical_inv_sigma_w,
    mean_square_input,
    spacing_bound,
    spacing_flow,
    stationary_spacing,
    wilson_interval,
)

positive = st.floats(1e-3, 1e3)


@given(positive, positive, positive, positive)
def test_converging_means_lying_above_the_stationary_spacing(strength, repulsion, temperature, spacing):
    """T / S <= -K_S / V_S is S >= S*, for K_S < 0 < V_S."""
    end = float(stationary_spacing(np.array(-strength), np.array(repulsion), temperature=temperature))
    if abs(spacing / end - 1) > 1e-12:
        decided = converges(
            np.array(-strength), np.array(repulsion), temperature=temperature, spacing=spacing
        )
        assert decided == (spacing > end)


def test_convergence_without_a_number_is_no_convergence():
    assert not converges(np.array(np.nan), np.array(1.0), temperature=1.0, spacing=1.0)


@pytest.mark.parametrize("initial", [1e-3, 0.3, 0.99, 1.01, 2.0, 500.0])
def test_flow_of_the_spacing_solves_the_equation(initial):
    """Against a high-order integrator, from far below and far above the stationary spacing."""
    drift, repulsion, temperature = -0.7, 1.3, 0.5
    times = np.linspace(0, 5, 11)
    stepped = solve_ivp(
        lambda _, s: drift + repulsion * temperature / s, (0, 5), [initial],
        t_eval=times, rtol=1e-10, atol=1e-12, method="DOP853",
    ).y[0]  # fmt: skip
    exact = spacing_flow(times, drift=drift, repulsion=repulsion, temperature=temperature, initial=initial)
    np.testing.assert_allclose(exact, stepped, rtol=1e-6)


def test_flow_needs_a_stationary_spacing():
    with pytest.raises(ValueError, match="K_S < 0 < V_S"):
        spacing_flow(np.ones(1), drift=1.0, repulsion=1.0, temperature=1.0, initial=1.0)


def test_bound_is_that_of_the_paper_and_is_approached_by_large_matrices():
    """4 sigma_W^2 sqrt(r) / (n_2 - 1); at ten times the widths the mean of S(0) is within 4 % of it."""
    assert float(spacing_bound(0.5)) == pytest.approx(4 * 0.25 * np.sqrt(0.5) / 15)
    widths = (3, 320, 160, 1)
    large = sample_ensemble(n_models=40, inv_sigma_w=2.0, widths=widths, n_samples=4)
    spacing = level_spacing(eigenvalues(large.weights))
    assert spacing.mean() == pytest.approx(float(spacing_bound(0.5, widths=widths)), rel=0.04)


def test_vertical_line_of_the_paper_and_with_the_measured_variance():
    """sigma_z^2 = 1/2; q against quadrature: M x is normal with variance |x|^2 / 3, |x| follows chi_3."""

    def given_radius(radius: float) -> float:
        width = radius / np.sqrt(3)
        return quad(lambda g: np.tanh(width * g) ** 2 * np.exp(-(g**2) / 2) / np.sqrt(2 * np.pi), -9, 9)[0]

    q = quad(lambda radius: chi.pdf(radius, 3) * given_radius(radius), 0, 12)[0]
    measured = mean_square_input(sample_ensemble(n_models=1000, inv_sigma_w=1.0, n_samples=4))
    assert abs(measured.mean() - q) < 4 * measured.std() / np.sqrt(len(measured))
    assert float(critical_inv_sigma_w()) == pytest.approx(np.sqrt(2))
    assert float(critical_inv_sigma_w(q)) == pytest.approx(0.83, abs=0.005)


@pytest.mark.parametrize("trials", [20, 100])
@pytest.mark.parametrize("fraction", [0.3, 0.68, 0.95])
def test_wilson_interval_covers_as_often_as_it_says(trials, fraction):
    """Exact coverage: the binomial probabilities of all counts whose interval contains the true fraction."""
    counts = np.arange(trials + 1)
    lower, upper = wilson_interval(counts, np.full(trials + 1, trials), confidence=0.95)
    covered = (lower <= fraction) & (fraction <= upper)
    assert binom.pmf(counts[covered], trials, fraction).sum() == pytest.approx(0.95, abs=0.035)


def test_wilson_interval_at_the_ends():
    """It keeps its width where all or none succeed, and knows nothing without trials."""
    lower, upper = wilson_interval(np.array([0, 100]), np.array([100, 100]), confidence=0.95)
    np.testing.assert_allclose([lower[0], upper[1]], [0.0, 1.0])
    np.testing.assert_allclose([upper[0], 1 - lower[1]], 0.037, atol=0.0005)
    assert tuple(float(end) for end in wilson_interval(0, 0)) == (0.0, 1.0)
    with pytest.raises(ValueError, match="successes"):
        wilson_interval(3, 2)
    with pytest.raises(ValueError, match="confidence"):
        wilson_interval(1, 2, confidence=1.0)
