"""The runs that the chapter on the linear network shows and its claims are judged on, each computed once."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr

from phasebook.spectra import level_spacing
from phasebook.systems.coulomb_gas import mean_spacing
from phasebook.systems.linear_network import LinearNetwork
from phasebook.systems.linear_theory import mean_square_limit, small_step_widths, stationary_widths
from phasebook.systems.linear_training import final_levels, train

UPDATES_PER_EPOCH = 5
"""Our reading: the paper's epoch is not known. At alpha = 0.02 an epoch is a time of 0.1."""

RELAXATION_TIMES = 6.0
"""How long a run from the teacher lasts, in units of 1 / (alpha z_1): variances are then off by e^-12."""

LEAST_UPDATES = 200
"""And at the least; close to the limit of stability fluctuations die out slowly."""


@cache
def learning_curves(
    network: LinearNetwork, *, n_models: int = 500, epochs: int = 50, learning_rate: float = 0.02,
    batch_size: int = 16, seed: int = 0,
) -> xr.Dataset:  # fmt: skip
    """Levels from a small random start, recorded after every epoch; a coordinate `epoch` is added."""
    record = np.arange(epochs + 1) * UPDATES_PER_EPOCH
    data = train(
        network, n_models=n_models, learning_rate=learning_rate, batch_size=batch_size, record_steps=record,
        start="random", seed=seed,
    )  # fmt: skip
    return data.assign_coords(epoch=("time", np.arange(epochs + 1), {"long_name": "epoch", "units": "1"}))


@cache
def stationary_state(
    network: LinearNetwork, *, n_models: int = 10_000, learning_rate: float = 0.04, batch_size: int = 32,
    seed: int = 0,
) -> xr.Dataset:  # fmt: skip
    """Levels long after a start at the teacher, (model, time = 1, level)."""
    last = max(LEAST_UPDATES, int(np.ceil(RELAXATION_TIMES / (learning_rate * network.curvatures[0]))))
    return train(
        network, n_models=n_models, learning_rate=learning_rate, batch_size=batch_size, record_steps=[last],
        seed=seed,
    )  # fmt: skip


@cache
def spacing_scan(
    network: LinearNetwork, settings: tuple[tuple[float, int], ...], *, n_models: int = 1000,
    singular_values: bool = False, seed: int = 0,
) -> xr.Dataset:  # fmt: skip
    """Mean spacing for several pairs of alpha and |B|, with its theory where there is one.

    Args:
        network: what is trained.
        settings: pairs (alpha, |B|).
        n_models: networks for each pair.
        singular_values: take the spacing of the singular values of W, not of their squares.
        seed: pair number k uses seed + k.

    Returns:
        Over the dim `setting`: `spacing` and `spacing_error` (networks that diverged left out), `diverged`,
        the share of those, `leading`, the law of small steps, and `exact`, from the exact covariance,
        not-a-number where there is no stationary state; coordinates `learning_rate`, `batch_size`,
        `temperature`.
    """
    rows = []
    for k, (rate, batch_size) in enumerate(settings):
        run = stationary_state(
            network, n_models=n_models, learning_rate=rate, batch_size=batch_size, seed=seed + k
        )
        levels = final_levels(run)
        gaps = level_spacing(np.sqrt(levels) if singular_values else levels)
        mean, error = (gaps.mean(), gaps.std() / np.sqrt(len(gaps))) if len(gaps) > 1 else (np.nan, np.nan)
        # d sqrt(x) = dx / (2 sqrt(kappa))
        scale = 1 / (2 * np.sqrt(network.kappa)) if singular_values else 1.0
        theory = [scale * each for each in _theory(network, rate, batch_size)]
        rows.append((mean, error, float(run["diverged"].mean()), *theory))
    rates, batches = np.array(settings).T
    return xr.Dataset(
        {
            name: ("setting", column, {"long_name": text, "units": "1"})
            for (name, text), column in zip(COLUMNS.items(), np.array(rows, dtype=float).T, strict=True)
        },
        {
            "learning_rate": ("setting", rates, {"long_name": "learning rate alpha", "units": "1"}),
            "batch_size": ("setting", batches.astype(int), {"long_name": "batch size |B|", "units": "1"}),
            "temperature": ("setting", rates / batches, {"long_name": "alpha / |B|", "units": "1"}),
        },
        {"n_models": n_models, "seed": seed, "kappa": network.kappa, "amplitude": network.amplitude},
    )


COLUMNS = {
    "spacing": "mean spacing S",
    "spacing_error": "standard error of the mean spacing",
    "diverged": "share of networks that diverged",
    "leading": "mean spacing to leading order in alpha / |B|",
    "exact": "mean spacing from the exact covariance",
}
"""What `spacing_scan` returns."""


def _theory(network: LinearNetwork, rate: float, batch_size: int) -> tuple[float, float]:
    """Mean spacing to leading order, and from the exact covariance."""
    leading = small_step_widths(network, rate / batch_size)
    first = mean_spacing(a=leading.a, b=leading.b)
    if rate >= mean_square_limit(network, batch_size=batch_size):
        return first, float("nan")
    exact = stationary_widths(network, learning_rate=rate, batch_size=batch_size)
    return first, mean_spacing(a=exact.a, b=exact.b)
