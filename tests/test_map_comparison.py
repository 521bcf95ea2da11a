"""Two maps compared over cells: known ranks and shifts, and errors of the right size."""

import numpy as np
import pytest
import xarray as xr

from phasebook.evidence.map_comparison import rank_with_error, shift_with_error


def plane(values: np.ndarray) -> xr.DataArray:
    rows, columns = values.shape
    return xr.DataArray(
        values,
        dims=("temperature", "inv_sigma_w"),
        coords={"temperature": 2.0 ** np.arange(rows), "inv_sigma_w": 2.0 ** np.arange(columns)},
    )


def test_maps_in_the_same_order_have_rank_one():
    values = np.arange(1.0, 145.0).reshape(12, 12)
    found = rank_with_error(plane(values), plane(values**3).transpose())
    assert found.value == pytest.approx(1.0)
    assert found.error == pytest.approx(0.0, abs=1e-12)
    assert rank_with_error(plane(values), plane(-values)).value == pytest.approx(-1.0)


def test_shift_and_its_error_are_those_of_a_median():
    """Log-normal scatter of width s: error of a median over n cells is 1.25 s / sqrt(n)."""
    rng = np.random.default_rng(0)
    noise = 0.3 * rng.standard_normal((30, 30))
    found = shift_with_error(plane(10 ** (0.5 + noise)), plane(np.ones((30, 30))))
    expected = 1.2533 * 0.3 / 30
    assert abs(found.value - 0.5) < 4 * expected
    assert found.error == pytest.approx(expected, rel=0.35)


def test_only_cells_of_both_maps_count():
    values = np.arange(1.0, 10.0).reshape(3, 3)
    other = plane(values).isel(temperature=slice(0, 2)).copy()
    other[0, 0] = np.nan
    assert shift_with_error(plane(10 * values), other).value == pytest.approx(1.0)
