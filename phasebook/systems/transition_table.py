"""What runs near the absorbing transition say: critical points, their limit, exponents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from phasebook.evidence.statistics import Estimate
from phasebook.network import Array
from phasebook.systems.absorbing_transition import (
    bracket,
    decay_exponent,
    extrapolate,
    fit_order_parameter,
)

RULES = ("BRO", "SGD")


@dataclass(frozen=True)
class Steady:
    """Surviving runs of one rule and kick: activity late in the run.

    Attributes:
        packing_fraction, activity, error: shape (point,). The error is the larger of the spread between
            quarters and seeds and half the drift from the first to the last quarter.
        survivors, runs: how many of how many, shape (point,).
    """

    packing_fraction: Array
    activity: Array
    error: Array
    survivors: Array
    runs: Array


def kicks_of(runs: xr.Dataset) -> list[float]:
    """Kick sizes, descending, at which the runs of both rules have a transition."""
    both = set.intersection(*({kick for kick, _ in critical_points(runs, rule)} for rule in RULES))
    return sorted(both, reverse=True)


def of(runs: xr.Dataset, rule: str, kick: float) -> xr.Dataset:
    """The runs of one rule and kick."""
    return runs.isel(run=np.flatnonzero((runs["rule"] == rule) & (runs["kick"] == kick)))


def critical_points(runs: xr.Dataset, rule: str) -> list[tuple[float, Estimate]]:
    """(kick, phi_c) where the majority changes from absorbed to alive; kicks without a change left out."""
    found = []
    for kick in sorted({float(k) for k in runs["kick"].values}):
        some = of(runs, rule, kick)
        try:
            place = bracket(some["packing_fraction"].values, some["absorbed"].values)
        except (ValueError, IndexError):
            continue
        found.append((kick, place.estimate))
    return found


def limit(points: list[tuple[float, Estimate]], *, degree: int | None = None) -> Estimate:
    """phi_c at kick zero: a parabola through four points or more, a line through fewer.

    To the error that follows from the points comes the difference to the line through the two smallest kicks:
    the true form of the curve is not known.

    Raises:
        ValueError: fewer than two points.
    """
    size, value, error = (np.array(column) for column in _columns(points))
    if len(points) < 2:
        raise ValueError(f"an extrapolation needs at least two kicks, got {len(points)}")
    degree = (2 if len(points) > 3 else 1) if degree is None else degree
    chosen = extrapolate(size, value, error, degree=degree)
    line = extrapolate(size[:2], value[:2], error[:2])
    return Estimate(chosen.value, float(np.hypot(chosen.error, chosen.value - line.value)))


def steady(runs: xr.Dataset, rule: str, kick: float) -> Steady:
    """Late activities of the runs that survived, packing fraction by packing fraction."""
    some = of(runs, rule, kick)
    rows = []
    for fraction in np.unique(some["packing_fraction"].values):
        here = some.isel(run=np.flatnonzero(some["packing_fraction"] == fraction))
        late = here["late_activity"].values
        alive = late[np.isfinite(late).all(axis=1)]
        if len(alive):
            drift = abs(alive[:, -1].mean() - alive[:, 0].mean()) / 2
            spread = alive.std(ddof=1) / np.sqrt(alive.size)
            rows.append((fraction, alive.mean(), max(drift, spread), len(alive), len(late)))
    columns = np.array(rows).reshape(-1, 5).T
    return Steady(*columns)


def order_parameter_exponent(
    runs: xr.Dataset, rule: str, kick: float, *, beta: float | None = None
) -> tuple[Estimate, Estimate, Estimate]:
    """phi_c, amplitude and beta from the late activities of points where no run was absorbed.

    Raises:
        ValueError: too few such points.
    """
    points = steady(runs, rule, kick)
    whole = points.survivors == points.runs
    return fit_order_parameter(
        points.packing_fraction[whole], points.activity[whole], points.error[whole], beta=beta
    )


def mean_activity(runs: xr.Dataset, rule: str, kick: float, fraction: float) -> tuple[Array, Array]:
    """Steps (without 0) and activity averaged over seeds, as long as all runs last or are absorbed."""
    some = of(runs, rule, kick)
    here = some.isel(run=np.flatnonzero(np.isclose(some["packing_fraction"], fraction)))
    counts = here["n_active"].values
    known = (counts >= 0).all(axis=0) & (here["time"].values > 0)
    return here["time"].values[known], counts[:, known].mean(axis=0) / runs.attrs["n_particles"]


def critical_decay(
    runs: xr.Dataset, rule: str, kick: float, *, first: float = 3.0, last: float = 60.0
) -> Estimate:
    """delta from the packing fractions on both sides of phi_c, from `first` / kick to `last` / kick steps.

    The value is the middle of the two fits; the error is half their difference with the fits' own: it says
    how well phi_c is known.
    """
    place = bracket(*(of(runs, rule, kick)[name].values for name in ("packing_fraction", "absorbed")))
    fits = [
        decay_exponent(*mean_activity(runs, rule, kick, phi), first=first / kick, last=last / kick)
        for phi in (place.lower, place.upper)
    ]
    middle = 0.5 * (fits[0].value + fits[1].value)
    half = 0.5 * abs(fits[0].value - fits[1].value)
    return Estimate(middle, float(np.sqrt(half**2 + max(fit.error for fit in fits) ** 2)))


def _columns(points: list[tuple[float, Estimate]]) -> tuple[list[float], list[float], list[float]]:
    ordered = sorted(points, key=lambda point: point[0])
    return [k for k, _ in ordered], [e.value for _, e in ordered], [e.error for _, e in ordered]
