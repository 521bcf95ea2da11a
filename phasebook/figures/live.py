"""What the live training in the page needs from Python: its map, colours and places; and its four pictures
standing still, for paper and for a browser without JavaScript."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from phasebook.figures.maps import decade_norm, heat_map, name_region
from phasebook.figures.phase_diagram import TEST_ERROR_LABEL, test_error
from phasebook.figures.style import (
    JAMMED,
    ORDERED,
    PARAMAGNETIC,
    PHASES,
    SEQUENTIAL,
    BookFigure,
    curve_colours,
    new_figure,
    styled,
)
from phasebook.network import TEST_POINTS, Ensemble, forward
from phasebook.observables import measure
from phasebook.sgd import Trajectory

SCRIPTS = (
    "vendor/uplot/uPlot.iife.min.js", "live_measures.js", "live_network.js", "live_worker.js",
    "live_history.js", "live_trainer.js", "live_controls.js", "live_plots.js", "live.js",
)  # fmt: skip
STYLES = ("vendor/uplot/uPlot.min.css", "live.css")
PLACES = ((0.83, 0.17), (0.2, 0.17), (0.45, 0.9))
"""Where the names of the three phases stand in the map, in fractions of its width and height."""
INSTEAD = "The figure at the end of this page shows the same pictures of one finished run."


@dataclass(frozen=True)
class LivePanel:
    """The live training as a cell shows it; without JavaScript, or in a notebook, a sentence instead.

    Attributes:
        data: what `live_data` gives.
        static: folder of the book's scripts, as seen from the page.
    """

    data: dict[str, Any]
    static: str = "../_static/"

    def __repr__(self) -> str:
        return "The live training runs in the built page."

    def _repr_html_(self) -> str:
        styles = "".join(f'<link rel="stylesheet" href="{self.static}{name}">' for name in STYLES)
        scripts = "".join(f'<script defer src="{self.static}{name}"></script>' for name in SCRIPTS)
        data = json.dumps(self.data, allow_nan=False, separators=(",", ":"))
        return (
            f'{styles}<div class="live" data-instead="{INSTEAD}"><p class="live-fallback" role="note">Here a '
            f"network trains in the built page of the book, in a browser with JavaScript. {INSTEAD}</p>"
            f'<script type="application/json">{data}</script></div>{scripts}'
        )


def live_data(sweep: xr.Dataset, boundary: xr.DataArray, *, vertical: float) -> dict[str, Any]:
    """The numbers and colours that the page's script draws with, ready for JSON.

    Args:
        sweep: its mean test error colours the map.
        boundary: temperature of the boundary (4.15) for each `inv_sigma_w`, from `boundary_temperature`:
            infinite above the map, not-a-number where nothing converges; finite in the last column.
        vertical: 1/sigma_W of the vertical boundary.

    Returns:
        Temperatures, 1/sigma_W, learning rates and batch sizes as exponents of two; colours as `#rrggbb`.

    Raises:
        ValueError: no boundary in the last column, where the place called "edge" lies.
    """
    if not np.isfinite(boundary.isel(inv_sigma_w=-1)):
        raise ValueError(f"the boundary must be finite in the last column, got {boundary.values[-1]}")
    error = test_error(sweep)
    norm, shades = decade_norm(error), mpl.colormaps[SEQUENTIAL]
    levels = curve_colours(sweep.sizes["level"])
    batch = int(sweep.attrs["batch_size"])
    return {
        "map": {
            "columns": _exponents(error["inv_sigma_w"].values),
            "rows": _exponents(error["temperature"].values),
            "colours": [[to_hex(shades(norm(value))) for value in row] for row in error.values],
            "boundary": [
                None if np.isnan(one) else min(float(one), sys.float_info.max) for one in boundary.values
            ],
            "vertical": float(vertical),
        },
        "bar": {
            "colours": [to_hex(shades(part)) for part in np.linspace(0, 1, 9)],
            "low": round(np.log10(norm.vmin or np.nan)),
            "high": round(np.log10(norm.vmax or np.nan)),
        },
        "phases": [
            {"name": phase.name, "colour": phase.colour, "place": place}
            for phase, place in zip(PHASES, PLACES, strict=True)
        ],
        "presets": {
            name: _settings(temperature, inv_sigma_w, batch)
            for name, (temperature, inv_sigma_w) in _places(boundary).items()
        },
        "colours": {
            "levels": [to_hex(levels(k)) for k in range(sweep.sizes["level"])],
            "loss": ORDERED.colour,
            "overlap": JAMMED.colour,
            "features": PARAMAGNETIC.colour,
        },
    }


@styled
def still(
    sweep: xr.Dataset,
    ensemble: Ensemble,
    trajectory: Trajectory,
    *,
    temperature: float,
    inv_sigma_w: float,
) -> BookFigure:
    """The four pictures of the live training for one network by `phasebook.train`: how does it learn?

    Args:
        sweep: its mean test error is the map.
        ensemble: one network.
        trajectory: its training, recorded from step 0 on.
        temperature, inv_sigma_w: where in the plane it was trained.

    Raises:
        ValueError: more than one network.
    """
    if ensemble.n_models != 1:
        raise ValueError(f"the figure shows one network, got {ensemble.n_models}")
    epoch_steps = ensemble.inputs.shape[1] // int(sweep.attrs["batch_size"])
    seen = {
        name: values[0] for name, values in measure(ensemble, trajectory, epoch_steps=epoch_steps).items()
    }
    epochs = trajectory.steps[1:] / epoch_steps
    figure = new_figure(height=6.4)
    (loss, levels), (spins, plane) = figure.subplots(2, 2)

    loss.loglog(epochs, seen["test_loss_history"][1:], color=ORDERED.colour, label="test loss (left)")
    right = loss.twinx()
    (overlap,) = right.plot(
        epochs, seen["feature_overlap_history"][1:], color=JAMMED.colour, linestyle="--",
        label="overlap $G(t, 0)$ (right)",
    )  # fmt: skip
    right.set(ylim=(0, 1), ylabel="overlap $G(t, 0)$")
    loss.legend(handles=[*loss.lines, overlap], loc="upper right")
    loss.set(xlabel="time $t$ in epochs", ylabel="test loss", title="how well has it learnt?")

    colours = curve_colours(seen["eigenvalues"].shape[-1])
    for k, course in enumerate(seen["eigenvalues"][1:].T):
        levels.loglog(epochs, course, color=colours(k), linestyle="-", linewidth=1.2)
        levels.axhline(seen["target_eigenvalues"][k], color="0.5", linestyle="--", linewidth=0.8, zorder=0)
    levels.set(
        xlabel="time $t$ in epochs", ylabel="eigenvalues of $WW^T$", title="where are the eigenvalues?"
    )

    _spins(spins, ensemble, trajectory)
    _plane(plane, sweep, temperature=temperature, inv_sigma_w=inv_sigma_w)
    return figure


def _spins(axes: Axes, ensemble: Ensemble, trajectory: Trajectory) -> None:
    edges = np.linspace(-1, 1, 41)

    def features(weights: np.ndarray) -> np.ndarray:
        return forward(ensemble.with_weights(weights), ensemble.test_inputs[:, :TEST_POINTS])[-2].ravel()

    def share(values: np.ndarray) -> np.ndarray:
        return np.histogram(values, bins=edges)[0] / values.size

    now, start = (share(features(trajectory.weights[:, time])) for time in (-1, 0))
    axes.stairs(now, edges, fill=True, color=PARAMAGNETIC.colour, label="now")
    axes.stairs(start, edges, color=JAMMED.colour, linestyle="--", label="start")
    axes.stairs(share(features(ensemble.teacher[ensemble.trained - 1])), edges, color="0.15", label="teacher")
    axes.set(
        xlim=(-1, 1), ylim=(0, 1.15 * float(np.concatenate([now, start]).max())),
        xlabel=r"feature $\phi$, a soft spin", ylabel="share of the features",
        title="which way do the spins point?",
    )  # fmt: skip
    axes.legend()


def _plane(axes: Axes, sweep: xr.Dataset, *, temperature: float, inv_sigma_w: float) -> None:
    error = test_error(sweep)
    mesh = heat_map(axes, error, norm=decade_norm(error), title="where in the phase diagram?")
    for phase, place in zip(PHASES, PLACES, strict=True):
        name_region(axes, phase, place)
    axes.plot(inv_sigma_w, temperature, "o", color="#66ccff", markeredgecolor="black", markersize=10)
    axes.figure.colorbar(mesh, ax=axes, label=TEST_ERROR_LABEL)


def _places(boundary: xr.DataArray) -> dict[str, tuple[float, float]]:
    """The corner cells that stand for the phases, and the hottest row still ordered in the last column."""
    corners = {phase.name: (phase.temperature, phase.inv_sigma_w) for phase in PHASES}
    right = boundary.isel(inv_sigma_w=-1)
    edge = 2.0 ** np.floor(np.log2(float(right)))
    return {**corners, "edge": (edge, float(right["inv_sigma_w"]))}


def _settings(temperature: float, inv_sigma_w: float, batch_size: int) -> dict[str, int]:
    rate, batch, disorder = _exponents(np.array([temperature * batch_size, batch_size, inv_sigma_w]))
    return {"rate": rate, "batch": batch, "inv_sigma_w": disorder}


def _exponents(values: np.ndarray) -> list[int]:
    """log2 of powers of two."""
    return [round(one) for one in np.log2(values)]
