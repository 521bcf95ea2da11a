"""Figures of the background on spin glasses: order, valleys, memory, and the two ways to stop moving."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.ticker import NullLocator

from phasebook.figures.style import (
    JAMMED,
    ORDERED,
    PARAMAGNETIC,
    BookFigure,
    curve_colours,
    new_figure,
    styled,
)
from phasebook.network import Array


@styled
def order_without_direction(
    temperature: Array, magnetisation2: Mapping[str, Array], overlap2: Mapping[str, Array], *, size: int
) -> BookFigure:
    """Which number sees the order of a magnet, and which that of a glass?

    Args:
        temperature: (temperature,).
        magnetisation2: "magnet" and "glass" -> <m^2>, (sample, temperature).
        overlap2: the same for <q^2> of two replicas.
        size: N.

    Returns:
        Left the magnet with m^2 of an infinite one, right the glass; dotted 1/N, what chance alone gives.
    """
    figure = new_figure(height=3.6)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name in zip(panels, ("magnet", "glass"), strict=True):
        for label, values, phase in (
            (r"$\langle m^2\rangle$", magnetisation2[name], JAMMED),
            (r"$\langle q^2\rangle$", overlap2[name], ORDERED),
        ):
            axes.errorbar(
                temperature, values.mean(axis=0), yerr=values.std(axis=0, ddof=1) / np.sqrt(len(values)),
                fmt=phase.marker, color=phase.colour, markersize=5, label=label,
            )  # fmt: skip
        axes.axhline(1 / size, color="0.5", linestyle=":", linewidth=1)
        axes.set(xlabel="temperature $T$", title=name, ylim=(-0.03, 1.03))
    fine = np.linspace(temperature[0], temperature[-1], 200)
    m = np.array([curie_weiss(T) for T in fine])
    panels[0].plot(fine, m**2, color=JAMMED.colour, linestyle="-", linewidth=1, label=r"$m^2$, $N\to\infty$")
    panels[0].plot(fine, m**4, color=ORDERED.colour, linestyle="-", linewidth=1, label=r"$m^4$, $N\to\infty$")
    panels[0].legend()
    panels[1].legend()
    panels[0].set_ylabel("thermal average")
    panels[1].annotate(
        "$1/N$", (temperature[-1], 1 / size), xytext=(0, 4), textcoords="offset points", ha="right"
    )
    return figure


def curie_weiss(temperature: float) -> float:
    """The magnetisation m >= 0 of the infinite mean-field magnet, m = tanh(m / T)."""
    if temperature >= 1:
        return 0.0
    lower, upper = 1e-9, 1.0
    for _ in range(60):
        middle = (lower + upper) / 2
        stays_below = np.tanh(middle / temperature) > middle
        lower, upper = (middle, upper) if stays_below else (lower, middle)
    return (lower + upper) / 2


@styled
def valleys(sizes: Array, counts: Array, *, magnet: Array, rate: float, offset: float) -> BookFigure:
    """How does the number of valleys grow with the number of spins?

    Args:
        sizes: N, (size,).
        counts: valleys of every glass, (size, sample).
        magnet: valleys of the magnet, (size,).
        rate, offset: of the straight line ln(mean count) = offset + rate N.

    Returns:
        Counts on a logarithmic axis: every sample, the mean, the fit, and the magnet.
    """
    figure = new_figure(height=3.5)
    axes = figure.subplots()
    spread = np.random.default_rng(0).uniform(-0.22, 0.22, counts.shape)
    axes.plot(
        (sizes[:, None] + spread).ravel(), counts.ravel(), ".", color="0.7", markersize=3, label="one glass"
    )
    mean, error = counts.mean(axis=1), counts.std(axis=1, ddof=1) / np.sqrt(counts.shape[1])
    axes.errorbar(sizes, mean, yerr=error, fmt="o", color=ORDERED.colour, label="mean of the glasses")
    axes.plot(
        sizes, np.exp(offset + rate * sizes), color=ORDERED.colour, linestyle="-", linewidth=1,
        label=rf"$\propto e^{{{rate:.2f} N}}$",
    )  # fmt: skip
    axes.plot(sizes, magnet, "s", color=JAMMED.colour, label="magnet")
    axes.set(yscale="log", xlabel="spins $N$", ylabel="valleys", xticks=sizes, ylim=(1.5, None))
    axes.set_yticks([2, 5, 10, 20, 50, 100], labels=["2", "5", "10", "20", "50", "100"])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.legend(loc="upper left")
    return figure


@styled
def memories(sweeps: Array, of_start: Mapping[str, Array], later: Mapping[str, Array]) -> BookFigure:
    """Which system remembers, and since when?

    Args:
        sweeps: number of sweeps since the reference, (time,), positive.
        of_start: name -> overlap with the random start, (sample, time).
        later: name -> overlap with the state reached after a waiting time, (sample, time).

    Returns:
        Left |overlap| with the start, right with the later state; mean over samples of its absolute value.
    """
    figure = new_figure(height=3.6)
    panels = figure.subplots(1, 2, sharey=True)
    phases = {"magnet": ORDERED, "glass": JAMMED, "hot": PARAMAGNETIC}
    titles = ("since the random start", "since a later moment")
    for axes, curves, title in zip(panels, (of_start, later), titles, strict=True):
        for name, overlap in curves.items():
            phase, size = phases[name], np.abs(overlap)
            axes.errorbar(
                sweeps, size.mean(axis=0), yerr=size.std(axis=0, ddof=1) / np.sqrt(len(size)),
                fmt=f"{phase.marker}-", color=phase.colour, markersize=4, linewidth=1, label=name,
            )  # fmt: skip
        axes.set(xscale="log", xlabel="sweeps since then", title=title, ylim=(0, 1.03))
    panels[0].set_ylabel("overlap, absolute value")
    panels[0].legend()
    return figure


@styled
def two_ways_to_stop(
    temperature: Array, accepted: Mapping[str, Array], inv_sigma_w: Array, slope: Array, error: Array
) -> BookFigure:
    """What stops a spin, and what stops a feature?

    Args:
        temperature: (temperature,).
        accepted: name -> share of spins that a thermal flip would change in a sweep, (temperature,).
        inv_sigma_w: 1/sigma_W, (value,).
        slope, error: mean of 1 - phi^2 over the features of untrained networks, and its standard error.

    Returns:
        Left the flips against temperature, right the slope against 1/sigma_W.
    """
    figure = new_figure(height=3.5)
    left, right = figure.subplots(1, 2)
    for phase, (name, share) in zip((ORDERED, JAMMED), accepted.items(), strict=True):
        left.plot(temperature, share, phase.marker, linestyle=phase.linestyle, color=phase.colour, label=name)
    left.set(xlabel="temperature $T$", ylabel="share of flips accepted", ylim=(0, 1.03), title="binary spins")
    left.legend()
    right.errorbar(inv_sigma_w, slope, yerr=error, fmt="o-", color=curve_colours(3)(0), markersize=4)
    right.set_xscale("log", base=2)
    right.set(
        xlabel=r"$1/\sigma_W$",
        ylabel=r"mean slope $1-\phi^2$",
        ylim=(0, 1.03),
        title="soft spins of a network",
    )
    return figure
