"""Figures of the linear network: what was put in must come out at its place."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from phasebook.figures import linear_gas, linear_network
from phasebook.figures.style import BookFigure
from phasebook.network import Array
from phasebook.systems.coulomb_gas import spacing_law
from phasebook.systems.linear_experiments import learning_curves, spacing_scan, stationary_state
from phasebook.systems.linear_network import IDENTITY, STRONG, LinearNetwork
from phasebook.systems.linear_theory import mean_square_limit, relaxation, small_step_widths

FEW = {"n_models": 60, "learning_rate": 0.1, "batch_size": 8}


def drawn(figure: BookFigure) -> list[Axes]:
    figure.canvas.draw()
    return figure.axes


def line(axes: Axes, label: str) -> Line2D:
    (found,) = [one for one in axes.lines if one.get_label() == label]
    return found


def heights(one: Line2D) -> Array:
    return np.asarray(one.get_ydata(), dtype=float)


def test_training_has_single_networks_and_the_mean_of_all():
    run = learning_curves(LinearNetwork(STRONG), n_models=8, epochs=20)
    (axes, _) = drawn(linear_network.training({"a": run, "b": run}, first_epoch=2, shown=3))
    levels = run["levels"].values
    assert np.allclose(heights(line(axes, "mean, upper level")), levels[..., 1].mean(axis=0))
    faint = [heights(one) for one in axes.lines if one.get_alpha()]
    assert len(faint) == 6
    assert np.allclose(faint[0], levels[0, :, 0])
    assert len(heights(line(axes, "fit from epoch 2"))) == 19


def test_laws_lie_on_the_curves_they_made():
    time = np.linspace(0.2, 4, 30)
    level = relaxation(time, rate=1.0, kappa=4.0, start=0.01)
    axes = drawn(linear_network.laws({"a": (time, level), "b": (time, level)}, kappa=4.0))[0]
    assert np.allclose(heights(line(axes, "relaxation law")), level, atol=1e-6)
    assert np.abs(heights(line(axes, "logistic law")) - level).max() > 0.1


def test_scaling_draws_the_slope_of_small_steps():
    scan = spacing_scan(LinearNetwork(), ((0.1, 8), (0.2, 8)), n_models=60)
    left, right = drawn(linear_network.scaling({"Z = 1": scan, "again": scan}))
    # <S> = sqrt(pi) s with s^2 = 4 kappa A^2 alpha / |B| under symmetric noise and Z = 1
    slope = line(left, f"Z = 1: slope {2 * np.sqrt(np.pi):.2f}")
    assert heights(slope)[1] / float(np.asarray(slope.get_xdata())[1]) == pytest.approx(2 * np.sqrt(np.pi))
    assert right.get_ylabel() == "measured / exact"


def test_large_steps_counts_the_networks_that_left():
    limit = mean_square_limit(LinearNetwork(), batch_size=16)
    scan = spacing_scan(LinearNetwork(), ((0.5 * limit, 16), (2 * limit, 16)), n_models=20)
    left, right = drawn(linear_network.large_steps({16: scan}, limits={16: limit}))
    assert heights(line(right, r"$|\mathcal{B}| = 16$")).tolist() == [0.0, 1.0]
    assert len(heights(left.lines[0])) == 1


def test_densities_show_the_histogram_and_three_laws():
    network = LinearNetwork(STRONG)
    run, widths = stationary_state(network, **FEW), small_step_widths(network, 0.1 / 8)
    axes = drawn(linear_gas.densities({"a": run, "b": run}, {"a": widths, "b": widths}))[0]
    middle = np.asarray(line(axes, "exact").get_xdata(), dtype=float)
    for label in ("exact", "one species, fitted", "two species, fitted"):
        assert np.sum(heights(line(axes, label))) * (middle[1] - middle[0]) == pytest.approx(1, abs=0.02)


def test_noise_models_are_in_units_of_the_first_width():
    networks = [LinearNetwork(readout, noise="label") for readout in (IDENTITY, STRONG)]
    runs = tuple(stationary_state(one, **FEW) for one in networks)
    widths = tuple(small_step_widths(one, 0.1 / 8) for one in networks)
    pairs = {"labels": (runs[0], runs[1])}, {"labels": (widths[0], widths[1])}
    axes = drawn(linear_gas.noise_models(*pairs))
    assert np.allclose(heights(line(axes[0], "$z = (1, 1)$")), heights(line(axes[0], "$z = (1, 4)$")))


def test_spacing_laws_are_in_units_of_a():
    network = LinearNetwork(STRONG)
    run, widths = stationary_state(network, **FEW), small_step_widths(network, 0.1 / 8)
    left, right = drawn(linear_gas.spacing_laws({"noise": run}, {"noise": widths}, shown="noise"))
    s = np.asarray(line(left, "exact").get_xdata(), dtype=float)
    assert np.allclose(heights(line(left, "exact")), spacing_law(s, a=1.0, b=widths.b / widths.a))
    assert line(right, "Wigner's surmise")
