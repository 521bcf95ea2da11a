"""Figures of the Gaussian RBM: spacings, the linear scaling rule, and where its leading order ends."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

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
from phasebook.systems.coulomb_gas import two_level_density, wigner_surmise

MARKERS = "osD^v<"


@styled
def density_and_spacing(units: Array, control: Array) -> BookFigure:
    """Do degenerate pairs have the density and the spacing of two repelling levels?

    Args:
        units: pairs of eigenvalues about their mean over the predicted width, (..., 2), ascending.
        control: the same with the eigenvalues shuffled between samples.

    Returns:
        Left, the density of u with the exact law, nothing fitted; right, the spacing over its mean with
        Wigner's surmise. The control has the same density and no repulsion.
    """
    figure = new_figure(height=3.9)
    left, right = figure.subplots(1, 2)
    u = np.linspace(-4, 4, 400)
    left.hist(
        units.ravel(), bins=60, range=(-4, 4), density=True, color=ORDERED.colour, alpha=0.4, label="RBM"
    )
    left.plot(u, two_level_density(u, s1=1.0, s2=1.0), "k-", label="exact law")
    left.set(xlabel=r"$(x - \langle x\rangle) / \sigma$", ylabel="density", xlim=(-4, 4), title="eigenvalues")
    s = np.linspace(0, 3.2, 300)
    for name, levels, look in (
        ("RBM", units, {"color": ORDERED.colour, "alpha": 0.4, "fill": True}),
        ("shuffled (control)", control, {"color": JAMMED.colour, "linestyle": "--", "linewidth": 1.4}),
    ):
        spacing = levels[..., 1] - levels[..., 0]
        spacing = (spacing / spacing.mean(axis=-1, keepdims=True)).ravel()
        counts, edges = np.histogram(spacing, bins=48, range=(0, 3.2), density=True)
        right.stairs(counts, edges, label=name, **look)
    right.plot(s, wigner_surmise(s), "k-", label="Wigner's surmise")
    right.set(xlabel=r"spacing $S/\langle S\rangle$", ylabel="density", xlim=(0, 3.2), title="spacings")
    for axes in (left, right):
        axes.legend()
    left.set_ylim(0, left.get_ylim()[1] * 1.15)
    return figure


@styled
def scaling_rule(scans: Mapping[str, xr.Dataset]) -> BookFigure:
    """Do spacing and width depend on learning rate, batch size and target through one number alone?

    Args:
        scans: tables of `rbm_equilibrium.scan` by what was varied; up to three.

    Returns:
        <S>, left, and sigma, right, against sqrt(alpha x*/|B|) with the lines of slope sqrt(2 pi) and sqrt 2.
    """
    figure = new_figure(height=4.2)
    panels = figure.subplots(1, 2)
    quantities = (
        ("spacing", r"mean spacing $\langle S\rangle$", np.sqrt(2 * np.pi), r"slope $\sqrt{2\pi}$"),
        ("width", r"width $\sigma$", np.sqrt(2), r"slope $\sqrt{2}$"),
    )
    looks = list(zip((ORDERED, JAMMED, PARAMAGNETIC), "osD", strict=True))
    for axes, (quantity, label, slope, text) in zip(panels, quantities, strict=True):
        end = max(float(table["scale"].max()) for table in scans.values()) * 1.05
        axes.plot([0, end], [0, slope * end], "k-", linewidth=1, label=text)
        for (name, table), (phase, marker) in zip(scans.items(), looks, strict=False):
            axes.errorbar(
                table["scale"].values.ravel(), table[quantity].values.ravel(),
                yerr=table[f"{quantity}_error"].values.ravel(), color=phase.colour, marker=marker,
                linestyle="none", markersize=4.5, markerfacecolor="none", label=name,
            )  # fmt: skip
        axes.set(xlim=(0, end), ylim=(0, None), xlabel=r"$\sqrt{\alpha x^*/|\mathcal{B}|}$", ylabel=label)
        axes.legend(loc="upper left")
    return figure


@styled
def beyond_leading_order(table: xr.Dataset, shifts: Mapping[float, tuple[Array, Array, Array]]) -> BookFigure:
    """Where does the leading order in alpha/|B| end, for the spacing and for the mean?

    Args:
        table: from `rbm_equilibrium.scan`.
        shifts: alpha/|B| -> measured <x> - x* of each multiplet, its error, and the prediction.

    Returns:
        Left, <S> over its leading order against alpha/|B|, one curve per pair; right, measured against
        predicted shift.
    """
    figure = new_figure(height=4.2)
    left, right = figure.subplots(1, 2)
    order = np.argsort(table["noise"].values)
    leading = np.sqrt(2 * np.pi) * table["scale"]
    pairs = table.sizes["pair"]
    for number in range(pairs):
        one = table.isel(pair=number, setting=order)
        scale = leading.isel(pair=number, setting=order).values
        left.errorbar(
            one["noise"].values, one["spacing"].values / scale, yerr=one["spacing_error"].values / scale,
            color=curve_colours(pairs)(number), marker=MARKERS[number], markersize=4.5, linestyle="-",
            linewidth=0.8, label=f"$x^*={float(one['target']):.2f}$",
        )  # fmt: skip
    left.axhline(1, color="black", linewidth=1, linestyle="--")
    left.set(
        xscale="log", xlabel=r"$\alpha/|\mathcal{B}|$", ylabel=r"$\langle S\rangle$ over its leading order",
        title="spacing",
    )  # fmt: skip
    noises = np.unique(table["noise"].values)
    left.set_xticks(noises, labels=[f"{noise:.2g}" for noise in noises])
    left.minorticks_off()
    left.legend(loc="lower left")
    _shifts(right, shifts)
    return figure


@styled
def divergence(table: Mapping[str, tuple[Array, Array, Array]]) -> BookFigure:
    """At which alpha/|B| do networks diverge, and does alpha or |B| matter beyond that ratio?

    Args:
        table: name of the negative phase -> (alpha, |B|, share of the networks that diverged).

    Returns:
        Share against alpha/|B|, one panel for each phase; size of the marker by |B|.
    """
    figure = new_figure(height=3.7)
    panels = figure.subplots(1, len(table), sharey=True, squeeze=False)[0]
    for axes, (name, (alpha, batch, share)) in zip(panels, table.items(), strict=True):
        values = np.unique(alpha)
        for number, one in enumerate(values):
            chosen = alpha == one
            place = np.argsort(one / batch[chosen])
            axes.plot(
                (one / batch[chosen])[place], share[chosen][place], color=curve_colours(len(values))(number),
                marker=MARKERS[number], linestyle="-", linewidth=0.8, label=rf"$\alpha={one:g}$",
            )  # fmt: skip
        axes.set(xscale="log", xlabel=r"$\alpha/|\mathcal{B}|$", title=name)
    panels[0].set_ylabel("share of networks that diverged")
    panels[0].legend(loc="upper left")
    return figure


def _shifts(axes: Axes, shifts: Mapping[float, tuple[Array, Array, Array]]) -> None:
    reach = 1.1 * max(np.abs(predicted).max() for _, _, predicted in shifts.values())
    axes.plot([-reach, reach], [-reach, reach], color="black", linewidth=1, linestyle="--", label="equal")
    looks = zip((ORDERED, JAMMED, PARAMAGNETIC), "osD", strict=True)
    for (noise, (measured, error, predicted)), (phase, marker) in zip(shifts.items(), looks, strict=False):
        axes.errorbar(
            predicted, measured, yerr=error, color=phase.colour, marker=marker, linestyle="none",
            markersize=5, label=rf"$\alpha/|\mathcal{{B}}| = {noise:.2g}$",
        )  # fmt: skip
    axes.set(
        xlabel=r"predicted $\langle x\rangle - x^*$", ylabel=r"measured $\langle x\rangle - x^*$",
        title="shift of the mean",
    )  # fmt: skip
    axes.legend(loc="upper left")
