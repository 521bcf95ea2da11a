"""A made-up sweep in the shape of a real one: the published maps with known scatter over networks.

Figures are tested on it because the number that must appear in every cell is known beforehand.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from phasebook.evidence.published import published_curves, published_maps

N_MODELS = 6
TIMES = np.array([0.0, 0.1, 1.0, 10.0, 100.0])


@pytest.fixture(scope="session")
def synthetic_sweep() -> xr.Dataset:
    """Published maps times a log-normal factor per network; histories interpolate from a common start."""
    rng = np.random.default_rng(0)
    maps, curves = published_maps(), published_curves()
    grid = ("temperature", "inv_sigma_w")
    scatter = xr.DataArray(
        np.exp(0.3 * rng.standard_normal((*maps["test_error"].shape, N_MODELS))), dims=(*grid, "model")
    )
    test_loss = 10 * maps["test_error"] / 2 * scatter
    overlap = maps["feature_overlap"] * np.exp(-0.1 * scatter)
    rms = np.sqrt(maps["feature_overlap"].clip(0.05)) * scatter.clip(0.9, 1.1)
    initial = (
        curves["gradient_initial"].isel(temperature=0, drop=True).broadcast_like(maps["test_error"]) * scatter
    )
    progress = xr.DataArray(TIMES / TIMES[-1], dims="time", coords={"time": TIMES})
    data = xr.Dataset(
        {
            "test_loss": test_loss,
            "training_loss_epoch_mean": 1.5 * test_loss,
            "gradient_norm": 3 * np.sqrt(test_loss) * scatter,
            "gradient_norm_epoch_mean": 0.1 * test_loss,
            "gradient_norm_initial": initial,
            "feature_overlap": overlap,
            "feature_rms": rms,
            "alignment": 0.1 / rms,
            "diverged": xr.zeros_like(test_loss, dtype=np.int8),
            "test_loss_history": test_loss**progress * 0.2 ** (1 - progress),
            "feature_overlap_history": overlap**progress,
            "feature_rms_history": rms**progress * 0.5 ** (1 - progress),
        }
    )
    config = json.dumps({"n_models": N_MODELS, "epochs": 100, "n_samples": 4000})
    return data.transpose(*grid, "model", ...).assign_attrs(
        scale="synthetic", config=config, seed=0, epochs=100, n_models=N_MODELS, precision="float32",
        batch_size=4, seconds=12.3, threads=2, source="computed",
    )  # fmt: skip
