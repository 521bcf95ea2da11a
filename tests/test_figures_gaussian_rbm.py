"""One test per figure of the Gaussian RBM: what was put in must come out at its place."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from phasebook.figures import gaussian_rbm, rbm_scaling
from phasebook.figures.style import BookFigure
from phasebook.network import Array
from phasebook.systems.coulomb_gas import sample_gas
from phasebook.systems.gaussian_rbm import GaussianRBM, stationary_width
from phasebook.systems.rbm_equilibrium import shuffled_pairs

MODEL = GaussianRBM()
SETTINGS = {"learning_rate": 0.1, "batch_size": 64}


def drawn(figure: BookFigure) -> BookFigure:
    figure.canvas.draw()
    return figure


def line(axes: Axes, label: str) -> tuple[Array, Array]:
    (found,) = [one for one in axes.lines if one.get_label() == label]
    return np.asarray(found.get_xdata(), dtype=float), np.asarray(found.get_ydata(), dtype=float)


def heights(one: Line2D) -> Array:
    return np.asarray(one.get_ydata(), dtype=float)


@pytest.fixture
def run() -> xr.Dataset:
    """Levels about their targets by hand: pairs from the gas, single levels Gaussian; one has diverged."""
    x = np.empty((200, 3, 10))
    rng = np.random.default_rng(0)
    for group in MODEL.multiplets:
        target = float(MODEL.targets[::-1][group[0]])
        width = float(stationary_width(np.array(target), **SETTINGS))
        if len(group) == 2:
            x[..., list(group)] = np.sort(
                target + sample_gas(600, s1=width, s2=width).reshape(200, 3, 2), axis=-1
            )
        else:
            x[..., group[0]] = target + width * rng.standard_normal((200, 3))
    x[7, 1:] = np.nan
    return xr.Dataset(
        {"eigenvalues": (("network", "update", "level"), x)}, {"update": [10, 20, 30]}, SETTINGS
    )  # fmt: skip


def test_structure_joins_every_visible_to_every_hidden_unit():
    axes = drawn(gaussian_rbm.structure(GaussianRBM(sites=4))).axes[0]
    assert len(axes.lines) == 16
    assert {text.get_text() for text in axes.texts} >= {"$v_{4}$", "$h_{1}$", "$N_v = 4$ visible"}


def test_learning_curves_show_means_and_the_exact_solution(run):
    exact = np.broadcast_to(MODEL.targets[::-1], (200, 3, 10))
    axes = drawn(gaussian_rbm.learning_curves(run, exact, MODEL)).axes[0]
    means = [heights(one) for one in axes.lines if one.get_linewidth() == 2 and len(heights(one))]
    expected = np.nanmean(run["eigenvalues"].values, axis=0).T
    assert np.allclose(np.sort([one[0] for one in means]), np.sort(expected[:, 0]))
    dashed = [heights(one)[0] for one in axes.lines if one.get_linestyle() == "--" and len(heights(one))]
    assert np.allclose(np.sort(dashed), MODEL.targets[::-1])
    assert sum("(two)" in text.get_text() for text in axes.texts) == 4


def test_stationary_histograms_count_every_level_and_mark_the_targets(run):
    left, right = drawn(gaussian_rbm.stationary_eigenvalues(run, MODEL, pair=2)).axes
    area = sum(bar.get_height() * bar.get_width() for bar in left.patches)  # pyright: ignore[reportAttributeAccessIssue]
    assert area == pytest.approx(10, rel=1e-6)
    places = [np.asarray(one.get_xdata(), dtype=float) for one in left.lines if one.get_linestyle() == "--"]
    dashed = [float(place[0]) for place in places if len(place)]
    assert np.allclose(np.unique(np.round(dashed, 9)), np.unique(MODEL.targets.round(9)))
    places, law = line(right, "width predicted")
    assert np.trapezoid(law, places) == pytest.approx(1, abs=0.01)
    assert "3.62" in right.get_title(loc="left")


def test_spacing_figure_has_the_laws_and_the_control():
    units = sample_gas(4000, s1=1.0, s2=1.0).reshape(4, 1000, 2)
    units = np.sort(units, axis=-1)
    left, right = drawn(rbm_scaling.density_and_spacing(units, shuffled_pairs(units))).axes
    for axes, label in ((left, "exact law"), (right, "Wigner's surmise")):
        places, law = line(axes, label)
        assert np.trapezoid(law, places) == pytest.approx(1, abs=0.01)
    rbm, control = (np.asarray(patch.get_data().values) for patch in right.patches)  # pyright: ignore[reportAttributeAccessIssue]
    assert control[0] > 3 * rbm[0]


def table() -> xr.Dataset:
    """Spacing and width on their lines by hand."""
    noise = np.array([0.001, 0.004])
    scale = np.sqrt(noise[:, None] * np.array([1.0, 4.0]))
    both = ("setting", "pair")
    return xr.Dataset(
        {
            "noise": ("setting", noise), "scale": (both, scale),
            "spacing": (both, np.sqrt(2 * np.pi) * scale), "spacing_error": (both, 0.01 * scale),
            "width": (both, np.sqrt(2) * scale), "width_error": (both, 0.01 * scale),
        },
        {"target": ("pair", [1.0, 4.0])},
    )  # fmt: skip


def test_scaling_figure_puts_points_on_its_lines():
    for axes, text, slope in zip(
        drawn(rbm_scaling.scaling_rule({"one": table()})).axes,
        (r"slope $\sqrt{2\pi}$", r"slope $\sqrt{2}$"), (np.sqrt(2 * np.pi), np.sqrt(2)), strict=True,
    ):  # fmt: skip
        x, y = line(axes, text)
        assert y[1] / x[1] == pytest.approx(slope)
        points = axes.containers[0].lines[0]  # pyright: ignore[reportAttributeAccessIssue]
        assert np.allclose(points.get_ydata(), slope * np.asarray(points.get_xdata()))


def test_figure_beyond_leading_order_shows_ratios_and_shifts():
    shift = np.array([-0.1, 0.2])
    left, right = drawn(
        rbm_scaling.beyond_leading_order(table(), {0.001: (shift, 0.01 + 0 * shift, shift)})
    ).axes
    for bars in left.containers:
        assert np.allclose(bars.lines[0].get_ydata(), 1)  # pyright: ignore[reportAttributeAccessIssue]
    assert np.allclose(right.containers[0].lines[0].get_xydata(), np.stack([shift, shift], axis=-1))  # pyright: ignore[reportAttributeAccessIssue]


def test_divergence_figure_has_a_curve_for_each_learning_rate():
    rows = np.array([0.1, 0.1, 0.4, 0.4]), np.array([1.0, 4.0, 1.0, 4.0]), np.array([0.5, 0.0, 1.0, 0.2])
    (axes,) = drawn(rbm_scaling.divergence({"PCD": rows})).axes
    x, y = line(axes, r"$\alpha=0.4$")
    assert np.allclose(x, [0.1, 0.4])
    assert np.allclose(y, [0.2, 1.0])
