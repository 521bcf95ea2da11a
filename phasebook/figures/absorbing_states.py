"""Figures of the chapter on absorbing states: exponents, density waves, flatness, the network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.colors import Normalize

from phasebook.figures.maps import heat_map
from phasebook.figures.random_organization import LOOK
from phasebook.figures.style import PHASES, BookFigure, new_figure, styled
from phasebook.network import Array
from phasebook.systems.absorbing_transition import MANNA_BETA, MANNA_DELTA
from phasebook.systems.transition_table import (
    RULES,
    critical_points,
    mean_activity,
    of,
    steady,
)


@styled
def scaling_near_the_transition(runs: xr.Dataset, *, kick: float) -> BookFigure:
    """Left, late activity against the reduced distance; right, decay on both sides of phi_c."""
    figure = new_figure(height=3.8)
    left, right = figure.subplots(1, 2)
    for rule in RULES:
        look, points = LOOK[rule], steady(runs, rule, kick)
        place = dict(critical_points(runs, rule))[kick]
        distance = points.packing_fraction / place.value - 1
        shown = distance > 0
        left.errorbar(
            distance[shown], points.activity[shown], points.error[shown], place.error / place.value,
            color=look.colour, marker=look.marker, linestyle="none", markerfacecolor="white", label=rule,
        )  # fmt: skip
        fractions = np.unique(of(runs, rule, kick)["packing_fraction"])
        nearest = sorted(sorted(fractions, key=lambda phi: abs(phi - place.value))[:2])
        for fraction, width in zip(nearest, (1.0, 2.0), strict=True):
            step, activity = mean_activity(runs, rule, kick, fraction)
            right.plot(
                step[activity > 0], activity[activity > 0], color=look.colour, linestyle=look.linestyle,
                linewidth=width, label=rf"{rule}, $\varphi = {fraction:g}$",
            )  # fmt: skip
    guide = np.array([0.004, 0.03])
    left.plot(guide, 0.9 * (guide / guide[1]) ** MANNA_BETA, color="0.4", linestyle=":")
    left.text(guide[0] * 1.3, 0.13, f"Manna, slope {MANNA_BETA:g}", color="0.3", fontsize=9, va="top")
    left.set(
        xscale="log", yscale="log", xlabel=r"$(\varphi - \varphi_c)/\varphi_c$", ylabel="late activity",
        ylim=(0.05, 1.1),
    )  # fmt: skip
    left.legend(loc="upper left")
    time = np.array([200.0, 4000.0])
    right.plot(time, 0.45 * (time / time[0]) ** -MANNA_DELTA, color="0.4", linestyle=":")
    right.text(150, 0.1, f"Manna, slope $-${MANNA_DELTA:g}", color="0.3", fontsize=9, ha="right")
    right.set(
        xscale="log", yscale="log", xlabel="steps", ylabel="activity, mean of seeds", xlim=(1, None),
        ylim=(2 / runs.attrs["n_particles"], 1.2),
    )  # fmt: skip
    right.legend(loc="lower left", fontsize=8.5)
    return figure


@styled
def structure_factors(curves: Mapping[str, tuple[Array, Array, Array]], *, exponent: float) -> BookFigure:
    """S(k) of configurations at the transition and of a random one.

    Args:
        curves: label -> wave numbers in 1/D, S(k), its error.
        exponent: of the line drawn to guide the eye.
    """
    figure = new_figure(height=3.8)
    axes = figure.subplots()
    markers = ("o", "s", "^", "D")
    for (name, (wave, value, error)), marker, colour in zip(
        curves.items(), markers, ("#004488", "#BB5566", "0.45", "#DDAA33"), strict=False
    ):
        axes.errorbar(
            wave,
            value,
            error,
            marker=marker,
            linestyle="none",
            color=colour,
            markerfacecolor="white",
            label=name,
        )
    wave, value, _ = next(iter(curves.values()))
    guide = np.array([wave.min(), wave.max()])
    axes.plot(
        guide, 0.7 * np.median(value) * (guide / np.median(wave)) ** exponent, color="0.4", linestyle=":"
    )
    axes.text(
        guide[1] * 1.03, 0.7 * np.median(value) * (guide[1] / np.median(wave)) ** exponent,
        rf"$k^{{{exponent:g}}}$", va="center", color="0.3",
    )  # fmt: skip
    axes.set(
        xscale="log", yscale="log", xlabel="wave number $k$ (1/diameter)", ylabel="structure factor $S(k)$"
    )
    axes.set_xticks([0.5, 1.0, 2.0, 4.0], labels=["0.5", "1", "2", "4"])
    axes.minorticks_off()
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def flatness_against_batch(batch_fraction: Array, curves: Mapping[str, tuple[Array, Array]]) -> BookFigure:
    """Mean rise of the energy under random displacements against the share of pairs in a batch.

    Args:
        curves: title -> flatness and its error, each (point,); a panel each.
    """
    figure = new_figure(height=3.2)
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    for axes, (title, (value, error)), look in zip(panels, curves.items(), PHASES, strict=False):
        axes.errorbar(
            batch_fraction, value, error, color=look.colour, marker=look.marker, linestyle=look.linestyle,
            linewidth=1, markerfacecolor="white",
        )  # fmt: skip
        axes.set(title=title, xlabel="batch fraction $p$", xlim=(0, 1.05))
    panels[0].set_ylabel(r"$\langle\Delta E\rangle\,/\,(N s^2)$")
    return figure


@styled
def active_samples(maps: Mapping[str, xr.DataArray], *, threshold: str) -> BookFigure:
    """Fraction of test samples whose loss exceeds a threshold, over the phase diagram, at several times.

    Args:
        maps: title -> dims (temperature, inv_sigma_w).
        threshold: as text.
    """
    figure = new_figure(height=3.7)
    panels = figure.subplots(1, len(maps), sharey=True)
    norm = Normalize(0, 1)
    meshes = [
        heat_map(axes, values, norm=norm, title=title)
        for axes, (title, values) in zip(panels, maps.items(), strict=True)
    ]
    for axes in panels:
        axes.label_outer()
    figure.colorbar(meshes[0], ax=panels, label=f"share of samples with loss > {threshold}")
    return figure


@styled
def noise_against_loss(loss: Mapping[str, Array], noise: Mapping[str, Array]) -> BookFigure:
    """Variance of the per-sample gradients against the loss, one point for each network."""
    figure = new_figure(height=3.5)
    axes = figure.subplots()
    for (name, x), look in zip(loss.items(), PHASES, strict=False):
        axes.plot(
            x, noise[name], color=look.colour, marker=look.marker, linestyle="none", markerfacecolor="none",
            label=name,
        )  # fmt: skip
    every = np.concatenate(list(loss.values()))
    guide = np.array([every.min(), every.max()])
    middle = np.median(np.concatenate(list(noise.values())) / every)
    axes.plot(guide, middle * guide, color="0.4", linestyle=":", label="proportional")
    axes.set(xscale="log", yscale="log", xlabel="training loss", ylabel="noise of the gradient")
    axes.legend(loc="upper left")
    return figure
