"""Single precision: spacings against NumPy's numbers, the floor against a simulated descent that rounds."""

import numpy as np
import pytest

from phasebook import sample_ensemble, train
from phasebook.theory.rounding import (
    Steps,
    both_precisions,
    continued,
    rounding_floor,
    single_spacing,
    squared_errors,
    step_sizes,
)


@pytest.fixture(scope="module")
def ensemble():
    return sample_ensemble(n_models=2, inv_sigma_w=8.0, seed=3)


def test_spacing_is_the_distance_to_the_next_single():
    w = np.array([1.0, -1.0, 0.3, 200.0], dtype=np.float32)
    after = np.nextafter(np.abs(w), np.float32(np.inf))
    np.testing.assert_array_equal(single_spacing(w), np.float64(after) - np.abs(np.float64(w)))


@pytest.mark.parametrize("curvature", [0.02, 0.5])
def test_floor_of_a_descent_that_rounds(curvature):
    """Descent in c x^2 / 2 with noise of variance u^2/12: squared error c <x^2> = u^2/(24 eps), any c."""
    rng = np.random.default_rng(0)
    epsilon, spacing = 0.125, 2.0**-20
    x = np.zeros(4000)
    for _ in range(int(6 / (epsilon * curvature))):
        x += -epsilon * curvature * x + spacing * (rng.random(x.size) - 0.5)
    weights = np.full((1, 1, 1), 2.0**3 * 1.5)  # spaced 2^-20 in single precision
    floor = rounding_floor(weights, learning_rate=epsilon)
    assert curvature * np.mean(x**2) == pytest.approx(floor[0], rel=0.1)


def test_a_run_goes_on_where_it_stopped(ensemble):
    """Two epochs at once, or one and then another, in double precision."""
    whole = train(ensemble, learning_rate=0.1, record_steps=[1000, 2000], precision="float64").weights
    later = continued(ensemble, whole[:, 0])
    np.testing.assert_array_equal(
        train(later, learning_rate=0.1, record_steps=[1000], precision="float64").weights[:, 0], whole[:, 1]
    )


def test_step_sizes_are_those_of_the_run(ensemble):
    """No step is larger than twice the weight at its larger end: 2^25 spacings at most."""
    steps = step_sizes(ensemble, learning_rate=0.1, steps=3)
    assert steps.size.shape == steps.in_spacings.shape == (2, 3, 16, 32)
    one = train(ensemble, learning_rate=0.1, record_steps=[1], precision="float64").weights[:, 0]
    np.testing.assert_allclose(steps.size[:, 0], np.abs(one - ensemble.weights), atol=1e-15)
    larger = np.maximum(np.abs(one), np.abs(ensemble.weights))
    np.testing.assert_allclose(steps.in_spacings[:, 0] * single_spacing(larger), steps.size[:, 0])
    assert steps.in_spacings.max() <= 2**25


def test_share_of_the_motion_is_weighted_by_size():
    steps = Steps(np.array([1.0, 1.0, 6.0]), np.array([0.1, 0.4, 0.6]))
    assert steps.share_below(0.5) == pytest.approx(0.25)
    assert steps.share_below(1.0) == pytest.approx(1.0)


def test_precisions_agree_at_first_and_differ(ensemble):
    found = both_precisions(ensemble, learning_rate=0.1, record_steps=[10, 1000])
    relative = found["distance"] / found["displacement"]
    assert float(relative.max()) < 1e-4
    assert float(relative.min()) > 0
    single, double = found["error"]
    np.testing.assert_allclose(single, double, rtol=1e-4)


def test_squared_errors_are_twice_the_loss_of_the_text(ensemble):
    x, y = ensemble.test_inputs[:, :100], ensemble.test_targets[:, :100, 0]
    hidden = np.tanh(np.tanh(x @ ensemble.teacher[0].swapaxes(1, 2)) @ ensemble.weights.swapaxes(1, 2))
    output = (hidden @ ensemble.teacher[2].swapaxes(1, 2))[..., 0]
    expected = ((output - y) ** 2).mean(axis=1)
    np.testing.assert_allclose(squared_errors(ensemble, ensemble.weights[:, None])[:, 0], expected)
