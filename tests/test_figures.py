"""One test per figure, on what it shows: the number put in at a cell must come out at that cell."""

import matplotlib.colors as mcolors
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh
from matplotlib.container import ErrorbarContainer

from phasebook import load_sweep
from phasebook.evidence.published import published_curves, published_maps
from phasebook.figures import phase_diagram, provenance
from phasebook.figures.style import DIVERGING, PHASES, SEQUENTIAL, BookFigure


@pytest.fixture
def sweep(synthetic_sweep: xr.Dataset) -> xr.Dataset:
    return synthetic_sweep


@pytest.fixture(scope="module")
def maps() -> xr.Dataset:
    return published_maps()


@pytest.fixture(scope="module")
def curves() -> xr.Dataset:
    return published_curves()


def mesh_of(figure: BookFigure, panel: int) -> QuadMesh:
    (mesh,) = [artist for artist in figure.axes[panel].collections if isinstance(artist, QuadMesh)]
    return mesh


def error_bars(figure: BookFigure, panel: int) -> list[ErrorbarContainer]:
    return [one for one in figure.axes[panel].containers if isinstance(one, ErrorbarContainer)]


def points_of(bars: ErrorbarContainer) -> np.ndarray:
    """The points of one series, shape (point, 2)."""
    line = bars.lines[0]
    assert line is not None
    return np.asarray(line.get_xydata(), dtype=float)


def cell_of(figure: BookFigure, panel: int, *, temperature: float, inv_sigma_w: float) -> float:
    """The number drawn at a point of the plane, found by its place in the picture."""
    mesh = mesh_of(figure, panel)
    corners = np.asarray(mesh.get_coordinates())
    column = np.searchsorted(corners[0, :, 0], inv_sigma_w) - 1
    row = np.searchsorted(corners[:, 0, 1], temperature) - 1
    drawn = mesh.get_array()
    assert drawn is not None
    return float(drawn.reshape(len(corners) - 1, -1)[row, column])


def assert_plane(figure: BookFigure, panel: int) -> None:
    """1/sigma_W across, T up, both logarithmic to base 2 with powers of two at the ticks."""
    axes = figure.axes[panel]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert "sigma_W" in axes.get_xlabel()
    for axis in (axes.xaxis, axes.yaxis):
        assert np.all(np.log2(axis.get_major_locator()()) % 1 == 0)
        assert axis.get_major_formatter()(4.0) == r"$\mathdefault{2^{2}}$"


def drawn_errorbars(figure: BookFigure, panel: int) -> dict[str, np.ndarray]:
    """Label -> y values of every error-bar series of a panel."""
    return {str(one.get_label()): points_of(one)[:, 1] for one in error_bars(figure, panel)}


def test_error_map_shows_twice_the_mean_loss(sweep):
    """Mean over networks of 2 L, logarithmic colours, the three regions named in their corners."""
    figure = phase_diagram.test_error_map(sweep)
    assert_plane(figure, 0)
    for temperature, inv_sigma_w in ((2.0**-5, 8.0), (2.0**-5, 2.0**-8), (64.0, 1.0)):
        networks = sweep["test_loss"].sel(temperature=temperature, inv_sigma_w=inv_sigma_w).values
        assert cell_of(figure, 0, temperature=temperature, inv_sigma_w=inv_sigma_w) == pytest.approx(
            2 * networks.mean()
        )
    assert isinstance(mesh_of(figure, 0).norm, mcolors.LogNorm)
    places = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    assert places["jammed"][0] < 0.5 < places["ordered"][0]
    assert places["paramagnetic"][1] > 0.5 > places["ordered"][1]


def test_figure_2_compares_on_one_colour_scale(sweep, maps):
    """Left ours, centre published, right log10 of their ratio with a dot where ours is lower."""
    lower = sweep.copy()
    lower["test_loss"] = sweep["test_loss"].where(sweep["temperature"] > 1, 0.001 * sweep["test_loss"])
    figure = phase_diagram.mean_test_error(lower, maps)
    for panel in range(3):
        assert_plane(figure, panel)
    left, centre, right = (mesh_of(figure, panel) for panel in range(3))
    assert (left.norm.vmin, left.norm.vmax) == (centre.norm.vmin, centre.norm.vmax)
    assert (left.get_cmap().name, right.get_cmap().name) == (SEQUENTIAL, DIVERGING)
    limits = right.get_clim()
    assert limits == (-3, 3)
    cell = {"temperature": 2.0**-5, "inv_sigma_w": 8.0}
    assert cell_of(figure, 1, **cell) == 2.65e-7
    ratio = 2 * lower["test_loss"].sel(cell).mean() / 2.65e-7
    assert cell_of(figure, 2, **cell) == pytest.approx(np.log10(ratio))
    (dots,) = figure.axes[2].lines
    assert set(np.asarray(dots.get_ydata())) == {2.0**k for k in range(-5, 1)}
    assert "100 epochs" in figure.axes[0].get_title(loc="left")
    assert "10^{5}" in figure.axes[1].get_title(loc="left")


