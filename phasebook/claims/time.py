"""Sections 3 and 4.1 at the paper's own time, 10^5 epochs = 10^8 steps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import xarray as xr

from phasebook.claims.data import JAMMED, ORDERED, PARAMAGNETIC, Data, Place, decades_between
from phasebook.claims.verdicts import Judgement, agrees, all_hold, holds, to_within
from phasebook.evidence.map_comparison import over_cells, shift_with_error
from phasebook.evidence.statistics import Estimate, bootstrap, mean_of
from phasebook.runs.long_runs import LONG_CELLS
from phasebook.spectra import level_spacing

READ_DECADES = 0.03
"""Reading error of Figure 2 in decades."""
READ_CURVES = 0.01
"""Reading error of Figures 3 and 4 in decades."""
READ_OVERLAP = 0.01
"""Reading error of Figure 5 (left)."""


def loss_spans_six_decades(data: Data) -> Judgement:
    """log10 of the largest over the smallest mean test error of the plane."""
    mean = data.paper["test_error_128"].mean("model")
    found = over_cells(lambda x, _: float(np.log10(x.max() / x.min())), mean, mean)
    # "approximately 10^-1 and 10^-7": each end to half a decade.
    return agrees(found, 6.0, expected_error=to_within(0.5) * float(np.sqrt(2)))


def median_losses_of_figure_3(data: Data) -> Judgement:
    """Median over cells of log10(ours / published), training loss along the last epoch."""
    return _above_published(data, "training_loss_epoch_mean", "loss")


def median_gradients_of_figure_3(data: Data) -> Judgement:
    """The same for the gradient averaged along an epoch."""
    return _above_published(data, "gradient_norm_epoch_mean", "gradient")


def gradient_rise_as_defined(data: Data) -> Judgement:
    """log10 of the gradient (3.3), T = 4 over T = 2^-5, 1/sigma_W = 8, against Figure 4 (centre)."""
    return _gradient_rise(data, "gradient_norm")


def gradient_rise_as_released(data: Data) -> Judgement:
    return _gradient_rise(data, "gradient_norm_epoch_mean")


def error_of_the_ordered_cell(data: Data) -> Judgement:
    return _error(data, "ordered", ORDERED)


def error_of_the_jammed_cell(data: Data) -> Judgement:
    return _error(data, "jammed", JAMMED)


def error_of_the_paramagnetic_cell(data: Data) -> Judgement:
    return _error(data, "paramagnetic", PARAMAGNETIC)


def loss_and_gradient_small_in_order(data: Data) -> Judgement:
    cells = data.cells
    return all_hold({
        "loss, paramagnetic over ordered": decades_between(cells["test_loss"], "paramagnetic", "ordered"),
        "gradient (3.3)": decades_between(cells["gradient_norm"], "paramagnetic", "ordered"),
    })  # fmt: skip


def gradient_remains_large_when_jammed(data: Data) -> Judgement:
    found = decades_between(data.cells["gradient_norm"], "jammed", "ordered")
    return holds(found, note=" decades")


def jammed_networks_do_not_learn(data: Data) -> Judgement:
    """Decades by which the median test loss has fallen from the start."""
    found = {phase: _fallen(data, phase, 0.0) for phase in ("jammed", "ordered")}
    slower = found["ordered"].value - found["jammed"].value
    error = np.hypot(found["ordered"].error, found["jammed"].error)
    return agrees(found["jammed"], 0.0, direction=slower > 3 * error, note=" decades")


def jammed_dynamics_is_slow_not_static(data: Data) -> Judgement:
    """Decades lost between 10^6 and 10^8 steps, jammed cell."""
    return holds(_fallen(data, "jammed", 1e3), note=" decades")


def order_is_an_equilibrium(data: Data) -> Judgement:
    """Decades lost in the last decade of time in the ordered cell."""
    return agrees(_fallen(data, "ordered", 1e4), 0.0, note=" decades")


def overlap_of_the_jammed_cell(data: Data) -> Judgement:
    return _overlap(data, "jammed", JAMMED)


def overlap_of_the_ordered_cell(data: Data) -> Judgement:
    return _overlap(data, "ordered", ORDERED)


def alignment_of_the_ordered_cell(data: Data) -> Judgement:
    ours = mean_of(data.cells["alignment_128"].sel(phase="ordered").values)
    return agrees(ours, 0.30, expected_error=READ_OVERLAP)


def alignment_grows_with_learning(data: Data) -> Judgement:
    """Alignment at the end less that after 100 steps, ordered cell."""
    history = data.cells["alignment_history"].sel(phase="ordered")
    change = history.isel(time=-1) - history.sel(time=0.1, method="nearest")
    return holds(mean_of(change.values))


def rates_are_ordered(data: Data) -> Judgement:
    """ln S(t_f)/S(0): paramagnetic above ordered above jammed."""
    grown = _log_growth(data)
    names = ("paramagnetic", "ordered", "jammed")
    return all_hold({
        f"{high} less {low}": mean_of((grown.sel(phase=high) - grown.sel(phase=low)).values)
        for high, low in pairwise(names)
    })  # fmt: skip


def width_at_the_end(data: Data) -> Judgement:
    """log10 of x_N - x_1 at t_f in the cell of Figure 6 (centre), T = 4."""
    x = data.cells["eigenvalues"].sel(phase="paramagnetic").isel(time=-1).values
    # "~ 10^6": to half a decade.
    return agrees(mean_of(np.log10(x[:, -1] - x[:, 0])), 6.0, expected_error=to_within(0.5))


def rate_at_the_end(data: Data) -> Judgement:
    """Averaged rate per epoch in the same cell, in units of 10^-4."""
    rate = _log_growth(data).sel(phase="paramagnetic").values / float(data.cells["time"][-1])
    # "~ 2 x 10^-4": one digit.
    return agrees(mean_of(1e4 * rate), 2.0, expected_error=to_within(0.5))


def footnote_is_about_the_highest_temperature(data: Data) -> Judgement:
    """log10 of x_N - x_1 at T = 64, 1/sigma_W = 8, where the plane has few networks."""
    x = data.paper["eigenvalues"].sel(inv_sigma_w=8.0, temperature=64.0).isel(time=-1)
    width = np.log10((x.isel(level=-1) - x.isel(level=0)).values)
    count = f" ({width.size} network{'s' * (width.size > 1)})"
    return agrees(mean_of(width), 6.0, expected_error=to_within(0.5), note=count)


def spacing_grows_only_when_hot(data: Data) -> Judgement:
    """Growth of ln S between 10^7 and 10^8 steps, paramagnetic less ordered, and less jammed."""
    late = _log_growth(data) - _log_growth(data, 1e4)
    return all_hold({
        f"paramagnetic less {other}": mean_of((late.sel(phase="paramagnetic") - late.sel(phase=other)).values)
        for other in ("ordered", "jammed")
    })  # fmt: skip


def spectrum_reaches_its_target(data: Data) -> Judgement:
    """Mean eigenvalue over the target's, ordered cell."""
    cell = data.cells.sel(phase="ordered")
    both = xr.Dataset({
        "end": cell["eigenvalues"].isel(time=-1, drop=True).mean("level"),
        "target": cell["target_eigenvalues"].mean("level"),
        "start": cell["eigenvalues"].isel(time=0, drop=True).mean("level"),
    })  # fmt: skip
    found = bootstrap(lambda x: float(x["end"].mean() / x["target"].mean()), both)
    start = float((both["start"] / both["target"]).mean())
    closer = abs(found.value - 1) < abs(start - 1)
    return agrees(found, 1.0, direction=closer, note=f" (at the start {start:.3f})")


