"""Averages over networks against closed formulas."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import gmean, sem, spearmanr

from phasebook.evidence.statistics import (
    Estimate,
    bootstrap,
    geometric_mean_of,
    half_way_temperature,
    mean_and_error,
    mean_of,
    median_and_band,
    median_log_ratio,
    rank_correlation,
    ratio,
    scatter_of_logs,
)


@pytest.fixture
def sample() -> xr.DataArray:
    return xr.DataArray(np.random.default_rng(1).standard_normal((3, 2000)), dims=("temperature", "model"))


def test_standard_error_of_a_mean(sample):
    """s / sqrt(n), by numpy."""
    mean, error = mean_and_error(sample)
    np.testing.assert_allclose(mean, sample.values.mean(1))
    np.testing.assert_allclose(error, sample.values.std(1, ddof=1) / np.sqrt(2000))


def test_a_diverged_network_is_left_out_of_the_mean(sample):
    """NaN in one network: the mean and the error of the others."""
    broken = sample.copy()
    broken[:, 7] = np.nan
    rest = np.delete(sample.values, 7, axis=1)
    mean, error = mean_and_error(broken)
    np.testing.assert_allclose(mean, rest.mean(1))
    np.testing.assert_allclose(error, rest.std(1, ddof=1) / np.sqrt(1999))


def test_mean_of_plain_numbers_is_that_over_networks(sample):
    values = sample.values[0]
    assert mean_of(values) == pytest.approx((values.mean(), sem(values)))
    assert np.isnan(mean_of([2.0]).error)


def test_error_of_one_network_is_unknown():
    """A single network has a mean and no error."""
    mean, error = mean_and_error(xr.DataArray([[2.0]], dims=("temperature", "model")))
    assert mean.item() == 2.0
    assert np.isnan(error.item())


def test_band_of_a_normal_sample_is_one_sigma(sample):
    """The 16th and 84th percentile of a standard normal distribution are -0.994 and 0.994."""
    median, lower, upper = median_and_band(sample)
    assert abs(median).max() < 0.2
    np.testing.assert_allclose(lower, -0.994, atol=0.2)
    np.testing.assert_allclose(upper, 0.994, atol=0.2)


def test_bootstrap_finds_the_standard_error(sample):
    """For a mean the bootstrap error is the standard error, to 1 / sqrt(2 resamples)."""
    row = sample.isel(temperature=0)
    estimate = bootstrap(lambda data: float(data.mean()), row, resamples=800, seed=3)
    assert estimate.value == pytest.approx(float(row.mean()))
    assert estimate.error == pytest.approx(float(mean_and_error(row)[1]), rel=0.12)
    assert estimate == bootstrap(lambda data: float(data.mean()), row, resamples=800, seed=3)


def test_rank_correlation_is_spearmans():
    """Against scipy, with ties, a missing cell and transposed dims."""
    rng = np.random.default_rng(2)
    first = xr.DataArray(rng.integers(0, 9, (6, 5)).astype(float), dims=("temperature", "inv_sigma_w"))
    second = first + xr.DataArray(rng.standard_normal((6, 5)), dims=("temperature", "inv_sigma_w"))
    expected, _ = spearmanr(first.values.ravel()[1:], second.values.ravel()[1:])
    second[0, 0] = np.nan
    assert rank_correlation(first, second.transpose()) == pytest.approx(expected)


def test_median_log_ratio_in_decades():
    """Ten times larger everywhere but in one cell is one decade; cells without a logarithm do not count."""
    second = xr.DataArray([1.0, 2.0, 3.0, 0.0], dims="temperature")
    first = xr.DataArray([10.0, 20.0, 3000.0, 5.0], dims="temperature")
    assert median_log_ratio(first, second) == pytest.approx(1.0)


def test_half_way_temperature_of_a_power_law():
    """A curve that is T^2 from T = 1 to 64, after a fall: half of its decades is at T = 8."""
    temperature = 2.0 ** np.arange(-3, 7)
    values = np.where(temperature < 1, 1 / temperature, temperature**2)
    curve = xr.DataArray(values, dims="temperature", coords={"temperature": temperature})
    assert half_way_temperature(curve) == pytest.approx(8.0)
    with pytest.raises(ValueError, match="does not rise"):
        half_way_temperature(curve[:4])


def test_geometric_mean_is_scipys_with_the_error_of_the_mean_logarithm():
    values = np.random.default_rng(3).lognormal(mean=-2.0, sigma=0.3, size=60)
    found = geometric_mean_of(values)
    assert found.value == pytest.approx(gmean(values))
    assert found.error == pytest.approx(gmean(values) * sem(np.log(values)))


def test_error_of_a_scatter_is_the_scatter_of_scatters():
    """Two thousand samples of thirty: their standard deviations spread as each one's error says."""
    values = np.random.default_rng(4).lognormal(sigma=0.5, size=(2000, 30))
    found = np.array([scatter_of_logs(sample) for sample in values])
    assert found[:, 0].mean() == pytest.approx(0.5, rel=0.02)
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.05)


def test_error_of_a_ratio_by_drawing_both():
    first, second = Estimate(3.0, 0.06), Estimate(2.0, 0.03)
    rng = np.random.default_rng(0)
    draws = rng.normal(*first, size=100_000) / rng.normal(*second, size=100_000)
    found = ratio(first, second)
    assert found.value == 1.5
    assert found.error == pytest.approx(draws.std(), rel=0.01)
