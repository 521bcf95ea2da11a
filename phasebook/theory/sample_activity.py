"""A trained network as an absorbing state: which samples still push, and how the noise dies with the loss."""

from __future__ import annotations

import numpy as np
import xarray as xr

from phasebook.dyson import ensemble_gradients
from phasebook.network import Array, Ensemble, forward, sample_ensemble

THRESHOLD = 1e-6
"""Half squared errors above it count as active. Spheres need no such number: they overlap or they do not."""


def active_samples(
    sweep: xr.Dataset, *, threshold: float = THRESHOLD, n_models: int | None = None
) -> xr.DataArray:
    """Share of the test points on which the loss of a trained network exceeds a threshold.

    Args:
        sweep: with the final `weights` of every network.
        threshold: for the loss of one sample, Eq. (2.6).
        n_models: networks of each cell; all by default.

    Returns:
        Dims (temperature, inv_sigma_w, model); missing for a network that diverged.
    """
    count = sweep.sizes["model"] if n_models is None else min(n_models, sweep.sizes["model"])
    weights = sweep["weights"].isel(model=slice(count))
    shares = [
        [_share(weights.sel(temperature=t, inv_sigma_w=s), _drawn(sweep, t, s, count), threshold)
         for s in sweep["inv_sigma_w"].values]
        for t in sweep["temperature"].values
    ]  # fmt: skip
    dims = ("temperature", "inv_sigma_w", "model")
    coords = {name: sweep[name] for name in dims[:2]}
    return xr.DataArray(np.array(shares), coords=coords, dims=dims, name="active_samples")


def loss_and_noise(
    sweep: xr.Dataset, place: dict[str, float], *, n_models: int | None = None
) -> tuple[Array, Array]:
    """Training loss and total variance of the per-sample gradients at the final weights, each (model,)."""
    cell = sweep["weights"].sel(place)
    count = len(cell) if n_models is None else min(n_models, len(cell))
    weights = cell.values[:count].astype(float)
    ensemble = _drawn(sweep, place["temperature"], place["inv_sigma_w"], count)
    outputs = forward(ensemble.with_weights(weights), ensemble.inputs)[-1]
    loss = 0.5 * ((outputs - ensemble.targets) ** 2).sum(-1).mean(-1)
    delta, phi = ensemble_gradients(ensemble, weights, data="training")
    square = ((delta**2).sum(-1) * (phi**2).sum(-1)).mean(-1)
    mean = np.einsum("nai,naj->nij", delta, phi) / delta.shape[1]
    return loss, square - (mean**2).sum((-1, -2))


def _drawn(sweep: xr.Dataset, temperature: float, inv_sigma_w: float, count: int) -> Ensemble:
    return sample_ensemble(
        n_models=count, temperature=float(temperature), inv_sigma_w=float(inv_sigma_w),
        seed=int(sweep.attrs["seed"]),
    )  # fmt: skip


def _share(weights: xr.DataArray, ensemble: Ensemble, threshold: float) -> Array:
    outputs = forward(ensemble.with_weights(weights.values.astype(float)), ensemble.test_inputs)[-1]
    loss = 0.5 * ((outputs - ensemble.test_targets) ** 2).sum(-1)
    share = (loss > threshold).mean(-1)
    return np.where(np.isfinite(loss).all(-1), share, np.nan)
