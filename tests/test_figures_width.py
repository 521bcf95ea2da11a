"""One test per figure of the chapter on wider networks: the numbers put in must come out."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.container import ErrorbarContainer

from phasebook.evidence.statistics import Estimate
from phasebook.figures import width
from phasebook.figures.style import BookFigure

FACTORS = (1, 2, 4, 8)
SIZES = [32.0, 64.0, 128.0, 256.0]
SCALED = 2.0 ** np.arange(-4, 4, 0.5)


def error_bars(figure: BookFigure, panel: int) -> list[np.ndarray]:
    """The points, (point, 2), of every error-bar series of a panel."""
    found = []
    for one in figure.axes[panel].containers:
        if isinstance(one, ErrorbarContainer):
            line = one.lines[0]
            assert line is not None
            found.append(np.asarray(line.get_xydata(), dtype=float))
    return found


def test_cost_shows_times_and_ratios():
    seconds = {"kernel": {1: 1e-7, 2: 4e-7, 4: 4e-6}, "bmm": {1: 2e-6, 2: 2e-6, 4: 2e-6}}
    figure = width.cost(seconds)
    kernel, proportion, bmm = (np.asarray(line.get_xydata()) for line in figure.axes[0].lines)
    np.testing.assert_allclose(kernel, [[512, 0.1], [2048, 0.4], [8192, 4.0]])
    np.testing.assert_allclose(proportion[:, 1], [0.1, 0.4, 1.6])
    np.testing.assert_allclose(bmm[:, 1], 2.0)
    ratios = [np.asarray(line.get_ydata()) for line in figure.axes[1].lines]
    np.testing.assert_allclose(ratios, [[1, 1, 2], [20, 5, 1]])


def test_error_curves_coincide_where_only_the_scale_of_temperature_differs():
    rng = np.random.default_rng(0)
    noise = np.exp(0.1 * rng.standard_normal((len(SCALED), 6)))
    errors = {
        k: xr.DataArray(
            1e-3 * SCALED[:, None] * noise,
            dims=("temperature", "model"),
            coords={"temperature": SCALED / k},
        )
        for k in FACTORS
    }
    figure = width.error_curves(errors)
    left, right = error_bars(figure, 0), error_bars(figure, 1)
    for k, points, shifted in zip(FACTORS, left, right, strict=True):
        np.testing.assert_allclose(points[:, 0], SCALED / k)
        np.testing.assert_allclose(shifted, right[0])
        np.testing.assert_allclose(points[:, 1], np.exp(np.log(1e-3 * SCALED[:, None] * noise).mean(axis=1)))


def test_transition_shows_places_limits_and_widths():
    temperatures = {k: Estimate(0.8 / k, 0.01) for k in FACTORS}
    limits = {k: np.array([0.1, 0.1, 0.1]) / k for k in FACTORS}
    widths = {t: {k: Estimate(1 + t * k / 100, 0.1) for k in FACTORS} for t in (1.0, 10.0)}
    figure = width.transition(temperatures, limits, widths)
    places, stable = error_bars(figure, 0)
    np.testing.assert_allclose(places, np.stack([SIZES, 25.6 / np.array(SIZES)], axis=1))
    np.testing.assert_allclose(stable[:, 1], 3.2 / np.array(SIZES))
    early, late = error_bars(figure, 1)
    np.testing.assert_allclose(early[:, 1], 1 + np.array(FACTORS) / 100)
    np.testing.assert_allclose(late[:, 1], 1 + np.array(FACTORS) / 10)


def test_overlap_shows_means_and_the_limit():
    places = 2.0 ** np.arange(-4, 4)
    overlaps = {
        k: xr.DataArray(
            np.linspace(0.9, 0.0, 8)[:, None] + np.array([-0.01, 0.01]) / k,
            dims=("inv_sigma_w", "model"),
            coords={"inv_sigma_w": places},
        )
        for k in FACTORS
    }
    intervals = {k: Estimate(1 + 1 / k, 0.1) for k in FACTORS}
    figure = width.overlap(overlaps, intervals, 1.25)
    for points in error_bars(figure, 0):
        np.testing.assert_allclose(points, np.stack([places, np.linspace(0.9, 0.0, 8)], axis=1), atol=1e-12)
    (measured,) = error_bars(figure, 1)
    np.testing.assert_allclose(measured[:, 1], [2, 1.5, 1.25, 1.125])
    horizontal = [line for line in figure.axes[1].lines if line.get_linestyle() == "--"]
    assert [float(np.asarray(line.get_ydata())[0]) for line in horizontal] == [1.25]


def test_what_else_draws_a_power_through_the_first_point():
    values = {k: Estimate(3 / k, 0.1) for k in FACTORS}
    figure = width.what_else([("level", values, None), ("falling", values, -1.0)])
    np.testing.assert_allclose(error_bars(figure, 0)[0][:, 1], [3, 1.5, 0.75, 0.375])
    (line,) = [one for one in figure.axes[1].lines if one.get_linestyle() == ":"]
    np.testing.assert_allclose(np.asarray(line.get_ydata(), dtype=float), [3, 1.5, 0.75, 0.375])


@pytest.mark.parametrize(("factor", "name"), [(1, "32-16"), (8, "256-128")])
def test_name_of_a_width(factor, name):
    assert width.name_of(factor) == name
