"""The transition in the plane of learning rate and batch size: crossings of made-up curves, a small scan."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from phasebook.network import sample_ensemble
from phasebook.sgd import train
from phasebook.theory.scaling import crossing, interval, local_exponents, scan, squared_test_error, transition

RATES = 2.0 ** np.arange(-3, 7)
SIZES = np.array([1, 4, 16, 64])


def power_law(exponent: float, *, models: int = 40, scatter: float = 0.5) -> xr.DataArray:
    """Errors 5e-4 (eps / eps_c)^3 with eps_c = 0.7 |B|^exponent, times a log-normal factor per network."""
    rng = np.random.default_rng(0)
    critical = 0.7 * SIZES**exponent
    error = 5e-4 * (RATES / critical[:, None]) ** 3
    noise = np.exp(scatter * rng.standard_normal((*error.shape, models)))
    return xr.DataArray(
        error[..., None] * noise,
        dims=("batch_size", "learning_rate", "model"),
        coords={"batch_size": SIZES, "learning_rate": RATES},
    )


def test_crossing_of_a_power_law_is_exact():
    error = 5e-4 * (RATES / 0.9) ** 2.5
    assert crossing(RATES, error, level=5e-4) == pytest.approx(0.9, rel=1e-12)


def test_crossing_is_the_last_one():
    """At small eps the error is above the level because training is young; that is not the transition."""
    error = np.array([1e-2, 1e-3, 1e-4, 1e-4, 1e-3, 1e-2])
    rates = 2.0 ** np.arange(6)
    assert crossing(rates, error, level=10**-3.5) == pytest.approx(2**3.5)


def test_crossing_ignores_points_that_were_not_scanned():
    error = 5e-4 * (RATES / 3.0) ** 2
    holes = error.copy()
    holes[[0, 5, 9]] = np.nan
    assert crossing(RATES, holes, level=5e-4) == pytest.approx(3.0, rel=1e-12)


def test_crossing_into_infinity_stays_at_the_last_finite_point():
    assert crossing(RATES[:3], np.array([1e-5, 1e-4, np.inf]), level=1e-3) == pytest.approx(RATES[1])


@pytest.mark.parametrize("error", [np.full(10, 1e-5), np.full(10, 1.0), np.full(10, np.nan)])
def test_no_crossing_is_not_a_number(error):
    assert np.isnan(crossing(RATES, error, level=1e-3))


def test_exponents_of_a_power_law():
    np.testing.assert_allclose(local_exponents(SIZES, 3 * SIZES**0.6), [0.6, 0.6, 0.6])


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_transition_finds_the_exponent_within_its_interval(exponent):
    found = transition(power_law(exponent), level=5e-4)
    lower, upper = interval(found.exponent_draws, coverage=0.99)
    assert np.all((lower < exponent) & (exponent < upper))
    assert np.all(upper - lower < 0.3)
    np.testing.assert_allclose(found.learning_rates, 0.7 * SIZES**exponent, rtol=0.2)


def test_bootstrap_error_is_that_of_repeated_experiments():
    """Spread of eps_c over 200 fresh ensembles, against the spread of the draws from one."""
    rng = np.random.default_rng(3)

    def experiment() -> xr.DataArray:
        logs = np.log(5e-4) + 3 * np.log(RATES / 2.0)[:, None] + 0.8 * rng.standard_normal((1, 60))
        return xr.DataArray(
            np.exp(logs)[None],
            dims=("batch_size", "learning_rate", "model"),
            coords={"batch_size": [4], "learning_rate": RATES},
        )

    fresh = np.array(
        [transition(experiment(), level=5e-4, resamples=1).learning_rates[0] for _ in range(200)]
    )
    widths = [transition(experiment(), level=5e-4, seed=k).draws.std() for k in range(20)]
    assert np.mean(widths) == pytest.approx(fresh.std(), rel=0.25)


def test_interval_has_its_coverage():
    lower, upper = interval(np.linspace(0, 1, 1001)[:, None], coverage=0.9)
    np.testing.assert_allclose([lower[0], upper[0]], [0.05, 0.95])


def test_scan_is_what_training_gives():
    """Both clocks, at one point, against a run of its own; points not asked for are empty."""
    ensemble = sample_ensemble(n_models=3, inv_sigma_w=8.0, common_teachers=True)
    found = scan(
        ensemble,
        learning_rates={1: [0.25, 0.5], 4: [0.5]},
        updates=[50, 200],
        flow_times=[25.0, 200.0],
        seed=7,
    )
    run = train(
        ensemble, learning_rate=0.5, batch_size=4, record_steps=[50, 200, 400],
        order="with_replacement", seed=7,
    )  # fmt: skip
    errors = [squared_test_error(ensemble, run.weights[:, k]) for k in range(3)]
    point = {"batch_size": 4, "learning_rate": 0.5}
    np.testing.assert_array_equal(found["by_updates"].sel(point), errors[:2])
    np.testing.assert_array_equal(found["by_flow_time"].sel(point), [errors[0], errors[2]])
    np.testing.assert_array_equal(found["weights"].sel(point), run.weights[:, 1])
    assert found["by_updates"].sel(batch_size=4, learning_rate=0.25).isnull().all()
    assert found["by_updates"].sel(batch_size=1).notnull().all()


def test_networks_that_ran_away_count_as_bad():
    ensemble = sample_ensemble(n_models=2, inv_sigma_w=8.0)
    weights = ensemble.weights.copy()
    weights[1, 0, 0] = np.nan
    error = squared_test_error(ensemble, weights)
    assert np.isfinite(error[0])
    assert np.isinf(error[1])