@pytest.mark.parametrize(
    ("definition", "loss", "gradient", "average"),
    [
        ("text", "test_loss", "gradient_norm", np.mean),
        ("released", "training_loss_epoch_mean", "gradient_norm_epoch_mean", np.median),
    ],
)
def test_figure_3_draws_each_definition(sweep, definition, loss, gradient, average):
    """Twelve curves a panel, dark for large disorder: the text's means or the released code's medians."""
    figure = phase_diagram.loss_and_gradient(sweep, definition=definition)
    for panel, name in ((0, loss), (1, gradient)):
        axes = figure.axes[panel]
        assert axes.get_xscale() == axes.get_yscale() == "log"
        assert len(axes.lines) == 12
        for k, line in enumerate(axes.lines):
            expected = average(sweep[name].isel(inv_sigma_w=k).values, axis=-1)
            np.testing.assert_allclose(np.asarray(line.get_ydata(), dtype=float), expected)
    brightness = [np.mean(mcolors.to_rgb(line.get_color())) for line in figure.axes[0].lines]
    assert np.all(np.diff(brightness) > 0)


def test_figure_3_overlays_published_points_in_the_colour_of_their_curve(sweep, curves):
    """The circle at T = 1/32, 1/sigma_W = 2^-8 is 2.1e-2 and has the colour of the first curve."""
    axes = phase_diagram.loss_and_gradient(sweep, definition="released", published=curves).axes[0]
    first, circles = axes.lines[0], axes.lines[1]
    assert circles.get_marker() == "o"
    assert mcolors.to_hex(circles.get_color()) == mcolors.to_hex(first.get_color())
    assert np.asarray(circles.get_ydata())[0] == 2.1e-2


def test_figure_4_shows_median_mean_and_published(sweep, curves):
    """Three series a panel; bars are percentiles of networks (median) and standard errors (mean)."""
    figure = phase_diagram.transition(sweep, curves)
    cut = sweep.sel(inv_sigma_w=8.0)
    for panel, median, mean, published in (
        (0, "training_loss_epoch_mean", "test_loss", "loss"),
        (1, "gradient_norm_epoch_mean", "gradient_norm", "gradient"),
    ):
        drawn = drawn_errorbars(figure, panel)
        np.testing.assert_allclose(drawn["median"], np.median(cut[median].values, axis=-1))
        np.testing.assert_allclose(drawn["mean"], np.mean(cut[mean].values, axis=-1))
        np.testing.assert_array_equal(drawn["published"], curves[published].sel(inv_sigma_w=8.0))
    (mean_series,) = [one for one in error_bars(figure, 0) if one.get_label() == "mean"]
    segment = np.asarray(mean_series.lines[2][0].get_segments()[3])
    error = cut["test_loss"].isel(temperature=3).values.std(ddof=1) / np.sqrt(6)
    assert np.ptp(segment[:, 1]) == pytest.approx(2 * error)
    initial = drawn_errorbars(figure, 2)
    np.testing.assert_array_equal(initial["published"], curves["gradient_initial"].sel(temperature=2.0**-5))
    assert "sigma_W" in figure.axes[2].get_xlabel()


def test_figure_5_shows_overlap_and_alignment(sweep, maps):
    """G of ours and of the paper on one scale from 0 to 1; alignment on its own."""
    figure = phase_diagram.overlap_and_alignment(sweep, maps)
    cell = {"temperature": 2.0**-5, "inv_sigma_w": 2.0**-8}
    assert cell_of(figure, 0, **cell) == pytest.approx(float(sweep["feature_overlap"].sel(cell).mean()))
    assert cell_of(figure, 1, **cell) == 0.715
    assert cell_of(figure, 2, **cell) == pytest.approx(float(sweep["alignment"].sel(cell).mean()))
    assert (mesh_of(figure, 0).norm.vmin, mesh_of(figure, 0).norm.vmax) == (0.0, 1.0)
    assert mesh_of(figure, 0).norm.vmax == mesh_of(figure, 1).norm.vmax


def test_alignment_lies_on_the_line_where_the_output_is_right(sweep):
    """The synthetic sweep has alignment = 0.1 / rms(phi) in every network: all points on that line."""
    figure = phase_diagram.alignment_and_saturation(sweep, slope=0.1)
    axes = figure.axes[1]
    points = np.concatenate([points_of(one) for one in error_bars(figure, 1)])
    assert points.shape == (144, 2)
    np.testing.assert_allclose(points[:, 1], 0.1 * points[:, 0])
    (line,) = [one for one in axes.lines if one.get_gid() == "identity"]
    np.testing.assert_allclose(np.asarray(line.get_ydata()), 0.1 * np.asarray(line.get_xdata()))