def jammed_spectrum_is_frozen(data: Data) -> Judgement:
    """Median relative change of an eigenvalue: jammed below 1, ordered above."""
    x = data.cells["eigenvalues"]
    moved = abs(x.isel(time=-1) / x.isel(time=0) - 1).median("level")
    jammed, ordered = (mean_of(moved.sel(phase=p).values) for p in ("jammed", "ordered"))
    return all_hold({
        "1 less jammed": Estimate(1 - jammed.value, jammed.error),
        "ordered less 1": Estimate(ordered.value - 1, ordered.error),
    })  # fmt: skip


def _above_published(data: Data, ours: str, theirs: str) -> Judgement:
    found = shift_with_error(data.paper[ours].median("model"), data.curves[theirs])
    return agrees(found, 0.0, expected_error=READ_CURVES, note=" decades")


def _gradient_rise(data: Data, variable: str) -> Judgement:
    published = data.curves["gradient"].sel(inv_sigma_w=8.0)
    rise = float(np.log10(published.sel(temperature=4.0) / published.sel(temperature=2.0**-5)))
    found = decades_between(data.cells[variable], "paramagnetic", "ordered")
    # The published medians have an error too; that of 16 networks is larger than that of 100.
    return agrees(
        found,
        rise,
        expected_error=READ_CURVES,
        direction=found.value > 0,
        note=f" decades (published {rise:.2f})",
    )


def _error(data: Data, phase: str, place: Place) -> Judgement:
    """log10 of the mean squared error (no 1/2, 128 points) over the published one."""
    ours = data.cells["test_error_128"].sel(phase=phase) / float(data.maps["test_error"].sel(place))
    found = bootstrap(lambda x: float(np.log10(x.mean())), ours)
    return agrees(found, 0.0, expected_error=READ_DECADES, note=" decades")


def _overlap(data: Data, phase: str, place: Place) -> Judgement:
    ours = mean_of(data.cells["feature_overlap_128"].sel(phase=phase).values)
    theirs = float(data.maps["feature_overlap"].sel(place))
    return agrees(ours, theirs, expected_error=READ_OVERLAP, note=f" (published {theirs:.3f})")


def _fallen(data: Data, phase: str, since: float) -> Estimate:
    history = data.cells["test_loss_history"].sel(phase=phase)
    both = xr.Dataset({
        "early": history.sel(time=since, method="nearest", drop=True),
        "late": history.isel(time=-1, drop=True),
    })  # fmt: skip
    return bootstrap(lambda x: float(np.log10(x["early"].median() / x["late"].median())), both)


def _log_growth(data: Data, time: float | None = None) -> xr.DataArray:
    """ln S(t)/S(0) of every network of the three cells, dims (phase, model)."""
    x = data.cells["eigenvalues"]
    end = x.isel(time=-1) if time is None else x.sel(time=time, method="nearest")
    start = x.isel(time=0)
    spacings = [level_spacing(one.transpose("phase", "model", "level").values) for one in (start, end)]
    return xr.DataArray(
        np.log(spacings[1] / spacings[0]), dims=("phase", "model"), coords={"phase": list(LONG_CELLS)}
    )
