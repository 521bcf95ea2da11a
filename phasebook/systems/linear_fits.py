"""Fits as a reader of the paper would make them: a law to a mean curve, a density to a histogram."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import curve_fit, minimize

from phasebook.network import Array
from phasebook.systems.coulomb_gas import two_level_density


class CurveFit(NamedTuple):
    """A fitted curve: plateau, rate, the third parameter, and the fitted values at the times given."""

    plateau: float
    rate: float
    offset: float
    values: Array


def fit_relaxation(time: Array, level: Array) -> CurveFit:
    """x(t) = [sqrt(plateau) - offset e^{-rate t}]^2 by least squares: both arrays (time,)."""

    def law(t: Array, root: float, rate: float, offset: float) -> Array:
        return (root - offset * np.exp(-rate * t)) ** 2

    root, rate, offset = _fit(law, time, level, (np.sqrt(level[-1]), 1.0, np.sqrt(level[-1])))
    return CurveFit(root**2, rate, offset, law(time, root, rate, offset))


def fit_logistic(time: Array, level: Array) -> CurveFit:
    """x(t) = plateau / (1 + offset e^{-rate t}) by least squares: both arrays (time,)."""

    def law(t: Array, plateau: float, rate: float, offset: float) -> Array:
        return plateau / (1 + offset * np.exp(-rate * t))

    half = float(np.interp(level[-1] / 2, level, time))
    guess = 2.0 / max(half, float(time[-1]) / 100)
    found = _fit(law, time, level, (level[-1], guess, np.exp(guess * half)))
    return CurveFit(found[0], found[1], found[2], law(time, *found))


class DensityFit(NamedTuple):
    """Widths of the maximum-likelihood density, and its mean log-likelihood per level."""

    s1: float
    s2: float
    log_likelihood: float


def fit_density(u: Array, *, species: int) -> DensityFit:
    """Maximum-likelihood widths of `two_level_density`.

    Args:
        u: levels less their target, any shape.
        species: 1 for s_1 = s_2, the standard semicircle; 2 for the generalised one.
    """
    values = np.ravel(u)
    scale = float(values.std())

    def cost(logs: Array) -> float:
        s1, s2 = scale * np.exp(np.broadcast_to(logs, 2))
        return -float(np.log(two_level_density(values, s1=s1, s2=s2)).mean())

    first = np.array([-0.2] if species == 1 else [0.1, -0.6])
    found = minimize(cost, first, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-7})
    s1, s2 = sorted(scale * np.exp(np.broadcast_to(found.x, 2)), reverse=True)
    return DensityFit(float(s1), float(s2), -float(found.fun))


def _fit(law: Callable[..., Array], time: Array, level: Array, guess: tuple[float, ...]) -> tuple[float, ...]:
    found, _ = curve_fit(law, np.asarray(time), np.asarray(level), p0=guess, maxfev=20_000)
    return tuple(float(each) for each in found)