def test_training_time_shows_histories_and_published_ends(sweep, maps):
    """One curve a phase, from t = 0 to t_f, and an open marker with the published value at 1e5 epochs."""
    figure = phase_diagram.training_time(sweep, maps)
    for panel, name, published in (
        (0, "test_loss_history", "test_error"),
        (1, "feature_overlap_history", "feature_overlap"),
    ):
        lines = figure.axes[panel].lines
        factor = 2 if panel == 0 else 1
        for phase, curve, marker in zip(PHASES, lines[::2], lines[1::2], strict=True):
            cell = {"temperature": phase.temperature, "inv_sigma_w": phase.inv_sigma_w}
            np.testing.assert_array_equal(np.asarray(curve.get_xdata()), sweep["time"])
            np.testing.assert_allclose(
                np.asarray(curve.get_ydata()), factor * sweep[name].sel(cell).mean("model")
            )
            assert marker.get_xdata() == [1e5]
            assert marker.get_ydata() == [float(maps[published].sel(cell))]
            assert curve.get_color() == marker.get_color() == phase.colour


def test_memory_is_the_overlap_less_the_size(sweep):
    """The drawn cell is the mean of G / (rms(t_f) rms(0)) over networks; features that stay put give 1."""
    figure = phase_diagram.memory_and_size(sweep)
    cell = {"temperature": 2.0**-5, "inv_sigma_w": 8.0}
    overlap, rms = (sweep[name].sel(cell).values for name in ("feature_overlap", "feature_rms"))
    assert cell_of(figure, 0, **cell) == pytest.approx(np.mean(overlap / (0.5 * rms)))
    assert [line.get_color() for line in figure.axes[1].lines] == [phase.colour for phase in PHASES]
    still = sweep.assign(feature_overlap_history=0.0 * sweep["feature_rms_history"] + 0.36)
    still["feature_rms_history"] = 0.0 * sweep["feature_rms_history"] + 0.6
    np.testing.assert_allclose(phase_diagram.memory(still), 1.0)


def test_scatter_has_one_point_a_cell(sweep, maps):
    """Published across, ours up, the diagonal for equality; a part of the grid is enough."""
    figure = phase_diagram.published_scatter(sweep, maps)
    for panel, name, ours in (
        (0, "test_error", 2 * sweep["test_loss"]),
        (1, "feature_overlap", sweep["feature_overlap"]),
    ):
        axes = figure.axes[panel]
        drawn = np.concatenate([points_of(one) for one in error_bars(figure, panel)])
        np.testing.assert_array_equal(drawn[:, 0], maps[name].values.ravel())
        np.testing.assert_allclose(drawn[:, 1], ours.mean("model").values.ravel())
        assert axes.get_xlim() == axes.get_ylim()
    part = phase_diagram.published_scatter(sweep.isel(temperature=[0, 11], inv_sigma_w=[0, 5]), maps)
    assert len(part.axes[0].containers) == 2


def test_every_figure_draws_a_real_sweep(tmp_path, monkeypatch, maps, curves):
    """Two networks in each of the four corners, trained for an epoch: names are those of a real data set."""
    monkeypatch.setenv("PHASEBOOK_CACHE", str(tmp_path))
    cold_and_hot, wide_and_narrow = (2.0**-5, 2.0**6), (2.0**-8, 2.0**3)
    real = load_sweep(
        "smoke", n_models=2, progress=False, temperatures=cold_and_hot, inv_sigma_ws=wide_and_narrow
    )
    figures = [
        phase_diagram.test_error_map(real),
        phase_diagram.mean_test_error(real, maps),
        phase_diagram.loss_and_gradient(real),
        phase_diagram.loss_and_gradient(real, definition="released", published=curves),
        phase_diagram.transition(real, curves),
        phase_diagram.overlap_and_alignment(real, maps),
        phase_diagram.memory_and_size(real),
        phase_diagram.alignment_and_saturation(real, slope=0.1),
        phase_diagram.training_time(real, maps),
        phase_diagram.published_scatter(real, maps),
    ]
    assert all(len(figure._repr_png_()) > 10_000 for figure in figures)
    expected = 2 * float(real["test_loss"].sel(temperature=2.0**6, inv_sigma_w=8.0).mean())
    assert cell_of(figures[1], 0, temperature=2.0**6, inv_sigma_w=8.0) == pytest.approx(expected)
    assert "1 epoch = 1\N{NARROW NO-BREAK SPACE}000 SGD steps" in provenance(real)
