"""How large a learning rate a solution bears: against the Hessian by autograd, and against what happens."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from phasebook.network import forward, gradient, loss, sample_ensemble
from phasebook.theory.stability import curvature, mean_square_limit, output_gradients, stiffest_directions


@pytest.fixture(scope="module")
def teacher() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    ensemble = sample_ensemble(n_models=1, inv_sigma_w=1.0, widths=(3, 8, 6, 1), n_samples=200)
    return [layer[0] for layer in ensemble.teacher], ensemble.inputs[0], ensemble.targets[0]


def test_curvature_at_the_teacher_is_the_hessian(teacher):
    layers, inputs, targets = teacher
    first, middle, last, x, y = (torch.from_numpy(a) for a in (*layers, inputs, targets))

    def of_weights(flat: torch.Tensor) -> torch.Tensor:
        features = torch.tanh(torch.tanh(x @ first.T) @ flat.reshape(middle.shape).T)
        return (features @ last.T - y).square().sum(-1).mean() / 2

    hessian = torch.autograd.functional.hessian(of_weights, middle.ravel())
    assert isinstance(hessian, torch.Tensor)
    ours = curvature(output_gradients(layers, inputs, trained=2))
    np.testing.assert_allclose(ours, np.linalg.eigvalsh(hessian.numpy()), atol=1e-12)


def test_stiffest_directions_are_those_of_the_full_diagonalisation(teacher):
    layers, inputs, _ = teacher
    g = output_gradients(layers, inputs, trained=2)
    values, vectors = np.linalg.eigh(g.T @ g / len(g))
    ours, directions = stiffest_directions(g, count=5)
    np.testing.assert_allclose(ours, values[::-1][:5], rtol=1e-5)
    np.testing.assert_allclose(np.abs(np.sum(directions * vectors[:, ::-1][:, :5], axis=0)), 1, atol=1e-4)


def test_gradient_descent_holds_below_two_over_the_curvature_and_not_above(teacher):
    """E13 of the exact checks: below, the loss falls at every step; above, it grows."""
    layers, inputs, targets = teacher
    limit = 2 / curvature(output_gradients(layers, inputs, trained=2))[-1]
    start = layers[1] + 1e-5 * np.random.default_rng(0).standard_normal(layers[1].shape)

    def losses(learning_rate: float) -> np.ndarray:
        weights, seen = start, []
        for _ in range(200):
            current = [layers[0], weights, layers[2]]
            seen.append(float(loss(forward(current, inputs)[-1], targets)))
            weights = weights - learning_rate * gradient(current, inputs, targets, trained=2)
        return np.array(seen)

    assert np.all(np.diff(losses(0.97 * limit)) < 0)
    above = losses(1.03 * limit)
    assert above[-1] > 100 * above[0]


def test_limit_of_full_batches_is_two_over_the_curvature(teacher):
    layers, inputs, _ = teacher
    g = output_gradients(layers, inputs, trained=2)
    (limit,) = mean_square_limit(g, [np.inf])
    assert limit == pytest.approx(2 / curvature(g)[-1], rel=1e-5)


@pytest.mark.parametrize("batch_size", [1.0, 3.0, 10.0])
def test_limit_for_gaussian_gradients_is_known(batch_size):
    """g ~ N(0, 1) in p dimensions: E[g (g^T M g) g^T] = 2 M + Tr(M), so eps_c = 2 |B| / (|B| + p + 1)."""
    p = 6
    g = np.random.default_rng(1).standard_normal((100_000, p))
    (limit,) = mean_square_limit(g, [batch_size])
    assert limit == pytest.approx(2 * batch_size / (batch_size + p + 1), rel=0.03)


@pytest.mark.parametrize(("share", "grows"), [(0.9, False), (1.1, True)])
def test_second_moment_of_linearised_sgd(teacher, share, grows):
    """The second moment itself, iterated with the exact map of Eq. M' = E[(1 - eps H_B) M (1 - eps H_B)]."""
    layers, inputs, _ = teacher
    g = output_gradients(layers, inputs, trained=2)
    size, rate = 2, share * mean_square_limit(g, [2], modes=48)[0]
    h = g.T @ g / len(g)
    m, traces = np.eye(g.shape[1]), []
    for _ in range(400):
        noise = (g * np.einsum("ai,ij,aj->a", g, m, g, optimize=True)[:, None]).T @ g / len(g)
        m = m - rate * (h @ m + m @ h) + rate**2 * ((1 - 1 / size) * h @ m @ h + noise / size)
        traces.append(np.trace(m))
    assert (traces[-1] > traces[200]) == grows


def test_limit_rises_with_batch_size_at_most_in_proportion(teacher):
    layers, inputs, _ = teacher
    limits = mean_square_limit(output_gradients(layers, inputs, trained=2), [1, 2, 4, 16, 64, np.inf])
    assert np.all(np.diff(limits) > 0)
    assert limits[1] < 2 * limits[0]
    assert limits[2] < 2 * limits[1]
