"""Figures of the chapter on absorbing states: rules, activity, the transition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from phasebook.figures.style import (
    JAMMED,
    ORDERED,
    PARAMAGNETIC,
    BookFigure,
    Phase,
    curve_colours,
    new_figure,
    styled,
)
from phasebook.network import Array
from phasebook.systems.random_organization import Series
from phasebook.systems.transition_table import (
    RULES,
    critical_points,
    kicks_of,
    limit,
    steady,
)

LOOK: dict[str, Phase] = {"BRO": ORDERED, "SGD": JAMMED, "approximation": PARAMAGNETIC}
"""Three rules in the colours and markers that the book has for three things."""


@styled
def first_moves(moves: Mapping[str, Array], *, kick: float) -> BookFigure:
    """Distribution of the pushes of one step under each rule, with mean and standard deviation.

    Args:
        moves: name of a rule -> pushes in diameters, (pair,).
    """
    figure = new_figure(height=2.6)
    panels = figure.subplots(1, len(moves), sharey=True)
    edges = np.linspace(-0.5, 1.5, 21)
    for axes, (name, pushes), phase in zip(panels, moves.items(), LOOK.values(), strict=True):
        weights = np.full(len(pushes), 1 / len(pushes))
        axes.hist(pushes / kick, bins=edges, weights=weights, color=phase.colour)
        mean, spread = pushes.mean() / kick, pushes.std() / kick
        axes.errorbar([mean], [0.9], xerr=[spread], color="black", marker="o", capsize=4)
        axes.set(title=name, xlabel="push / kick", xlim=(-0.5, 1.5), ylim=(0, 1))
    panels[0].set_ylabel("fraction of pairs")
    return figure


@styled
def activity_in_time(runs: Mapping[float, Series]) -> BookFigure:
    """Activity against steps, one line for each packing fraction.

    Args:
        runs: packing fraction, ascending -> its series.
    """
    figure = new_figure(height=3.8)
    axes = figure.subplots()
    colours = curve_colours(len(runs))
    for number, (fraction, series) in enumerate(runs.items()):
        shown = (series.step > 0) & (series.n_active > 0)
        step, activity = series.step[shown], series.activity[shown]
        axes.plot(step, activity, color=colours(number), linestyle="-", label=f"{fraction:g}")
        if series.n_active[-1] == 0:
            axes.plot(step[-1], activity[-1], marker="x", color=colours(number), clip_on=False)
    least = 1 / next(iter(runs.values())).n_particles
    axes.set(
        xscale="log", yscale="log", xlabel="steps", ylabel="activity $f_a$", xlim=(1, None),
        ylim=(least, 1.2),
    )  # fmt: skip
    axes.legend(title=r"$\varphi$", loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def wide_scan(fractions: Array, activity: Mapping[tuple[str, float], Array], *, window: str) -> BookFigure:
    """Late activity against packing fraction: rules by colour and marker, one panel for each kick.

    Args:
        fractions: (point,).
        activity: (rule, kick) -> (point,).
        window: over which steps it was averaged.
    """
    kicks = sorted({kick for _, kick in activity}, reverse=True)
    figure = new_figure(height=3.3)
    panels = figure.subplots(1, len(kicks), sharex=True, sharey=True)
    for axes, kick in zip(panels, kicks, strict=True):
        for (rule, its_kick), values in activity.items():
            if its_kick == kick:
                look = LOOK[rule]
                axes.plot(
                    fractions, values, color=look.colour, marker=look.marker, linestyle=look.linestyle,
                    linewidth=1, markerfacecolor="white", label=rule,
                )  # fmt: skip
        axes.set(title=f"kick {kick:g} D", xlabel=r"packing fraction $\varphi$", ylim=(-0.03, 1.03))
    panels[0].set_ylabel(f"activity, {window}")
    panels[0].legend(loc="upper left")
    return figure


@styled
def near_the_transition(runs: xr.Dataset) -> BookFigure:
    """Late activity of the packaged runs near phi_c, both rules, one panel for each kick.

    Args:
        runs: of `phasebook.runs.small_packings.load_small_packings`.
    """
    kicks = kicks_of(runs)
    figure = new_figure(height=3.6)
    panels = np.atleast_1d(figure.subplots(1, len(kicks), sharey=True))
    for axes, kick in zip(panels, kicks, strict=True):
        for rule in RULES:
            look, points = LOOK[rule], steady(runs, rule, kick)
            axes.errorbar(
                points.packing_fraction, points.activity, points.error, color=look.colour, linestyle="none",
                marker=look.marker, markerfacecolor="white", label=rule,
            )  # fmt: skip
            place = dict(critical_points(runs, rule))[kick]
            axes.axvspan(
                place.value - place.error,
                place.value + place.error,
                color=look.colour,
                alpha=0.3,
                linewidth=0,
            )
        axes.set(title=f"kick {kick:g} D", xlabel=r"$\varphi$", ylim=(0, 1))
        axes.locator_params(axis="x", nbins=3)
    panels[0].set_ylabel("late activity of survivors")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


@styled
def critical_points_against_kick(runs: xr.Dataset, *, expected: float = 0.64) -> BookFigure:
    """phi_c against kick for both rules, with the extrapolation to no kick at all."""
    figure = new_figure(height=3.8)
    axes = figure.subplots()
    axes.axhline(expected, color="0.4", linestyle=":", linewidth=1)
    axes.text(0.2, expected, "0.64, the paper's limit", ha="right", va="bottom", color="0.3", fontsize=9)
    for shift, rule in zip((-0.001, 0.001), RULES, strict=True):
        points, look = critical_points(runs, rule), LOOK[rule]
        size, value, error = (np.array(c) for c in zip(*[(k, *_pair(e)) for k, e in points], strict=True))
        axes.errorbar(
            size, value, error, color=look.colour, marker=look.marker, linestyle="none",
            markerfacecolor="white", label=rule,
        )  # fmt: skip
        end = limit(points)
        degree = 2 if len(size) > 3 else 1
        fine = np.linspace(0, size.max(), 100)
        curve = np.polyval(np.polyfit(size, value, degree, w=1 / error), fine)
        axes.plot(fine, curve, color=look.colour, linestyle=look.linestyle, linewidth=1)
        axes.errorbar(
            [shift],
            [end.value],
            [end.error],
            color=look.colour,
            marker=look.marker,
            linestyle="none",
            capsize=4,
        )
    axes.set(xlabel="kick (diameters); matched SGD: learning rate = 4 kick / 3", ylabel=r"$\varphi_c$")
    axes.legend(loc="lower left")
    return figure


def _pair(estimate: object) -> Sequence[float]:
    return estimate.value, estimate.error  # type: ignore[attr-defined]
