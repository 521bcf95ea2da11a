"""Mini-batch noise and its Gaussian stand-ins: moments, covariance, exact cases, the continuous limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from phasebook.network import forward, gradient, per_sample_gradient, sample_ensemble
from phasebook.sgd import train_torch
from phasebook.theory.langevin import euler_maruyama_step, gradient_moments, langevin_step, simulate
from phasebook.theory.minibatch import excess_kurtosis, minibatch_gradients, variance_factor


@pytest.fixture(scope="module")
def network() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Layers of one student, its inputs (24, 3) and its targets (24, 1); a small middle layer (4, 6)."""
    ensemble = sample_ensemble(n_models=1, inv_sigma_w=1.0, widths=(3, 6, 4, 1), n_samples=24, seed=5)
    return [layer[0] for layer in ensemble.student], ensemble.inputs[0], ensemble.targets[0]


@pytest.fixture(scope="module")
def gradients(network) -> np.ndarray:
    """Delta_alpha, (sample, 24 parameters)."""
    layers, inputs, targets = network
    delta, phi = per_sample_gradient(layers, inputs, targets, trained=2)
    return (delta[:, :, None] * phi[:, None, :]).reshape(len(inputs), -1)


def steps(network, noise: Any, **options) -> np.ndarray:
    layers, inputs, targets = network
    settings = {"learning_rate": 0.5, "batch_size": 3, "record_steps": [1], "replicas": 20000, **options}
    return simulate(layers, inputs, targets, trained=2, noise=noise, **settings)


def test_moments_are_those_of_the_samples(network, gradients):
    layers, inputs, targets = network
    mean, variance = gradient_moments(layers, inputs, targets, trained=2)
    np.testing.assert_allclose(mean.ravel(), gradients.mean(axis=0), atol=1e-15)
    np.testing.assert_allclose(variance.ravel(), gradients.var(axis=0), atol=1e-15)


@pytest.mark.parametrize("noise", ["batch", "covariance", "elementwise"])
def test_one_step_has_the_mean_and_the_covariance_it_should(network, gradients, noise):
    """20 000 replicas of one step; the elementwise noise has the right diagonal and nothing else."""
    layers, *_ = network
    kicks = (steps(network, noise)[:, 0] - layers[1]).reshape(-1, gradients.shape[1]) / -0.5
    covariance = np.cov(gradients.T, bias=True) / 3
    if noise == "elementwise":
        covariance = np.diag(np.diag(covariance))
    mean_error = np.sqrt(np.diag(covariance) / len(kicks))
    assert np.all(np.abs(kicks.mean(axis=0) - gradients.mean(axis=0)) < 5 * mean_error)
    size = np.sqrt(np.diag(covariance))
    allowed = 0.08 if noise == "batch" else 0.05  # heavy tails of the real noise
    assert np.all(np.abs(np.cov(kicks.T) - covariance) < allowed * np.outer(size, size))


def test_no_noise_is_gradient_descent(network):
    layers, inputs, targets = network
    moved = steps(network, "none", record_steps=[1, 7], replicas=2)
    weights = layers[1]
    for step in range(1, 8):
        weights = weights - 0.5 * gradient([layers[0], weights, layers[2]], inputs, targets, trained=2)
        if step == 1:
            np.testing.assert_allclose(moved[0, 0], weights, atol=1e-15)
    np.testing.assert_allclose(moved[1, 1], weights, atol=1e-14)


def test_mini_batches_are_those_of_the_trainer(network):
    """The same draws given to the plain torch trainer lead to the same weights."""
    layers, inputs, targets = network
    rng = np.random.default_rng(3)
    drawn = np.concatenate([rng.integers(len(inputs), size=(1, 3)) for _ in range(10)])
    ours = steps(network, "batch", record_steps=[10], replicas=1, seed=3)
    theirs, _ = train_torch(
        [layer[None] for layer in layers], inputs[None], targets[None], trained={2},
        learning_rate=np.array([0.5]), batches=lambda epoch: drawn, record_steps=[10],
    )  # fmt: skip
    np.testing.assert_allclose(ours[0, 0], theirs[0][0, 0], atol=1e-14)


