"""Figures of Sections 2.4 and 2.5 and Appendix A: what must be seen in each of them."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.patches import StepPatch

from phasebook.figures import disorder
from phasebook.theory.disorder import coupling_density, coupling_eigenvalues, sample_readouts
from phasebook.theory.spin_glass import SpinGlass


def steps(axes) -> list[StepPatch]:
    return [one for one in axes.patches if isinstance(one, StepPatch)]


def test_covariances_stand_at_their_formula():
    rng = np.random.default_rng(0)
    measured, expected = np.array([0.01, 1.02, 1.98]), np.array([0.0, 1.0, 2.0])
    figure = disorder.coupling_moments(
        measured,
        np.full(3, 0.02),
        expected,
        off_diagonal={1: rng.normal(size=4000), 64: rng.normal(size=4000)},
    )
    left, right = figure.axes
    points = np.asarray(left.containers[0][0].get_xydata())
    np.testing.assert_array_equal(points[:, 1], measured)
    assert np.all(np.abs(points[:, 0] - expected) <= 0.25)
    for one in steps(right):
        values, edges, _ = one.get_data()
        assert np.sum(values * np.diff(edges)) == pytest.approx(1.0, abs=0.002)
        assert np.abs(values - np.exp(-((edges[1:] + edges[:-1]) ** 2) / 8) / np.sqrt(2 * np.pi)).max() < 0.1


@pytest.mark.parametrize(("n_last", "zero"), [(1, "94% at zero"), (8, "50% at zero"), (32, None)])
def test_spectrum_shows_zeros_and_the_law(n_last, zero):
    """Area of the histogram is the share of positive eigenvalues, and the bar says how many are zero."""
    x = coupling_eigenvalues(sample_readouts(n_draws=300, n_last=n_last, width=16))
    axes = disorder.coupling_spectra({(n_last, 16): x}).axes[0]
    values, edges, _ = steps(axes)[0].get_data()
    assert np.sum(values * np.diff(edges)) == pytest.approx(min(n_last / 16, 1))
    labels = [str(line.get_label()) for line in axes.lines]
    assert ("Marchenko-Pastur" in labels) == (n_last > 1)
    assert [label for label in labels if "zero" in label] == ([zero] if zero else [])
    law = np.asarray(axes.lines[0].get_xydata())
    area = np.sum((law[1:, 1] + law[:-1, 1]) / 2 * np.diff(law[:, 0]))
    assert area == pytest.approx(min(n_last / 16, 1), rel=0.02)


def test_slider_shows_one_ratio():
    x = coupling_eigenvalues(sample_readouts(n_draws=20, n_last=32, width=64))
    axes = disorder.coupling_spectrum(x, n_last=32).axes[0]
    assert "= 0.5" in axes.get_title(loc="left")
    law = np.asarray(axes.lines[0].get_xydata())
    np.testing.assert_allclose(law[:, 1], coupling_density(law[:, 0], ratio=0.5))


def test_frustration_approaches_one_half():
    axes = disorder.frustration(np.array([1, 2]), np.array([1.0, 0.75]), np.array([0.0, 0.01])).axes[0]
    np.testing.assert_array_equal(np.asarray(axes.containers[0][0].get_xydata()), [[1, 1.0], [2, 0.75]])
    (line,) = [one for one in axes.lines if "independent" in str(one.get_label())]
    assert set(np.asarray(line.get_ydata())) == {0.5}


def test_dual_readings_show_both_cuts():
    """Energies below zero stay in bins that end at zero; the map has the pair (i, j) in row i, column j."""
    pairs = np.arange(9.0).reshape(3, 3) - 4
    energy = -np.random.default_rng(0).exponential(size=2000)
    figure = disorder.dual_readings({"teacher": energy, "untrained": energy + 1}, pairs)
    values, edges, _ = steps(figure.axes[0])[0].get_data()
    assert np.all(values[edges[:-1] > -1e-12] == 0)
    (mesh,) = [one for one in figure.axes[1].collections if isinstance(one, QuadMesh)]
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(3, 3), pairs)
    assert mesh.norm.vmin == -4
    assert mesh.norm.vmax == 4
    assert figure.axes[1].yaxis_inverted()


def test_glass_is_scaled_by_two_thirds():
    temperature = np.array([0.5, 1.0])
    results = [
        SpinGlass(size, temperature, np.array([[0.3, 0.1], [0.5, 0.1]]), np.zeros((2, 2))) for size in (8, 64)
    ]
    left, right = disorder.spin_glass(results).axes
    for k, factor in enumerate((4, 16)):
        np.testing.assert_allclose(np.asarray(left.containers[k][0].get_ydata(), float), [0.4, 0.1])
        np.testing.assert_allclose(
            np.asarray(right.containers[k][0].get_ydata(), float), [0.4 * factor, 0.1 * factor]
        )
