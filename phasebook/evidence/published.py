"""The numbers read off the paper's own figures, on the grid of the sweep.

The paper gives its results as pictures. Two tables in `phasebook/data/` hold what could be read off them: the
colour maps of Figures 2 and 5 (left), and the curves of Figures 3 and 4. Both were taken at t_f of about 1e5
epochs = 1e8 SGD steps, a thousand times the training of the `book` scale.
"""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
import xarray as xr

PUBLISHED_EPOCHS = 1e5
"""Training time of the published figures, in epochs of 1000 SGD steps."""

_CURVE_NAMES = {
    "loss": ("median training loss along the last epoch, with the factor 1/2", "2.6"),
    "gradient": ("median norm of the epoch-averaged gradient", "3.3"),
    "gradient_initial": ("median gradient norm at t = 0", "3.3"),
}


def published_maps() -> xr.Dataset:
    """Figures 2 and 5 (left) as numbers, read off by inverting the colour bars.

    Returns:
        Dataset with `test_error` (mean over networks and test points of (y - yhat)^2, WITHOUT the factor 1/2
        of Eq. (2.6); reading error 0.03 decades) and `feature_overlap` (G(t_f, 0), Eq. (3.4); reading error
        0.01), both with dims (temperature 12, inv_sigma_w 12), coordinates ascending.
    """
    rows = _read("published_maps.csv")
    temperature, inv_sigma_w = _axis(rows, "temperature"), _axis(rows, "inv_sigma_w")
    data = xr.Dataset(coords={"temperature": temperature, "inv_sigma_w": inv_sigma_w})
    for name, column in (("test_error", "test_error"), ("feature_overlap", "G")):
        values = np.full((len(temperature), len(inv_sigma_w)), np.nan)
        for row in rows:
            values[_position(temperature, row, "temperature"), _position(inv_sigma_w, row, "inv_sigma_w")] = (
                float(row[column])
            )
        data[name] = (("temperature", "inv_sigma_w"), values)
    data["test_error"].attrs = {
        "long_name": "published mean squared test error",
        "units": "1",
        "equation": "2.6 without 1/2",
    }
    data["feature_overlap"].attrs = {
        "long_name": "published feature overlap G(t_f, 0)",
        "units": "1",
        "equation": "3.4",
    }
    data.attrs = {"title": "arXiv:2509.01349, Figures 2 and 5 (left)", "epochs": PUBLISHED_EPOCHS}
    return data


def published_curves() -> xr.Dataset:
    """Figures 3 and 4 as numbers, read off the vector graphics (accuracy 1-2 %).

    Returns:
        Dataset with `loss`, `gradient` and `gradient_initial`, dims (temperature, inv_sigma_w), NaN where the
        figure could not be read, and the 16th and 84th percentile over networks as `*_lower` and `*_upper`
        (few cells). All three are the quantities of the released code; attrs of each name them.
    """
    rows = _read("published_curves.csv")
    temperature, inv_sigma_w = _axis(rows, "temperature"), _axis(rows, "inv_sigma_w")
    data = xr.Dataset(coords={"temperature": temperature, "inv_sigma_w": inv_sigma_w})
    for name, (long_name, equation) in _CURVE_NAMES.items():
        for suffix, column in (("", "median"), ("_lower", "lower"), ("_upper", "upper")):
            values = np.full((len(temperature), len(inv_sigma_w)), np.nan)
            for row in rows:
                if row["quantity"] == name and row[column]:
                    i = _position(temperature, row, "temperature")
                    values[i, _position(inv_sigma_w, row, "inv_sigma_w")] = float(row[column])
            attrs = {
                "long_name": f"published {long_name}{suffix.replace('_', ', ')}",
                "units": "1",
                "equation": equation,
            }
            data[name + suffix] = (("temperature", "inv_sigma_w"), values, attrs)
    data.attrs = {"title": "arXiv:2509.01349, Figures 3 and 4", "epochs": PUBLISHED_EPOCHS}
    return data


def _read(name: str) -> list[dict[str, str]]:
    text = (files("phasebook") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def _axis(rows: list[dict[str, str]], column: str) -> np.ndarray:
    return np.array(sorted({float(row[column]) for row in rows}))


def _position(axis: np.ndarray, row: dict[str, str], column: str) -> int:
    return int(np.searchsorted(axis, float(row[column])))
