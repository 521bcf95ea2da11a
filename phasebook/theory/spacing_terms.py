"""Every term of the equation for the mean spacing, Eq. (B.3)-(B.9), on a sweep, and those left out."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from phasebook.dyson import (
    coefficients,
    coulomb,
    diagonal_covariance,
    ensemble_gradients,
    second_order_drift,
    spacing_diffusion,
    spacing_drift,
    spacing_repulsion,
)
from phasebook.network import TEST_POINTS, Array, sample_ensemble
from phasebook.runs.packaged import derived
from phasebook.spectra import level_spacing

CELL = ("temperature", "inv_sigma_w", "model")
MEANING = {
    "drift": "K_S, Eq. (B.9)",
    "repulsion": "V_S, Eq. (B.7), equal spacings",
    "repulsion_measured": "V_S from the measured spacings: what (B.6) is before (B.5)",
    "diffusion": "D_S, Eq. (B.9)",
    "diffusion_measured": "D_S with the covariance of the two noises, which (B.4) takes to be zero",
    "noise_correlation": "correlation of the noises of x_1 and x_N",
    "laguerre": "(L_N - L_1) / (N - 1), drift of S per T that (B.1) leaves out",
    "second_order": "the same of the second-order drift, per eps",
    "spacing": "S",
}


def spacing_terms(
    dataset: xr.Dataset, *, n_models: int | None = None, points: int = TEST_POINTS, at: str = "end"
) -> xr.Dataset:
    """Coefficients of (B.8) in every cell, in the basis of X, on the test set.

    Args:
        dataset: a sweep.
        n_models: how many networks of each cell (default: all).
        points: of the test set.
        at: "end" for the trained weights, "start" for t = 0.

    Returns:
        The variables of `MEANING`, dims (temperature, inv_sigma_w, model). Of a packaged sweep, whose weights
        were left out, those at the end come from the package as well.

    Raises:
        ValueError: more networks than the sweep has, or an unknown time.
    """
    count = dataset.sizes["model"] if n_models is None else n_models
    if not 1 <= count <= dataset.sizes["model"]:
        raise ValueError(f"n_models must lie between 1 and {dataset.sizes['model']}, got {count}")
    if at not in ("start", "end"):
        raise ValueError(f"at must be start or end, got {at!r}")
    chosen = dataset.isel(model=slice(count))
    about = {"n_models": count, "points": points, "at": at}
    if (at, points) == ("end", TEST_POINTS) and (kept := derived(chosen, "terms")) is not None:
        return kept.assign_attrs(about)
    final = chosen["weights"].transpose(*CELL, "unit", "input_unit").values if at == "end" else None
    shape = [chosen.sizes[dim] for dim in CELL]
    values = {name: np.empty(shape) for name in MEANING}
    config = json.loads(dataset.attrs["config"])
    settings = {key: config[key] for key in ("seed", "widths", "n_samples", "common_teachers")}
    for i, temperature in enumerate(chosen["temperature"].values):
        for j, inv_sigma_w in enumerate(chosen["inv_sigma_w"].values):
            ensemble = sample_ensemble(
                n_models=count, temperature=float(temperature), inv_sigma_w=float(inv_sigma_w), **settings
            )
            weights = ensemble.weights if final is None else final[i, j].astype(np.float64)
            delta, phi = ensemble_gradients(ensemble, weights, points=points)
            for name, value in terms(weights, delta, phi).items():
                values[name][i, j] = value
    return xr.Dataset(
        {name: (CELL, value, {"long_name": MEANING[name]}) for name, value in values.items()},
        {dim: chosen[dim] for dim in CELL},
        about,
    )


def terms(weights: Array, delta: Array, phi: Array) -> dict[str, Array]:
    """The variables of `MEANING` for networks, each (...); arguments as in `dyson.coefficients`."""
    values = coefficients(weights, delta, phi)
    n = weights.shape[-2]
    spacing = level_spacing(values.eigenvalues)

    def of_spacing(levels: Array) -> Array:
        return (levels[..., -1] - levels[..., 0]) / (n - 1)

    covariance = diagonal_covariance(weights, delta, phi)
    first, last, both = covariance[..., 0, 0], covariance[..., -1, -1], covariance[..., 0, -1]
    return {
        "drift": spacing_drift(values.drift),
        "repulsion": spacing_repulsion(values.noise),
        "repulsion_measured": of_spacing(coulomb(values.eigenvalues, values.noise)) * spacing,
        "diffusion": spacing_diffusion(values.noise),
        "diffusion_measured": (first + last - 2 * both) / (2 * (n - 1) ** 2),
        "noise_correlation": both / np.sqrt(first * last),
        "laguerre": of_spacing(values.laguerre),
        "second_order": of_spacing(second_order_drift(values)),
        "spacing": spacing,
    }
