"""The paper's own networks as a monitor sees them: the same data set, for a whole ensemble at once."""

from __future__ import annotations

import numpy as np
import xarray as xr

from phasebook.monitor.observe import (
    TANH,
    assemble,
    feature_statistics,
    levels,
    rank_one_gradients,
)
from phasebook.network import TEST_POINTS, Array, Ensemble, forward, loss, per_sample_gradient
from phasebook.sgd import Trajectory


def ensemble_dataset(
    ensemble: Ensemble,
    trajectory: Trajectory,
    *,
    temperature: Array | float | None = None,
    points: int = TEST_POINTS,
) -> xr.Dataset:
    """What a `Monitor` on the trained layer of every network would have recorded at the trajectory's steps.

    Args:
        trajectory: recorded from step 0 on.
        temperature: T = eps / |B|, one for all networks or one for each, (model,).
        points: of the test set, the probe batch.

    Returns:
        The data set of `Monitor.dataset` with a dim `model`.

    Raises:
        ValueError: the trajectory does not start at step 0.
    """
    if trajectory.steps[0] != 0:
        raise ValueError("the trajectory must be recorded from step 0 on, where G(t, 0) starts")
    inputs, targets = ensemble.test_inputs[:, :points], ensemble.test_targets[:, :points]
    records: list[dict[str, Array]] = []
    losses: list[Array] = []
    initial: Array | None = None
    for place in range(len(trajectory.steps)):
        weights = trajectory.weights[:, place].astype(np.float64)
        layers = ensemble.with_weights(weights)
        values = forward(layers, inputs)
        features = values[ensemble.trained - 1]
        initial = features if initial is None else initial
        delta, phi = per_sample_gradient(layers, inputs, targets, trained=ensemble.trained)
        losses.append(loss(values[-1], targets))
        records.append(
            {
                **levels(weights),
                **rank_one_gradients(weights, delta, phi),
                **feature_statistics(features, initial, bounds=TANH),
            }
        )
    observables = {name: np.stack([record[name] for record in records], axis=1) for name in records[0]}
    one_each = None
    if temperature is not None:
        one_each = np.broadcast_to(temperature, (len(trajectory.steps), ensemble.n_models)).T
    return assemble(
        [int(step) for step in trajectory.steps],
        {f"W{ensemble.trained}": observables},
        loss=np.stack(losses, axis=1),
        temperature=one_each,
        leading=("model",),
    )
