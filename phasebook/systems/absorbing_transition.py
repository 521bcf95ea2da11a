"""Where an absorbing transition lies: its critical point, its exponents, and the limit of small moves.

Written for spheres (packing fraction phi, activity f_a, kick), usable for any control parameter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import curve_fit

from phasebook.evidence.statistics import Estimate
from phasebook.network import Array

MANNA_BETA = 0.84
"""Order-parameter exponent of the Manna class in three dimensions, Luebeck 2004: 0.840(12)."""

MANNA_DELTA = 0.777
"""Decay exponent at criticality, beta / nu_parallel = 0.840 / 1.081 (depends on the initial condition)."""


@dataclass(frozen=True)
class Bracket:
    """Between which values of the control parameter the transition lies.

    Attributes:
        lower: the largest at which most runs are absorbed.
        upper: the smallest above it at which most survive.
    """

    lower: float
    upper: float

    @property
    def estimate(self) -> Estimate:
        """The middle; the error is that of a uniform distribution between the two."""
        return Estimate(0.5 * (self.lower + self.upper), (self.upper - self.lower) / np.sqrt(12.0))


def bracket(control: Array, absorbed: Array) -> Bracket:
    """Where the majority of runs changes from absorbed to active.

    Args:
        control: of each run, shape (run,).
        absorbed: whether it was, shape (run,).

    Raises:
        ValueError: all values of the control parameter have the same majority, so nothing is bracketed.
    """
    control, absorbed = np.asarray(control), np.asarray(absorbed, dtype=float)
    values = np.unique(control)
    share = np.array([absorbed[control == value].mean() for value in values])
    dead = values[share > 0.5]
    if len(dead) == 0 or not np.any(values > dead[-1]):
        raise ValueError(
            f"no transition between {values[0]:g} and {values[-1]:g}: {share[0]:.0%} of runs are absorbed at "
            f"the lower end, {share[-1]:.0%} at the upper"
        )
    return Bracket(float(dead[-1]), float(values[values > dead[-1]][0]))


def order_parameter(control: Array, critical: float, amplitude: float, beta: float) -> Array:
    """f_a = A ((phi - phi_c) / phi_c)^beta above phi_c, else 0."""
    return amplitude * np.clip(np.asarray(control) / critical - 1.0, 0.0, None) ** beta


def fit_order_parameter(
    control: Array, activity: Array, error: Array, *, beta: float | None = MANNA_BETA
) -> tuple[Estimate, Estimate, Estimate]:
    """Critical point, amplitude and exponent from stationary activities above the transition.

    Args:
        control, activity, error: one per point, shape (point,); all active, errors positive.
        beta: its value, or None to fit it too.

    Returns:
        phi_c, A and beta; a given beta has error 0. Errors grow by the square root of the reduced chi^2 where
        the law fits badly.

    Raises:
        ValueError: fewer points than numbers to fit, or an error that is not positive.
    """
    control, activity, error = (np.asarray(a, dtype=float) for a in (control, activity, error))
    n_free = 3 if beta is None else 2
    if len(control) < n_free or np.any(error <= 0) or np.any(activity <= 0):
        raise ValueError(
            f"needs at least {n_free} active points with positive errors, got {len(control)} points"
        )
    # The law is linear in phi after taking the power 1/beta: a line gives the start.
    first = MANNA_BETA if beta is None else beta
    slope, height = np.polyfit(control, activity ** (1 / first), 1)
    critical = min(-height / slope, control.min() * (1 - 1e-6)) if slope > 0 else control.min() * 0.99
    start = [critical, (slope * critical) ** first if slope > 0 else 1.0]
    bounds = ([0.0, 0.0], [control.min(), np.inf])
    if beta is None:
        found, covariance = curve_fit(
            order_parameter, control, activity, [*start, first], error, absolute_sigma=True,
            bounds=([*bounds[0], 0.05], [*bounds[1], 5.0]),
        )  # fmt: skip
    else:
        found, covariance = curve_fit(
            lambda x, c, a: order_parameter(x, c, a, beta), control, activity, start, error,
            absolute_sigma=True, bounds=bounds,
        )  # fmt: skip
        found = np.append(found, beta)
    residual = (activity - order_parameter(control, *found)) / error
    freedom = len(control) - n_free
    growth = max(1.0, np.sqrt((residual**2).sum() / freedom)) if freedom > 0 else 1.0
    errors = np.append(np.sqrt(np.diag(covariance)) * growth, 0.0)[:3]
    critical, amplitude, exponent = (Estimate(float(v), float(e)) for v, e in zip(found, errors, strict=True))
    return critical, amplitude, exponent


def decay_exponent(step: Array, activity: Array, *, first: float, last: float) -> Estimate:
    """delta in f_a ~ t^-delta between two times: a line through log f_a against log t, all points alike.

    The error takes residuals for independent, which they are not: a lower bound.

    Raises:
        ValueError: fewer than three active points between the two times.
    """
    step, activity = np.asarray(step, dtype=float), np.asarray(activity, dtype=float)
    inside = (step >= first) & (step <= last) & (activity > 0)
    if inside.sum() < 3:
        raise ValueError(f"needs three active points from {first:g} to {last:g}, got {inside.sum()}")
    line, covariance = np.polyfit(np.log(step[inside]), np.log(activity[inside]), 1, cov=True)
    return Estimate(float(-line[0]), float(np.sqrt(covariance[0, 0])))


def extrapolate(size: Array, critical: Array, error: Array, *, degree: int = 1) -> Estimate:
    """The critical point in the limit of moves of size zero: weighted polynomial in the size.

    Args:
        size: kicks or learning rates, shape (point,).
        critical, error: phi_c of each and its standard error.
        degree: 1 for a straight line, 2 for a parabola.

    Returns:
        Intercept; the error follows from those given, grown by the square root of the reduced chi^2 if the
        polynomial fits worse than they allow.

    Raises:
        ValueError: not more points than `degree`, or an error that is not positive.
    """
    size, critical, error = (np.asarray(a, dtype=float) for a in (size, critical, error))
    if len(size) <= degree or np.any(error <= 0):
        raise ValueError(
            f"degree {degree} needs {degree + 1} points with positive errors, got {len(size)} points"
        )
    powers = np.stack([size**k for k in range(degree + 1)], 1) / error[:, None]
    covariance = np.linalg.inv(powers.T @ powers)
    found = covariance @ powers.T @ (critical / error)
    freedom = len(size) - degree - 1
    chi2 = (((powers @ found) - critical / error) ** 2).sum()
    growth = max(1.0, np.sqrt(chi2 / freedom)) if freedom > 0 else 1.0
    return Estimate(float(found[0]), float(np.sqrt(covariance[0, 0]) * growth))
