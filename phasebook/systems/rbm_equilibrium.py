"""Many Gaussian RBMs in their stationary state, and what is measured on their degenerate pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr

from phasebook.network import Array
from phasebook.systems.contrastive_divergence import DataSide, Phase, start, train
from phasebook.systems.gaussian_rbm import (
    GaussianRBM,
    mean_shift,
    relaxation_rate,
    stationary_width,
    width_correction,
)

WAIT, BETWEEN = 3.0, 1.5
"""Relaxation times of the slowest level before the first record, and from one record to the next. Its
variance is then 0.2 % short of the stationary one, and spacings of a pair at two records are independent."""


def equilibrium(
    model: GaussianRBM,
    *,
    learning_rate: float,
    batch_size: int,
    phase: Phase = "persistent",
    data: DataSide = "exact",
    n_networks: int = 100,
    records: int = 4,
    seed: int = 0,
) -> xr.Dataset:
    """Networks that start at the target, run until stationary and are recorded a few times.

    Computed once per process for the same arguments: treat what is returned as read-only.

    Returns:
        As `contrastive_divergence.train`: `eigenvalues` (network, update, level), NaN after a divergence,
        and `diverged_at`.
    """
    return _equilibrium(model, learning_rate, batch_size, phase, data, n_networks, records, seed)


@lru_cache(maxsize=64)
def _equilibrium(
    model: GaussianRBM,
    learning_rate: float,
    batch_size: int,
    phase: Phase,
    data: DataSide,
    n_networks: int,
    records: int,
    seed: int,
) -> xr.Dataset:
    slowest = relaxation_rate(model, learning_rate=learning_rate).min()
    times = np.ceil((WAIT + BETWEEN * np.arange(records)) / slowest).astype(np.int64)
    state = start(model, n_networks=n_networks, batch_size=batch_size, seed=seed, at_target=True)
    found, _ = train(
        state, model, learning_rate=learning_rate, record_updates=times, phase=phase, data=data
    )  # fmt: skip
    return found.assign_attrs(seed=seed, n_networks=n_networks)


def pair_levels(run: xr.Dataset, model: GaussianRBM) -> Array:
    """Eigenvalues of the degenerate pairs: (pair, sample, 2), ascending; diverged networks left out.

    Samples are ordered by network, then by record; pairs by ascending target.
    """
    x = run["eigenvalues"].values[run["diverged_at"].values < 0].reshape(-1, model.sites)
    return np.stack([x[:, list(pair)] for pair in model.pairs])


def pair_targets(model: GaussianRBM) -> Array:
    """x* of each pair, ascending."""
    return np.array([model.targets[::-1][pair[0]] for pair in model.pairs])


def pair_units(run: xr.Dataset, model: GaussianRBM) -> Array:
    """Eigenvalues of the pairs about their mean, over the predicted width: (pair, sample, 2); nothing fitted.

    The width has the corrections for steps of finite length and for chains that remember.
    """
    levels, alpha = pair_levels(run, model), run.attrs["learning_rate"]
    places = [model.sites - 1 - pair[0] for pair in model.pairs]
    sweeps = run.attrs["sweeps"] if run.attrs["phase"] == "persistent" else None
    correction = width_correction(model, learning_rate=alpha, sweeps=sweeps)[places]
    width = stationary_width(pair_targets(model), learning_rate=alpha, batch_size=run.attrs["batch_size"])
    centre = levels.mean(axis=(1, 2), keepdims=True)
    return (levels - centre) / (width * np.sqrt(correction))[:, None, None]


def multiplet_shifts(run: xr.Dataset, model: GaussianRBM) -> tuple[Array, Array, Array]:
    """<x> - x* of each multiplet by ascending target: measured, standard error over networks, predicted."""
    x = run["eigenvalues"].values[run["diverged_at"].values < 0]
    settings = {"learning_rate": run.attrs["learning_rate"], "batch_size": run.attrs["batch_size"]}
    predicted = mean_shift(model, **settings)[::-1]
    first = [group[0] for group in model.multiplets]
    means = np.stack([x[..., list(group)].mean(axis=(1, 2)) for group in model.multiplets], axis=-1)
    measured = means.mean(axis=0) - model.targets[::-1][first]
    return measured, means.std(axis=0, ddof=1) / np.sqrt(len(means)), predicted[first]


def one_of_each(levels: Array, *, seed: int = 0) -> Array:
    """One of the two eigenvalues of every sample at random, (..., 2) -> (...): draws from the density.

    The two repel, so a sample of both is not one of independent numbers, which a Kolmogorov-Smirnov test
    needs.
    """
    pick = np.random.default_rng(seed).integers(0, 2, size=levels.shape[:-1])
    return np.take_along_axis(levels, pick[..., None], axis=-1)[..., 0]


def shuffled_pairs(levels: Array, *, seed: int = 0) -> Array:
    """Pairs put together from eigenvalues of different samples, (..., sample, 2): no repulsion is left."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.permuted(rng.permuted(levels, axis=-1), axis=-2), axis=-1)


