"""Observables against exact statements and values that need no code of ours."""

import numpy as np
import pytest

from phasebook.network import TEST_POINTS, forward, sample_ensemble
from phasebook.observables import alignment, averaged_rate, feature_overlap, gradient_norm, measure
from phasebook.sgd import train


@pytest.fixture(scope="module")
def run():
    ensemble = sample_ensemble(n_models=6, inv_sigma_w=8.0, temperature=2.0**-5, seed=0)
    return ensemble, train(ensemble, learning_rate=0.125, record_steps=[0, 100, 2000])


@pytest.fixture(scope="module")
def measured(run):
    return measure(*run, epoch_steps=1000)


def test_each_network_by_plain_loops(run, measured):
    """Eq. (2.6), (3.4)-(3.6) written out with loops over samples and units, for one network."""
    ensemble, trajectory = run
    m, readout = 3, ensemble.student[2][3]
    first, target = ensemble.student[0][m], ensemble.teacher[1][m]
    start, final = trajectory.weights[m, 0].astype(float), trajectory.weights[m, -1].astype(float)
    losses, overlaps, products, squares_h, squares_phi = [], [], 0.0, 0.0, 0.0
    for x in ensemble.test_inputs[m, :TEST_POINTS]:
        hidden = np.tanh(first @ x)
        phi, phi_0, phi_bar = (np.tanh(w @ hidden) for w in (final, start, target))
        y = (readout @ phi_bar)[0]
        losses.append(0.5 * (y - (readout @ phi)[0]) ** 2)
        for j in range(16):
            overlaps.append(phi[j] * phi_0[j])
            h = y * readout[0, j]
            products, squares_h, squares_phi = (
                products + h * phi[j],
                squares_h + h**2,
                squares_phi + phi[j] ** 2,
            )
    assert measured["test_loss"][m] == pytest.approx(np.mean(losses), rel=1e-10)
    assert measured["feature_overlap"][m] == pytest.approx(np.mean(overlaps), rel=1e-9)
    assert measured["alignment"][m] == pytest.approx(products / np.sqrt(squares_h * squares_phi), rel=1e-10)
    assert measured["feature_rms"][m] == pytest.approx(np.sqrt(squares_phi / 1600), rel=1e-10)


def test_alignment_at_the_teacher_and_at_random():
    """E11: 0.232 +- 0.002 (sd over teachers 0.088) with the teacher's features, 0 with untrained ones."""
    ensemble = sample_ensemble(n_models=2000, inv_sigma_w=1.0, seed=4, n_samples=1)
    taught, random = (
        forward(layers, ensemble.test_inputs)[-2] for layers in (ensemble.teacher, ensemble.student)
    )
    values = alignment(taught, ensemble.test_targets, ensemble.student[-1])
    assert abs(values.mean() - 0.232) < 4 * np.hypot(0.002, 0.088 / np.sqrt(2000))
    assert values.std() == pytest.approx(0.088, rel=0.1)
    untrained = alignment(random, ensemble.test_targets, ensemble.student[-1])
    assert abs(untrained.mean()) < 4 * untrained.std() / np.sqrt(2000)


def test_alignment_measures_the_size_of_the_features(run, measured):
    """E14: with one output and yhat ~ y, alignment = rms(y) / (|Z| sqrt(n_2) rms(phi)) to a few per cent."""
    ensemble, _ = run
    y = np.sqrt(np.mean(ensemble.test_targets[:, :TEST_POINTS] ** 2, axis=(1, 2)))
    z = np.linalg.norm(ensemble.student[-1], axis=(1, 2))
    predicted = y / (z * 4 * measured["feature_rms"])
    residual = np.sqrt(2 * measured["test_loss"]) / y
    assert (np.abs(measured["alignment"] / predicted - 1) < residual).all()


def test_overlap_of_a_network_with_itself_is_the_square_of_the_rms(run, measured):
    np.testing.assert_allclose(
        measured["feature_overlap_history"][:, 0], measured["feature_rms_history"][:, 0] ** 2, rtol=1e-12
    )


def test_histories_end_at_the_final_values(run, measured):
    for name in ("test_loss", "gradient_norm", "feature_overlap", "alignment", "feature_rms"):
        np.testing.assert_array_equal(measured[f"{name}_history"][:, -1], measured[name])
    np.testing.assert_array_equal(measured["gradient_norm_history"][:, 0], measured["gradient_norm_initial"])


def test_released_quantities(run, measured):
    """128 points, no factor 1/2."""
    ensemble, trajectory = run
    outputs = forward(ensemble.with_weights(trajectory.weights[:, -1].astype(float)), ensemble.test_inputs)[
        -1
    ]
    np.testing.assert_allclose(
        measured["test_error_128"], np.mean((outputs - ensemble.test_targets) ** 2, axis=(1, 2)), rtol=1e-10
    )
    np.testing.assert_array_equal(measured["training_loss_epoch_mean"], trajectory.epoch_mean_loss)


def test_averaged_rate_of_exponential_growth():
    x = np.array([[[0.0, 1.0, 3.0], [0.0, 2.0, 3.0 * np.exp(0.5)]]])
    assert averaged_rate(x, time=10.0) == pytest.approx([0.05])


def test_gradient_norm_vanishes_at_the_teacher(run):
    ensemble, _ = run
    assert (gradient_norm(ensemble, ensemble.teacher[1]) == 0).all()
    assert feature_overlap(np.ones((2, 3)), -np.ones((2, 3))) == -1


def test_trajectory_must_start_at_zero(run):
    ensemble, _ = run
    late = train(ensemble, learning_rate=0.1, record_steps=[5])
    with pytest.raises(ValueError, match="step 0"):
        measure(ensemble, late, epoch_steps=1000)
