"""The picture of the live laboratory: a run in progress, and where it stands in the phase diagram."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from phasebook.evidence.numbers import scientific
from phasebook.figures.maps import decade_norm, heat_map
from phasebook.figures.style import ORDERED, PHASES, BookFigure, new_figure, styled

START = 0.5e-3
"""Where step 0 is drawn, in epochs: half of the first step at |B| = 4."""
TIME_LABEL = "training time $t$ (epochs)"
FEATURE_BINS = np.linspace(-1.0, 1.0, 41)


@styled
def training_in_progress(run: xr.Dataset, *, plane: xr.DataArray) -> BookFigure:
    """What happens to loss, eigenvalues and features on the way?

    Args:
        run: `test_loss` (time, model), `eigenvalues` of one network (time, level), its `target_eigenvalues`
            (level), and the features of all networks at the start and now, `initial_features` and `features`
            (feature); `time` in epochs, from 0 on; attributes `temperature` and `inv_sigma_w`.
        plane: the test error of a finished sweep, dims (temperature, inv_sigma_w).

    Returns:
        Four panels: loss against time, each network and the median; eigenvalues against time, with the
        teacher's; the histogram of the features; the point in the plane.
    """
    figure = new_figure(height=5.6)
    (loss, levels), (features, place) = figure.subplots(2, 2)
    time = run["time"].values
    axis = np.concatenate([[START], time[1:]])  # a logarithmic axis has no place for t = 0

    _curves(loss, axis, run["test_loss"].values, alpha=0.45)
    loss.plot(axis, np.median(run["test_loss"].values, axis=1), "k-", linewidth=2.0, label="median")
    loss.set(ylabel=r"test loss $\mathcal{L}$", title=f"test loss, {run.sizes['model']} networks")
    loss.legend(loc="lower left")

    for target in run["target_eigenvalues"].values:
        levels.axhline(target, color="0.25", linestyle=":", linewidth=0.8, zorder=0)
    _curves(levels, axis, run["eigenvalues"].values, alpha=1.0)
    levels.set(ylabel="eigenvalues of $X$", title="one network; dotted: its teacher's")

    features.hist(run["features"].values, FEATURE_BINS, density=True, color="0.75", label="now")
    features.hist(
        run["initial_features"].values, FEATURE_BINS, density=True, histtype="step", color="k",
        label="at the start",
    )  # fmt: skip
    features.set(xlabel=r"feature $\phi$", ylabel="density", title="features of all networks")
    features.set_ylim(top=1.2 * features.get_ylim()[1])
    features.legend(loc="upper center", ncols=2)

    mesh = heat_map(place, plane, norm=decade_norm(plane), title="test error at 100 epochs, and this run")
    figure.colorbar(mesh, ax=place)
    for phase in PHASES:
        place.plot(phase.inv_sigma_w, phase.temperature, phase.marker, color="0.85", markersize=4)
    here = run.attrs["inv_sigma_w"], run.attrs["temperature"]
    place.plot(*here, "o", color="white", markeredgecolor="black", markersize=11, markeredgewidth=2.0)
    figure.suptitle(
        f"$t$ = {scientific(float(time[-1]))} epochs,  $T$ = {here[1]:.3g},  $1/\\sigma_W$ = {here[0]:.3g}",
        fontsize=10.5,
    )
    return figure


def _curves(axes: Axes, time: np.ndarray, values: np.ndarray, *, alpha: float) -> None:
    """One thin line for each column of `values`, both axes logarithmic."""
    positive = np.where(values > 0, values, np.nan)
    axes.plot(time, positive, color=ORDERED.colour, linestyle="-", linewidth=0.9, alpha=alpha)
    axes.set(xscale="log", yscale="log", xlabel=TIME_LABEL)
    axes.xaxis.set_minor_locator(NullLocator())
