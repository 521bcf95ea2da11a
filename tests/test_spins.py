"""Features as soft spins: density (2.21), potential, peaks, moments (2.13)-(2.18), the test for two peaks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from phasebook.network import forward, sample_ensemble
from phasebook.theory.bimodality import bin_shares, contrast, count_peaks, feature_counts
from phasebook.theory.spins import (
    conditional_variance,
    feature_density,
    local_maxima,
    mixture_density,
    peaks,
    potential,
    potential_coefficients,
    preactivations,
    second_moment,
)

VARIANCES = [0.05, 0.3, 0.5, 0.7, 1.0, 3.0]


@pytest.mark.parametrize("variance", VARIANCES)
def test_density_integrates_to_one(variance):
    """E6: with the normalisation 1 / (sqrt(2 pi) sigma_z), by quadrature in phi."""
    total, _ = integrate.quad(lambda phi: feature_density(phi, variance=variance), -1, 1, limit=200)
    assert total == pytest.approx(1.0, abs=1e-7)


def test_density_is_that_of_tanh_of_a_normal():
    """Kolmogorov-Smirnov: the integral of the density against a million draws of tanh(z)."""
    drawn = np.tanh(np.sqrt(0.7) * np.random.default_rng(0).normal(size=1_000_000))
    phi = np.linspace(-0.99999, 0.99999, 20001)
    integral = integrate.cumulative_trapezoid(feature_density(phi, variance=0.7), phi, initial=0.0)
    assert stats.kstest(drawn, lambda x: np.interp(x, phi, integral)).statistic < 1.95 / 1000


@given(st.floats(0.01, 50.0))
def test_peak_solves_the_equation_of_the_text(variance):
    """phi = tanh(2 sigma_z^2 phi), and the derivative of the potential vanishes there."""
    peak = float(peaks(variance))
    assert peak == pytest.approx(np.tanh(2 * variance * peak), abs=1e-12)
    assert (peak > 0) == (variance > 0.5) or abs(variance - 0.5) < 1e-9


@pytest.mark.parametrize("variance", VARIANCES)
def test_peak_is_the_maximum_of_the_density(variance):
    phi = np.linspace(0, 0.99999, 100_000)
    highest = phi[np.argmax(feature_density(phi, variance=variance))]
    assert float(peaks(variance)) == pytest.approx(highest, abs=2e-5)


def test_bifurcation_is_a_pitchfork_at_one_half():
    """Peaks grow as sqrt(3 (2 sigma_z^2 - 1)): from phi = tanh(s phi), s - 1 = phi^2 / 3 to lowest order."""
    excess = np.array([1e-8, 1e-6, 1e-4])
    np.testing.assert_allclose(peaks(0.5 * (1 + excess)), np.sqrt(3 * excess), rtol=1e-3)
    assert np.all(peaks(np.array([0.01, 0.4, 0.5])) == 0)


@pytest.mark.parametrize("variance", VARIANCES)
def test_expansion_of_the_potential(variance):
    """(2.22): the remainder is of sixth order, 64 times smaller at half the distance."""
    quadratic, quartic = potential_coefficients(variance)
    remainder = [
        float(potential(phi, variance=variance) - quadratic * phi**2 - quartic * phi**4)
        for phi in (0.1, 0.05)
    ]
    assert remainder[0] / remainder[1] == pytest.approx(64, rel=0.05)


def test_preactivations_are_those_of_the_network():
    ensemble = sample_ensemble(n_models=3, inv_sigma_w=0.5, seed=0, n_samples=40)
    z = preactivations(ensemble.student, ensemble.inputs)
    values = forward(ensemble.student, ensemble.inputs)
    for ours, theirs in zip([*map(np.tanh, z[:-1]), z[-1]], values, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-14)


@pytest.mark.parametrize("layer", ["first", "second"])
def test_second_moments_over_weights(layer):
    """(2.13), (2.14): a hundred thousand draws of a layer at fixed activity, all entries within 5 sigma."""
    rng = np.random.default_rng(1)
    activity = rng.normal(size=(3, 4)) if layer == "first" else np.tanh(rng.normal(size=(3, 8)))
    sigma_w, n = 1.7, activity.shape[1]
    weights = rng.normal(scale=sigma_w / np.sqrt(n), size=(100_000, 2, n))
    z = weights @ activity.T
    products = np.einsum("dia,djb->dijab", z, z)
    expected = np.eye(2)[:, :, None, None] * second_moment(activity, sigma_w=sigma_w)
    error = products.std(axis=0) / np.sqrt(len(z))
    assert np.all(np.abs(products.mean(axis=0) - expected) < 5 * error)
    assert np.all(np.abs(z.mean(axis=0)) < 5 * z.std(axis=0) / np.sqrt(len(z)))


@given(st.integers(0, 1000), st.floats(0.01, 100.0))
def test_second_moments_are_bounded(seed, sigma_w):
    """(2.18): no moment beyond sigma_W^2, whatever the network below."""
    activity = np.tanh(np.random.default_rng(seed).normal(scale=3, size=(5, 7)))
    assert np.abs(second_moment(activity, sigma_w=sigma_w)).max() <= sigma_w**2 * (1 + 1e-12)
    diagonal = np.diagonal(second_moment(activity, sigma_w=sigma_w))
    np.testing.assert_allclose(conditional_variance(activity, sigma_w=sigma_w), diagonal)


def test_variance_of_the_networks_preactivation():
    """E tanh^2 = 0.3455(10) over networks and data, so sigma_z^2 = 1/2 at 1/sigma_W = 0.83, not sqrt(2)."""
    ensemble = sample_ensemble(n_models=1000, inv_sigma_w=1.0, seed=3, n_samples=1)
    hidden = forward(ensemble.student, ensemble.test_inputs)[0]
    each = conditional_variance(hidden, sigma_w=1.0).mean(axis=1)
    error = each.std() / np.sqrt(len(each))
    assert abs(each.mean() - 0.3455) < 5 * np.hypot(error, 0.001)
    assert np.sqrt(2 * each.mean()) == pytest.approx(0.83, abs=0.005)


def test_mixture_describes_real_features():
    """Shares of bins of |phi|: within 5 sigma of the mixture, hundreds of sigma from any normal z."""
    ensemble = sample_ensemble(n_models=1000, inv_sigma_w=1.0, seed=4, n_samples=1)
    variances = conditional_variance(forward(ensemble.student, ensemble.test_inputs)[0], sigma_w=1.0)
    counts = feature_counts(preactivations(ensemble.student, ensemble.test_inputs)[1])
    shares = counts / counts.sum(axis=1, keepdims=True)
    error = shares.std(axis=0) / np.sqrt(len(shares))
    thinned = np.quantile(variances, np.linspace(0, 1, 4001)[1::2])
    assert np.all(np.abs(shares.mean(axis=0) - bin_shares(thinned)) < 5 * error)
    normal = bin_shares(np.array(variances.mean()))
    assert np.abs((shares.mean(axis=0) - normal) / error).max() > 20


def test_mixture_of_one_variance_is_the_density():
    phi = np.linspace(-0.9, 0.9, 7)
    np.testing.assert_allclose(
        mixture_density(phi, variances=np.full(9, 0.6)), feature_density(phi, variance=0.6)
    )
    many = np.random.default_rng(0).uniform(0.2, 0.8, size=50_000)
    expected = integrate.quad(lambda s: feature_density(0.3, variance=s), 0.2, 0.8)[0] / 0.6
    assert float(mixture_density(0.3, variances=many)) == pytest.approx(expected, rel=0.01)


def test_bin_shares_are_the_integral_of_the_density():
    shares = bin_shares(np.array(0.7), n_bins=10)
    expected = [
        2 * integrate.quad(lambda phi: feature_density(phi, variance=0.7), k / 10, (k + 1) / 10)[0]
        for k in range(10)
    ]
    np.testing.assert_allclose(shares, expected, atol=1e-7)


def test_peak_test_finds_the_transition_of_normal_preactivations():
    """Normal z of variance 1/s^2: the bins say where the outer half rises above the centre."""
    inv_sigma_w = 2.0 ** np.arange(0, 1, 0.125)
    z = np.random.default_rng(0).normal(size=(200, 2000))
    counts = np.array([feature_counts(z / value) for value in inv_sigma_w])
    assert np.all(counts.sum(axis=2) == 2000)
    found = count_peaks(counts, inv_sigma_w=inv_sigma_w)
    exact = [float(contrast(bin_shares(np.array(value**-2.0)))) for value in inv_sigma_w]
    # The highest of several bins is biased upwards by noise, where the curve is flat.
    assert np.all(np.abs(found.contrast - exact) < 4 * found.contrast_error + 0.01)
    crossing = np.interp(0, exact[::-1], inv_sigma_w[::-1])
    assert abs(found.crossing.value - crossing) < 4 * found.crossing.error + 0.01
    assert found.two_peaks[0] == 1
    assert found.two_peaks[-1] == 0
    assert found.position[-1] == 0
    one = feature_counts(np.array([[0.0, np.arctanh(0.51), 30.0]]), n_bins=2)
    np.testing.assert_array_equal(one, [[1, 2]])


def test_maxima_of_a_mirrored_curve():
    phi = np.linspace(0, 1, 101)
    np.testing.assert_array_equal(local_maxima(1 - phi**2), [0])
    np.testing.assert_array_equal(local_maxima(np.cos(4 * np.pi * phi)), [0, 50])
    assert len(local_maxima(phi)) == 0


@pytest.mark.parametrize(("phi", "variance"), [(1.0, 0.5), (0.0, 0.0), (0.0, -1.0)])
def test_bad_arguments(phi, variance):
    with pytest.raises(ValueError, match=r"inside|positive"):
        potential(phi, variance=variance)
