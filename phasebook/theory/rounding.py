"""Is a small loss at long times numerical? The size of a step against the spacing of the numbers it moves."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import xarray as xr

from phasebook.network import TEST_POINTS, Array, Ensemble, forward, loss
from phasebook.sgd import Precision, train


def continued(ensemble: Ensemble, weights: Array) -> Ensemble:
    """The same networks with their trained layer at `weights`, (model, n_l, n_{l-1}): where a run goes on."""
    return replace(ensemble, student=ensemble.with_weights(np.asarray(weights, dtype=np.float64)))


def single_spacing(weights: Array) -> Array:
    """Distance of each weight to the next larger number in single precision, shape of `weights`."""
    return np.spacing(np.abs(np.asarray(weights, dtype=np.float32))).astype(np.float64)


class Steps(NamedTuple):
    """Single SGD updates: their sizes, absolute and in spacings of the numbers they move."""

    size: Array
    in_spacings: Array

    def share_below(self, spacings: float) -> float:
        """Part of the motion, the sum of sizes, made by steps of less than so many spacings."""
        return float(np.sum(self.size[self.in_spacings < spacings]) / np.sum(self.size))


def step_sizes(ensemble: Ensemble, *, learning_rate: float, steps: int) -> Steps:
    """|W(t + 1) - W(t)| in double precision, and over the spacing of single precision at the larger end.

    Returns:
        Two arrays with a number for each network, update and weight: (model, steps, n_l, n_{l-1}).
    """
    weights = train(
        ensemble, learning_rate=learning_rate, record_steps=range(steps + 1), precision="float64"
    ).weights
    size = np.abs(np.diff(weights, axis=1))
    larger = np.maximum(np.abs(weights[:, 1:]), np.abs(weights[:, :-1]))
    return Steps(size, size / single_spacing(larger))


def rounding_floor(weights: Array, *, learning_rate: float) -> Array:
    """Squared error that rounding alone could sustain, of each network: sum of u_i^2 / (24 eps).

    Every update rounds weight i to a number spaced u_i, an error of variance u_i^2 / 12. Along a direction of
    curvature c the weights forget it at the rate eps c, so its stationary variance is u^2 / (24 eps c), which
    costs c / 2 times that in the loss (2.6) and twice as much in the squared error: the curvature cancels. A
    direction too flat to be stationary yet costs less.

    Args:
        weights: (model, n_l, n_{l-1}).
        learning_rate: eps.

    Returns:
        (model,), without the factor 1/2 of the loss.
    """
    return np.sum(single_spacing(weights) ** 2, axis=(-2, -1)) / (24 * learning_rate)


def squared_errors(ensemble: Ensemble, weights: Array) -> Array:
    """Mean squared test error of every network at every time: (model, time, n_l, n_{l-1}) -> (model, time),
    twice Eq. (2.6), on the first 100 test points.
    """
    inputs, targets = ensemble.test_inputs[:, :TEST_POINTS], ensemble.test_targets[:, :TEST_POINTS]
    found = np.empty(weights.shape[:2])
    for k in range(weights.shape[1]):
        layers = ensemble.with_weights(np.asarray(weights[:, k], dtype=np.float64))
        found[:, k] = 2 * loss(forward(layers, inputs)[-1], targets)
    return found


def both_precisions(ensemble: Ensemble, *, learning_rate: float, record_steps: list[int]) -> xr.Dataset:
    """Train the same networks in single and in double precision.

    Args:
        ensemble: the networks at step 0.
        learning_rate: eps.
        record_steps: numbers of updates, ascending.

    Returns:
        `error` (precision, model, step), squared test error; `distance` (model, step) between the
        weights of the two runs and `displacement` (model, step) of the second from the start, Frobenius
        norms.
    """
    precisions: tuple[Precision, ...] = ("float32", "float64")
    runs = [
        train(ensemble, learning_rate=learning_rate, record_steps=record_steps, precision=one).weights.astype(
            np.float64
        )
        for one in precisions
    ]
    start = ensemble.weights[:, None]
    return xr.Dataset(
        {
            "error": (("precision", "model", "step"), np.stack([squared_errors(ensemble, w) for w in runs])),
            "distance": (("model", "step"), np.linalg.norm(runs[0] - runs[1], axis=(-2, -1))),
            "displacement": (("model", "step"), np.linalg.norm(runs[1] - start, axis=(-2, -1))),
        },
        coords={"precision": list(precisions), "step": list(record_steps)},
    )
