"""Couplings (2.23), (2.24), spectrum, frustration; field (2.25)-(2.27) and dual readings (A.1)-(A.5)."""

import numpy as np
import pytest
from scipy import integrate

from phasebook.network import couplings, external_field, forward, loss, sample_ensemble, spin_hamiltonian
from phasebook.theory.disorder import (
    coupling_covariance,
    coupling_density,
    coupling_edges,
    coupling_eigenvalues,
    coupling_mean,
    coupling_moments,
    energy_of_pairs,
    energy_of_samples,
    field_energy,
    frustrated_share,
    sample_readouts,
)


@pytest.fixture(scope="module")
def network():
    """Features, outputs, targets and last layer of four networks with five outputs."""
    ensemble = sample_ensemble(n_models=4, inv_sigma_w=0.5, seed=2, n_samples=60, widths=(3, 8, 6, 5))
    features, outputs = forward(ensemble.student, ensemble.inputs)[-2:]
    return features, outputs, ensemble.targets, ensemble.student[-1]


@pytest.mark.parametrize("n_last", [1, 3])
def test_mean_and_covariance_of_couplings(n_last):
    """E4: every entry of (2.24), 5 standard errors of 200 000 draws."""
    given = {"n_last": n_last, "width": 3, "sigma_w": 1.3}
    mean, mean_error, covariance, error = coupling_moments(
        couplings(sample_readouts(n_draws=200_000, **given))
    )
    assert np.all(np.abs(mean - coupling_mean(**given)) < 5 * mean_error)
    assert np.all(np.abs(covariance - coupling_covariance(**given)) < 5 * error)


def test_covariance_by_wick():
    """(2.24) from the fourth moments of normal weights: <wwww> - <ww><ww>, summed over outputs."""
    n_last, width, sigma_w = 4, 3, 0.7
    two = sigma_w**2 / width * np.eye(width)
    wick = np.einsum("ik,jl->ijkl", two, two) + np.einsum("il,jk->ijkl", two, two)
    ours = coupling_covariance(n_last=n_last, width=width, sigma_w=sigma_w)
    np.testing.assert_allclose(ours, n_last * wick)


def test_mean_over_spread_does_not_know_sigma_w():
    """J_0 / J scales as sigma_W^0: sqrt(n_L) from the diagonal mean and the off-diagonal spread."""
    for sigma_w in (0.1, 1.0, 30.0):
        given = {"n_last": 9, "width": 5, "sigma_w": sigma_w}
        ratio = coupling_mean(**given)[0, 0] / np.sqrt(coupling_covariance(**given)[0, 1, 0, 1])
        assert ratio == pytest.approx(3.0)


def test_spectrum_has_as_many_levels_as_outputs():
    x = coupling_eigenvalues(sample_readouts(n_draws=50, n_last=1, width=16, sigma_w=2.0))
    assert np.abs(x[:, :-1]).max() < 1e-12
    readout = sample_readouts(n_draws=50, n_last=1, width=16, sigma_w=2.0)
    np.testing.assert_allclose(x[:, -1], np.sum(readout**2, axis=(1, 2)))


@pytest.mark.parametrize("ratio", [0.25, 1.0, 4.0])
def test_density_of_couplings(ratio):
    """Weight min(ratio, 1), mean ratio sigma_W^2 = n E[J_ii] / n, and the histogram of large matrices."""
    lower, upper = coupling_edges(ratio=ratio, sigma_w=1.5)

    # x = lower + (upper - lower) sin^2(u) takes the square roots at the edges away
    def over(power: int) -> float:
        def integrand(u: float) -> float:
            x = lower + (upper - lower) * np.sin(u) ** 2
            density = coupling_density(np.array(x), ratio=ratio, sigma_w=1.5)
            return float(x**power * density * (upper - lower) * np.sin(2 * u))

        return integrate.quad(integrand, 0, np.pi / 2)[0]

    assert over(0) == pytest.approx(min(ratio, 1.0), rel=1e-6)
    assert over(1) == pytest.approx(ratio * 1.5**2, rel=1e-6)
    width = 200
    x = coupling_eigenvalues(sample_readouts(n_draws=5, n_last=int(ratio * width), width=width, sigma_w=1.5))
    assert x.max() < 1.1 * upper
    middle = (lower + upper) / 2
    share = np.mean(x > middle)
    expected = integrate.quad(lambda y: coupling_density(y, ratio=ratio, sigma_w=1.5), middle, upper)[0]
    assert share == pytest.approx(expected, abs=0.01)


