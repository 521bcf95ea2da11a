"""Gradient noise along training: closed forms against single gradients."""

from __future__ import annotations

import numpy as np
import pytest

from phasebook.figures import bridge
from phasebook.network import per_sample_gradient, sample_ensemble
from phasebook.sgd import train
from phasebook.systems.linear_network import NOISES, LinearNetwork
from phasebook.systems.linear_training import train as train_linear
from phasebook.theory.gradient_noise import linear_noise_along, noise_along

TURNED = ((1.0, 0.5), (-0.3, 2.0))


def test_noise_of_tanh_networks_is_the_trace_of_the_covariance():
    networks = sample_ensemble(n_models=2, inv_sigma_w=1.0, n_samples=40)
    run = train(networks, learning_rate=0.1, record_steps=[0, 5])
    found = noise_along(networks, run)
    layers = networks.with_weights(run.weights[:, 1].astype(float))
    delta, phi = per_sample_gradient(layers, networks.inputs, networks.targets, trained=2)
    single = (delta[..., :, None] * phi[..., None, :]).reshape(2, 40, -1)
    assert np.allclose(found["noise"][:, 1], single.var(axis=1).sum(-1), rtol=1e-10)
    assert found.sizes == {"model": 2, "time": 2}


@pytest.mark.parametrize("noise", NOISES)
def test_noise_of_linear_networks_is_that_of_drawn_samples(noise):
    network = LinearNetwork(TURNED, noise=noise, amplitude=0.7)
    run = train_linear(network, n_models=1, learning_rate=0.1, batch_size=4, record_steps=[3], start="random")
    found = linear_noise_along(network, run)
    rng = np.random.default_rng(0)
    z, away = np.array(TURNED), run["weights"].values[0, 0] - network.teacher
    x, extra = rng.standard_normal((2, 200_000, 2))
    residual = x @ (z @ away).T + (0.7 * extra if noise == "label" else 0)
    single = np.einsum("ki,nk,nj->nij", z, residual, x)
    kick = 0.7 * rng.standard_normal((200_000, 2, 2))
    if noise == "independent":
        single += kick
    elif noise == "induced":
        kick[:, 1, 0] = kick[:, 0, 1]
        kick[:, [0, 1], [0, 1]] *= np.sqrt(2)
        single += kick
    square = ((single - single.mean(axis=0)) ** 2).sum((1, 2))
    error = square.std() / np.sqrt(len(square))
    assert abs(square.mean() - float(found["noise"][0, 0])) < 4 * error
    loss = ((x @ (z @ away).T) ** 2).sum(1) / 2
    assert abs(loss.mean() - float(found["loss"][0, 0])) < 4 * loss.std() / np.sqrt(len(loss))


def test_figures_show_what_was_put_in():
    network = LinearNetwork()
    run = train_linear(
        network, n_models=20, learning_rate=0.05, batch_size=16, record_steps=[0, 20, 60], start="random"
    )
    path = linear_noise_along(network, run)
    figure = bridge.noise_against_loss({"a": path, "b": path, "c": path})
    figure.canvas.draw()
    noise = path["noise"].median("model").values
    assert np.allclose(figure.axes[0].lines[0].get_ydata(), noise / noise.max())
    place = np.array([0.25, 0.5, 1.0])
    figure = bridge.spacing_against_temperature(
        {"tanh": (place, np.ones(3), 0.1 * np.ones(3)), "linear": (place, 3 * np.sqrt(place), 0.1 * place)},
    )
    figure.canvas.draw()
    drawn = [np.asarray(one.get_ydata()) for one in figure.axes[0].lines]
    assert any(len(y) == 3 and np.allclose(y, np.sqrt([1, 2, 4])) for y in drawn)
    (line,) = [one for one in figure.axes[0].lines if one.get_label() == r"$\sqrt{T}$"]
    assert np.allclose(line.get_ydata(), [1, 2])