def test_runs_of_different_batch_size_see_the_same_samples(network):
    """To first order in eps, four steps with one sample are one step with four, four times as long."""
    fine = steps(network, "batch", learning_rate=1e-6, batch_size=1, record_steps=[4], replicas=9)
    coarse = steps(network, "batch", learning_rate=4e-6, batch_size=4, replicas=9)
    start = network[0][1]
    np.testing.assert_allclose(fine - start, coarse - start, atol=1e-10)
    assert np.std(coarse[:, 0], axis=0).max() > 1e-7


def test_discrete_langevin_is_euler_maruyama_with_time_step_eps(network):
    layers, inputs, targets = network
    mean, variance = gradient_moments(layers, inputs, targets, trained=2)
    eta = np.random.default_rng(0).standard_normal(mean.shape)
    discrete = langevin_step(layers[1], mean, variance, eta, learning_rate=0.3, batch_size=8)
    continuous = euler_maruyama_step(layers[1], mean, variance, eta, temperature=0.3 / 8, dt=0.3)
    np.testing.assert_allclose(discrete, continuous, rtol=1e-14)


def test_simulated_elementwise_step_is_equation_2_29(network):
    layers, inputs, targets = network
    mean, variance = gradient_moments(layers, inputs, targets, trained=2)
    eta = np.random.default_rng(11).standard_normal((3, *mean.shape))
    by_hand = langevin_step(layers[1], mean, variance, eta, learning_rate=0.5, batch_size=3)
    np.testing.assert_allclose(steps(network, "elementwise", replicas=3, seed=11)[:, 0], by_hand, atol=1e-14)


def test_noise_vanishes_at_the_teacher(network):
    """No label noise: every residual is zero there, so is every kick, and SGD stays (absorbing state)."""
    layers, inputs, _ = network
    targets = forward(layers, inputs)[-1]
    for noise in ("batch", "elementwise", "covariance"):
        moved = simulate(
            layers, inputs, targets, trained=2, noise=noise,
            learning_rate=2.0, batch_size=2, record_steps=[5], replicas=3,
        )  # fmt: skip
        np.testing.assert_allclose(moved, np.broadcast_to(layers[1], moved.shape), atol=1e-14)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"noise": "white"}, "noise must be"), ({"batch_size": 0.5}, "whole"), ({"batch_size": -1}, "positive")],
)
def test_wrong_arguments(network, options, message):
    with pytest.raises(ValueError, match=message):
        steps(network, **{"noise": "batch", "replicas": 1, **options})


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("batch_size", [1, 4, 20])
def test_variance_of_the_mini_batch_gradient(gradients, batch_size, replacement):
    """Tr Cov against 1/|B|, and against the finite-population factor without replacement."""
    drawn = minibatch_gradients(gradients, batch_size=batch_size, draws=20000, replacement=replacement)
    square = np.sum((drawn - gradients.mean(axis=0)) ** 2, axis=1)
    expected = gradients.var(axis=0).sum() * variance_factor(
        np.array(batch_size), n_samples=len(gradients), replacement=replacement
    )
    assert abs(square.mean() - expected) < 4 * square.std() / np.sqrt(len(square))


def test_batch_of_everything_has_no_variance(gradients):
    drawn = minibatch_gradients(gradients, batch_size=24, draws=5, replacement=False)
    np.testing.assert_allclose(drawn, np.tile(gradients.mean(axis=0), (5, 1)), atol=1e-15)
    with pytest.raises(ValueError, match="between 1 and the 24"):
        minibatch_gradients(gradients, batch_size=25, draws=5, replacement=False)


def test_excess_kurtosis_of_known_laws():
    rng = np.random.default_rng(0)
    assert excess_kurtosis(rng.standard_normal((100000, 3))) == pytest.approx(0, abs=0.05)
    assert excess_kurtosis(rng.uniform(size=(100000, 3))) == pytest.approx(-1.2, abs=0.02)


def test_excess_kurtosis_falls_as_one_over_batch(gradients):
    single = excess_kurtosis(gradients)
    drawn = minibatch_gradients(gradients, batch_size=8, draws=100000)
    assert excess_kurtosis(drawn) == pytest.approx(single / 8, rel=0.15)
