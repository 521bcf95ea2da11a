"""Figures of the background chapters: what must be seen in each of them."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import StepPatch

from phasebook.figures import background_random_matrices as matrices
from phasebook.figures import background_sgd as sgd
from phasebook.figures import background_spin_glasses as glasses

RNG = np.random.default_rng(0)


def ordinates(line) -> np.ndarray:
    """The y values of a line, as an array."""
    return np.asarray(line.get_ydata(), dtype=float)


def drawn(figure) -> int:
    """Bytes of the rendered picture: an empty one has few."""
    return len(figure._repr_png_())


def test_infinite_magnet_solves_its_equation():
    assert glasses.curie_weiss(1.0) == 0.0
    for temperature in (0.3, 0.9):
        m = glasses.curie_weiss(temperature)
        assert m > 0
        assert m == pytest.approx(np.tanh(m / temperature))


def test_order_of_magnet_and_glass_stand_side_by_side():
    temperature = np.array([0.5, 1.0, 2.0])
    m2 = {"magnet": np.full((4, 3), 0.5), "glass": np.full((4, 3), 0.1)}
    q2 = {"magnet": np.full((4, 3), 0.4), "glass": np.full((4, 3), 0.7)}
    left, right = glasses.order_without_direction(temperature, m2, q2, size=10).axes
    assert (left.get_title("left"), right.get_title("left")) == ("magnet", "glass")
    heights = [ordinates(container[0])[0] for container in right.containers]
    assert heights == pytest.approx([0.1, 0.7])


def test_valleys_memories_and_flips_show_what_they_are_given():
    counts = np.array([[2.0, 4.0], [6.0, 8.0]])
    (axes,) = glasses.valleys(np.array([6, 8]), counts, magnet=np.array([2, 2]), rate=0.2, offset=0.0).axes
    np.testing.assert_allclose(ordinates(axes.containers[0][0]), [3.0, 7.0])
    overlap = {name: RNG.normal(size=(5, 3)) for name in ("magnet", "glass", "hot")}
    left, right = glasses.memories(np.array([1, 10, 100]), overlap, overlap).axes
    np.testing.assert_allclose(ordinates(left.containers[1][0]), np.abs(overlap["glass"]).mean(axis=0))
    assert len(right.containers) == 3
    figure = glasses.two_ways_to_stop(
        np.array([0.5, 1.0]), {"magnet": np.array([0.1, 0.2]), "glass": np.array([0.3, 0.4])},
        np.array([0.5, 1.0]), np.array([0.1, 0.9]), np.array([0.01, 0.01]),
    )  # fmt: skip
    np.testing.assert_allclose(ordinates(figure.axes[0].lines[1]), [0.3, 0.4])


def test_path_is_drawn_until_it_leaves_the_picture():
    stays = np.column_stack([np.linspace(-1, 0, 9), np.zeros(9)])
    leaves = np.column_stack([np.linspace(-1, 0, 9), (-1.2) ** np.arange(9)])
    figure = sgd.steps_and_curvature({"a": stays, "b": stays, "c": leaves}, curvatures=(1.0, 10.0))
    assert [len(ordinates(line)) for line in figure.axes[0].lines] == [9, 9, 3]
    assert [len(ordinates(line)) for line in figure.axes[1].lines] == [9, 9, 9]


def test_exact_curve_of_the_variance_starts_at_the_thermal_value():
    rates = np.array([0.01, 1.0])
    figure = sgd.when_a_temperature(rates, {1: np.ones(2)}, {1: np.full(2, 0.1)})
    curve = ordinates(figure.axes[0].lines[-2])
    assert curve[0] == pytest.approx(1 / (1 - 0.005))
    assert curve[-1] == pytest.approx(2.0)


def test_noise_figures_render():
    steps = np.array([0, 1, 2])
    w = RNG.normal(size=(50, 3))
    agree = {"slow": w, "fast": 2 * w}
    assert drawn(sgd.two_kinds_of_noise(steps, w, 1.0, agree, {"slow": 0.9, "fast": 1.1})) > 10_000
    loss = np.array([1.0, 0.1, 0.01])
    (axes,) = sgd.noise_of_a_network({"cold": (loss, 2 * loss), "hot": (loss, loss)}, slope=1.0).axes
    np.testing.assert_allclose(ordinates(axes.lines[-1]), [0.02, 2.0])


def test_histograms_of_spectra_are_densities():
    levels = RNG.uniform(-1, 1, size=(200, 4))
    for axes in matrices.semicircles({4: levels, 8: levels}).axes:
        (steps,) = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
        values, edges, _ = steps.get_data()
        assert np.sum(values * np.diff(edges)) == pytest.approx(1)
    figure = matrices.products({(8, 64): np.abs(levels), (4, 4): np.abs(levels)})
    assert [axes.get_title("left") for axes in figure.axes] == [r"8 $\times$ 64", r"4 $\times$ 4"]


def test_repulsion_and_motion_show_points_and_lines():
    spacings = {
        "a": RNG.exponential(size=5000),
        "b": RNG.exponential(size=5000),
        "c": RNG.exponential(size=5000),
    }
    (axes,) = matrices.repulsion(spacings, beta={"a": 0, "b": 1, "c": 2}).axes
    points, line = axes.lines[:2]
    assert np.abs(ordinates(points) - np.exp(-np.asarray(points.get_xdata(), dtype=float))).max() < 0.15
    assert ordinates(line)[0] == 1.0
    levels = np.sort(RNG.normal(size=(30, 3, 2)), axis=-1)
    figure = matrices.dyson_motion(np.array([0.0, 1.0, 2.0]), levels[0], levels, levels)
    assert len(figure.axes[1].containers) == 4