def test_frustration_between_its_exact_ends():
    """One output: all triangles (J_ij J_jk J_ki is a square). Two: 3/4. Independent couplings: 1/2."""
    one, two, many = (
        frustrated_share(couplings(sample_readouts(n_draws=400, n_last=n, width=8))) for n in (1, 2, 4000)
    )
    np.testing.assert_array_equal(one, 1.0)
    assert abs(two.mean() - 0.75) < 5 * two.std() / 20
    assert abs(many.mean() - 0.5) < 5 * many.std() / 20 + 1 / np.sqrt(4000)
    np.testing.assert_array_equal(
        frustrated_share(-couplings(sample_readouts(n_draws=3, n_last=1, width=8))), 0
    )


def test_field_term_is_minus_target_times_output(network):
    """(2.25) = (2.27), with (2.26)."""
    features, outputs, targets, readout = network
    expected = -np.mean(np.sum(targets * outputs, axis=-1), axis=-1)
    np.testing.assert_allclose(field_energy(features, targets, readout), expected, rtol=1e-13)
    np.testing.assert_allclose(features @ np.swapaxes(readout, -1, -2), outputs, rtol=1e-13)


def test_output_is_a_combination_of_feature_vectors(network):
    """(A.1) sample by sample and (A.3) feature by feature."""
    features, outputs, _, readout = network
    for model in range(len(features)):
        combined = sum(
            np.outer(features[model, :, j], readout[model, :, j]) for j in range(features.shape[-1])
        )
        np.testing.assert_allclose(combined, outputs[model], atol=1e-13)


def test_dual_hamiltonians_are_one_loss(network):
    """(A.4) and (A.5), term by term from their definitions, and both equal to (2.9) = (2.6) - C."""
    features, outputs, targets, readout = network
    samples, pairs = (
        energy_of_samples(features, targets, readout),
        energy_of_pairs(features, targets, readout),
    )
    field, j = external_field(targets, readout), couplings(readout)
    model, alpha = 1, 7
    by_hand = sum(
        j[model, a, b] * features[model, alpha, a] * features[model, alpha, b] / 2
        for a in range(6)
        for b in range(6)
    ) - sum(field[model, alpha, a] * features[model, alpha, a] for a in range(6))
    assert samples[model, alpha] == pytest.approx(by_hand, rel=1e-12)
    for a, b in ((2, 2), (2, 4)):
        terms = j[model, a, b] * features[model, :, a] * features[model, :, b] / 2
        terms -= field[model, :, a] * features[model, :, b] * (a == b)
        assert pairs[model, a, b] == pytest.approx(terms.mean(), rel=1e-12)
    hamiltonian = spin_hamiltonian(features, targets, readout)
    np.testing.assert_allclose(samples.mean(axis=-1), hamiltonian, rtol=1e-12)
    np.testing.assert_allclose(pairs.sum(axis=(-2, -1)), hamiltonian, rtol=1e-12)
    constant = np.mean(np.sum(targets**2, axis=-1), axis=-1) / 2
    np.testing.assert_allclose(hamiltonian + constant, loss(outputs, targets), rtol=1e-12)


def test_bad_ratio():
    with pytest.raises(ValueError, match="positive"):
        coupling_density(np.array(1.0), ratio=0.0)
