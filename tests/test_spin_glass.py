"""The Sherrington-Kirkpatrick model: against exact enumeration, and against what is known at large N."""

from itertools import product

import numpy as np
import pytest

from phasebook.theory.spin_glass import sample_glass, simulate_glass


def enumerate_glass(coupling: np.ndarray, temperature: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """<q^2> and energy per spin from all 2^N states; two replicas give <q^2> = sum_ij <s_i s_j>^2 / N^2."""
    states = np.array(list(product((-1.0, 1.0), repeat=len(coupling))))
    energy = -0.5 * np.einsum("si,ij,sj->s", states, coupling, states)
    weight = np.exp(-(energy - energy.min()) / temperature[:, None])
    weight /= weight.sum(axis=1, keepdims=True)
    correlation = np.einsum("ts,si,sj->tij", weight, states, states)
    return (correlation**2).mean(axis=(1, 2)), weight @ energy / len(coupling)


def test_monte_carlo_is_exact_enumeration():
    """N = 10, the same couplings in 24 independent runs: mean within 5 standard errors."""
    temperature = np.array([0.4, 0.7, 1.0, 2.0])
    (coupling,) = sample_glass(size=10, n_samples=1, seed=4)
    found = simulate_glass(np.array([coupling] * 24), temperature=temperature, sweeps=3000, seed=1)
    overlap2, energy = enumerate_glass(coupling, temperature)
    for ours, exact in ((found.overlap2, overlap2), (found.energy, energy)):
        error = ours.std(axis=0, ddof=1) / np.sqrt(len(ours))
        assert np.all(np.abs(ours.mean(axis=0) - exact) < 5 * error)


def test_high_temperature():
    """Above T = 1 and for large N: N <q^2> = 1 / (1 - 1/T^2), energy -1/(2T), up to 1/N."""
    found = simulate_glass(
        sample_glass(size=96, n_samples=40, seed=0), temperature=np.array([2.0, 3.0]), sweeps=400
    )
    for ours, exact in ((96 * found.overlap2, (4 / 3, 9 / 8)), (found.energy, (-0.25, -1 / 6))):
        error = ours.std(axis=0, ddof=1) / np.sqrt(len(ours))
        assert np.all(np.abs(ours.mean(axis=0) / exact - 1) < 5 * error / np.abs(exact) + 2 / 96)


def test_transition_is_at_one():
    """N^(2/3) <q^2> grows with N below T = 1, falls above it and stays at it."""
    temperature = np.array([0.6, 0.8, 1.0, 1.2, 1.4])
    small, large = (
        simulate_glass(sample_glass(size=size, n_samples=n), temperature=temperature, sweeps=500)
        for size, n in ((24, 150), (72, 80))
    )
    mean, error = (
        np.array([one.size ** (2 / 3) * f(one) for one in (small, large)])
        for f in (
            lambda one: one.overlap2.mean(axis=0),
            lambda one: one.overlap2.std(axis=0) / np.sqrt(len(one.overlap2)),
        )
    )
    deviation = (mean[1] - mean[0]) / np.hypot(*error)
    assert deviation[0] > 5
    assert abs(deviation[2]) < 4
    assert deviation[4] < -5


def test_same_random_numbers_whatever_the_company():
    temperature = np.array([0.8, 1.2])
    glass = sample_glass(size=12, n_samples=3, seed=0)
    assert np.all(glass == np.swapaxes(glass, 1, 2))
    assert np.all(np.diagonal(glass, axis1=1, axis2=2) == 0)
    all_three, first = (
        simulate_glass(one, temperature=temperature, sweeps=50, seed=3) for one in (glass, glass[:1])
    )
    np.testing.assert_array_equal(all_three.overlap2[0], first.overlap2[0])


@pytest.mark.parametrize("temperature", [[0.0, 1.0], [2.0, 1.0]])
def test_bad_temperatures(temperature):
    with pytest.raises(ValueError, match="ascending"):
        simulate_glass(sample_glass(size=4, n_samples=1), temperature=np.array(temperature))
