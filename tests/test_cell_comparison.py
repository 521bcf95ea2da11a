"""Cells against published values, on numbers made up so that the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from phasebook.evidence.cell_comparison import compare_cells

N = 400


@pytest.fixture
def cells() -> xr.Dataset:
    rng = np.random.default_rng(5)
    place = {"temperature": ("phase", [0.25, 4.0]), "inv_sigma_w": ("phase", [8.0, 1.0])}
    names = ("training_loss_epoch_mean", "gradient_norm_epoch_mean", "test_loss", "feature_overlap")
    values = {name: (("phase", "model"), rng.lognormal(size=(2, N))) for name in names}
    return xr.Dataset(values, coords={"phase": ["ordered", "hot"], **place})


@pytest.fixture
def published() -> tuple[xr.Dataset, xr.Dataset]:
    grid = {"temperature": [0.25, 4.0], "inv_sigma_w": [1.0, 8.0]}
    numbers = np.array([[1.0, 2.0], [3.0, 4.0]])
    maps = {name: (tuple(grid), k * numbers) for k, name in enumerate(("test_error", "feature_overlap"), 1)}
    curves = {"loss": (tuple(grid), 3 * numbers), "gradient": (tuple(grid), np.full((2, 2), np.nan))}
    return xr.Dataset(maps, coords=grid), xr.Dataset(curves, coords=grid)


def test_each_cell_has_its_published_value(cells, published):
    found = {(one.quantity, one.phase): one for one in compare_cells(cells, *published, reading=0.05)}
    assert len(found) == 8
    assert [found["loss", phase].published for phase in ("ordered", "hot")] == [6.0, 9.0]
    assert [found["test error", phase].published for phase in ("ordered", "hot")] == [2.0, 3.0]
    assert found["overlap", "hot"].published == 6.0
    assert found["overlap", "hot"].reading == pytest.approx(0.05 * 6 + 0.01)
    assert np.isnan(found["gradient", "hot"].deviation)


def test_deviation_counts_both_errors(cells, published):
    """Mean of twice the loss with s / sqrt(n), by numpy, and five per cent of the published value."""
    one = next(x for x in compare_cells(cells, *published, reading=0.05) if x.quantity == "test error")
    errors = 2 * cells["test_loss"].values[0]
    expected = abs(errors.mean() - 2) / np.hypot(errors.std(ddof=1) / np.sqrt(N), 0.1)
    assert one.deviation == pytest.approx(expected)


def test_error_of_a_median_is_that_of_its_density(cells, published):
    """sqrt(pi / 2) / sqrt(n) for a log-normal of unit width, which is at its median as dense as a normal."""
    one = compare_cells(cells, *published, reading=0.05)[0]
    assert one.ours.value == pytest.approx(np.median(cells["training_loss_epoch_mean"].values[0]))
    # the bootstrap of a median from 400 numbers scatters by a quarter
    assert one.ours.error == pytest.approx(np.sqrt(np.pi / 2 / N), rel=0.4)
