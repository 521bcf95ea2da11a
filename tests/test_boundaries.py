"""The criterion (4.15) where its answer is known, its readings on a small sweep, and the rule for labels."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
import xarray as xr

from phasebook.boundaries import (
    LEVELS,
    READINGS,
    boundaries_of,
    boundary_temperature,
    convergence,
    phase_of,
    signal_and_noise,
)
from phasebook.claims.regions import REGIONS, pooled
from phasebook.network import sample_networks

TEMPERATURES = 2.0 ** np.arange(-5, 7)
INV_SIGMA_WS = 2.0 ** np.arange(-8, 4)
GRID = {"temperature": TEMPERATURES, "inv_sigma_w": INV_SIGMA_WS}


def parts_of(drift: np.ndarray, repulsion: np.ndarray, *, bound: np.ndarray | None = None) -> xr.Dataset:
    """What `signal_and_noise` returns, for given K_S and V_S of shape (temperature, inv_sigma_w, model)."""
    cell = ("temperature", "inv_sigma_w", "model")
    shape = (len(TEMPERATURES), len(INV_SIGMA_WS), drift.shape[-1])
    return xr.Dataset(
        {
            "drift": (("reading", *cell), np.broadcast_to(drift, shape)[None]),
            "repulsion": (("reading", *cell), np.broadcast_to(repulsion, shape)[None]),
            "spacing_initial": (cell, np.full(shape, 1.0)),
            "spacing_final": (cell, np.full(shape, 64.0)),
            "spacing_bound": ("inv_sigma_w", np.ones(len(INV_SIGMA_WS)) if bound is None else bound),
        },
        coords={"reading": ["made up"], **GRID},
    )


def test_boundary_lies_where_the_signal_to_noise_ratio_says():
    """-K_S / V_S = 2^1.5 in every network: all converge for T / S <= 2^1.5, none above."""
    result = convergence(parts_of(np.full((1, 1, 5), -(2**1.5)), np.ones((1, 1, 5))))
    expected = np.broadcast_to((TEMPERATURES <= 2**1.5)[None, :, None], (1, 12, 12))
    np.testing.assert_array_equal(result["fraction"], expected)
    assert np.all(result["networks"] == 5)
    line = boundary_temperature(result["fraction"].sel(reading="made up"), level=0.5)
    np.testing.assert_allclose(line, 2**1.5)


def test_boundary_temperature_is_proportional_to_the_spacing():
    """Only T / S enters: doubling S doubles the boundary; S(t_f) = 64 S(0) moves it six rows up."""
    ratios = np.exp(np.random.default_rng(0).normal(0.0, 1.0, size=(1, 1, 400)))
    one = parts_of(-ratios, np.ones((1, 1, 400)))
    two = parts_of(-ratios, np.ones((1, 1, 400)), bound=np.full(12, 2.0))
    lines = [boundary_temperature(convergence(each)["fraction"]) for each in (one, two)]
    np.testing.assert_allclose(lines[1], 2 * lines[0])
    np.testing.assert_allclose(
        convergence(one, spacing="final")["fraction"].values[0, 6:],
        convergence(one, spacing="initial")["fraction"].values[0, :-6],
    )


def test_common_factors_of_drift_and_repulsion_cancel():
    """(N - 1) in (B.7) and (B.9): only the ratio K_S / V_S counts."""
    rng = np.random.default_rng(1)
    drift, repulsion = rng.normal(size=(12, 12, 6)), rng.normal(size=(12, 12, 6))
    one, other = (convergence(parts_of(f * drift, f * repulsion))["converged"] for f in (1.0, 15.0))
    np.testing.assert_array_equal(one, other)


def test_networks_that_diverged_are_not_counted():
    drift = np.full((1, 1, 4), -1e9)
    drift[..., 0] = np.nan
    result = convergence(parts_of(drift, np.ones((1, 1, 4))))
    assert np.all(result["networks"] == 3)
    assert np.all(result["fraction"] == 1.0)
    assert not result["converged"].isel(model=0).any()


def test_boundary_temperature_on_an_analytic_field():
    """The fraction falls linearly in log2 T, so linear interpolation is exact between the rows."""
    height = xr.DataArray(np.log2(TEMPERATURES), dims="temperature", coords={"temperature": TEMPERATURES})
    slope = xr.DataArray(np.linspace(-2, 2, 12), dims="inv_sigma_w", coords={"inv_sigma_w": INV_SIGMA_WS})
    fraction = 0.5 - (height - slope) / 20
    for level in (0.4, 0.5):
        np.testing.assert_allclose(
            boundary_temperature(fraction, level=level), 2 ** (slope + 20 * (0.5 - level))
        )
    assert np.all(np.isinf(boundary_temperature(fraction, level=0.01)))
    assert np.all(np.isnan(boundary_temperature(fraction, level=0.99)))


def small_sweep(weights: dict[tuple[float, float, int], np.ndarray]) -> xr.Dataset:
    temperatures, inv_sigma_ws, models = (sorted(set(axis)) for axis in zip(*weights, strict=True))
    values = np.array([weights[key] for key in product(temperatures, inv_sigma_ws, models)])
    config = {"seed": 3, "widths": [3, 32, 16, 1], "n_samples": 40, "common_teachers": False}
    cell, shape = ("temperature", "inv_sigma_w", "model"), (len(temperatures), len(inv_sigma_ws), len(models))
    levels = np.broadcast_to([[0.0] * 15 + [30.0], [0.0] * 15 + [45.0]], (*shape, 2, 16))
    return xr.Dataset(
        {
            "weights": ((*cell, "unit", "input_unit"), values.reshape(*shape, 16, 32)),
            "eigenvalues": ((*cell, "time", "level"), levels),  # S = 2 before t_f
        },
        coords={"temperature": temperatures, "inv_sigma_w": inv_sigma_ws, "model": models},
        attrs={"config": json.dumps(config)},
    )


@pytest.fixture(scope="module")
def near_teacher() -> tuple[xr.Dataset, list[np.ndarray]]:
    """Students a little off their teachers; and per-sample gradients of X written out for each."""
    rng = np.random.default_rng(5)
    keys = list(product((0.25, 2.0), (0.5, 4.0), range(3)))
    ensemble = sample_networks(keys, seed=3, n_samples=40)
    weights = ensemble.teacher[1] + 0.1 * rng.standard_normal(ensemble.teacher[1].shape)
    gradients = []
    for k in range(len(keys)):
        first, readout = ensemble.teacher[0][k], ensemble.teacher[2][k, 0]
        tables = []
        for x, y in zip(ensemble.test_inputs[k], ensemble.test_targets[k, :, 0], strict=True):
            phi = np.tanh(first @ x)
            top = np.tanh(weights[k] @ phi)
            delta = np.outer((readout @ top - y) * readout * (1 - top**2), phi)
            tables.append(weights[k] @ delta.T + delta @ weights[k].T)
        gradients.append(np.array(tables))
    return small_sweep(dict(zip(keys, weights, strict=True))), gradients


def test_released_reading_against_loops(near_teacher):
    """Reading 1 as its definition says, with per-sample tables and eigenvectors in descending order."""
    dataset, gradients = near_teacher
    parts = signal_and_noise(dataset, readings=READINGS[:1])
    shape = (2, 2, 3)
    n = 16
    for k, tables in enumerate(gradients):
        place = np.unravel_index(k, shape)
        weights = dataset["weights"].values[place]
        _, vectors = np.linalg.eigh(weights @ weights.T)
        u = vectors[:, ::-1]
        strength = np.diag(u.T @ tables.mean(axis=0) @ u)
        noise = u.T @ tables.var(axis=0) @ u
        restoring = abs(strength[0]) - abs(strength[n - 1])
        repulsion = 2 * noise[0, n - 1] / (n - 1)
        for gap in range(1, n - 1):
            repulsion += (noise[0, gap] + noise[n - 1, n - gap]) / gap
        assert parts["drift"].values[0][place] == pytest.approx(-restoring / (n - 1))
        assert parts["repulsion"].values[0][place] == pytest.approx(repulsion / (n - 1))


def test_readings_differ_where_they_should(near_teacher):
    """V_S > 0 for rotated samples; the literal text never converges, the largest spread has K_S < 0."""
    parts = signal_and_noise(near_teacher[0])
    rotated = [one.name for one in READINGS if one.variance == "rotated_samples"]
    assert np.all(parts["repulsion"].sel(reading=rotated) > 0)
    assert np.all(parts["drift"].sel(reading="literal text") > 0)
    np.testing.assert_allclose(
        parts["drift"].sel(reading="literal text"), -parts["drift"].sel(reading="spread, samples")
    )
    signed = (parts["highest_drift"] - parts["lowest_drift"]) / 15
    np.testing.assert_allclose(parts["drift"].sel(reading="signed drift"), signed)
    result = boundaries_of(near_teacher[0])
    assert result["fraction"].sel(reading="literal text").max() == 0
    assert result["fraction"].dims == ("reading", "temperature", "inv_sigma_w")


def test_a_region_pools_its_networks():
    """A ratio between the rows puts all cold networks below the line and all hot ones above."""
    result = convergence(parts_of(np.full((1, 1, 50), -1.0), np.ones((1, 1, 50)))).isel(reading=0)
    verdicts = {region.name: pooled(result, region) for region in REGIONS}
    assert verdicts["ordered"].networks == 3 * 3 * 50
    assert (verdicts["ordered"].fraction, verdicts["ordered"].verdict) == (1.0, "yes")
    assert (verdicts["jammed"].fraction, verdicts["jammed"].verdict) == (1.0, "no")
    assert (verdicts["paramagnetic"].fraction, verdicts["paramagnetic"].verdict) == (0.0, "yes")


@pytest.mark.parametrize(
    ("temperature", "inv_sigma_w", "label"),
    [(0.1, 8.0, "ordered"), (0.1, 0.1, "jammed"), (0.1, 1.4, "jammed"), (1.0, 8.0, "paramagnetic")],
)
def test_labels_by_two_lines(temperature, inv_sigma_w, label):
    assert phase_of(temperature, inv_sigma_w, boundary=0.4) == label


def test_labels_take_the_nearest_column():
    """A boundary beyond the grid makes the whole column cold, no boundary makes it hot."""
    boundary = xr.DataArray(
        [np.inf, 4.0, np.nan], dims="inv_sigma_w", coords={"inv_sigma_w": [0.25, 2.0, 16.0]}
    )
    assert phase_of(1e3, 0.3, boundary=boundary) == "jammed"
    assert phase_of(3.9, 2.5, boundary=boundary) == "ordered"
    assert phase_of(4.1, 2.5, boundary=boundary) == "paramagnetic"
    assert phase_of(1e-3, 16.0, boundary=boundary) == "paramagnetic"
    with pytest.raises(ValueError, match="positive"):
        phase_of(0.0, 1.0, boundary=1.0)


def test_levels_are_those_of_the_normal_distribution():
    """The paper's 1, 2, 3 sigma are the usual two-sided probabilities, rounded."""
    from scipy.stats import norm

    np.testing.assert_allclose(LEVELS, [1 - 2 * norm.sf(k) for k in (1, 2, 3)], atol=0.005)
