"""What a monitor records of a layer, as formulas on arrays: levels, signal and noise, features.

Everything is batched over leading axes, so that one network under a `Monitor` and an ensemble of the paper's
networks go through the same lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from phasebook.dyson import coefficients, spacing_drift, spacing_repulsion
from phasebook.network import Array
from phasebook.observables import feature_overlap
from phasebook.spectra import eigenvalues, level_spacing

ATTRIBUTES: dict[str, tuple[str, str, str]] = {
    "eigenvalues": ("eigenvalues x_i of W W^T, ascending, without those zero by shape", "1", "(4.1)"),
    "singular_values": ("singular values of W, ascending", "1", "(4.1)"),
    "level_spacing": ("mean level spacing S", "1", "(4.5)"),
    "averaged_rate": ("ln(S(t) / S(0)) / t", "1/step", "(4.7)"),
    "gradient_signal": ("norm of the mean per-sample gradient", "1", "(3.3)"),
    "gradient_noise": ("root of the summed variances of the per-sample gradient's entries", "1", "(2.29)"),
    "spacing_drift": ("drift K_S of the mean spacing", "1", "(B.9)"),
    "spacing_repulsion": ("repulsion V_S of the mean spacing", "1", "(B.7)"),
    "feature_rms": ("root mean square of the features", "1", "(3.4)"),
    "feature_saturation": ("mean square of the features, with their range scaled to -1 .. 1",
                           "1", "(2.21)"),
    "feature_overlap": ("overlap G(t, 0) of the features with those at the start", "1", "(3.4)"),
    "loss": ("mean loss of the probe batch", "1", "(2.6)"),
    "temperature": ("learning rate over batch size", "1", "(2.30)"),
}  # fmt: skip
"""Of every variable of a data set: its long name, its unit and the paper's equation."""


class Range(NamedTuple):
    """The values an activation can take; infinite ends for one without bounds."""

    low: float
    high: float


TANH = Range(-1.0, 1.0)
UNBOUNDED = Range(-np.inf, np.inf)


def wide(weights: Array) -> Array:
    """W or its transpose, whichever has no more rows than columns: both have the same levels."""
    return weights if weights.shape[-2] <= weights.shape[-1] else np.swapaxes(weights, -1, -2)


def levels(weights: Array) -> dict[str, Array]:
    """Eigenvalues, singular values and mean spacing: (..., n_2, n_1) -> (..., N), (..., N) and (...)."""
    x = eigenvalues(wide(weights))
    return {
        "eigenvalues": x,
        "singular_values": np.sqrt(np.maximum(x, 0.0)),
        "level_spacing": level_spacing(x),
    }


def rank_one_gradients(weights: Array, delta: Array, phi: Array) -> dict[str, Array]:
    """Signal and noise of per-sample gradients Delta = delta phi^T, Eq. (2.29), (B.7), (B.9).

    Args:
        weights: (..., n_2, n_1).  delta: (..., sample, n_2).  phi: (..., sample, n_1).
    """
    if weights.shape[-2] > weights.shape[-1]:
        weights, delta, phi = np.swapaxes(weights, -1, -2), phi, delta
    values = coefficients(weights, delta, phi)
    signal = np.sum(values.displacement, axis=-1)
    return {
        "gradient_signal": np.sqrt(signal),
        "gradient_noise": np.sqrt(np.sum(values.laguerre, axis=-1)),
        "spacing_drift": spacing_drift(values.drift),
        "spacing_repulsion": spacing_repulsion(values.noise),
    }


def feature_statistics(features: Array, initial: Array, *, bounds: Range) -> dict[str, Array]:
    """Size, saturation and overlap with the start, Eq. (3.4).

    Args:
        features, initial: (..., sample, unit) now and at the start.
        bounds: of the activation. For tanh the saturation is the mean square of the features, which is one
            when all of them are spins +1 or -1; without bounds nothing saturates, and it is not-a-number.
    """
    square = np.mean(features**2, axis=(-2, -1))
    if np.isfinite(bounds).all():
        middle, half = (bounds.high + bounds.low) / 2, (bounds.high - bounds.low) / 2
        saturation = np.mean(((features - middle) / half) ** 2, axis=(-2, -1))
    else:
        saturation = np.full_like(square, np.nan)
    return {
        "feature_rms": np.sqrt(square),
        "feature_saturation": saturation,
        "feature_overlap": feature_overlap(features, initial),
    }


def assemble(
    steps: Sequence[int],
    layers: Mapping[str, Mapping[str, Array]],
    *,
    loss: Array,
    temperature: Array | None = None,
    leading: Sequence[str] = (),
) -> xr.Dataset:
    """The data set of a monitored run.

    Args:
        steps: numbers of SGD updates, from 0 on.
        layers: for each layer its observables, (*leading, step) or (*leading, step, level).
        loss: (*leading, step).
        temperature: T at each step, or None if it is not known.
        leading: names of the leading axes.

    Returns:
        Dims (layer, *leading, step), with `level` for the eigenvalues; a layer with fewer levels than
        another has not-a-number above its own.
    """
    most = max(values["eigenvalues"].shape[-1] for values in layers.values())

    def stacked(name: str) -> Array:
        arrays = [values[name] for values in layers.values()]
        if name in ("eigenvalues", "singular_values"):
            arrays = [_padded(array, most) for array in arrays]
        return np.stack(arrays)

    dims = ("layer", *leading, "step")
    names = next(iter(layers.values()))
    found = {
        name: ((*dims, "level") if name in ("eigenvalues", "singular_values") else dims, stacked(name))
        for name in names
    }
    spacing = found["level_spacing"][1]
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 at step 0, where the rate has no value
        found["averaged_rate"] = (dims, np.log(spacing / spacing[..., :1]) / np.asarray(steps, dtype=float))
    dataset = xr.Dataset(
        {**found, "loss": (dims[1:], loss)},
        coords={"layer": list(layers), "step": np.asarray(steps, dtype=np.int64)},
    )
    if temperature is not None:
        dataset["temperature"] = (("step",) if np.ndim(temperature) == 1 else dims[1:], temperature)
    for name, values in dataset.data_vars.items():
        long_name, units, equation = ATTRIBUTES[str(name)]
        values.attrs.update(long_name=long_name, units=units, equation=equation)
    dataset["step"].attrs.update(long_name="SGD updates", units="step")
    return dataset


def _padded(array: Array, size: int) -> Array:
    room = [(0, 0)] * (array.ndim - 1) + [(0, size - array.shape[-1])]
    return np.pad(array, room, constant_values=np.nan)
