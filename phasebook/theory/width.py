"""Networks of other widths: how sharp a boundary is, where it should lie, and the limit of the overlap.

The sharpness of a crossover is measured as an interval of the logarithm of what is varied, so that it does
not change when the boundary moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.linalg import eigh
from scipy.stats import norm

from phasebook.network import PAPER_WIDTHS, Array, forward, per_sample_gradient
from phasebook.theory.power_law import geometric_mean


class Rise(NamedTuple):
    """The rise of the logarithm of an error across a transition.

    Attributes:
        temperature: where half of the rise is done.
        width: ln T from a quarter to three quarters of it.
        slope: mean d ln error / d ln T between these two.
    """

    temperature: float
    width: float
    slope: float


def widths_of(factor: int) -> tuple[int, ...]:
    """n_0, ..., n_L of a network with `factor` times the hidden units of the paper's."""
    inputs, *hidden, outputs = PAPER_WIDTHS
    return (inputs, *(factor * units for units in hidden), outputs)


def crossing(places: Array, values: Array, level: float) -> float:
    """Where `values` first rise from below `level` to above it, by straight lines between the points.

    Args:
        places, values: (point,), places ascending.

    Returns:
        A place; infinite if the values stay below, minus infinity if they begin above.
    """
    above = np.flatnonzero(values > level)
    if above.size == 0:
        return np.inf
    k = int(above[0])
    if k == 0:
        return -np.inf
    part = (level - values[k - 1]) / (values[k] - values[k - 1])
    return float(places[k - 1] + part * (places[k] - places[k - 1]))


def rise(error: xr.DataArray) -> Rise:
    """The rise of an error curve from its minimum to its value at the highest temperature.

    Args:
        error: positive, dims (temperature,), coordinate ascending.

    Raises:
        ValueError: the minimum is at the highest temperature.
    """
    height, place = np.log(np.asarray(error)), np.log(np.asarray(error["temperature"]))
    lowest = int(np.argmin(height))
    if lowest == len(height) - 1:
        raise ValueError("the curve does not rise above its minimum")
    total = height[-1] - height[lowest]
    done = (height[lowest:] - height[lowest]) / total
    quarter, half, rest = (crossing(place[lowest:], done, part) for part in (0.25, 0.5, 0.75))
    return Rise(float(np.exp(half)), rest - quarter, float(total / 2 / (rest - quarter)))


def level_interval(error: xr.DataArray, *, low: float, high: float) -> float:
    """ln T between two levels of an error curve, each first passed above the minimum of the curve.

    Args:
        error: positive, dims (temperature,), coordinate ascending.
        low, high: levels; the interval is infinite or not-a-number where the curve does not bracket them.
    """
    height, place = np.log(np.asarray(error)), np.log(np.asarray(error["temperature"]))
    kept = slice(int(np.argmin(height)), None)
    return crossing(place[kept], height[kept], np.log(high)) - crossing(
        place[kept], height[kept], np.log(low)
    )


def thresholds(error: xr.DataArray, *, level: float) -> xr.DataArray:
    """ln T at which each network's error first passes `level` above its minimum.

    Meaningful where a network has the same teacher and data at every temperature.

    Args:
        error: dims temperature and model.

    Returns:
        Dims (model,), with not-a-number for a network that does not bracket the level.
    """
    place = np.log(np.asarray(error["temperature"]))

    def one(values: np.ndarray) -> float:
        kept = slice(int(np.argmin(values)), None)
        found = crossing(place[kept], np.log(values[kept]), np.log(level))
        return found if np.isfinite(found) else np.nan

    return xr.apply_ufunc(one, error, input_core_dims=[["temperature"]], vectorize=True)


