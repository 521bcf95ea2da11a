"""The decay of the loss if the network were linear in W: every direction relaxes at its own curvature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phasebook.network import TEST_POINTS, Array, Ensemble, forward
from phasebook.theory.stability import output_gradients


def linear_decay(
    ensemble: Ensemble, weights: Array, *, learning_rate: float, steps: Sequence[float]
) -> tuple[Array, Array]:
    """Test loss after further steps of full-batch descent on the tangent plane at `weights`.

    With g = d y / d W frozen, H = E[g g^T] on the training data has eigenvalues c_k; along its k-th
    eigenvector the residual decays as exp(-eps c_k t), its square twice as fast. Many curvatures spread
    over many decades give a sum of exponentials that looks like a power law.

    Args:
        ensemble: teachers and data.
        weights: where to linearise, (model, n_l, n_{l-1}).
        learning_rate: eps.
        steps: numbers of further steps, not negative.

    Returns:
        Loss with the factor 1/2 on the first 100 test points, (model, steps); eigenvalues of H, ascending,
        (model, parameter).
    """
    layers = ensemble.with_weights(np.asarray(weights, dtype=np.float64))
    residual = (forward(layers, ensemble.inputs)[-1] - ensemble.targets)[..., 0]
    tests = ensemble.test_inputs[:, :TEST_POINTS]
    test_residual = (forward(layers, tests)[-1] - ensemble.test_targets[:, :TEST_POINTS])[..., 0]
    losses, curvatures = [], []
    for k in range(ensemble.n_models):
        own = [layer[k] for layer in layers]
        g = output_gradients(own, ensemble.inputs[k], trained=ensemble.trained)
        g_test = output_gradients(own, tests[k], trained=ensemble.trained)
        values, vectors = np.linalg.eigh(g.T @ g / len(g))
        values = np.clip(values, np.finfo(float).tiny, None)  # rounding makes the flattest ones negative
        slope = vectors.T @ (g.T @ residual[k] / len(g))
        moved = -np.expm1(-learning_rate * np.outer(steps, values)) / values * slope
        remaining = test_residual[k] - (moved @ vectors.T) @ g_test.T
        losses.append(0.5 * np.mean(remaining**2, axis=-1))
        curvatures.append(values)
    return np.stack(losses), np.stack(curvatures)
