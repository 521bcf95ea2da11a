"""Training: the definition against closed forms, and the choice of engine."""

import numpy as np
import pytest

from phasebook.network import forward, gradient, loss, sample_ensemble
from phasebook.sgd import batches_of_epoch, train, train_torch


def test_one_step_is_the_definition():
    """Eq. (2.28) by hand: W - eps times the mean gradient of the first batch."""
    ensemble = sample_ensemble(n_models=3, inv_sigma_w=1.0, seed=0, n_samples=20)
    batch = np.s_[:, :4]
    step = gradient(ensemble.student, ensemble.inputs[batch], ensemble.targets[batch], trained=2)
    run = train(ensemble, learning_rate=0.5, record_steps=[0, 1], precision="float64", engine="torch")
    np.testing.assert_array_equal(run.weights[:, 0], ensemble.weights)
    np.testing.assert_allclose(run.weights[:, 1], ensemble.weights - 0.5 * step, atol=1e-15)


@pytest.mark.parametrize("engine", ["fused", "torch"])
def test_full_batch_descends_monotonically_below_the_stability_limit(engine):
    """E13: eps < 2 / lambda_max at the teacher (2.4 +- 0.7): the loss never rises."""
    ensemble = sample_ensemble(n_models=5, inv_sigma_w=1.0, seed=0, n_samples=64)
    steps = list(range(0, 60, 3))
    run = train(
        ensemble, learning_rate=0.3, batch_size=64, record_steps=steps, precision="float64", engine=engine
    )
    losses = [
        loss(forward(ensemble.with_weights(w), ensemble.inputs)[-1], ensemble.targets)
        for w in np.moveaxis(run.weights, 1, 0)
    ]
    assert (np.diff(losses, axis=0) < 0).all()


def test_several_layers_other_activation_and_outputs():
    """The reference trains any layers: linear network, both layers, one full-batch step by matrix algebra."""
    rng = np.random.default_rng(0)
    first, second, inputs = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 2, 4)), rng.normal(size=(2, 7, 3))
    targets = rng.normal(size=(2, 7, 2))
    (one, two), _ = train_torch(
        [first, second], inputs, targets, trained=[1, 2], learning_rate=np.array([0.1, 0.2]),
        batches=lambda epoch: np.arange(7)[None], record_steps=[1], activation=lambda z: z,
    )  # fmt: skip
    residual = inputs @ np.swapaxes(second @ first, 1, 2) - targets
    eps = np.array([0.1, 0.2])[:, None, None] / 7
    np.testing.assert_allclose(
        one[:, 0], first - eps * np.swapaxes(second, 1, 2) @ np.swapaxes(residual, 1, 2) @ inputs, atol=1e-14
    )
    hidden = inputs @ np.swapaxes(first, 1, 2)
    np.testing.assert_allclose(two[:, 0], second - eps * np.swapaxes(residual, 1, 2) @ hidden, atol=1e-14)


@pytest.mark.parametrize("order", ["fixed", "shuffled", "with_replacement"])
def test_order_of_the_data(order):
    first, second = (batches_of_epoch(n, order=order, n_samples=403, batch_size=4, seed=7) for n in (0, 1))
    assert first.shape == (100, 4)
    assert (first == second).all() == (order == "fixed")
    distinct = len(np.unique(first))
    if order == "with_replacement":  # (1 - 1/n)^400 of the samples are missed: 253 +- 8 distinct ones
        assert 253 - 40 < distinct < 253 + 40
    else:
        assert distinct == 400
    np.testing.assert_array_equal(
        first, batches_of_epoch(0, order=order, n_samples=403, batch_size=4, seed=7)
    )


def test_a_perfect_student_does_not_move():
    """Realisable task: every per-sample gradient vanishes at the teacher, so it is an absorbing state."""
    ensemble = sample_ensemble(n_models=4, inv_sigma_w=1.0, seed=0, n_samples=40)
    taught = type(ensemble)(ensemble.inputs, ensemble.test_inputs, ensemble.teacher, ensemble.teacher)
    run = train(taught, learning_rate=256.0, record_steps=[1000], engine="fused")
    np.testing.assert_array_equal(run.weights[:, 0], ensemble.teacher[1])
    assert (run.epoch_mean_loss == 0).all()


def test_averages_over_the_last_epoch():
    """Loss along the path and net displacement, recomputed from the recorded path itself."""
    ensemble = sample_ensemble(n_models=2, inv_sigma_w=1.0, seed=0, n_samples=20)
    run = train(ensemble, learning_rate=1.0, record_steps=range(16), precision="float64")
    each = []
    for step in range(10, 15):
        batch = np.s_[:, 4 * (step % 5) : 4 * (step % 5) + 4]
        outputs = forward(ensemble.with_weights(run.weights[:, step]), ensemble.inputs[batch])[-1]
        each.append(loss(outputs, ensemble.targets[batch]))
    np.testing.assert_allclose(run.epoch_mean_loss, np.mean(each, axis=0), rtol=1e-12)
    moved = np.linalg.norm(run.weights[:, 15] - run.weights[:, 10], axis=(1, 2))
    np.testing.assert_allclose(run.epoch_displacement, moved / 5, rtol=1e-12)


def test_kernel_is_taken_where_it_applies():
    deep = sample_ensemble(n_models=1, inv_sigma_w=1.0, n_samples=8, widths=(3, 8, 8, 8, 1))
    with pytest.raises(ValueError, match="fused kernel does not train"):
        train(deep, learning_rate=0.1, record_steps=[1], engine="fused")
    assert train(deep, learning_rate=0.1, record_steps=[1]).weights.shape == (1, 1, 8, 8)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": np.nan}, "learning_rate"),
        ({"record_steps": []}, "record_steps"),
        ({"record_steps": [3, 2]}, "record_steps"),
        ({"record_steps": [-1]}, "record_steps"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 9}, "batch_size"),
        ({"order": "random"}, "order"),
        ({"precision": "float16"}, "precision"),
    ],
)
def test_bad_arguments(bad, message):
    ensemble = sample_ensemble(n_models=1, inv_sigma_w=1.0, n_samples=8)
    with pytest.raises(ValueError, match=message):
        train(ensemble, **{"learning_rate": 0.1, "record_steps": [1], **bad})
