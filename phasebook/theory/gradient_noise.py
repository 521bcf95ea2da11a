"""How noisy single gradients are as the loss falls: the tanh network of the paper beside linear ones."""

from __future__ import annotations

import numpy as np
import xarray as xr

from phasebook.dyson import ensemble_gradients
from phasebook.network import Array, Ensemble, forward, loss
from phasebook.sgd import Trajectory
from phasebook.systems.linear_network import LinearNetwork

NAMES = {"loss": "loss (2.6)", "noise": "trace of the covariance of single-sample gradients"}


def noise_along(ensemble: Ensemble, trajectory: Trajectory) -> xr.Dataset:
    """Loss and gradient noise on the training set of tanh networks at each record of a run.

    Returns:
        `loss` and `noise`, the trace of Cov over samples of Delta_alpha (2.28), dims (model, time).
    """
    found: list[tuple[Array, Array]] = []
    for place in range(len(trajectory.steps)):
        weights = np.asarray(trajectory.weights[:, place], np.float64)
        delta, phi = ensemble_gradients(ensemble, weights, data="training")
        mean = np.swapaxes(delta, 1, 2) @ phi / delta.shape[1]
        square = np.mean((delta**2).sum(-1) * (phi**2).sum(-1), axis=1)
        outputs = forward(ensemble.with_weights(weights), ensemble.inputs)[-1]
        found.append((loss(outputs, ensemble.targets), square - (mean**2).sum((1, 2))))
    return _dataset(*(np.stack(values, axis=1) for values in zip(*found, strict=True)))


def linear_noise_along(network: LinearNetwork, run: xr.Dataset) -> xr.Dataset:
    """The same for linear networks that keep Z, over the distribution of inputs and noise, exactly.

    With M = G (W - W_t) and white inputs in two dimensions the inputs give 3 tr(M^T M); the noise at the
    optimum adds 6 A^2 (induced), 4 A^2 (independent) or 2 A^2 tr G (label). The loss is that of the teacher's
    true outputs.
    """
    readout = np.array(network.readout)
    curvature = readout.T @ readout
    away = run["weights"].values - network.teacher
    added = {"induced": 6.0, "independent": 4.0, "label": 2 * float(np.trace(curvature))}[network.noise]
    inputs = 3 * ((curvature @ away) ** 2).sum((-2, -1))
    return _dataset(((readout @ away) ** 2).sum((-2, -1)) / 2, inputs + added * network.amplitude**2)


def _dataset(losses: Array, noise: Array) -> xr.Dataset:
    values = {"loss": losses, "noise": noise}
    return xr.Dataset({
        name: (("model", "time"), values[name], {"long_name": text, "units": "1"})
        for name, text in NAMES.items()
    })  # fmt: skip
