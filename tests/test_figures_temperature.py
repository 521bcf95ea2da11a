"""One test per figure of Section 2.6, on what it shows: the numbers put in must come out."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.container import ErrorbarContainer

from phasebook.evidence.statistics import Estimate
from phasebook.figures import scaling, temperature
from phasebook.figures.style import BookFigure
from phasebook.theory.scaling import Transition

SIZES = np.array([1.0, 4.0, 16.0, 64.0])
RATES = 2.0 ** np.arange(-2, 6)


def error_bars(figure: BookFigure, panel: int) -> list[np.ndarray]:
    """The points, (point, 2), of every error-bar series of a panel."""
    found = []
    for one in figure.axes[panel].containers:
        if isinstance(one, ErrorbarContainer):
            line = one.lines[0]
            assert line is not None
            found.append(np.asarray(line.get_xydata(), dtype=float))
    return found


@pytest.fixture
def errors() -> xr.DataArray:
    """Median error 1e-3 eps / |B| for every network; |B| = 64 not scanned below eps = 1."""
    values = 1e-3 * RATES / SIZES[:, None]
    values[3, RATES < 1] = np.nan
    return xr.DataArray(
        np.repeat(values[..., None], 5, axis=-1),
        dims=("batch_size", "learning_rate", "model"),
        coords={"batch_size": SIZES.astype(int), "learning_rate": RATES},
    )


@pytest.fixture
def linear() -> Transition:
    rates = 0.5 * SIZES
    return Transition(SIZES, rates, rates * np.geomspace(0.9, 1.1, 21)[:, None])


def test_gradient_noise_shows_the_variances_and_leaves_zero_out():
    sizes = [1, 4, 1000]
    variances = {
        True: [Estimate(1.0, 0.1), Estimate(0.25, 0.1), Estimate(1e-3, 1e-4)],
        False: [Estimate(1.0, 0.1), Estimate(0.24, 0.1), Estimate(0.0, 0.0)],
    }
    kurtosis = [Estimate(8.0, 0.1), Estimate(2.5, 0.1)]
    figure = temperature.gradient_noise(sizes, variances, kurtosis, n_samples=1000)
    replaced, distinct = error_bars(figure, 0)
    np.testing.assert_allclose(replaced, [[1, 1.0], [4, 0.25], [1000, 1e-3]])
    np.testing.assert_allclose(distinct, [[1, 1.0], [4, 0.24]])
    np.testing.assert_allclose(np.asarray(figure.axes[1].lines[0].get_ydata()), [8.0, 2.0])
    (measured,) = error_bars(figure, 1)
    np.testing.assert_allclose(measured, [[1, 8.0], [4, 2.5]])


def test_gradient_histogram_of_a_gaussian_lies_on_the_gaussian():
    rng = np.random.default_rng(0)
    samples = 0.3 + 0.1 / 2 * rng.standard_normal(200_000)
    figure = temperature.gradient_histogram(samples, mean=0.3, variance=0.01, batch_size=4)
    (bars,) = figure.axes[0].patches
    (curve,) = figure.axes[0].lines
    values, edges, _ = bars.get_data()  # type: ignore[attr-defined]
    middle = (edges[1:] + edges[:-1]) / 2
    drawn = np.interp(middle, *np.asarray(curve.get_xydata()).T)
    busy = drawn > drawn.max() / 20
    np.testing.assert_allclose(values[busy], drawn[busy], rtol=0.15)


def test_weight_distributions_put_equal_laws_on_the_diagonal():
    rng = np.random.default_rng(0)
    weights = {kind: rng.standard_normal((500, 12)) for kind in ("batch", "covariance", "elementwise")}
    weights["elementwise"] = weights["elementwise"] * 3.0
    figure = temperature.weight_distributions(weights, np.eye(12))
    elementwise, covariance, _ = (np.asarray(line.get_xydata()) for line in figure.axes[1].lines)
    ratios = [points[:, 1] / points[:, 0] for points in (elementwise, covariance)]
    assert np.median(ratios[0]) == pytest.approx(9, rel=0.2)
    assert np.median(ratios[1]) == pytest.approx(1, rel=0.2)
    along = [np.asarray(line.get_ydata()) for line in figure.axes[2].lines[:3]]
    np.testing.assert_allclose(along[2], weights["batch"].var(axis=0))


def test_shift_of_equal_laws_has_unit_variance_whatever_the_numbers():
    """Replicas and entries differ in number, so that dividing by the wrong one shows."""
    rng = np.random.default_rng(0)
    shift = temperature.shift_in_errors(rng.standard_normal((50, 4000)), rng.standard_normal((200, 4000)))
    assert np.std(shift) == pytest.approx(
        1, abs=5 / np.sqrt(2 * 4000) + 1 / 50
    )  # five errors; finite samples


def test_continuous_limit_shows_values_and_their_changes():
    rates = {"batch": RATES[:4], "none": RATES[:4]}
    values = {
        "batch": [Estimate(1 + 0.5 * rate, 0.01) for rate in RATES[:4]],
        "none": [Estimate(1.0, 0.0)] * 4,
    }
    changes = [Estimate(0.5 * rate, 0.01) for rate in RATES[:3]]
    figure = temperature.continuous_limit(rates, values, changes, label="loss")
    np.testing.assert_allclose(error_bars(figure, 0)[0][:, 1], 1 + 0.5 * RATES[:4])
    (change,) = error_bars(figure, 1)
    np.testing.assert_allclose(change[:, 1], 0.5 * RATES[:3])
    slope_one = np.asarray(figure.axes[1].lines[-1].get_ydata())
    np.testing.assert_allclose(slope_one, change[:, 1])


def test_scan_curves_collapse_against_temperature_where_temperature_decides(errors):
    figure = scaling.scan_curves({"updates": errors, "flow": errors}, level=5e-4)
    assert len(figure.axes) == 4
    for panel, scale in ((0, SIZES), (1, np.ones(4))):
        for k, points in enumerate(error_bars(figure, panel)):
            np.testing.assert_allclose(points[:, 1], 1e-3 * points[:, 0] / scale[k])
    assert len(error_bars(figure, 0)[3]) == np.sum(RATES >= 1)


def test_critical_learning_rate_of_the_linear_rule_has_exponent_one(linear):
    found = {clock: {5e-4: linear, 2e-3: linear} for clock in ("updates", "flow")}
    limits = np.tile([0.2, 0.4, 0.5, 0.5], (6, 1))
    figure = scaling.critical_learning_rate(found, limits, level=5e-4)
    for points in error_bars(figure, 0):
        np.testing.assert_allclose(points, np.stack([SIZES, 0.5 * SIZES], axis=1))
    drawn = error_bars(figure, 1)
    assert len(drawn) == 4
    for points in drawn:
        np.testing.assert_allclose(points[:, 1], 1.0)


def test_edge_of_stability_has_a_panel_for_each_batch_size(errors, linear):
    ratios = errors / errors.max() * 2
    figure = scaling.edge_of_stability(ratios, linear)
    assert len(figure.axes) == 4
    for k, axes in enumerate(figure.axes):
        (points,) = error_bars(figure, k)
        kept = ratios.isel(batch_size=k, model=0).dropna("learning_rate")
        np.testing.assert_allclose(points[:, 1], kept)
        vertical = axes.lines[-1]
        np.testing.assert_allclose(np.asarray(vertical.get_xdata()), 0.5 * SIZES[k])
