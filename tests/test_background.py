"""What the chapters of background compute, against exact results and second ways to the same number."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad

from phasebook.spectra import wigner_semicircle, wigner_surmise
from phasebook.theory import gaussian_matrices as gaussian
from phasebook.theory import quadratic, quench, valleys
from phasebook.theory.spin_glass import sample_glass


def test_quench_ends_in_equilibrium_of_small_systems():
    """Six spins: after many sweeps <s_i s_j> is that of the Boltzmann weights, within 5 standard errors."""
    (coupling,) = sample_glass(size=6, n_samples=1, seed=2)
    spins = quench.quench(np.repeat(coupling[None], 2000, axis=0), temperature=0.8, record_sweeps=[60])[:, 0]
    states = np.array(list(product((-1.0, 1.0), repeat=6)))
    weight = np.exp(np.einsum("si,ij,sj->s", states, coupling, states) / 2 / 0.8)
    exact = np.einsum("s,si,sj->ij", weight / weight.sum(), states, states)
    pairs = spins[:, :, None] * spins[:, None, :]
    error = np.sqrt((1 - exact**2) / len(spins)) + 1e-12
    assert np.all(np.abs(pairs.mean(axis=0) - exact) < 5 * error)


def test_quench_to_zero_ends_in_a_valley_and_is_the_same_in_any_company():
    glass = sample_glass(size=16, n_samples=20, seed=1)
    spins = quench.quench(glass, temperature=0.0, record_sweeps=[0, 200])
    assert np.all(spins[:, 1] * np.einsum("nij,nj->ni", glass, spins[:, 1]) > 0)
    np.testing.assert_array_equal(
        quench.quench(glass[:5], temperature=0.0, record_sweeps=[0, 200]), spins[:5]
    )
    np.testing.assert_array_equal(quench.memory(spins)[:, 0], 1.0)
    np.testing.assert_allclose(quench.memory(spins)[:, 1], np.mean(spins[:, 0] * spins[:, 1], axis=-1))


def test_magnetisation_of_a_glass_is_that_of_coins():
    """<m^2> = 1/N by symmetry, at any time after the quench."""
    spins = quench.quench(sample_glass(size=32, n_samples=2000), temperature=0.4, record_sweeps=[20])
    m2 = 32 * spins.mean(axis=-1) ** 2
    assert abs(m2.mean() - 1) < 4 * m2.std() / np.sqrt(m2.size)


@pytest.mark.parametrize(("temperature", "sweeps"), [(-1.0, [1]), (1.0, [2, 1]), (1.0, [])])
def test_quench_refuses_what_makes_no_sense(temperature, sweeps):
    with pytest.raises(ValueError, match="must"):
        quench.quench(np.zeros((1, 3, 3)), temperature=temperature, record_sweeps=sweeps)


def test_valleys_by_flipping_one_spin_after_the_other():
    """Every state, every flip, energies written out: the count by local fields is the same."""
    for coupling in sample_glass(size=8, n_samples=5, seed=3):
        energy = {s: -0.5 * np.array(s) @ coupling @ s for s in product((-1, 1), repeat=8)}
        bottoms = sum(all(energy[s] < energy[(*s[:i], -s[i], *s[i + 1 :])] for i in range(8)) for s in energy)
        assert valleys.count_valleys(coupling) == bottoms
        assert valleys.lowest_energy(coupling) == pytest.approx(min(energy.values()) / 8)
    assert valleys.count_valleys(1 - np.eye(9)) == 2
    with pytest.raises(ValueError, match="1 to 20"):
        valleys.all_states(21)


@pytest.mark.parametrize("batch_size", [1, 5])
def test_stationary_variance_is_exact(batch_size):
    """Also where the thermal limit is far off: eps k = 1.5."""
    for eps in (0.1, 1.5):
        w = quadratic.run(
            "disagree",
            learning_rate=eps,
            batch_size=batch_size,
            record_steps=[80],
            replicas=20_000,
            start=0.0,
        )
        exact = quadratic.stationary_variance(learning_rate=eps, batch_size=batch_size)
        assert abs(np.mean(w**2) - exact) < 5 * exact * np.sqrt(2 / 20_000)
    assert quadratic.stationary_variance(learning_rate=2.0, batch_size=1) == np.inf


def test_mean_square_of_agreeing_samples_is_exact():
    """A few steps only: later, rare replicas carry the mean."""
    steps = range(5)
    w2 = (
        quadratic.run(
            "agree", learning_rate=0.5, batch_size=4, record_steps=steps, replicas=200_000, curvature=1.5
        )
        ** 2
    )
    exact = quadratic.mean_square_factor(learning_rate=0.5, batch_size=4, curvature=1.5) ** np.array(steps)
    error = w2.std(axis=0) / np.sqrt(len(w2)) + 1e-12
    assert np.all(np.abs(w2.mean(axis=0) - exact) < 5 * error)
    with pytest.raises(ValueError, match="disagree or agree"):
        quadratic.run("argue", learning_rate=0.5, batch_size=1, record_steps=[1], replicas=1)  # type: ignore[arg-type]


def test_moments_of_gaussian_matrices_at_finite_size():
    for size in (2, 5):
        h = gaussian.sample_matrices(n_draws=40_000, size=size)
        np.testing.assert_array_equal(h, np.swapaxes(h, -1, -2))
        square = h @ h
        for expected, trace in (
            (gaussian.mean_moment(2, size=size), np.trace(square, axis1=1, axis2=2)),
            (gaussian.mean_moment(4, size=size), np.sum(square**2, axis=(1, 2))),
        ):
            error = trace.std() / size / np.sqrt(len(trace))
            assert abs(trace.mean() / size - expected) < 5 * error
    h = gaussian.sample_matrices(n_draws=1000, size=4, beta=2)
    np.testing.assert_array_equal(h, np.conj(np.swapaxes(h, -1, -2)))
    assert np.mean(np.abs(h) ** 2) == pytest.approx(1 / 4, rel=0.05)
    with pytest.raises(ValueError, match="beta"):
        gaussian.sample_matrices(n_draws=1, size=2, beta=4)  # type: ignore[arg-type]


@pytest.mark.parametrize("beta", [0, 1, 2])
def test_surmise_is_normalised_with_mean_one(beta):
    assert quad(lambda s: wigner_surmise(s, beta=beta), 0, np.inf)[0] == pytest.approx(1)
    assert quad(lambda s: s * wigner_surmise(s, beta=beta), 0, np.inf)[0] == pytest.approx(1)
    with pytest.raises(ValueError, match="beta"):
        wigner_surmise(np.array([1.0]), beta=3)


@pytest.mark.parametrize("beta", [1, 2])
def test_surmise_is_exact_for_two_by_two(beta):
    """Mean of s^2 over squared mean: 4/pi and 3 pi/8, and the samples have it."""
    s = np.diff(np.linalg.eigvalsh(gaussian.sample_matrices(n_draws=100_000, size=2, beta=beta)))[:, 0]
    second = quad(lambda x: x**2 * wigner_surmise(x, beta=beta), 0, np.inf)[0]
    assert second == pytest.approx({1: 4 / np.pi, 2: 3 * np.pi / 8}[beta])
    s = s / s.mean()
    assert abs(np.mean(s**2) - second) < 5 * np.std(s**2) / np.sqrt(len(s))


def test_semicircle_and_its_integral():
    x = np.array([-2.5, -2.0, -1.0, 0.3, 2.0, 3.0])
    integral = [quad(wigner_semicircle, -2, min(max(end, -2), 2))[0] for end in x]
    np.testing.assert_allclose(gaussian.semicircle_cdf(x), integral, atol=1e-8)
    assert quad(lambda y: wigner_semicircle(y, radius=0.5), -0.5, 0.5)[0] == pytest.approx(1)
    with pytest.raises(ValueError, match="radius"):
        wigner_semicircle(x, radius=0.0)


def test_unfolded_spacings_have_mean_one():
    x = np.linalg.eigvalsh(gaussian.sample_matrices(n_draws=200, size=40))
    assert gaussian.unfolded_spacings(x).mean() == pytest.approx(1, abs=0.02)


def test_brownian_matrices_have_the_variance_of_their_time():
    start, times = np.diag([1.0, 2.0, 4.0]), [0.0, 0.5, 2.0]
    m = gaussian.brownian_matrices(start, times=times, replicas=20_000, seed=1)
    np.testing.assert_array_equal(m[:, 0], np.broadcast_to(start, m[:, 0].shape))
    np.testing.assert_allclose(m, np.swapaxes(m, -1, -2))
    variance = m.var(axis=0)
    for k, t in enumerate(times):
        np.testing.assert_allclose(variance[k], t * (1 + np.eye(3)), rtol=5 * np.sqrt(2 / 20_000))
