"""The published numbers, against what the paper's text says in words and against each other."""

import numpy as np
import pytest

from phasebook.evidence.published import PUBLISHED_EPOCHS, published_curves, published_maps

GRID_T = 2.0 ** np.arange(-5, 7)
GRID_S = 2.0 ** np.arange(-8, 4)


@pytest.mark.parametrize("load", [published_maps, published_curves])
def test_published_numbers_lie_on_the_grid_of_section_3_1(load):
    """T = 2^-5 ... 2^6 and 1/sigma_W = 2^-8 ... 2^3, to the last bit, so that they align with a sweep."""
    data = load()
    np.testing.assert_array_equal(data["temperature"], GRID_T)
    np.testing.assert_array_equal(data["inv_sigma_w"], GRID_S)
    assert data.attrs["epochs"] == PUBLISHED_EPOCHS == 1e5


def test_published_maps_are_complete_and_in_the_range_of_the_colour_bars():
    """Section 3.2: the loss varies between about 1e-1 and 1e-7; an overlap lies in [0, 1]."""
    maps = published_maps()
    assert maps["test_error"].notnull().all()
    assert maps["feature_overlap"].notnull().all()
    assert 1e-7 < maps["test_error"].min() < 1e-6
    assert 1e-2 < maps["test_error"].max() < 1e-1
    assert maps["feature_overlap"].min() >= 0
    assert maps["feature_overlap"].max() < 0.8


@pytest.mark.parametrize(
    ("temperature", "inv_sigma_w", "test_error", "overlap"),
    [(2.0**-5, 2.0**-8, 0.0551, 0.715), (2.0**-5, 2.0**3, 2.65e-7, 0.009), (2.0**6, 2.0**3, 0.0167, 0.0)],
)
def test_published_corners(temperature, inv_sigma_w, test_error, overlap):
    """One cell of each phase, as read off the colour bars: rows and columns are not exchanged."""
    cell = published_maps().sel(temperature=temperature, inv_sigma_w=inv_sigma_w)
    assert cell["test_error"] == test_error
    assert cell["feature_overlap"] == overlap


def test_published_curves_of_figure_4():
    """Medians at 1/sigma_W = 8, percentiles at three temperatures; the gradient is least at T = 1/4."""
    cut = published_curves().sel(inv_sigma_w=8.0)
    assert cut["loss"].notnull().all()
    assert cut["gradient"].notnull().all()
    assert cut["gradient"].idxmin("temperature") == 0.25
    assert cut["loss_lower"].count() == cut["loss_upper"].count() == 3
    band = cut.sel(temperature=[0.5, 1.0, 2.0])
    assert (band["loss_lower"] < band["loss"]).all()
    assert (band["loss"] < band["loss_upper"]).all()


def test_published_initial_gradient_rises_to_a_plateau():
    """Figure 4, right: 50 to 100 times larger at 1/sigma_W = 8 than at 2^-8, flat within 1.3 above 1/2."""
    gradient = published_curves()["gradient_initial"].sel(temperature=2.0**-5)
    assert gradient.notnull().all()
    assert 50 < gradient.sel(inv_sigma_w=8.0) / gradient.sel(inv_sigma_w=2.0**-8) < 100
    plateau = gradient.sel(inv_sigma_w=slice(0.5, None))
    assert plateau.max() / plateau.min() < 1.3


def test_published_median_loss_is_below_the_mean_where_tails_are_heavy():
    """Figure 2 shows means of the squared error, Figure 3 medians of half of it: near T = 1 far apart."""
    maps, curves = published_maps(), published_curves()
    ratio = (maps["test_error"] / (2 * curves["loss"])).sel(inv_sigma_w=8.0)
    assert ratio.sel(temperature=1.0) > 10
    assert ratio.sel(temperature=slice(4.0, None)).max() < 2.5
