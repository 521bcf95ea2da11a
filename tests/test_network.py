"""The ensemble, its loss and its gradient, against exact statements and a second implementation."""

import numpy as np
import pytest
import torch

from phasebook.network import (
    Ensemble,
    couplings,
    external_field,
    forward,
    gradient,
    loss,
    per_sample_gradient,
    sample_ensemble,
    sample_networks,
    spin_hamiltonian,
)


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return sample_ensemble(n_models=3, inv_sigma_w=1.0, seed=0, n_samples=50)


def test_gradient_is_a_finite_difference(ensemble):
    """E1: central differences of the loss, every entry of W."""
    weights, step = ensemble.weights, 1e-6
    analytic = gradient(ensemble.student, ensemble.inputs, ensemble.targets, trained=2)
    for i, j in [(0, 0), (5, 31), (15, 7)]:
        bump = np.zeros_like(weights)
        bump[:, i, j] = step
        up, down = (
            loss(forward(ensemble.with_weights(weights + sign * bump), ensemble.inputs)[-1], ensemble.targets)
            for sign in (1, -1)
        )
        np.testing.assert_allclose(analytic[:, i, j], (up - down) / (2 * step), atol=1e-9)


@pytest.mark.parametrize("trained", [1, 2, 3])
def test_gradient_is_that_of_automatic_differentiation(ensemble, trained):
    layers = [torch.tensor(w, requires_grad=True) for w in ensemble.student]
    values = torch.tensor(ensemble.inputs)
    for weight in layers[:-1]:
        values = torch.tanh(values @ weight.mT)
    square = (values @ layers[-1].mT - torch.tensor(ensemble.targets)).square().sum(-1).mean(-1) / 2
    (expected,) = torch.autograd.grad(square.sum(), layers[trained - 1])
    ours = gradient(ensemble.student, ensemble.inputs, ensemble.targets, trained=trained)
    np.testing.assert_allclose(ours, expected.numpy(), atol=1e-14)


def test_per_sample_gradients_average_to_the_gradient(ensemble):
    delta, phi = per_sample_gradient(ensemble.student, ensemble.inputs, ensemble.targets, trained=2)
    each = delta[..., :, None] * phi[..., None, :]
    mean = gradient(ensemble.student, ensemble.inputs, ensemble.targets, trained=2)
    np.testing.assert_allclose(each.mean(1), mean, atol=1e-15)


def test_square_of_weights_updates_exactly_to_second_order(ensemble):
    """E2: X' = X - eps Delta^X + eps^2 Delta Delta^T, with the transposes that Eq. (4.4) needs."""
    weights, eps = ensemble.weights, 0.3
    delta = gradient(ensemble.student, ensemble.inputs, ensemble.targets, trained=2)
    transpose = np.swapaxes(delta, -1, -2)
    drift = weights @ transpose + delta @ np.swapaxes(weights, -1, -2)
    moved = weights - eps * delta
    change = moved @ np.swapaxes(moved, -1, -2) - weights @ np.swapaxes(weights, -1, -2)
    np.testing.assert_allclose(change, -eps * drift + eps**2 * delta @ transpose, atol=1e-14)


def test_loss_is_the_spin_hamiltonian_plus_a_constant():
    """E3: (2.6) = (2.9) + C, also with several outputs."""
    ensemble = sample_ensemble(n_models=4, inv_sigma_w=0.5, seed=2, n_samples=60, widths=(3, 8, 6, 5))
    features, outputs = forward(ensemble.student, ensemble.inputs)[-2:]
    constant = np.mean(np.sum(ensemble.targets**2, axis=-1), axis=-1) / 2
    energy = spin_hamiltonian(features, ensemble.targets, ensemble.student[-1])
    np.testing.assert_allclose(loss(outputs, ensemble.targets), energy + constant, rtol=1e-13)
    taught = forward(ensemble.teacher, ensemble.inputs)[-2]
    ground = spin_hamiltonian(taught, ensemble.targets, ensemble.teacher[-1])
    np.testing.assert_allclose(ground, -constant, rtol=1e-13)  # without C a perfect network is at -C, not 0


def test_couplings_are_positive_semidefinite_and_the_field_is_linear():
    readout = np.random.default_rng(0).normal(size=(7, 2, 5))
    assert np.linalg.eigvalsh(couplings(readout)).min() > -1e-12
    assert np.linalg.matrix_rank(couplings(readout)).tolist() == [2] * 7
    np.testing.assert_array_equal(external_field(np.eye(2), readout), readout)


