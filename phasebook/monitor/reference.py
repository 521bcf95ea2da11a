"""The fit behind the diagnosis: the book's own sweep, its labels, and the model that was made from them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import xarray as xr

from phasebook.boundaries import Label, phase_of
from phasebook.monitor.classify import PhaseModel, fit_phases
from phasebook.monitor.indicators import GROWTH, INDICATORS, LOSS, MEMORY, SATURATION
from phasebook.network import Array

PHASES: tuple[Label, ...] = ("ordered", "jammed", "paramagnetic")
DIGITS = 4
"""Of the committed coefficients."""


def sweep_indicators(sweep: xr.Dataset) -> xr.Dataset:
    """The indicators at t_f of every network of a sweep: dims (temperature, inv_sigma_w, model)."""
    square = sweep["feature_rms"] ** 2
    initial = sweep["test_loss_history"].isel(time=0, drop=True)
    return xr.Dataset(
        {
            SATURATION: square,
            MEMORY: sweep["feature_overlap"] / square,
            GROWTH: sweep["averaged_rate"] * float(sweep["time"][-1]),
            LOSS: np.log10(sweep["test_loss"] / initial),
        }
    )


def phase_labels(boundary: xr.DataArray, temperature: Array) -> xr.DataArray:
    """The book's label of every cell, `boundaries.phase_of`: dims (temperature, inv_sigma_w).

    Args:
        boundary: temperature of the 68 % contour for each `inv_sigma_w`, `boundary_temperature`.
        temperature: of the grid's rows.
    """
    columns = boundary["inv_sigma_w"].values
    labels = [[phase_of(float(t), float(i), boundary=boundary) for i in columns] for t in temperature]
    return xr.DataArray(
        np.array(labels),
        dims=("temperature", "inv_sigma_w"),
        coords={"temperature": temperature, "inv_sigma_w": columns},
    )


def steps_from_boundary(labels: xr.DataArray) -> xr.DataArray:
    """How many grid steps, straight or along the diagonal, to the nearest cell of another phase."""
    values = labels.values
    rows, columns = np.meshgrid(*map(np.arange, values.shape), indexing="ij")
    far = np.maximum(
        np.abs(rows[..., None, None] - rows), np.abs(columns[..., None, None] - columns)
    )  # from each cell to each
    other = values[..., None, None] != values
    return labels.copy(data=np.where(other, far, max(values.shape)).min(axis=(-2, -1)))


def fit_reference(sweep: xr.Dataset, labels: xr.DataArray) -> dict[str, PhaseModel]:
    """The two models, with and without the saturation, from a sweep and the labels of its cells."""
    values = sweep_indicators(sweep)
    of_network = labels.broadcast_like(values[MEMORY]).transpose(*values[MEMORY].dims).values
    models = {}
    for name, chosen in {"bounded": INDICATORS, "unbounded": INDICATORS[1:]}.items():
        columns = np.stack([values[one].values for one in chosen], axis=-1)
        usable = np.isfinite(columns).all(axis=-1)
        models[name] = fit_phases(
            columns[usable], of_network[usable].tolist(), phases=PHASES, indicators=chosen
        )
    return models


@cache
def reference() -> dict[str, Any]:
    """The committed fit: coefficients, labels and where they come from, made by tools/fit_phases.py."""
    return json.loads((files("phasebook.monitor") / "phases.json").read_text())


@cache
def phase_model(name: str) -> PhaseModel:
    """The committed model "bounded" (with saturation) or "unbounded" (without)."""
    return from_json(reference()["models"][name])


def reference_labels() -> xr.DataArray:
    """The committed labels of the book's cells, dims (temperature, inv_sigma_w)."""
    found = reference()
    boundary = xr.DataArray(
        [np.inf if t is None else t for t in found["boundary_temperature"]],
        dims="inv_sigma_w",
        coords={"inv_sigma_w": found["inv_sigma_w"]},
    )
    return phase_labels(boundary, np.array(found["temperature"]))


def to_json(model: PhaseModel) -> dict[str, Any]:
    """A model as lists of numbers with few digits."""

    def short(values: Array) -> Any:
        return np.vectorize(lambda v: float(f"{v:.{DIGITS}g}"))(values).tolist()

    return {
        "phases": list(model.phases),
        "indicators": list(model.indicators),
        **{name: short(getattr(model, name))
           for name in ("mean", "scatter", "low", "high", "weights", "intercept")},
    }  # fmt: skip


def from_json(values: dict[str, Any]) -> PhaseModel:
    """The model `to_json` wrote."""
    arrays = {n: np.array(values[n]) for n in ("mean", "scatter", "low", "high", "weights", "intercept")}
    return PhaseModel(tuple(values["phases"]), tuple(values["indicators"]), **arrays)
