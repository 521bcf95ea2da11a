"""Times to a given loss, on histories whose passage times are known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from phasebook.theory.speed import fastest_temperature, first_passage

TIMES = np.array([0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0])


def power_laws(prefactors: np.ndarray) -> xr.DataArray:
    """c / t^0.7 for each prefactor, 1 at t = 0."""
    values = prefactors[..., None] * np.concatenate([[1.0], TIMES[1:] ** -0.7])
    return xr.DataArray(values, dims=("temperature", "model", "time"), coords={"time": TIMES})


def test_passage_of_a_power_law_is_exact():
    """Straight lines in the log-log plot: t = (c / level)^(1/0.7) between the records."""
    prefactors = np.array([[0.04, 0.05, 0.1]])
    passage = first_passage(power_laws(prefactors), level=0.03)
    np.testing.assert_allclose(passage.values, (prefactors / 0.03) ** (1 / 0.7))


def test_passage_before_the_first_record_and_never():
    history = power_laws(np.array([[0.001, 50.0]]))
    np.testing.assert_array_equal(first_passage(history, level=0.01).values, [[0.1, np.inf]])


def test_passage_is_the_first_one():
    """A loss that rises again has arrived all the same; NaN never arrives."""
    values = np.array([[1, 0.5, 0.05, 0.5, 0.5, 0.01, 0.01], [1, np.nan, *[np.nan] * 5]])
    history = xr.DataArray(values, dims=("model", "time"), coords={"time": TIMES})
    first, second = first_passage(history, level=0.1).values
    assert 0.1 < first < 0.3
    assert np.isinf(second)


def test_fastest_temperature_is_that_of_the_least_median():
    """Means would choose otherwise: one network never arrives where most are fastest."""
    passage = xr.DataArray(
        [[3.0, 3.0, 3.0], [1.0, 1.0, np.inf], [2.0, 2.0, 2.0]],
        dims=("temperature", "model"),
        coords={"temperature": [0.1, 0.2, 0.4]},
    )
    assert fastest_temperature(passage) == pytest.approx(0.2)
