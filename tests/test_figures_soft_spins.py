"""Figures of Sections 2.2 and 2.3: what must be seen in each of them."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from phasebook.figures import soft_spins
from phasebook.figures.style import BookFigure
from phasebook.theory.bimodality import PeakTest, bin_shares, contrast, count_peaks, feature_counts
from phasebook.theory.spins import feature_density, peaks, potential


def curve(figure: BookFigure, panel: int, label: str) -> np.ndarray:
    """Points of the one line of a panel whose label contains the text, shape (point, 2)."""
    (line,) = [one for one in figure.axes[panel].lines if label in str(one.get_label())]
    return np.asarray(line.get_xydata(), dtype=float)


@pytest.fixture(scope="module")
def mixture() -> tuple[np.ndarray, np.ndarray]:
    """z at sigma_W = 1 and its conditional variance: 600 networks, 200 samples."""
    rng = np.random.default_rng(0)
    variances = rng.uniform(0.02, 0.6, size=(600, 200))
    return np.sqrt(variances) * rng.normal(size=(600, 200)), variances


def test_figure_1_has_one_peak_below_one_half_and_two_above():
    figure = soft_spins.feature_distributions((0.25, 0.5, 1.0))
    for variance in (0.25, 0.5, 1.0):
        phi, density = curve(figure, 0, f"= {variance:g}$").T
        np.testing.assert_allclose(density, feature_density(phi, variance=variance))
        centre = np.searchsorted(phi, 0.0)
        highest = np.abs(phi[density.argmax()])
        assert (highest < 0.05) == (variance <= 0.5)
        assert density.argmax() == pytest.approx(centre, abs=40) or variance > 0.5
    (line,) = figure.axes[1].lines
    z, phi = np.asarray(line.get_data())
    np.testing.assert_allclose(phi, np.tanh(z))
    assert {text.get_text() for text in figure.axes[1].texts} == {"linear", "saturated"}


def test_wells_touch_their_expansion_at_zero_and_peaks_open_at_one_half():
    figure = soft_spins.wells_and_peaks((0.3, 0.8))
    phi, well = curve(figure, 0, "0.3").T
    np.testing.assert_allclose(well, potential(phi, variance=0.3))
    upper, lower = (np.asarray(figure.axes[1].lines[k].get_xydata(), dtype=float) for k in (0, 1))
    np.testing.assert_allclose(upper[:, 1], peaks(upper[:, 0]))
    np.testing.assert_allclose(lower[:, 1], -upper[:, 1])
    assert upper[0, 1] == 0
    assert upper[1, 1] > 0.05


@pytest.mark.parametrize(("variance", "places"), [(0.4, 1), (0.9, 2)])
def test_slider_marks_the_peaks(variance, places):
    axes = soft_spins.feature_distribution(variance).axes
    dots = [line for line in axes[0].lines if line.get_marker() == "o"]
    assert len(np.asarray(dots[0].get_xdata())) == places
    assert ("one peak" if places == 1 else "two peaks") in axes[0].get_title(loc="left")


def test_second_moments_lie_against_the_formula_and_the_bound():
    sigma_w = np.array([0.5, 1.0, 2.0])
    measured, error, expected = np.array([0.1, 0.9]), np.array([0.01, 0.01]), np.array([0.0, 1.0])
    figure = soft_spins.second_moments(
        measured, error, expected, sigma_w=sigma_w, variances={"second": 0.3 * sigma_w**2}
    )
    (bars,) = figure.axes[0].containers
    np.testing.assert_array_equal(np.asarray(bars[0].get_xydata()), [[0.0, 0.1], [1.0, 0.9]])
    np.testing.assert_allclose(curve(figure, 1, "second")[:, 1], 0.3 * sigma_w**2)
    np.testing.assert_allclose(curve(figure, 1, "bound")[:, 1], sigma_w**2)


def test_histograms_follow_the_mixture_not_the_normal(mixture):
    """The drawn heights, against the drawn curve at the centre of each bar."""
    z, variances = mixture
    figure = soft_spins.measured_features(z, variances, inv_sigma_w=(0.4, 1.0))
    bars = [one for one in figure.axes[1].patches if isinstance(one, Rectangle)]
    centres = np.array([bar.get_x() + bar.get_width() / 2 for bar in bars])
    heights = np.array([bar.get_height() for bar in bars])
    inside = np.abs(centres) < 0.9
    error = np.sqrt(heights * 25 / z.size)[inside]

    def worst(label: str) -> float:
        phi, density = curve(figure, 1, label).T
        return float(np.max(np.abs(heights - np.interp(centres, phi, density))[inside] / error))

    assert worst("mixture") < 5
    assert worst("normal, measured") > 10


def test_transition_draws_the_test_and_three_assumptions(mixture):
    z, variances = mixture
    inv_sigma_w = 2.0 ** np.arange(-1, 1.1, 0.25)
    counts = np.array([feature_counts(z / value) for value in inv_sigma_w])
    test: PeakTest = count_peaks(counts, inv_sigma_w=inv_sigma_w, resamples=20)
    figure = soft_spins.transition(test, variances)
    left, right = figure.axes[:2]
    np.testing.assert_array_equal(np.asarray(left.containers[0][0].get_ydata()), test.position)
    np.testing.assert_array_equal(np.asarray(right.containers[0][0].get_ydata()), test.contrast)
    inverse, place = curve(figure, 0, "sigma_W^2").T
    np.testing.assert_allclose(place, peaks(inverse**-2.0))
    lines = [np.asarray(line.get_xydata(), dtype=float) for line in left.lines]
    verticals = sorted(line[0, 0] for line in lines if len(line) == 2 and line[0, 0] == line[1, 0])
    np.testing.assert_allclose(verticals, [np.sqrt(2 * variances.mean()), np.sqrt(2)])
    # the last long line of the right panel is the mixture: the contrast of exact bins
    drawn = [one for one in (np.asarray(line.get_xydata(), float) for line in right.lines) if len(one) == 61][
        -1
    ]
    expected = contrast(bin_shares(variances.ravel()[::15] / drawn[30, 0] ** 2))
    assert drawn[30, 1] == pytest.approx(float(expected), abs=0.03)
