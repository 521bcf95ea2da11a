"""The figures of Section 4.2: Figures 8 and 9 of the paper, and the two arguments behind their lines.

What compares the readings of the criterion is in `readings.py`, the speed of training in `training_speed.py`;
all are gathered here, so that a chapter needs one name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D

from phasebook.boundaries import LEVELS, boundary_temperature
from phasebook.evidence.statistics import mean_and_error, median_and_band
from phasebook.figures.contours import HALO, LEGEND, Dash, contour, level_contours, level_keys
from phasebook.figures.maps import (
    INV_SIGMA_W_LABEL,
    TEMPERATURE_LABEL,
    decade_norm,
    heat_map,
    power_of_two_axis,
)
from phasebook.figures.phase_diagram import test_error
from phasebook.figures.provenance import epochs_text
from phasebook.figures.readings import (
    coin_flips,
    left_hand_sides,
    readings_sheet,
    signal_and_loss,
)
from phasebook.figures.style import (
    JAMMED,
    ORDERED,
    PARAMAGNETIC,
    BookFigure,
    curve_colours,
    new_figure,
    styled,
)
from phasebook.figures.training_speed import steps_to_loss
from phasebook.theory.criterion import spacing_flow

__all__ = [
    "coin_flips",
    "convergence_boundaries",
    "left_hand_sides",
    "phase_sheet",
    "readings_sheet",
    "signal_and_loss",
    "spacing_flows",
    "steps_to_loss",
    "symmetry_breaking",
]

MASKED = 0.1
"""The released code hides its contour where T / sigma_W is not above this."""


@styled
def spacing_flows(
    *, drift: float, repulsion: float, temperature: float, initial: Sequence[float]
) -> BookFigure:
    """Where does the force (4.9) drive the mean spacing, when K_S < 0 < V_S stay as they are?

    Args:
        drift: K_S.  repulsion: V_S.  temperature: T.  initial: several S(0).

    Returns:
        Left the force K_S + V_S T / S against S, right the exact S(t) from each S(0); S* is dotted in both.
    """
    end = -temperature * repulsion / drift
    figure = new_figure(height=3.4)
    left, right = figure.subplots(1, 2)
    spacing = np.linspace(0.3 * end, max(*initial, 2 * end), 400)
    left.plot(spacing, drift + repulsion * temperature / spacing, color="0.15")
    left.axhline(0.0, color="0.6", linewidth=0.8)
    left.axvline(end, color="0.4", linestyle=":")
    left.set(xlabel="mean spacing $S$", ylabel=r"force $\dot S$", title="Eq. (4.9)")
    time = np.linspace(0.0, 4 * end / abs(drift), 300)
    colours = curve_colours(len(initial))
    for k, start in enumerate(initial):
        flow = spacing_flow(
            time, drift=drift, repulsion=repulsion, temperature=temperature, initial=float(start)
        )
        right.plot(time, flow, color=colours(k), label=f"$S(0) = {start:g}$")
    right.axhline(end, color="0.4", linestyle=":", label="$S^*$")
    right.set(xlabel="time", ylabel="$S(t)$", title="its solution")
    right.legend()
    return figure


@styled
def convergence_boundaries(
    dataset: xr.Dataset, result: xr.Dataset, *, inv_sigma_w: float = 8.0
) -> BookFigure:
    """Figure 8: where do 68, 95 and 99.7 % of the networks satisfy the criterion (4.15)?

    Args:
        dataset: a sweep.
        result: `convergence` of it, one reading.
        inv_sigma_w: the column of the left panel.

    Returns:
        Left, the gradient of Figure 4 (released code: median along the last epoch, 16 to 84 % of networks)
        with the 68 % line, shaded where Wilson's interval puts it. Centre and right, the three contours over
        feature overlap and alignment.
    """
    figure = new_figure(height=4.0)
    left, centre, right = figure.subplots(1, 3)
    column, cut = dataset.sel(inv_sigma_w=inv_sigma_w), result.sel(inv_sigma_w=inv_sigma_w)
    middle, lower, upper = median_and_band(column["gradient_norm_epoch_mean"])
    x = np.asarray(column["temperature"])
    left.errorbar(
        x, middle, yerr=[middle - lower, upper - middle], fmt="o-", color=ORDERED.colour, elinewidth=1
    )
    left.set_yscale("log")
    power_of_two_axis(left, "x", x, label=TEMPERATURE_LABEL, every=3)
    left.set_title(f"gradient, $1/\\sigma_W = {inv_sigma_w:g}$")
    place = {name: float(boundary_temperature(cut[name])) for name in ("lower", "fraction", "upper")}
    left.axvspan(place["lower"], place["upper"], color="0.8", linewidth=0, zorder=0)
    left.axvline(place["fraction"], color="0.2", linestyle="-.", gid="boundary")
    left.text(
        place["fraction"] / 1.4, 0.96, "68 %", transform=left.get_xaxis_transform(), ha="right", fontsize=9
    )
    overlap = mean_and_error(dataset["feature_overlap"])[0]
    alignment = mean_and_error(dataset["alignment"])[0]
    for axes, values, label in (
        (centre, overlap, "overlap $G(t_f, 0)$"),
        (right, alignment, "alignment"),
    ):
        mesh = heat_map(axes, values, norm=Normalize(0.0, float(values.max())))
        level_contours(axes, result["fraction"])
        axes.set_title(label)
        figure.colorbar(mesh, ax=axes, location="bottom")
    right.set_ylabel("")
    figure.legend(handles=level_keys(), loc="outside lower center", ncols=3, **LEGEND)
    return figure


@styled
def phase_sheet(dataset: xr.Dataset, result: xr.Dataset, *, vertical: Mapping[str, float]) -> BookFigure:
    """Figure 9: do the two boundaries separate what four observables show?

    Args:
        dataset: a sweep.
        result: `convergence` of it, one reading.
        vertical: label -> 1/sigma_W of each version of the vertical line.

    Returns:
        Four maps (test error, feature overlap, alignment, averaged rate), each with the 68 % contour
        (dash-dotted; thin where the published figure leaves it out) and the vertical lines, drawn from the
        bottom up to the contour.
    """
    figure = new_figure(height=7.4)
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    error = test_error(dataset)
    overlap, alignment, rate = (
        mean_and_error(dataset[name])[0] for name in ("feature_overlap", "alignment", "averaged_rate")
    )
    drawn = (
        (error, decade_norm(error), "test error"),
        (overlap, Normalize(0.0, 1.0), "overlap $G(t_f, 0)$"),
        (alignment, Normalize(0.0, float(alignment.max())), "alignment"),
        (rate, Normalize(0.0, float(rate.max())), "averaged rate (per epoch)"),
    )
    lines = _vertical_styles(vertical)
    for axes, (values, norm, title) in zip(panels.flat, drawn, strict=True):
        mesh = heat_map(axes, values, norm=norm, title=title)
        for width, between in ((0.8, (0.0, MASKED)), (1.8, (MASKED, np.inf))):
            contour(
                axes, result["fraction"], level=LEVELS[0],
                colour="1.0", linestyle="-.", width=width, between=between,
            )  # fmt: skip
        for (place, style), top in zip(lines.values(), _tops(result, vertical), strict=True):
            (line,) = axes.plot([place, place], [axes.get_ylim()[0], top], color="1.0", linestyle=style)
            line.set_path_effects(HALO)
        figure.colorbar(mesh, ax=axes)
    for axes in panels[0]:
        axes.set_xlabel("")
    for axes in panels[:, 1]:
        axes.set_ylabel("")
    keys = [Line2D([], [], color="1.0", linestyle="-.", label="68 % satisfy (4.15)")]
    keys += [Line2D([], [], color="1.0", linestyle=style, label=label) for label, (_, style) in lines.items()]
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys), **LEGEND)
    return figure


@styled
def symmetry_breaking(
    dataset: xr.Dataset, *, temperature: float, vertical: Mapping[str, float]
) -> BookFigure:
    """Does anything happen at the vertical line, and did training do it?

    Args:
        dataset: a sweep.
        temperature: of the row, low.
        vertical: label -> 1/sigma_W of each version of the line.

    Returns:
        Left, feature size at t = 0 and at t_f and overlap G(t_f, 0); right, test error and alignment; all
        against 1/sigma_W, with standard errors and the vertical lines.
    """
    row = dataset.sel(temperature=temperature)
    figure = new_figure(height=4.0)
    left, right = figure.subplots(1, 2)
    size = row["feature_rms_history"].isel(time=0) ** 2
    memory = row["feature_overlap"] / (row["feature_rms"] * row["feature_rms_history"].isel(time=0))
    for values, colour, fmt, label in (
        (size, "0.5", "D:", "$G(0, 0)$, untrained"),
        (row["feature_overlap"], ORDERED.colour, "o-", "$G(t_f, 0)$"),
        (row["feature_rms"], JAMMED.colour, "s--", r"rms $\phi(t_f)$"),
        (memory, PARAMAGNETIC.colour, "^-.", r"$G(t_f, 0)/\sqrt{G(t_f, t_f) G(0, 0)}$"),
    ):
        _draw_row(left, values, colour=colour, fmt=fmt, label=label)
    left.set(ylim=(0.0, 1.05), title=f"features, $T = 2^{{{np.log2(temperature):g}}}$")
    _draw_row(right, 2 * row["test_loss"], colour=ORDERED.colour, fmt="o-", label="test error")
    _draw_row(right, row["alignment"], colour=JAMMED.colour, fmt="s--", label="alignment")
    right.set(yscale="log", title=f"learning, {epochs_text(dataset)}")
    for axes in (left, right):
        for label, (place, style) in _vertical_styles(vertical).items():
            axes.axvline(place, color="0.2", linestyle=style, linewidth=1.0, gid=label)
        power_of_two_axis(axes, "x", dataset["inv_sigma_w"].values, label=INV_SIGMA_W_LABEL)
        axes.legend(fontsize=8.5, loc="lower left")
    keys = [
        Line2D([], [], color="0.2", linestyle=style, linewidth=1.0, label=label)
        for label, (_, style) in _vertical_styles(vertical).items()
    ]
    figure.legend(handles=keys, loc="outside lower center", ncols=len(keys), fontsize=9)
    return figure


def _draw_row(axes: Axes, values: xr.DataArray, *, colour: str, fmt: str, label: str) -> None:
    mean, error = mean_and_error(values)
    axes.errorbar(
        np.asarray(mean["inv_sigma_w"]), mean, yerr=error,
        fmt=fmt, color=colour, markersize=4, elinewidth=1, label=label,
    )  # fmt: skip


def _vertical_styles(vertical: Mapping[str, float]) -> dict[str, tuple[float, Dash]]:
    """Label -> place and line style: the first dashed, as in the paper, the others dotted."""
    return {label: (place, "--" if k == 0 else ":") for k, (label, place) in enumerate(vertical.items())}


def _tops(result: xr.Dataset, vertical: Mapping[str, float]) -> list[float]:
    """T where each vertical line ends: at the 68 % contour of the nearest column."""
    boundary = boundary_temperature(result["fraction"])
    logs = np.log2(boundary["inv_sigma_w"].values)
    hottest = float(result["temperature"].max())
    tops = (float(boundary[np.abs(logs - np.log2(place)).argmin()]) for place in vertical.values())
    return [min(top, hottest) if top == top else hottest for top in tops]
