"""The linear scaling rule on trial: where the transition sits in the plane of learning rate and batch size.

If only T = eps / |B| mattered, Eq. (2.30), the learning rate eps_c at which training stops converging would
be proportional to |B|. A scan trains the same networks at every (eps, |B|), finds eps_c for each |B|, and
gives the exponent d ln eps_c / d ln |B| between neighbouring batch sizes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from phasebook.network import TEST_POINTS, Array, Ensemble, forward, loss
from phasebook.sgd import Order, train


@dataclass(frozen=True)
class Transition:
    """Learning rates at which the median test error crosses a level, and their bootstrap over networks.

    Attributes:
        batch_sizes: |B|, ascending, (batch,).
        learning_rates: eps_c, (batch,); NaN where the scan does not bracket it.
        draws: the same for each resampled ensemble, (draw, batch). One draw uses the same networks for
            every |B|, as the scan does.
    """

    batch_sizes: Array
    learning_rates: Array
    draws: Array

    @property
    def exponents(self) -> Array:
        """d ln eps_c / d ln |B| between neighbouring batch sizes, (batch - 1,); 1 is the linear rule."""
        return local_exponents(self.batch_sizes, self.learning_rates)

    @property
    def exponent_draws(self) -> Array:
        """The exponents of each resampled ensemble, (draw, batch - 1)."""
        return local_exponents(self.batch_sizes, self.draws)


def scan(
    ensemble: Ensemble,
    *,
    learning_rates: Mapping[int, Sequence[float]],
    updates: Sequence[int],
    flow_times: Sequence[float],
    order: Order = "with_replacement",
    seed: int = 0,
) -> xr.Dataset:
    """Train the same networks at every (eps, |B|) and record the test error on two clocks.

    Teachers, data and initial weights are shared by all points of the scan (common random numbers), so that
    points differ by eps, |B| and the batches drawn, and by nothing else.

    Args:
        ensemble: the networks, at step 0.
        learning_rates: for each |B| the eps to scan.
        updates: numbers of SGD updates, the same for every eps.
        flow_times: values of eps t, the clock of Eq. (2.30); eps t / eps updates, rounded.
        order: how batches are drawn; the theory assumes independent draws.
        seed: of the order of the data.

    Returns:
        `by_updates` (updates, batch_size, learning_rate, model) and `by_flow_time` (flow_time, ...): mean
        squared test error, twice Eq. (2.6); NaN at points that were not scanned, infinite for a network
        whose weights are no longer finite. `weights` (batch_size, learning_rate, model, unit, input_unit)
        after the largest number of updates.
    """
    sizes = sorted(learning_rates)
    rates = np.unique(np.concatenate([np.asarray(learning_rates[size], float) for size in sizes]))
    shape = (len(sizes), len(rates), ensemble.n_models)
    by_updates = np.full((len(updates), *shape), np.nan)
    by_flow_time = np.full((len(flow_times), *shape), np.nan)
    weights = np.full((*shape, *ensemble.weights.shape[1:]), np.nan, np.float32)
    for i, size in enumerate(sizes):
        for rate in learning_rates[size]:
            j = int(np.searchsorted(rates, rate))
            flow = [max(1, round(time / rate)) for time in flow_times]
            stops = np.unique([*updates, *flow])
            run = train(
                ensemble, learning_rate=rate, batch_size=size,
                record_steps=stops.tolist(), order=order, seed=seed,
            )  # fmt: skip
            error = np.stack([squared_test_error(ensemble, run.weights[:, k]) for k in range(len(stops))])
            by_updates[:, i, j] = error[np.searchsorted(stops, updates)]
            by_flow_time[:, i, j] = error[np.searchsorted(stops, flow)]
            weights[i, j] = run.weights[:, int(np.searchsorted(stops, max(updates)))]
    point = ("batch_size", "learning_rate", "model")
    attrs = {"long_name": "mean squared test error", "units": "1", "equation": "2.6"}
    return xr.Dataset(
        {
            "by_updates": (("updates", *point), by_updates, attrs),
            "by_flow_time": (("flow_time", *point), by_flow_time, attrs),
            "weights": ((*point, "unit", "input_unit"), weights),
        },
        coords={
            "updates": list(updates),
            "flow_time": list(flow_times),
            "batch_size": sizes,
            "learning_rate": rates,
        },
    )


def squared_test_error(ensemble: Ensemble, weights: Array) -> Array:
    """Mean squared error on the test set of the text, without the 1/2 of Eq. (2.6): (model,)."""
    inputs, targets = ensemble.test_inputs[:, :TEST_POINTS], ensemble.test_targets[:, :TEST_POINTS]
    outputs = forward(ensemble.with_weights(weights.astype(np.float64)), inputs)[-1]
    error = 2 * loss(outputs, targets)
    return np.where(np.isfinite(error), error, np.inf)


def crossing(learning_rates: Array, error: Array, *, level: float) -> Array:
    """The learning rate above which the error stays above `level`, interpolated between logarithms.

    Looked for from the largest eps downwards: at small eps the error may be above the level too, because
    training has not gone far enough, and that is not the transition.

    Args:
        learning_rates: ascending, (rate,).
        error: (..., rate), positive; NaN at points that were not scanned.
        level: the error that is crossed.

    Returns:
        Shape (...). NaN where no scanned point is below the level or the largest one is.
    """
    log_rate, log_error = np.log(learning_rates), np.log(np.asarray(error, float)) - np.log(level)
    found = np.full(log_error.shape[:-1], np.nan)
    for place in np.ndindex(found.shape):
        scanned = np.flatnonzero(~np.isnan(log_error[place]))
        below = np.flatnonzero(log_error[place][scanned] < 0)
        if len(below) and below[-1] + 1 < len(scanned):
            here, there = scanned[below[-1]], scanned[below[-1] + 1]
            low, high = log_error[place][here], log_error[place][there]
            share = 0.0 if np.isinf(high) else low / (low - high)
            found[place] = np.exp(log_rate[here] + share * (log_rate[there] - log_rate[here]))
    return found


def local_exponents(batch_sizes: Array, learning_rates: Array) -> Array:
    """d ln eps_c / d ln |B| between neighbouring batch sizes: (..., batch) -> (..., batch - 1)."""
    return np.diff(np.log(learning_rates), axis=-1) / np.diff(np.log(batch_sizes))


def transition(error: xr.DataArray, *, level: float, resamples: int = 400, seed: int = 0) -> Transition:
    """eps_c of every |B| from the median over networks, with a bootstrap over networks.

    Args:
        error: dims batch_size, learning_rate, model; one clock of a scan.
        level: the mean squared test error that the median has to cross.
        resamples: number of draws of as many networks, with replacement.
        seed: of the draws.
    """
    values = error.transpose("batch_size", "learning_rate", "model").values
    rates = error["learning_rate"].values
    rng = np.random.default_rng(seed)
    members = rng.integers(values.shape[-1], size=(resamples, values.shape[-1]))
    medians = np.stack([np.median(values[..., chosen], axis=-1) for chosen in members])
    return Transition(
        batch_sizes=error["batch_size"].values.astype(float),
        learning_rates=crossing(rates, np.median(values, axis=-1), level=level),
        draws=crossing(rates, medians, level=level),
    )


def interval(draws: Array, *, coverage: float = 0.95) -> tuple[Array, Array]:
    """Percentile interval of bootstrap draws along the first axis: (draw, ...) -> two of shape (...)."""
    tail = (1 - coverage) / 2
    lower, upper = np.quantile(draws, [tail, 1 - tail], axis=0)
    return lower, upper
