"""One test per figure on training time, on what it shows; data: the packaged runs, any number of networks."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh
from matplotlib.container import ErrorbarContainer

from phasebook import load_sweep
from phasebook.evidence.published import published_curves, published_maps
from phasebook.evidence.statistics import rank_correlation
from phasebook.figures import time as figures
from phasebook.figures.style import BookFigure
from phasebook.runs.long_runs import LONG_CELLS, long_cells, long_sweeps
from phasebook.theory.power_law import PowerLaw, evenly_spaced
from phasebook.theory.rounding import Steps


@pytest.fixture(scope="module")
def cells() -> xr.Dataset:
    return long_cells()


@pytest.fixture(scope="module")
def paper() -> xr.Dataset:
    """One network in a cell: the hardest case for errors and bands."""
    return load_sweep("paper", packaged=True).isel(model=[0])


@pytest.fixture(scope="module")
def book(paper: xr.Dataset) -> xr.Dataset:
    """Summary variables of the book's sweep; a few networks are enough here."""
    return load_sweep("book", packaged=True).isel(model=slice(5))


def meshes(figure: BookFigure) -> list[np.ndarray]:
    """The numbers of every map of a figure that spans the plane, each (temperature, inv_sigma_w)."""
    found = []
    for axes in figure.axes:
        for one in axes.collections:
            drawn = np.asarray(one.get_array()) if isinstance(one, QuadMesh) else np.empty(0)
            if drawn.shape == (12, 12):
                found.append(drawn)
    return found


def lines(figure: BookFigure, panel: int) -> list[np.ndarray]:
    return [np.asarray(line.get_xydata(), dtype=float) for line in figure.axes[panel].lines]


def error_bars(figure: BookFigure, panel: int) -> list[np.ndarray]:
    found = []
    for one in figure.axes[panel].containers:
        if isinstance(one, ErrorbarContainer) and one.lines[0] is not None:
            found.append(np.asarray(one.lines[0].get_xydata(), dtype=float))
    return found


def test_long_cells_are_the_packaged_sweeps_side_by_side(cells):
    for (phase, place), sweep in zip(LONG_CELLS.items(), long_sweeps(), strict=True):
        cell = cells.sel(phase=phase)
        assert (float(cell["temperature"]), float(cell["inv_sigma_w"])) == place
        np.testing.assert_array_equal(cell["weights_hash"], sweep["weights_hash"].squeeze())
    assert cells.attrs["seconds"] == pytest.approx(sum(one.attrs["seconds"] for one in long_sweeps()))


def test_provenance_of_the_cells_counts_cells_and_networks(cells):
    line = repr(figures.cells_provenance(cells))
    assert "3 cells, 16 networks each" in line
    assert "packaged" in line


def test_histories_end_at_the_medians_of_the_networks(cells):
    figure = figures.histories(cells)
    for panel, name, factor in ((0, "test_loss", 2), (2, "alignment", 1), (5, "feature_rms", 1)):
        ends = sorted(line[-1, 1] for line in lines(figure, panel))
        medians = [factor * float(np.median(cells[name].sel(phase=phase))) for phase in LONG_CELLS]
        np.testing.assert_allclose(ends, sorted(medians), rtol=1e-4)


def test_plane_in_time_shows_the_map_of_each_time(paper):
    figure = figures.plane_in_time(paper, epochs=(1, 1e5))
    drawn = meshes(figure)
    assert len(drawn) == 6
    for number, time in enumerate((1.0, 1e5)):
        history = paper["test_loss_history"].sel(time=time).isel(model=0)
        np.testing.assert_allclose(drawn[number], 2 * history)
    assert [figure.axes[k].get_title(loc="left") for k in range(2)] == ["$10^{3}$ steps", "$10^{8}$ steps"]


def test_power_law_draws_networks_mean_and_fit(cells):
    cell = cells.sel(phase="ordered")
    fit = PowerLaw(0.7, 5e-4)
    figure = figures.power_law(cell, fit, since=1e3)
    drawn = lines(figure, 0)
    error = evenly_spaced(2 * cell["test_loss_history"])
    assert len(drawn) == cells.sizes["model"] + 3
    mean, early, late = drawn[-3:]
    np.testing.assert_allclose(
        mean[:, 1], np.exp(np.log(error.values).mean(axis=error.get_axis_num("model")))
    )
    for part in (early, late):
        np.testing.assert_allclose(part[:, 1], 5e-4 * (part[:, 0] / 1000) ** -0.7)
    assert early[-1, 0] == pytest.approx(late[0, 0]) == pytest.approx(1e6)
    local = lines(figure, 1)[0]
    assert 0.5 < local[-1, 1] < 0.9