def scan(
    model: GaussianRBM,
    settings: Iterable[Mapping[str, Any]],
    *,
    n_networks: int = 100,
    advance: Callable[[int], None] | None = None,
) -> xr.Dataset:
    """Mean spacing and width of the degenerate pairs for many settings.

    Args:
        model: the machine and its target.
        settings: arguments of `equilibrium`, one mapping for each.
        n_networks: of each setting that does not say it itself.
        advance: called with the number of networks after each setting.

    Returns:
        Dims (setting, pair): `spacing` <S>, `width` sigma (from the variance 3 sigma^2 / 2 of the density),
        with standard errors over networks, `scale` sqrt(alpha x* / |B|); (setting): `noise` alpha / |B|,
        `phase`, `learning_rate`, `batch_size`, and `diverged`, the number of networks that did.
    """
    rows: list[xr.Dataset] = []
    for setting in settings:
        run = equilibrium(model, **{"n_networks": n_networks, **setting})
        rows.append(_summary(run, model))
        if advance is not None:
            advance(run.sizes["network"])
    return joined(*rows)


def joined(*tables: xr.Dataset) -> xr.Dataset:
    """Tables of `scan` one below the other, along `setting`."""
    return xr.concat(
        tables, "setting", data_vars="all", coords="minimal", compat="override", join="override",
        combine_attrs="drop",
    )  # fmt: skip


def _summary(run: xr.Dataset, model: GaussianRBM) -> xr.Dataset:
    alive = int((run["diverged_at"] < 0).sum())
    levels = pair_levels(run, model).reshape(len(model.pairs), alive, run.sizes["update"], 2)
    centre = levels.mean(axis=(1, 2, 3), keepdims=True)
    spacing = (levels[..., 1] - levels[..., 0]).mean(axis=2)
    width2 = ((levels - centre) ** 2).mean(axis=(2, 3)) / 1.5
    targets, attrs = pair_targets(model), run.attrs
    noise = attrs["learning_rate"] / attrs["batch_size"]
    width, error = np.sqrt(width2.mean(axis=1)), 1 / np.sqrt(max(alive, 1))
    return xr.Dataset(
        {
            "spacing": ("pair", spacing.mean(axis=1), {"long_name": "mean spacing <S>", "units": "1"}),
            "spacing_error": ("pair", spacing.std(axis=1, ddof=1) * error),
            "width": ("pair", width, {"long_name": "sigma", "units": "1"}),
            "width_error": ("pair", width2.std(axis=1, ddof=1) * error / (2 * width)),
            "shift": ("pair", centre[:, 0, 0, 0] - targets, {"long_name": "<x> - x*", "units": "1"}),
            "scale": ("pair", np.sqrt(noise * targets), {"long_name": "sqrt(alpha x*/|B|)", "units": "1"}),
            "noise": ((), noise, {"long_name": "alpha/|B|", "units": "1"}),
            "diverged": ((), run.sizes["network"] - alive),
            "networks": ((), run.sizes["network"]),
            "seconds": ((), attrs["seconds"], {"units": "s"}),
        }
        | {name: ((), attrs[name]) for name in ("phase", "learning_rate", "batch_size")},
        {"target": ("pair", targets)},
    )


def slope_through_zero(table: xr.Dataset, quantity: str) -> tuple[float, float, float]:
    """Fit quantity = a scale (1 + c_pair alpha/|B|), weighted by the errors; the limit of small noise is a.

    A straight line through zero is the leading order; what the next order takes away grows with alpha/|B|,
    each pair at its own rate c.

    Args:
        table: from `scan`.
        quantity: "spacing" or "width".

    Returns:
        a, its standard error, and chi^2 per degree of freedom.
    """
    value, error = table[quantity].values, table[f"{quantity}_error"].values
    scale, noise = table["scale"].values, table["noise"].values[:, None]
    pairs = value.shape[1]
    columns = [scale / error] + [scale * noise / error * (np.arange(pairs) == k) for k in range(pairs)]
    design, right = np.stack([one.ravel() for one in columns], axis=-1), (value / error).ravel()
    solution, *_ = np.linalg.lstsq(design, right, rcond=None)
    covariance = np.linalg.inv(design.T @ design)
    rest = right - design @ solution
    return float(solution[0]), float(np.sqrt(covariance[0, 0])), float(rest @ rest / (len(rest) - pairs - 1))
