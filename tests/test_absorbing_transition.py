"""Estimators of an absorbing transition, on data made from known laws."""

import numpy as np
import pytest

from phasebook.systems.absorbing_transition import (
    bracket,
    decay_exponent,
    extrapolate,
    fit_order_parameter,
    order_parameter,
)

PHI = np.array([0.5575, 0.56, 0.565, 0.575])


def test_bracket_finds_the_step():
    control = np.repeat([0.54, 0.55, 0.56, 0.57], 3)
    absorbed = np.array([1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0], bool)
    found = bracket(control, absorbed)
    assert (found.lower, found.upper) == (0.55, 0.56)
    assert abs(found.estimate.value - 0.555) < 1e-12
    assert abs(found.estimate.error - 0.01 / np.sqrt(12)) < 1e-12
    with pytest.raises(ValueError, match=r"no transition between 0\.54 and 0\.57: 0% of runs are absorbed"):
        bracket(control, np.zeros(12, bool))
    with pytest.raises(ValueError, match="no transition"):
        bracket(control, np.ones(12, bool))


@pytest.mark.parametrize("beta", [0.84, None])
def test_order_parameter_is_recovered_within_its_errors(beta):
    """Pulls of phi_c over many noisy copies of a known law: mean 0, variance 1."""
    rng = np.random.default_rng(0)
    truth, error = order_parameter(PHI, 0.5553, 3.0, 0.84), np.full(4, 0.003)
    pulls = []
    for _ in range(200):
        found = fit_order_parameter(PHI, truth + rng.normal(scale=error), error, beta=beta)
        pulls.append((found[0].value - 0.5553) / found[0].error)
    assert abs(np.mean(pulls)) < 0.4
    assert 0.5 < np.std(pulls) < 1.2


def test_order_parameter_refuses_what_it_cannot_fit():
    with pytest.raises(ValueError, match="at least 3 active points"):
        fit_order_parameter(PHI[:2], PHI[:2], np.ones(2), beta=None)
    with pytest.raises(ValueError, match="positive errors"):
        fit_order_parameter(PHI, PHI, np.zeros(4))


def test_decay_exponent_of_a_power_law():
    rng = np.random.default_rng(1)
    t = np.unique(np.geomspace(1, 10_000, 80).astype(int))
    f = 0.9 * t**-0.777 * np.exp(rng.normal(scale=0.02, size=len(t)))
    found = decay_exponent(t, f, first=10, last=5000)
    assert abs(found.value - 0.777) < 4 * found.error < 0.05
    with pytest.raises(ValueError, match="three active points"):
        decay_exponent(t, f, first=20_000, last=30_000)


@pytest.mark.parametrize("degree", [1, 2])
def test_extrapolation_of_a_polynomial(degree):
    """Pulls of the intercept over noisy copies of a polynomial of that degree."""
    rng = np.random.default_rng(2)
    kick = np.array([0.2, 0.1, 0.05, 0.025])
    truth = 0.64 - 0.85 * kick + (0.5 * kick**2 if degree == 2 else 0)
    error = np.full(4, 0.001)
    pulls = []
    for _ in range(300):
        found = extrapolate(kick, truth + rng.normal(scale=error), error, degree=degree)
        pulls.append((found.value - 0.64) / found.error)
    assert abs(np.mean(pulls)) < 0.25
    assert 0.6 < np.std(pulls) < 1.1
    assert abs(extrapolate(kick, truth, error, degree=degree).value - 0.64) < 1e-12
    with pytest.raises(ValueError, match="needs 3 points"):
        extrapolate(kick[:2], truth[:2], error[:2], degree=2)
