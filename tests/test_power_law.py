"""Exponents of made-up histories: the power and the noise put in must come out."""

import numpy as np
import pytest
import xarray as xr

from phasebook.theory.power_law import (
    evenly_spaced,
    exponent,
    fit_power_law,
    geometric_mean,
    local_exponents,
)

TIME = 10.0 ** (np.arange(-5, 26) / 5)


def histories(values: np.ndarray, time: np.ndarray = TIME) -> xr.DataArray:
    return xr.DataArray(values, dims=("model", "time"), coords={"time": time})


@pytest.fixture
def noisy() -> xr.DataArray:
    """Forty networks, each 3e-4 t^-p with p = 0.7 +- 0.2, and 5 % noise in every record."""
    rng = np.random.default_rng(1)
    powers = 0.7 + 0.2 * rng.standard_normal((40, 1))
    return histories(3e-4 * TIME**-powers * np.exp(0.05 * rng.standard_normal((40, len(TIME)))))


def test_exact_power_law_is_recovered():
    fit = fit_power_law(xr.DataArray(2.5 * TIME**-0.625, dims="time", coords={"time": TIME}))
    assert fit.exponent == pytest.approx(0.625)
    assert fit.amplitude == pytest.approx(2.5)
    np.testing.assert_allclose(fit.at(TIME), 2.5 * TIME**-0.625)


def test_exponent_and_its_error_agree_with_the_scatter_put_in(noisy):
    """The error is the scatter of the exponents over the square root of the number of networks."""
    found = exponent(noisy)
    assert found.error == pytest.approx(0.2 / np.sqrt(40), rel=0.35)
    assert abs(found.value - 0.7) < 3 * 0.2 / np.sqrt(40)


def test_exponent_of_the_geometric_mean_is_the_mean_of_the_exponents(noisy):
    single = [fit_power_law(noisy.isel(model=k)).exponent for k in range(noisy.sizes["model"])]
    assert fit_power_law(geometric_mean(noisy)).exponent == pytest.approx(np.mean(single))


def test_a_single_network_has_an_exponent_and_no_error(noisy):
    found = exponent(noisy.isel(model=[0]))
    assert np.isfinite(found.value)
    assert np.isnan(found.error)


def test_local_exponent_shows_where_a_power_law_changes():
    """t^-1 up to t = 100, t^-0.5 after: both exponents away from the kink, in between at it."""
    values = np.where(TIME <= 100, 1 / TIME, 0.1 / np.sqrt(TIME))
    local = local_exponents(histories(values[None]))[0]
    np.testing.assert_allclose(local.sel(time=slice(None, 30)), 1.0)
    np.testing.assert_allclose(local.sel(time=slice(330, None)), 0.5)
    assert 0.5 < float(local.sel(time=100, method="nearest")) < 1.0


def test_evenly_spaced_drops_the_start_and_the_records_at_even_times():
    recorded = np.union1d(np.round(TIME, 6), [0.0, 5000.0, 15000.0, 95000.0])
    kept = evenly_spaced(xr.DataArray(recorded, dims="time", coords={"time": recorded}))
    np.testing.assert_allclose(kept["time"], TIME, rtol=1e-4)


@pytest.mark.parametrize("values", [[1.0], [1.0, 0.0], [1.0, -1.0]])
def test_what_has_no_logarithm_is_refused(values):
    time = np.arange(1.0, len(values) + 1)
    with pytest.raises(ValueError, match="positive"):
        fit_power_law(xr.DataArray(values, dims="time", coords={"time": time}))


def test_a_window_longer_than_the_history_is_refused():
    with pytest.raises(ValueError, match="window of 5"):
        local_exponents(histories(np.ones((1, 5)), TIME[:5]))
