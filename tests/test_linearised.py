"""The tangent-plane decay against gradient descent itself, where the network is nearly linear."""

import numpy as np

from phasebook import sample_ensemble
from phasebook.network import forward, gradient, loss
from phasebook.theory.linearised import linear_decay


def test_linear_decay_is_gradient_descent_near_the_teacher():
    """Close to a perfect solution the residual is linear in W, and small steps are the continuous flow."""
    ensemble = sample_ensemble(n_models=2, inv_sigma_w=1.0, seed=5, n_samples=400)
    rng = np.random.default_rng(0)
    w = ensemble.teacher[1] + 1e-5 * rng.standard_normal(ensemble.weights.shape)
    epsilon, steps = 0.02, 300
    predicted, curvatures = linear_decay(ensemble, w, learning_rate=epsilon, steps=[0, steps])
    for number, done in enumerate((0, steps)):
        for _ in range(done):
            w = w - epsilon * gradient(ensemble.with_weights(w), ensemble.inputs, ensemble.targets, trained=2)
        outputs = forward(ensemble.with_weights(w), ensemble.test_inputs[:, :100])[-1]
        measured = loss(outputs, ensemble.test_targets[:, :100])
        np.testing.assert_allclose(predicted[:, number], measured, rtol=0.02)
    assert np.all(predicted[:, 1] < 0.5 * predicted[:, 0])
    assert np.all(np.diff(curvatures) >= 0)


def test_trace_of_the_curvature_is_the_mean_squared_gradient_of_the_output():
    ensemble = sample_ensemble(n_models=1, inv_sigma_w=1.0, seed=6, n_samples=50)
    _, curvatures = linear_decay(ensemble, ensemble.weights, learning_rate=0.1, steps=[0])
    shift = 1e-6
    total = 0.0
    start = forward(ensemble.student, ensemble.inputs)[-1]
    for i, j in np.ndindex(ensemble.weights.shape[1:]):
        moved = ensemble.weights.copy()
        moved[0, i, j] += shift
        change = (forward(ensemble.with_weights(moved), ensemble.inputs)[-1] - start) / shift
        total += float(np.mean(change**2))
    np.testing.assert_allclose(curvatures.sum(), total, rtol=1e-4)
