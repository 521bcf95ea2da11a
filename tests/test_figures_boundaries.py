"""One test per figure of Section 4.2, on what it shows."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from phasebook.boundaries import READINGS, convergence
from phasebook.figures import boundaries as figures
from phasebook.figures.contours import contour, level_contours
from phasebook.figures.maps import heat_map
from phasebook.figures.style import BookFigure
from phasebook.theory.speed import first_passage

TEMPERATURES = 2.0 ** np.arange(-5, 7)
INV_SIGMA_WS = 2.0 ** np.arange(-8, 4)
VERTICAL = {"paper": 2**0.5, "measured": 0.83}


@pytest.fixture(scope="module")
def parts() -> xr.Dataset:
    """Seven readings with a signal-to-noise ratio of 1 and 60 networks whose logarithms scatter."""
    rng = np.random.default_rng(0)
    cell = ("temperature", "inv_sigma_w", "model")
    shape = (12, 12, 60)
    ratios = np.exp(rng.normal(size=shape))
    offsets = np.arange(7)[:, None, None, None]
    return xr.Dataset(
        {
            "drift": (("reading", *cell), -ratios * 2.0 ** (offsets - 3.0)),
            "repulsion": (("reading", *cell), np.ones((7, *shape))),
            "lowest_drift": (cell, rng.normal(size=shape)),
            "highest_drift": (cell, 3.0 * rng.normal(size=shape)),
            "spacing_initial": (cell, np.full(shape, 1.0)),
            "spacing_final": (cell, np.full(shape, 64.0)),
            "spacing_bound": ("inv_sigma_w", np.ones(12)),
        },
        coords={
            "reading": [one.name for one in READINGS],
            "temperature": TEMPERATURES,
            "inv_sigma_w": INV_SIGMA_WS,
        },
    )


@pytest.fixture(scope="module")
def sweep(synthetic_sweep: xr.Dataset) -> xr.Dataset:
    return synthetic_sweep.assign(averaged_rate=synthetic_sweep["feature_overlap"] * 0.01)


def lines_named(figure: BookFigure, panel: int, gid: str) -> list[np.ndarray]:
    return [np.asarray(line.get_xdata()) for line in figure.axes[panel].lines if line.get_gid() == gid]


def meshes(figure: BookFigure) -> list[np.ndarray]:
    drawn = [one for axes in figure.axes for one in axes.collections if isinstance(one, QuadMesh)]
    arrays = [np.asarray(one.get_array(), dtype=float) for one in drawn]
    return [array for array in arrays if array.size == 144]


def test_contour_of_an_analytic_field():
    """log2(1/sigma_W) + log2 T = 1 is a straight line in the logarithms: every point drawn lies on it."""
    height = np.log2(TEMPERATURES)[:, None] + np.log2(INV_SIGMA_WS)
    field = xr.DataArray(
        height,
        dims=("temperature", "inv_sigma_w"),
        coords={"temperature": TEMPERATURES, "inv_sigma_w": INV_SIGMA_WS},
    )
    axes = Figure().subplots()
    heat_map(axes, field, norm=None)  # type: ignore[arg-type]
    pieces = contour(axes, field, level=1.0, colour="w", linestyle="-")
    points = np.concatenate(pieces)
    # Contours are straight between points 1/24 of a spacing apart: exact to that.
    np.testing.assert_allclose(np.log2(points[:, 0]) + np.log2(points[:, 1]), 1.0, atol=1e-3)
    assert np.ptp(np.log2(points[:, 0])) > 7.9
    assert contour(axes, field, level=1.0, colour="w", linestyle="-", between=(3.0, 9.0)) == []


def test_contours_nest():
    """68 % encloses 95 % encloses 99.7 %: at each 1/sigma_W the higher level lies at lower T."""
    fraction = xr.DataArray(
        1 / (1 + TEMPERATURES[:, None] ** 0.7 * np.ones(12)),
        dims=("temperature", "inv_sigma_w"),
        coords={"temperature": TEMPERATURES, "inv_sigma_w": INV_SIGMA_WS},
    )
    drawn = level_contours(Figure().subplots(), fraction.clip(0, 1))
    heights = [np.concatenate(pieces)[:, 1].mean() for pieces in drawn.values() if pieces]
    assert len(heights) >= 1
    assert heights == sorted(heights, reverse=True)


def test_force_figure_crosses_zero_at_the_stationary_spacing():
    figure = figures.spacing_flows(drift=-2.0, repulsion=3.0, temperature=0.5, initial=(0.2, 1.0))
    force = figure.axes[0].lines[0]
    s, f = np.asarray(force.get_xdata(), dtype=float), np.asarray(force.get_ydata(), dtype=float)
    assert np.interp(0.0, -f, s) == pytest.approx(0.75, abs=0.01)
    ends = [float(np.asarray(line.get_ydata())[-1]) for line in figure.axes[1].lines[:2]]
    np.testing.assert_allclose(ends, 0.75, rtol=0.1)


def test_figure_8_draws_the_line_of_the_column_and_three_contours(sweep, parts):
    result = convergence(parts).sel(reading=READINGS[3].name)
    figure = figures.convergence_boundaries(sweep, result)
    ((place, _),) = lines_named(figure, 0, "boundary")
    # 68 % of log-normal ratios lie above exp(-0.468).
    assert place == pytest.approx(np.exp(-0.468), rel=0.3)
    legend = figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["68 %", "95 %", "99.7 %"]
    overlap, alignment = meshes(figure)
    np.testing.assert_allclose(overlap.reshape(12, 12), sweep["feature_overlap"].mean("model"))
    np.testing.assert_allclose(alignment.reshape(12, 12), sweep["alignment"].mean("model"))


def test_figure_9_has_four_maps_and_both_vertical_lines_below_the_boundary(sweep, parts):
    result = convergence(parts).sel(reading=READINGS[3].name)
    figure = figures.phase_sheet(sweep, result, vertical=VERTICAL)
    error, *_, rate = meshes(figure)
    np.testing.assert_allclose(error.reshape(12, 12), 2 * sweep["test_loss"].mean("model"))
    np.testing.assert_allclose(rate.reshape(12, 12), sweep["averaged_rate"].mean("model"))
    for axes in figure.axes[:4]:
        drawn = {float(np.asarray(line.get_xdata())[0]): line for line in axes.lines}
        assert set(drawn) == {2**0.5, 0.83}
        for line in drawn.values():
            assert np.asarray(line.get_ydata())[1] == pytest.approx(np.exp(-0.468), rel=0.3)


def test_readings_sheet_has_a_map_and_a_line_for_each(parts):
    """Each reading here has twice the ratio of the one before, so its line lies a row higher."""
    result = convergence(parts)
    figure = figures.readings_sheet(result)
    for one, drawn in zip(READINGS, meshes(figure), strict=True):
        np.testing.assert_allclose(drawn.reshape(12, 12), result["fraction"].sel(reading=one.name))
    lines = {line.get_gid(): np.asarray(line.get_ydata()) for line in figure.axes[7].lines}
    assert list(lines) == [one.name for one in READINGS]
    heights = [np.mean(np.log2(line)) for line in lines.values()]
    np.testing.assert_allclose(np.diff(heights), 1.0, atol=0.25)


def test_coin_figure_marks_cells_of_a_fair_coin(parts):
    """K_N < 0 is a fair coin here: about 95 % of the cells carry a dot; V_S < 0 never happens: none."""
    figure = figures.coin_flips(parts, reading=READINGS[0].name)
    dots = [lines_named(figure, panel, "coin")[0].size for panel in range(3)]
    assert dots[0] == 0
    assert 125 <= dots[1] <= 144
    negative = meshes(figure)[1].reshape(12, 12)
    np.testing.assert_allclose(negative, (parts["highest_drift"] < 0).mean("model"))


def test_left_hand_sides_shift_with_the_spacing(parts):
    two = parts.isel(reading=[3, 4])
    results = {spacing: convergence(two, spacing=spacing) for spacing in ("bound", "initial", "final")}
    figure = figures.left_hand_sides(results)
    curves = [np.asarray(one.lines[0].get_xydata())[:, 1] for one in figure.axes[0].containers]  # type: ignore[attr-defined]
    for curve, result in zip(curves, results.values(), strict=True):
        np.testing.assert_allclose(curve, result["fraction"].isel(reading=0).sel(inv_sigma_w=8.0))
    assert np.all(curves[2] >= curves[1])


def test_signal_figure_draws_margins_and_counts_what_it_cannot(sweep, parts):
    few = parts.isel(model=slice(6)).copy(deep=True)
    few["repulsion"][0, :6] *= -1  # half of the margins of the first reading
    figure = figures.signal_and_loss(sweep, few, readings=[READINGS[0].name, READINGS[1].name])
    assert [axes.texts[0].get_text() for axes in figure.axes[:2]] == ["not drawn: 50 %", "not drawn: 0 %"]
    first = figure.axes[1].lines[0]
    margin = -few["drift"].isel(reading=1, temperature=0).sel(inv_sigma_w=8.0) / TEMPERATURES[0]
    np.testing.assert_allclose(np.asarray(first.get_ydata(), dtype=float), margin)


def test_symmetry_figure_shows_untrained_and_trained_sizes(sweep):
    figure = figures.symmetry_breaking(sweep, temperature=2.0**-5, vertical=VERTICAL)
    untrained = figure.axes[0].containers[0]
    start = (sweep["feature_rms_history"].sel(temperature=2.0**-5).isel(time=0) ** 2).mean("model")
    np.testing.assert_allclose(np.asarray(untrained.lines[0].get_xydata())[:, 1], start)  # type: ignore[attr-defined]
    for label, place in VERTICAL.items():
        assert lines_named(figure, 0, label)[0][0] == place


def test_speed_figure_marks_the_fastest_temperature(parts):
    """Passage times with a minimum at T = 1/4, the same for every network."""
    times = np.array([0.0, 0.1, 1.0, 10.0, 100.0])
    slowness = 1 + np.abs(np.log2(TEMPERATURES) + 2)
    values = np.stack([0.01 * slowness / np.maximum(t, 0.01) for t in times], axis=-1)
    history = xr.DataArray(
        np.broadcast_to(values[:, None, None], (12, 2, 5, len(times))),
        dims=("temperature", "inv_sigma_w", "model", "time"),
        coords={"temperature": TEMPERATURES, "inv_sigma_w": [1.0, 8.0], "time": times},
    )
    result = convergence(parts).sel(reading=READINGS[3].name)
    figure = figures.steps_to_loss(xr.Dataset({"test_loss_history": history}), result, errors=(1e-2, 3e-3))
    for panel in range(2):
        for error in (1e-2, 3e-3):
            assert lines_named(figure, panel, f"fastest {error:g}") == [0.25]
        curve = np.asarray(figure.axes[panel].lines[0].get_ydata(), dtype=float)
        expected = first_passage(2 * history.sel(inv_sigma_w=1.0), level=1e-2).median("model")
        np.testing.assert_allclose(curve, expected)
