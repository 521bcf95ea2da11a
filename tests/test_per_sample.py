"""Per-sample gradients by torch.func: against the closed form, against one backward pass per sample."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from phasebook.network import per_sample_gradient, sample_ensemble
from phasebook.theory.per_sample import half_squared_error, per_sample_gradients


@pytest.fixture(scope="module")
def paper_network() -> tuple[nn.Sequential, list[np.ndarray], np.ndarray, np.ndarray]:
    """One network of the paper as a PyTorch module, its layers, and 50 samples."""
    ensemble = sample_ensemble(n_models=1, inv_sigma_w=1.0, n_samples=50)
    layers = [layer[0] for layer in ensemble.student]
    linear = [nn.Linear(w.shape[1], w.shape[0], bias=False, dtype=torch.float64) for w in layers]
    for module, weight in zip(linear, layers, strict=True):
        module.weight.data = torch.from_numpy(weight.copy())
    network = nn.Sequential(linear[0], nn.Tanh(), linear[1], nn.Tanh(), linear[2])
    return network, layers, ensemble.inputs[0], ensemble.targets[0]


@pytest.mark.parametrize(("layer", "name"), [(1, "0.weight"), (2, "2.weight"), (3, "4.weight")])
def test_closed_form_of_every_layer(paper_network, layer, name):
    network, layers, inputs, targets = paper_network
    batched = per_sample_gradients(network, torch.from_numpy(inputs), torch.from_numpy(targets))[name]
    delta, phi = per_sample_gradient(layers, inputs, targets, trained=layer)
    np.testing.assert_allclose(batched.numpy(), delta[:, :, None] * phi[:, None, :], atol=1e-14)


def test_mean_is_the_gradient_of_the_mean_loss(paper_network):
    network, _, inputs, targets = paper_network
    x, y = torch.from_numpy(inputs), torch.from_numpy(targets)
    (half_squared_error(network(x), y) / len(x)).backward()
    for name, gradient in per_sample_gradients(network, x, y).items():
        torch.testing.assert_close(gradient.mean(0), network.get_parameter(name).grad)
    network.zero_grad()


def test_frozen_parameters_have_none(paper_network):
    network, _, inputs, targets = paper_network
    network[0].weight.requires_grad_(False)
    names = set(per_sample_gradients(network, torch.from_numpy(inputs), torch.from_numpy(targets)))
    network[0].weight.requires_grad_(True)
    assert names == {"2.weight", "4.weight"}


def test_another_network_and_another_loss_sample_by_sample():
    """A classifier with convolution and biases, against a loop of backward passes; in chunks too."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(2 * 36, 5))
    x, y = torch.randn(7, 1, 8, 8), torch.randint(5, (7,))
    whole = per_sample_gradients(network, x, y, loss=nn.functional.cross_entropy)
    chunks = per_sample_gradients(network, x, y, loss=nn.functional.cross_entropy, chunk_size=3)
    for sample in range(len(x)):
        network.zero_grad()
        nn.functional.cross_entropy(network(x[sample : sample + 1]), y[sample : sample + 1]).backward()
        for name, parameter in network.named_parameters():
            torch.testing.assert_close(whole[name][sample], parameter.grad)
            torch.testing.assert_close(chunks[name][sample], parameter.grad)
