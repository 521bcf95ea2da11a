"""What is measured on a trained ensemble: Eq. (3.2)-(3.6) and (4.5)-(4.7).

Each observable is defined as in the text of the paper. Where the authors' released code measures something
else, that stands beside it under a name of its own. Everything is per network; averages over the
ensemble, Eq. (3.2), are left to whoever draws or judges.
"""

from __future__ import annotations

import numpy as np

from phasebook.network import (
    RELEASED_TEST_POINTS,
    TEST_POINTS,
    Array,
    Ensemble,
    external_field,
    forward,
    gradient,
    loss,
)
from phasebook.sgd import Trajectory
from phasebook.spectra import eigenvalues, level_spacing


def gradient_norm(ensemble: Ensemble, weights: Array, *, points: int = TEST_POINTS) -> Array:
    """Frobenius norm of the gradient at fixed W, averaged over the test set, Eq. (3.3).

    Args:
        weights: trained layer, (model, n_2, n_1).
        points: how many of the test inputs are used.

    Returns:
        Shape (model,).
    """
    inputs, targets = ensemble.test_inputs[:, :points], ensemble.test_targets[:, :points]
    mean = gradient(ensemble.with_weights(weights), inputs, targets, trained=ensemble.trained)
    return np.linalg.norm(mean, axis=(-2, -1))


def feature_overlap(features: Array, initial: Array) -> Array:
    """G(t, 0), Eq. (3.4), of one network: mean of phi(t) phi(0) over samples and units.

    Args:
        features, initial: (..., sample, unit), broadcast against each other.
    """
    return np.mean(features * initial, axis=(-2, -1))


def alignment(features: Array, targets: Array, readout: Array) -> Array:
    """Cosine between features phi and external field h, Eq. (3.5), (3.6).

    Args:
        features: (..., sample, unit).
        targets: y, (..., sample, n_L).
        readout: W^(L), (..., n_L, unit); h = y W^(L), Eq. (2.25).
    """
    field = external_field(targets, readout)
    product = np.sum(field * features, axis=(-2, -1))
    norms = np.sqrt(np.sum(field**2, axis=(-2, -1)) * np.sum(features**2, axis=(-2, -1)))
    return product / norms


def averaged_rate(x: Array, *, time: float) -> Array:
    """Mean rate at which the level spacing S grows, Eq. (4.7): ln(S(t) / S(0)) / t.

    Args:
        x: ascending eigenvalues at t = 0 and at t, shape (..., 2, level).
        time: t; the unit of the result is one over the unit of `time`.
    """
    spacing = level_spacing(x)
    return np.log(spacing[..., 1] / spacing[..., 0]) / time


def measure(ensemble: Ensemble, trajectory: Trajectory, *, epoch_steps: int) -> dict[str, Array]:
    """Every observable of a run, in double precision.

    Args:
        trajectory: must start at step 0; its last record is t_f.
        epoch_steps: SGD steps in an epoch, the unit of time of `averaged_rate`.

    Returns:
        Arrays with leading axis model. `*_history` and `eigenvalues` (time, level) follow the records of the
        trajectory; the others are taken at t_f.
    """
    if trajectory.steps[0] != 0:
        raise ValueError("the trajectory must be recorded from step 0 on, where G(t, 0) starts")
    history = {
        name: [] for name in ("test_loss", "gradient_norm", "feature_overlap", "alignment", "feature_rms")
    }
    targets, readout = ensemble.test_targets, ensemble.student[-1]
    text = np.s_[:, :TEST_POINTS]
    released: dict[str, Array] = {}
    initial: Array | None = None
    for place in range(len(trajectory.steps)):
        weights = trajectory.weights[:, place].astype(np.float64)
        *hidden, outputs = forward(ensemble.with_weights(weights), ensemble.test_inputs)
        features = hidden[-1]
        initial = features if initial is None else initial
        history["test_loss"].append(loss(outputs[text], targets[text]))
        history["gradient_norm"].append(gradient_norm(ensemble, weights))
        history["feature_overlap"].append(feature_overlap(features[text], initial[text]))
        history["alignment"].append(alignment(features[text], targets[text], readout))
        history["feature_rms"].append(np.sqrt(np.mean(features[text] ** 2, axis=(-2, -1))))
        released = {
            f"test_error_{RELEASED_TEST_POINTS}": 2 * loss(outputs, targets),
            f"feature_overlap_{RELEASED_TEST_POINTS}": feature_overlap(features, initial),
            f"alignment_{RELEASED_TEST_POINTS}": alignment(features, targets, readout),
        }
    histories = {name: np.stack(values, axis=1) for name, values in history.items()}
    x = eigenvalues(trajectory.weights)
    time = trajectory.steps[-1] / epoch_steps
    return {
        **{name: values[:, -1] for name, values in histories.items()},
        **{f"{name}_history": values for name, values in histories.items()},
        **released,
        "gradient_norm_initial": histories["gradient_norm"][:, 0],
        "training_loss_epoch_mean": trajectory.epoch_mean_loss,
        "gradient_norm_epoch_mean": trajectory.epoch_displacement,
        "averaged_rate": averaged_rate(x[:, [0, -1]], time=time),
        "eigenvalues": x,
        "target_eigenvalues": eigenvalues(ensemble.teacher[ensemble.trained - 1]),
    }