def test_maps_beside_are_book_paper_and_published(book, paper):
    maps = published_maps()
    drawn = meshes(figures.maps_beside(book, paper, maps))
    np.testing.assert_allclose(drawn[0], 2 * book["test_loss"].mean("model"), rtol=1e-6)
    np.testing.assert_allclose(drawn[1], 2 * paper["test_loss"].isel(model=0), rtol=1e-6)
    np.testing.assert_allclose(drawn[2], maps["test_error"])
    np.testing.assert_allclose(drawn[4], paper["feature_overlap"].isel(model=0), rtol=1e-6)


def test_approach_ends_at_the_rank_correlation_of_the_final_map(book, paper):
    maps = published_maps()
    figure = figures.approach(book, paper, maps)
    error, overlap = error_bars(figure, 0)[:2]
    assert error[-1, 0] == 1e8
    final = paper["test_loss"].isel(model=0)
    assert error[-1, 1] == pytest.approx(rank_correlation(final, maps["test_error"]))
    assert overlap[-1, 1] > 0.85
    assert error[-1, 1] > error[0, 1]
    cold = error_bars(figure, 1)[0]
    assert np.all(np.diff(cold[:, 1]) < 0)


def test_curves_beside_draw_medians_and_published_circles(book, paper):
    curves = published_curves()
    figure = figures.curves_beside(book, paper, curves)
    drawn, circles = lines(figure, 1)[-2:]
    column = paper["training_loss_epoch_mean"].sel(inv_sigma_w=8).isel(model=0)
    np.testing.assert_allclose(drawn[:, 1], column, rtol=1e-6)
    np.testing.assert_allclose(circles[:, 1], curves["loss"].sel(inv_sigma_w=8))


def test_star_of_the_ordered_cell_lies_on_the_diagonal(paper, cells):
    """The published medians 5.6e-8 and 5.7e-8, within 20 %."""
    figure = figures.medians_scatter(paper, published_curves(), cells.sel(phase="ordered"))
    for panel, published in ((0, 5.6e-8), (1, 5.7e-8)):
        (star,) = error_bars(figure, panel)[-1]
        assert star[0] == pytest.approx(published)
        assert star[1] == pytest.approx(published, rel=0.2)


def test_boundaries_beside_show_the_fractions():
    axes = {"temperature": 2.0 ** np.arange(-5, 7), "inv_sigma_w": 2.0 ** np.arange(-8, 4)}
    fraction = xr.DataArray(
        np.linspace(0, 1, 288).reshape(2, 12, 12),
        dims=("reading", *axes),
        coords={"reading": ["one", "two"], **axes},
    )
    results = {time: xr.Dataset({"fraction": fraction**power}) for time, power in (("early", 1), ("late", 2))}
    figure = figures.boundaries_beside(results)
    np.testing.assert_allclose(np.stack(meshes(figure)).reshape(2, 2, 12, 12), [fraction, fraction**2])
    assert figure.axes[3].get_title(loc="left") == "two, late"


def test_averaged_rates_end_at_the_rate_at_the_end(paper, cells):
    rates = figures.rates(cells).isel(time=-1)
    np.testing.assert_allclose(rates, cells["averaged_rate"].transpose(*rates.dims), rtol=1e-4, atol=1e-12)
    figure = figures.averaged_rates(paper, cells)
    np.testing.assert_allclose(meshes(figure)[0], paper["averaged_rate"].isel(model=0), rtol=1e-6)
    ends = sorted(line[-1, 1] for line in lines(figure, 1)[:3])
    np.testing.assert_allclose(ends, sorted(np.abs(cells["averaged_rate"]).median("model")), rtol=1e-3)


def test_eigenvalue_flow_spans_the_paper_time():
    cells = xr.merge(long_sweeps(), join="outer", compat="no_conflicts", combine_attrs="override")
    figure = figures.eigenvalue_flow(cells)
    assert all(axes.get_xlim() == (0, 1e5) for axes in figure.axes)
    assert [text.get_text() for text in figure.axes[3].get_xticklabels()] == ["0", "", "$10^{5}$"]


def test_precision_figure_shows_distance_and_share():
    steps = np.array([10, 100])
    ones = np.ones((3, 2))
    run = xr.Dataset(
        {
            "error": (("precision", "model", "step"), np.stack([ones, 2 * ones])),
            "distance": (("model", "step"), 0.25 * ones),
            "displacement": (("model", "step"), ones),
        },
        coords={"precision": ["float32", "float64"], "step": steps},
    )
    sizes = Steps(np.array([1.5] * 10 + [150.0]), np.array([3.0] * 10 + [300.0]))
    figure = figures.single_and_double({"ordered": run}, {"ordered": sizes})
    np.testing.assert_allclose(lines(figure, 0)[1], [[10, 2], [100, 2]])
    np.testing.assert_allclose(lines(figure, 1)[0][:, 1], 0.25)
    (stairs,) = figure.axes[2].patches
    share, edges, _ = stairs.get_data()  # type: ignore[attr-defined]
    small = np.sum((share * np.diff(edges))[edges[:-1] < 1])
    assert small == pytest.approx(15 / 165)
