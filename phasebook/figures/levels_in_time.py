"""Figures 6 and 7 at the paper's training time: eigenvalues, and the averaged rate of their spacing."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.colors import Normalize

from phasebook.evidence.statistics import mean_and_error
from phasebook.figures.dyson import eigenvalue_flow as flow_of_levels
from phasebook.figures.maps import heat_map
from phasebook.figures.provenance import steps_per_epoch
from phasebook.figures.style import PHASES, BookFigure, new_figure, styled
from phasebook.figures.time_axes import STEPS_LABEL, draw_median, power
from phasebook.spectra import level_spacing
from phasebook.theory.power_law import logarithm


def rates(dataset: xr.Dataset) -> xr.DataArray:
    """Averaged rate (4.7) over [0, t] at every recorded t > 0, per epoch: ln(S(t) / S(0)) / t.

    Returns:
        Dims of `dataset["eigenvalues"]` without `level`.
    """
    x = dataset["eigenvalues"].transpose(..., "time", "level")
    spacing = x.isel(level=0, drop=True).copy(data=level_spacing(x.values))
    later = spacing.isel(time=slice(1, None))
    return logarithm(later / spacing.isel(time=0, drop=True)) / later["time"]


def eigenvalue_flow(dataset: xr.Dataset) -> BookFigure:
    """Figure 6 (`dyson.eigenvalue_flow`) with an axis for times as long as the paper's.

    Args:
        dataset: with the cells of Figure 6, such as `xr.merge(long_runs.long_sweeps())`.
    """
    figure = flow_of_levels(dataset)
    end = float(dataset["time"][-1])
    powers = np.arange(1, np.log10(end) + 0.01, 2)
    for above, below in zip(figure.axes[:3], figure.axes[3:], strict=True):
        above.set_xticks([0.0, *10.0**powers], labels=["0", *(rf"$10^{{{one:.0f}}}$" for one in powers)])
        below.set_xticks([0.0, end / 2, end], labels=["0", "", rf"$10^{{{np.log10(end):.0f}}}$"])
    return figure


@styled
def averaged_rates(dataset: xr.Dataset, cells: xr.Dataset) -> BookFigure:
    """Figure 7: how much has the mean spacing grown, and was its rate constant?

    Args:
        dataset: a sweep over the plane.
        cells: as in `histories`.

    Returns:
        Left, the mean averaged rate (4.7) at t_f, per epoch. Right, |rate| over [0, t] against t, median and
        16 to 84 % of networks; dotted, 1/t: a spacing that no longer grows.
    """
    figure = new_figure(height=4.0)
    left, right = figure.subplots(1, 2)
    rate = mean_and_error(dataset["averaged_rate"])[0]
    mesh = heat_map(left, rate, norm=Normalize(min(float(rate.min()), 0.0), float(rate.max())))
    left.set_title(f"after {power(float(dataset['time'][-1]) * steps_per_epoch(dataset))} steps")
    bar = figure.colorbar(mesh, ax=left, label=r"averaged rate $\bar\lambda$ (per epoch)")
    bar.ax.ticklabel_format(axis="y", style="sci", scilimits=(0, 0), useMathText=True)
    growing = abs(rates(cells))
    per_epoch = steps_per_epoch(cells)
    for phase in PHASES:
        draw_median(right, growing.sel(phase=phase.name), phase, cells, per_epoch=per_epoch)
    ends = np.array([1e-1, float(cells["time"][-1])])
    right.plot(ends * per_epoch, 10 / ends, color="0.4", linestyle=":", label=r"$\propto 1/t$")
    right.set(
        xscale="log", yscale="log", xlabel=STEPS_LABEL, title=r"$|\bar\lambda|$ over $[0, t]$ (per epoch)"
    )
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8.5)
    return figure
