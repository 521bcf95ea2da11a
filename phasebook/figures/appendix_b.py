"""Figures of Appendix B: the steps to the one-particle equation, against measured spectra."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize

from phasebook.figures.maps import heat_map
from phasebook.figures.style import DIVERGING, JAMMED, ORDERED, PARAMAGNETIC, BookFigure, new_figure, styled
from phasebook.network import Array
from phasebook.spectra import level_spacing


@styled
def spacing_profile(profiles: Mapping[str, tuple[Array, Array]]) -> BookFigure:
    """Are the spacings equal, as (B.5) has it?

    Args:
        profiles: name of a phase -> its eigenvalues (network, N) at the start and at the end.

    Returns:
        Median of S_i / S against i, at the start and at the end; (B.5) is the line at 1.
    """
    figure = new_figure(height=3.7)
    panels = figure.subplots(1, 2, sharey=True)
    phases = {phase.name: phase for phase in (ORDERED, JAMMED, PARAMAGNETIC)}
    for axes, k, title in zip(panels, (0, 1), ("at $t = 0$", "at $t_f$"), strict=True):
        axes.axhline(1, color="0.5", linewidth=0.8, linestyle=":")
        for name, spectra in profiles.items():
            x, phase = spectra[k], phases[name]
            ratio = np.diff(x, axis=-1) / level_spacing(x)[:, None]
            axes.plot(
                np.arange(1, ratio.shape[-1] + 1), np.median(ratio, axis=0), color=phase.colour,
                linestyle=phase.linestyle, marker=phase.marker, label=name,
            )  # fmt: skip
        axes.set(yscale="log", title=title, xlabel="$i$", xticks=[1, 5, 10, 15])
    panels[0].set_ylabel("median of $S_i / S$")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


@styled
def neglected_terms(terms: xr.Dataset) -> BookFigure:
    """How large is what (B.8) replaces or leaves out?

    Args:
        terms: of `spacing_terms`.

    Returns:
        Left, V_S from the measured spacings over V_S of (B.7), median over networks. Right, the Laguerre
        drift of S over the Coulomb drift, both measured; a dot marks a negative value.
    """
    figure = new_figure(height=4.2)
    left, right = figure.subplots(1, 2)
    ratio = (terms["repulsion_measured"] / terms["repulsion"]).median("model")
    mesh = heat_map(left, ratio, norm=LogNorm(0.1, 1.5), title="measured / equal spacings")
    bar = figure.colorbar(mesh, ax=left, label="$V_S$ (median ratio)", extend="both")
    bar.set_ticks([0.1, 0.2, 0.5, 1.0], labels=["0.1", "0.2", "0.5", "1"])
    bar.minorticks_off()
    share = (terms["laguerre"] * terms["spacing"] / terms["repulsion_measured"]).median("model")
    limit = max(1.0, float(np.abs(share).max()))
    mesh = heat_map(
        right, share, norm=Normalize(-limit, limit), cmap=DIVERGING, title="Laguerre / Coulomb drift of $S$"
    )
    figure.colorbar(mesh, ax=right, label="median ratio")
    _dot_negative(right, share)
    return figure


def _dot_negative(axes: Axes, values: xr.DataArray) -> None:
    ordered = values.transpose("temperature", "inv_sigma_w")
    rows, columns = np.nonzero(ordered.values < 0)
    axes.plot(
        ordered["inv_sigma_w"].values[columns], ordered["temperature"].values[rows], "k.", markersize=2.5
    )
