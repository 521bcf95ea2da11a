"""Section 2.6: mini-batch noise, the Langevin equations, the linear scaling rule."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from phasebook.claims.data import Data
from phasebook.claims.verdicts import Judgement, agrees, holds, identity
from phasebook.evidence.statistics import Estimate, bootstrap, half_way_temperature, mean_of
from phasebook.network import Array, forward, loss, per_sample_gradient, sample_ensemble
from phasebook.sgd import train
from phasebook.theory.langevin import (
    Noise,
    euler_maruyama_step,
    gradient_moments,
    langevin_step,
    simulate,
)
from phasebook.theory.minibatch import excess_kurtosis, minibatch_gradients
from phasebook.theory.scaling import Transition, scan, transition
from phasebook.theory.stability import output_gradients, stiffest_directions

RATE, BATCH = 0.25, 4


def gradient_of_one_sample(data: Data) -> Judgement:
    """Against central differences of the loss of each sample, along one random direction."""
    layers, x, y = _young()
    delta, phi = per_sample_gradient(layers, x, y, trained=2)
    direction = np.random.default_rng(0).standard_normal(layers[1].shape)
    step = 1e-5

    def losses(sign: int) -> Array:
        moved = [layers[0], layers[1] + sign * step * direction, layers[2]]
        return np.sum((forward(moved, x)[-1] - y) ** 2, axis=-1) / 2

    numerical = (losses(1) - losses(-1)) / (2 * step)
    return identity(np.einsum("ai,ij,aj->a", delta, direction, phi), numerical, tolerance=1e-6)


def variance_falls_with_batch(data: Data) -> Judgement:
    """|B| times the variance of the mini-batch gradient over that of one sample, |B| = 64."""
    flat = _flat()
    drawn = minibatch_gradients(flat, batch_size=64, draws=4000)
    square = np.sum((drawn - flat.mean(axis=0)) ** 2, axis=1)
    return agrees(mean_of(64 * square / flat.var(axis=0).sum()), 1.0)


def minibatch_noise_is_gaussian(data: Data) -> Judgement:
    """Excess kurtosis of the gradient of a batch of four."""
    drawn = minibatch_gradients(_flat(), batch_size=BATCH, draws=8000)
    parts = np.array([excess_kurtosis(part) for part in np.split(drawn, 20)])
    return agrees(mean_of(parts), 0.0)


def discrete_langevin_elementwise(data: Data) -> Judgement:
    """Training loss after 64 updates with elementwise variances, over that of SGD."""
    return agrees(_over_sgd("elementwise"), 1.0)


def discrete_langevin_with_covariance(data: Data) -> Judgement:
    """The same with the full covariance of the gradient."""
    return agrees(_over_sgd("covariance"), 1.0)


def continuous_step_is_the_discrete_one(data: Data) -> Judgement:
    layers, x, y = _start()
    mean, variance = gradient_moments(layers, x, y, trained=2)
    eta = np.random.default_rng(0).standard_normal(mean.shape)
    discrete = langevin_step(layers[1], mean, variance, eta, learning_rate=RATE, batch_size=BATCH)
    return identity(
        discrete,
        euler_maruyama_step(layers[1], mean, variance, eta, temperature=RATE / BATCH, dt=RATE),
    )


def transition_is_in_the_range_of_the_limit(data: Data) -> Judgement:
    """2 / lambda_max over the learning rate of the transition at 1/sigma_W = 8, |B| = 4; needs > 1."""
    networks = sample_ensemble(n_models=32, inv_sigma_w=8.0, n_samples=1000, common_teachers=True)
    largest = np.array([
        stiffest_directions(
            output_gradients([w[k] for w in networks.teacher], networks.inputs[k], trained=2), count=1
        )[0][0]
        for k in range(networks.n_models)
    ])  # fmt: skip
    column = data.book["training_loss_epoch_mean"].sel(inv_sigma_w=8.0)
    hot = bootstrap(lambda x: half_way_temperature(x.median("model")), column)
    limit = mean_of(2 / largest)
    ratio = limit.value / (BATCH * hot.value)
    error = ratio * np.hypot(limit.error / limit.value, hot.error / hot.value)
    return holds(Estimate(ratio, float(error)), above=1.0)


def linear_scaling_small_batches(data: Data) -> Judgement:
    return _exponent(0)


def linear_scaling_larger_batches(data: Data) -> Judgement:
    return _exponent(1)


def _exponent(pair: int) -> Judgement:
    """d ln eps_c / d ln |B| between neighbouring batch sizes; 1 is the linear rule, 0 no rule."""
    found = _transitions()
    value = float(found.exponents[pair])
    error = float(np.std(found.exponent_draws[:, pair], ddof=1))
    return agrees(Estimate(value, error), 1.0, direction=value > 3 * error)


@lru_cache(maxsize=1)
def _transitions() -> Transition:
    """Where the median error of 32 networks crosses 5e-4 after 20 000 updates, |B| = 1, 4, 16."""
    networks = sample_ensemble(n_models=32, inv_sigma_w=8.0, common_teachers=True)
    windows = {
        size: (2.0 ** (np.arange(first, last) / 2)).tolist()
        for size, first, last in ((1, -4, 3), (4, 0, 7), (16, 3, 10))
    }
    found = scan(networks, learning_rates=windows, updates=[20_000], flow_times=[1.0])
    return transition(found["by_updates"].sel(updates=20_000), level=5e-4)


@lru_cache(maxsize=1)
def _young() -> tuple[list[Array], Array, Array]:
    """One network, 256 samples, after 100 updates."""
    ensemble = sample_ensemble(n_models=1, inv_sigma_w=1.0, n_samples=256, seed=1)
    run = train(ensemble, learning_rate=RATE, record_steps=[100], order="with_replacement")
    layers = ensemble.with_weights(run.weights[:, -1].astype(np.float64))
    return [w[0] for w in layers], ensemble.inputs[0], ensemble.targets[0]


def _start() -> tuple[list[Array], Array, Array]:
    small = sample_ensemble(n_models=1, inv_sigma_w=1.0, n_samples=64, seed=2)
    return [w[0] for w in small.student], small.inputs[0], small.targets[0]


def _flat() -> Array:
    delta, phi = per_sample_gradient(*_young(), trained=2)
    return np.einsum("ai,aj->aij", delta, phi).reshape(len(delta), -1)


@lru_cache(maxsize=3)
def _final_losses(noise: Noise) -> Array:
    """Training loss of 600 replicas of one network after 64 updates at T = 1/16."""
    layers, x, y = _start()
    final = simulate(
        layers, x, y, trained=2, noise=noise, learning_rate=RATE, batch_size=BATCH,
        record_steps=[64], replicas=600,
    )[:, 0]  # fmt: skip
    return np.asarray(loss(forward([layers[0], final, layers[2]], x)[-1], y))


def _over_sgd(noise: Noise) -> Estimate:
    ours, sgd = mean_of(_final_losses(noise)), mean_of(_final_losses("batch"))
    ratio = ours.value / sgd.value
    return Estimate(ratio, float(ratio * np.hypot(ours.error / ours.value, sgd.error / sgd.value)))