def single_width(error: xr.DataArray, *, level: float) -> float:
    """Width of the rise of one network: that of the mean curve, less the scatter of the thresholds.

    A curve that is smeared by a normal scatter s gets broader in quadrature: the quartiles of the scatter lie
    1.35 s apart. Good to five per cent for a logistic rise.

    Args:
        error: dims temperature and model, the same teachers and data at every temperature.
        level: at which `thresholds` are taken.

    Returns:
        In ln T; zero if the scatter alone is as broad as the mean curve.
    """
    scatter = float(thresholds(error, level=level).std("model", ddof=1))
    smeared = 2 * norm.ppf(0.75) * scatter
    return float(np.sqrt(max(rise(geometric_mean(error)).width ** 2 - smeared**2, 0.0)))


def overlap_interval(overlap: xr.DataArray, *, high: float = 0.7, low: float = 0.3) -> float:
    """ln(1/sigma_W) over which the overlap G falls from `high` to `low`.

    Args:
        overlap: dims (inv_sigma_w,), coordinate ascending.
    """
    place, fallen = np.log(np.asarray(overlap["inv_sigma_w"])), -np.asarray(overlap)
    return crossing(place, fallen, -low) - crossing(place, fallen, -high)


def static_overlap(inv_sigma_w: Array, *, points: int = 48, shells: int = 48) -> Array:
    """G(0, 0) = E[phi^2] of the second hidden layer of an infinitely wide network at initialisation.

    In that limit the pre-activations of both hidden layers are Gaussian for a given input: the first has
    variance |x|^2 / 3, the second sigma_W^2 times the mean square of the first layer's activity.

    Args:
        inv_sigma_w: 1/sigma_W, any shape.
        points: nodes of the Gaussian averages.  shells: nodes of the average over |x|, x ~ N(0, 1) in three
            dimensions.

    Returns:
        Shape of `inv_sigma_w`.
    """
    # A trapezoidal rule in z resolves the step that tanh becomes at large variance; Gauss-Hermite does not.
    z = np.linspace(-8.0, 8.0, 40 * points + 1)
    normal = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    radius, weight = np.polynomial.legendre.leggauss(shells)
    radius, weight = 4 * (radius + 1), 4 * weight
    weight = weight * np.sqrt(2 / np.pi) * radius**2 * np.exp(-(radius**2) / 2)
    first = np.tanh(radius[:, None] / np.sqrt(3) * z) ** 2 @ normal
    sigma = 1 / np.asarray(inv_sigma_w, dtype=float)
    second = np.tanh(sigma[..., None, None] * np.sqrt(first)[:, None] * z) ** 2 @ normal
    return second @ weight


def stiff_coordinates(layers: Sequence[Array], inputs: Array, *, trained: int, modes: int = 24) -> Array:
    """The gradients of the output in the stiffest eigenvectors of H = E[g g^T], for wide networks.

    `phasebook.theory.stability` needs nothing but these coordinates. Every g is an outer product, so the
    Gram matrix of the samples costs little where g itself would have 32 768 components.

    Args:
        layers: of one network with one output.
        inputs: (sample, n_0).
        modes: how many eigenvectors.

    Returns:
        g u_k, (sample, modes), the stiffest first.
    """
    targets = forward(layers, inputs)[-1] - 1.0
    delta, phi = per_sample_gradient(layers, inputs, targets, trained=trained)
    gram = (delta @ delta.T) * (phi @ phi.T)
    size = len(inputs)
    values, vectors = eigh(gram, subset_by_index=[size - modes, size - 1])
    return (vectors * np.sqrt(np.clip(values, 0.0, None)))[:, ::-1]


def power(sizes: Array, values: Array, errors: Array) -> tuple[float, float]:
    """Exponent of values ~ sizes^exponent, by least squares of the logarithms, and its standard error.

    Args:
        sizes, values, errors: (point,), positive; errors are standard errors of the values.
    """
    x, y = np.log(sizes), np.log(values)
    weight = (values / errors) ** 2
    centred = x - np.average(x, weights=weight)
    information = float(np.sum(weight * centred**2))
    return float(np.sum(weight * centred * y)) / information, information**-0.5
