"""The boundary of Eq. (4.15) on a sweep, under each reading of how K_S / V_S is to be computed.

The text, its Appendix B and the authors' released code describe different procedures. `READINGS` holds seven,
each a choice of the same four options; one implementation serves all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from phasebook.dyson import (
    Basis,
    Drift,
    Harmonic,
    Variance,
    coefficients,
    ensemble_gradients,
    spacing_drift,
    spacing_repulsion,
)
from phasebook.network import RELEASED_TEST_POINTS, sample_networks
from phasebook.runs.packaged import derived
from phasebook.spectra import eigenvalues, level_spacing
from phasebook.theory.criterion import converges, critical_inv_sigma_w, spacing_bound, wilson_interval

Spacing = Literal["bound", "initial", "final"]
Label = Literal["ordered", "jammed", "paramagnetic"]

LEVELS = (0.68, 0.95, 0.997)
"""Fractions of converged networks that the paper calls 1, 2 and 3 sigma."""


@dataclass(frozen=True)
class Reading:
    """One way to compute K_S and V_S from the gradients; the options are those of `phasebook.dyson`.

    Attributes:
        name: what it does, in one word or two; coordinate `reading` of the data sets made here.
        basis: of the rotation.  drift: how K_S follows from the K_i.  variance: how V_ij is rotated.
        harmonic: indices of the sum in (B.7).
        origin: where it comes from.
    """

    name: str
    basis: Basis
    drift: Drift
    variance: Variance
    harmonic: Harmonic
    origin: str


READINGS = (
    Reading("as released", "X", "absolute_difference", "rotated_table", "released", "released code"),
    Reading("indices of B.7", "X", "absolute_difference", "rotated_table", "formula", "first, with (B.7)"),
    Reading("signed drift", "X", "signed", "rotated_samples", "formula", "perturbation theory"),
    Reading("size of drift", "X", "absolute_difference", "rotated_samples", "formula", "between 2 and 3"),
    Reading("literal text", "K", "signed", "rotated_samples", "formula", "Appendix B, word for word"),
    Reading("spread, table", "K", "largest_spread", "rotated_table", "formula", "App. B, sign turned"),
    Reading("spread, samples", "K", "largest_spread", "rotated_samples", "formula", "App. B, sign turned"),
)
"""The readings in the order of this book's numbering; the first is the published figure's own procedure."""


def signal_and_noise(
    dataset: xr.Dataset, *, readings: Sequence[Reading] = READINGS, points: int = RELEASED_TEST_POINTS
) -> xr.Dataset:
    """K_S and V_S of every network at t_f, under each reading, from the stored weights.

    Args:
        dataset: a sweep, with `weights` and the attributes `phasebook.load_sweep` gives; teachers and test
            points are drawn again from its configuration.
        readings: which.
        points: test points over which mean and variance are taken (128 in the released code).

    Returns:
        `drift` K_S and `repulsion` V_S, dims (reading, temperature, inv_sigma_w, model), not-a-number for a
        network that diverged; `lowest_drift` K_1 and `highest_drift` K_N in the basis of X; the spacings
        `spacing_bound` (inv_sigma_w), Eq. (4.14), `spacing_initial` S(0), `spacing_previous` S at the record
        before t_f, and `spacing_final` S(t_f). For a packaged sweep, whose weights were left out, they come
        from the package as well.
    """
    packaged = points == RELEASED_TEST_POINTS and set(readings) <= set(READINGS)
    if packaged and (kept := derived(dataset, "forces")) is not None:
        return kept.sel(reading=[one.name for one in readings]).assign_attrs(dataset.attrs)
    config = json.loads(dataset.attrs["config"])
    widths = tuple(config["widths"])
    cell = ("temperature", "inv_sigma_w", "model")
    weights = dataset["weights"].transpose(*cell, "unit", "input_unit").values
    shape = tuple(dataset.sizes[name] for name in cell)
    found = {name: np.empty((len(readings), *shape)) for name in ("drift", "repulsion")}
    alone = {
        name: np.empty(shape)
        for name in ("lowest_drift", "highest_drift", "spacing_initial", "spacing_previous", "spacing_final")
    }
    previous = dataset["eigenvalues"].transpose(*cell, "time", "level").isel(time=-2).values
    for i, temperature in enumerate(dataset["temperature"].values):
        for j, inv_sigma_w in enumerate(dataset["inv_sigma_w"].values):
            ensemble = sample_networks(
                [(float(temperature), float(inv_sigma_w), int(k)) for k in dataset["model"].values],
                seed=config["seed"],
                widths=widths,
                n_samples=config["n_samples"],
                common_teachers=config["common_teachers"],
            )
            final = weights[i, j].astype(np.float64)
            with np.errstate(over="ignore", invalid="ignore"):  # weights of diverged networks
                delta, phi = ensemble_gradients(ensemble, final, points=points)
            rotations: set[tuple[Basis, Variance]] = {("X", "rotated_samples")}
            rotations.update((one.basis, one.variance) for one in readings)
            values = {
                (basis, variance): coefficients(final, delta, phi, basis=basis, variance=variance)
                for basis, variance in rotations
            }
            for k, one in enumerate(readings):
                chosen = values[one.basis, one.variance]
                found["drift"][k, i, j] = spacing_drift(chosen.drift, reading=one.drift)
                found["repulsion"][k, i, j] = spacing_repulsion(chosen.noise, harmonic=one.harmonic)
            natural = values["X", "rotated_samples"]
            alone["lowest_drift"][i, j] = natural.drift[..., 0]
            alone["highest_drift"][i, j] = natural.drift[..., -1]
            alone["spacing_initial"][i, j] = level_spacing(eigenvalues(ensemble.weights))
            alone["spacing_previous"][i, j] = level_spacing(previous[i, j])
            alone["spacing_final"][i, j] = level_spacing(natural.eigenvalues)
    bound = spacing_bound(1 / dataset["inv_sigma_w"].values, widths=widths)
    return xr.Dataset(
        {
            **{name: (("reading", *cell), values) for name, values in found.items()},
            **{name: (cell, values) for name, values in alone.items()},
            "spacing_bound": ("inv_sigma_w", bound),
        },
        coords={"reading": [one.name for one in readings], **{name: dataset[name] for name in cell}},
        attrs=dataset.attrs,
    )


def convergence(parts: xr.Dataset, *, spacing: Spacing = "bound", confidence: float = 0.68) -> xr.Dataset:
    """Which networks satisfy the criterion (4.15), and the fraction of them in each cell.

    Args:
        parts: from `signal_and_noise`.
        spacing: S on the left-hand side T / S: the bound (4.14) as in the paper, each network's own S(0), or
            its S(t_f), as in (4.10).
        confidence: of the binomial interval.

    Returns:
        `converged` (reading, temperature, inv_sigma_w, model), False for a network that diverged;
        `count` and `networks` (those that did not diverge), `fraction`, and Wilson's interval `lower`,
        `upper`, dims (reading, temperature, inv_sigma_w).
    """
    chosen = {"bound": "spacing_bound", "initial": "spacing_initial", "final": "spacing_final"}[spacing]
    drift, repulsion, width, temperature = xr.broadcast(
        parts["drift"], parts["repulsion"], parts[chosen], parts["temperature"]
    )
    decided = converges(drift.values, repulsion.values, temperature=temperature.values, spacing=width.values)
    usable = drift.notnull() & repulsion.notnull() & width.notnull()
    converged = drift.copy(data=decided).where(usable, False).astype(bool)
    count, networks = converged.sum("model"), usable.sum("model")
    lower, upper = wilson_interval(count.values, networks.values, confidence=confidence)
    return xr.Dataset(
        {
            "converged": converged,
            "count": count,
            "networks": networks,
            "fraction": count / networks.where(networks > 0),
            "lower": count.copy(data=lower),
            "upper": count.copy(data=upper),
        },
        attrs={**parts.attrs, "spacing": spacing},
    )


def boundaries_of(
    dataset: xr.Dataset,
    *,
    readings: Sequence[Reading] = READINGS,
    spacing: Spacing = "bound",
    points: int = RELEASED_TEST_POINTS,
    confidence: float = 0.68,
) -> xr.Dataset:
    """`convergence` of a sweep: the fraction of converged networks per cell, counts and intervals."""
    parts = signal_and_noise(dataset, readings=readings, points=points)
    return convergence(parts, spacing=spacing, confidence=confidence)


def boundary_temperature(fraction: xr.DataArray, *, level: float = LEVELS[0]) -> xr.DataArray:
    """T at which, coming from hot, the fraction of converged networks first reaches `level`.

    Args:
        fraction: has the dim `temperature`, coordinate ascending.
        level: in (0, 1].

    Returns:
        T, interpolated in log2 T between rows; infinite if the hottest row reaches the level already,
        not-a-number if none does. Dims of `fraction` without `temperature`.
    """
    logs = np.log2(fraction["temperature"].values)

    def crossing(column: np.ndarray) -> float:
        reached = np.flatnonzero(column >= level)
        if reached.size == 0:
            return np.nan
        k = int(reached[-1])
        if k == len(logs) - 1:
            return np.inf
        part = (column[k] - level) / (column[k] - column[k + 1])
        return float(2 ** (logs[k] + part * (logs[k + 1] - logs[k])))

    return xr.apply_ufunc(crossing, fraction, input_core_dims=[["temperature"]], vectorize=True)


def phase_of(
    temperature: float,
    inv_sigma_w: float,
    *,
    boundary: xr.DataArray | float,
    vertical: float = float(critical_inv_sigma_w()),
) -> Label:
    """The phase of a point of the plane, by two lines.

    Rule: paramagnetic above `boundary`; below it ordered to the right of `vertical`, jammed to the left. Both
    lines are conventions. The transition is a crossover about a factor of two wide in T and wider in
    1/sigma_W, it moves with training time, and the readings of (4.15) disagree on it: near a line the label
    says little.

    Args:
        temperature, inv_sigma_w: positive.
        boundary: a temperature, or one for each `inv_sigma_w` from `boundary_temperature` (the nearest column
            decides; not-a-number there means that nothing converges).
        vertical: 1/sigma_W of the vertical line, see `critical_inv_sigma_w`.

    Raises:
        ValueError: `temperature` or `inv_sigma_w` not positive.
    """
    if not (temperature > 0 and inv_sigma_w > 0):
        raise ValueError(f"temperature and 1/sigma_W must be positive, got {temperature} and {inv_sigma_w}")
    if isinstance(boundary, xr.DataArray):
        nearest = int(np.abs(np.log2(boundary["inv_sigma_w"].values) - np.log2(inv_sigma_w)).argmin())
        boundary = float(boundary.isel(inv_sigma_w=nearest))
    if not temperature <= boundary:
        return "paramagnetic"
    return "ordered" if inv_sigma_w >= vertical else "jammed"
