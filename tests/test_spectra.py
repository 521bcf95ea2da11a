"""Eigenvalues of X against the laws of random matrices."""

from functools import partial

import numpy as np
import pytest
from scipy import integrate, stats

from phasebook.network import sample_ensemble
from phasebook.spectra import (
    eigenvalues,
    level_spacing,
    marchenko_pastur,
    marchenko_pastur_cdf,
    marchenko_pastur_edges,
)


def test_eigenvalues_are_squared_singular_values():
    weights = np.random.default_rng(0).normal(size=(5, 4, 16, 32))
    singular = np.linalg.svd(weights, compute_uv=False)[..., ::-1]
    np.testing.assert_allclose(eigenvalues(weights), singular**2, rtol=1e-10)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_eigenvalues_of_extreme_weights(scale):
    """Single precision reaches 1e38, whose square no double would mind; 1e-30 must not lose its digits."""
    weights = np.random.default_rng(0).normal(size=(2, 16, 32))
    np.testing.assert_allclose(eigenvalues(weights * scale), eigenvalues(weights) * scale**2, rtol=1e-9)


def test_eigenvalues_of_a_diverged_network():
    weights = np.ones((2, 4, 8))
    weights[1, 0, 0] = np.inf
    x = eigenvalues(weights)
    assert np.isfinite(x[0]).all()
    assert np.isnan(x[1]).all()


def test_initial_spectrum_is_marchenko_pastur():
    """E5: Kolmogorov-Smirnov distance of pooled spectra of larger matrices to the law of infinite ones."""
    ensemble = sample_ensemble(n_models=60, inv_sigma_w=0.5, seed=0, widths=(3, 320, 160, 1), n_samples=1)
    x = eigenvalues(ensemble.weights).ravel()
    distance = stats.kstest(x, partial(marchenko_pastur_cdf, sigma_w=2.0, aspect=0.5)).statistic
    assert distance < 0.01


def test_trace_at_initialisation_is_exact():
    """E5: E[Tr X] = n_2 sigma_W^2 for any width: no large-matrix limit involved."""
    trace = eigenvalues(sample_ensemble(n_models=3000, inv_sigma_w=0.5, seed=0, n_samples=1).weights).sum(-1)
    assert abs(trace.mean() - 16 * 2.0**2) < 4 * trace.std() / np.sqrt(len(trace))


def test_width_of_the_initial_spectrum():
    """E5: mean width 2.460 sigma_W^2 (sd 0.275) for 16 x 32, below the Marchenko-Pastur 2.83 in 91 %."""
    x = eigenvalues(sample_ensemble(n_models=3000, inv_sigma_w=1.0, seed=1, n_samples=1).weights)
    width = 15 * level_spacing(x)
    error = width.std() / np.sqrt(len(width))
    assert abs(width.mean() - 2.460) < 4 * error
    lower, upper = marchenko_pastur_edges(sigma_w=1.0, aspect=0.5)
    assert abs(np.mean(width < upper - lower) - 0.906) < 4 * np.sqrt(0.09 / len(width))


def test_edges_of_the_text():
    """Section 4: x_+ = 0.046 for 1/sigma_W = 8 and 1.9e5 for 2^-8."""
    assert marchenko_pastur_edges(sigma_w=1 / 8, aspect=0.5)[1] == pytest.approx(0.046, abs=5e-4)
    assert marchenko_pastur_edges(sigma_w=2.0**8, aspect=0.5)[1] == pytest.approx(1.9e5, rel=0.01)


@pytest.mark.parametrize("aspect", [0.1, 0.5, 1.0])
def test_marchenko_pastur_is_a_density(aspect):
    """Its integral is 1, its mean sigma_W^2, its second moment sigma_W^4 (1 + r), by adaptive quadrature."""
    law = partial(marchenko_pastur, sigma_w=1.5, aspect=aspect)
    edges = marchenko_pastur_edges(sigma_w=1.5, aspect=aspect)
    moments = [integrate.quad(lambda x, n=n: x**n * law(x), *edges, limit=400)[0] for n in range(3)]
    np.testing.assert_allclose(moments, [1, 1.5**2, 1.5**4 * (1 + aspect)], rtol=1e-5)
    middle = sum(edges) / 2
    part = integrate.quad(law, edges[0], middle, limit=400)[0]
    assert marchenko_pastur_cdf(np.array(middle), sigma_w=1.5, aspect=aspect) == pytest.approx(part, abs=1e-5)


@pytest.mark.parametrize("bad", [{"sigma_w": 0.0}, {"sigma_w": np.inf}, {"aspect": 0.0}, {"aspect": 1.5}])
def test_bad_arguments(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        marchenko_pastur_edges(**{"sigma_w": 1.0, "aspect": 0.5, **bad})