@pytest.mark.parametrize(
    ("inv_sigma_w", "median"), [(2**-8, 0.0112), (2**-4, 0.162), (1.0, 0.68), (8.0, 0.67)]
)
def test_initial_gradient_norm(inv_sigma_w, median):
    """E7: the medians behind the published Fig. 4 (right), with no training; 600 networks.

    The standard error of a median is 1.25 sigma / sqrt(n) for a normal distribution; here the distribution
    is broad (16-84 % is a factor 2 to 3.5), so it is taken from the quartiles of ln |grad|.
    """
    ensemble = sample_ensemble(n_models=600, inv_sigma_w=inv_sigma_w, seed=5, n_samples=400)
    norm = np.linalg.norm(
        gradient(ensemble.student, ensemble.inputs, ensemble.targets, trained=2), axis=(-2, -1)
    )
    lower, middle, upper = np.percentile(np.log(norm), [25, 50, 75])
    error = 1.25 * (upper - lower) / 1.35 / np.sqrt(len(norm))
    reading = np.log(1.03)  # the reference has two or three digits and an error of its own
    assert abs(middle - np.log(median)) < 4 * error + reading


@pytest.mark.parametrize(
    ("inv_sigma_w", "expected"), [(2**-8, 0.994), (2**-4, 0.904), (1.0, 0.207), (8.0, 0.0054)]
)
def test_initial_feature_overlap(inv_sigma_w, expected):
    """E12: G(0, 0) = E phi^2 does not depend on the labels, only on sigma_W."""
    ensemble = sample_ensemble(n_models=400, inv_sigma_w=inv_sigma_w, seed=6, n_samples=1)
    phi = forward(ensemble.student, ensemble.test_inputs)[-2]
    each = (phi**2).mean(axis=(1, 2))
    error = each.std() / np.sqrt(len(each))
    last_digit = 10.0 ** -(len(str(expected)) - 2) / 2
    assert abs(each.mean() - expected) < 4 * error + 2 * last_digit


def test_teacher_variances():
    """Eq. (3.1) and (2.11): every layer has its own variance, 1 / n_{l-1}, the student sigma_W^2 / n_1."""
    ensemble = sample_ensemble(n_models=300, inv_sigma_w=0.25, seed=1, n_samples=10)
    for weights, variance in zip(
        (*ensemble.teacher, ensemble.weights, ensemble.inputs),
        (1 / 3, 1 / 32, 1 / 16, 16 / 32, 1),
        strict=True,
    ):
        assert abs(weights.var() / variance - 1) < 5 * np.sqrt(2 / weights.size)
    for frozen in (0, 2):
        np.testing.assert_array_equal(ensemble.student[frozen], ensemble.teacher[frozen])


def test_a_network_does_not_depend_on_its_company():
    cells = [(0.5, 2.0, 1), (0.25, 2.0, 0), (0.5, 4.0, 1)]
    together = sample_networks(cells, seed=3, n_samples=20)
    for place, cell in enumerate(cells):
        alone = sample_networks([cell], seed=3, n_samples=20)
        np.testing.assert_array_equal(alone.weights[0], together.weights[place])
        np.testing.assert_array_equal(alone.inputs[0], together.inputs[place])
    assert len({float(w) for w in together.teacher[0][:, 0, 0]}) == 3


def test_common_teachers():
    """The same teacher, data and, up to its scale, student in every cell."""
    cells = [(0.5, 2.0, 1), (0.25, 8.0, 1)]
    ensemble = sample_networks(cells, seed=3, n_samples=20, common_teachers=True)
    for array in (*ensemble.teacher, ensemble.inputs, ensemble.test_inputs):
        np.testing.assert_array_equal(array[0], array[1])
    np.testing.assert_allclose(2.0 * ensemble.weights[0], 8.0 * ensemble.weights[1], rtol=1e-6)


def test_numbers_drawn_are_exact_in_single_precision(ensemble):
    for array in (*ensemble.teacher, *ensemble.student, ensemble.inputs):
        np.testing.assert_array_equal(array, array.astype(np.float32))


@pytest.mark.parametrize(
    "bad", [{"inv_sigma_w": 0.0}, {"temperature": -1.0}, {"temperature": np.nan}, {"n_models": 0}]
)
def test_bad_arguments(bad):
    with pytest.raises(ValueError, match=r"positive|at least 1"):
        sample_ensemble(**{"n_models": 1, "inv_sigma_w": 1.0, "n_samples": 4, **bad})
