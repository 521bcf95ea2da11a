"""Section 3 at the book's time: loss, gradient, overlap and alignment over the plane."""

from __future__ import annotations

import numpy as np
import xarray as xr

from phasebook.claims.data import HOTTEST, JAMMED, ORDERED, PARAMAGNETIC, Data, decades, minus
from phasebook.claims.verdicts import Judgement, agrees, all_hold, holds, to_within
from phasebook.evidence.statistics import Estimate, bootstrap, half_way_temperature, mean_and_error, mean_of
from phasebook.network import forward, gradient, sample_ensemble
from phasebook.theory.power_law import logarithm

READ = 0.02
"""Relative accuracy with which points were read off the vector graphics of Figures 3 and 4."""


def half_is_in_the_loss(data: Data) -> Judgement:
    """Squared error of the released definition (no 1/2, 128 points) over the test loss (1/2, 100 points)."""
    both = data.book[["test_error_128", "test_loss"]]
    cold = both.sel(temperature=slice(None, 0.25), inv_sigma_w=slice(1, None))
    ratio = bootstrap(
        lambda x: float(np.exp(np.log(x["test_error_128"] / x["test_loss"]).mean())), cold, resamples=100
    )
    # Test points differ, and so do their means: by the scatter of 28 fresh points in 128.
    return agrees(ratio, 2.0, expected_error=2 * _test_points(cold))


def loss_is_small_in_one_corner(data: Data) -> Judgement:
    error = data.book["test_loss"]
    return all_hold({
        "hottest over ordered": decades(error, HOTTEST, ORDERED),
        "jammed over ordered": decades(error, JAMMED, ORDERED),
    })  # fmt: skip


def order_is_lost_with_disorder(data: Data) -> Judgement:
    """d log10(loss) / d log2(1/sigma_W) at T = 2^-5, sign turned."""
    return holds(minus(_slope(data.book["test_loss"].sel(temperature=2.0**-5))))


def columns_agree_when_hot(data: Data) -> Judgement:
    """The same slope at T = 2^6, of the median training loss along the last epoch."""
    row = data.book["training_loss_epoch_mean"]
    cold = _slope(row.sel(temperature=2.0**-5))
    hot = _slope(row.sel(temperature=64.0))
    return agrees(hot, 0.0, direction=abs(hot.value) + 3 * hot.error < abs(cold.value))


def ordered_gradient_is_small_as_defined(data: Data) -> Judgement:
    """log10 of the gradient (3.3) at fixed W, T = 64 over the ordered cell."""
    return holds(decades(data.book["gradient_norm"], HOTTEST, ORDERED), note=" decades")


def ordered_gradient_is_small_as_released(data: Data) -> Judgement:
    """The same for the gradient averaged along an epoch."""
    return holds(decades(data.book["gradient_norm_epoch_mean"], HOTTEST, ORDERED), note=" decades")


def jammed_gradient_is_large_as_released(data: Data) -> Judgement:
    return holds(decades(data.book["gradient_norm_epoch_mean"], JAMMED, ORDERED), note=" decades")


def transition_temperature(data: Data) -> Judgement:
    """log2 of the T at which the median loss has climbed half of its decades, 1/sigma_W = 8."""
    column = data.book["training_loss_epoch_mean"].sel(inv_sigma_w=8.0)
    found = bootstrap(lambda x: float(np.log2(half_way_temperature(x.median("model")))), column)
    # "~ 1" on a grid of powers of two: to half a step of the grid.
    return agrees(found, 0.0, expected_error=to_within(0.5))


def transition_is_where_published(data: Data) -> Judgement:
    column = data.book["training_loss_epoch_mean"].sel(inv_sigma_w=8.0)
    found = bootstrap(lambda x: float(np.log2(half_way_temperature(x.median("model")))), column)
    theirs = np.log2(half_way_temperature(data.curves["loss"].sel(inv_sigma_w=8.0)))
    return agrees(found, float(theirs), expected_error=to_within(0.5), note=f" (published {theirs:.2f})")


def gradient_jumps_as_defined(data: Data) -> Judgement:
    """log10 of the gradient (3.3) at T = 4 over that at T = 1/4, 1/sigma_W = 8."""
    return holds(_jump(data.book["gradient_norm"]), note=" decades")


def gradient_jumps_as_released(data: Data) -> Judgement:
    return holds(_jump(data.book["gradient_norm_epoch_mean"]), note=" decades")


def initial_gradient_left(data: Data) -> Judgement:
    return _initial_gradient(data, 2.0**-8)


def initial_gradient_right(data: Data) -> Judgement:
    return _initial_gradient(data, 8.0)


def disorder_makes_the_initial_gradient_small(data: Data) -> Judgement:
    return holds(decades(data.book["gradient_norm_initial"], ORDERED, JAMMED), note=" decades")


def overlap_survives_in_the_jammed_phase(data: Data) -> Judgement:
    overlap = data.book["feature_overlap"]
    jammed = overlap.sel(JAMMED, drop=True)
    parts = {"ordered": ORDERED, "paramagnetic": PARAMAGNETIC}
    return all_hold({
        f"jammed less {name}": mean_of((jammed - overlap.sel(place, drop=True)).values)
        for name, place in parts.items()
    })  # fmt: skip


def overlap_is_erased_by_order(data: Data) -> Judgement:
    """G(t_f, 0) over rms phi(t_f) rms phi(0) in the ordered cell: a cosine, whatever the sizes."""
    return agrees(_memory(data, ORDERED), 0.0)


def overlap_is_erased_by_heat(data: Data) -> Judgement:
    cold, hot = (
        _memory(data, {**JAMMED, "temperature": 2.0**-5}),
        _memory(data, {**JAMMED, "temperature": 64.0}),
    )
    return holds(Estimate(cold.value - hot.value, float(np.hypot(cold.error, hot.error))))


def alignment_is_strongest_in_order(data: Data) -> Judgement:
    aligned = data.book["alignment"]
    ordered = aligned.sel(ORDERED, drop=True)
    parts = {"paramagnetic": PARAMAGNETIC, "jammed": JAMMED, "hottest": HOTTEST}
    return all_hold({
        f"ordered less {name}": mean_of((ordered - aligned.sel(place, drop=True)).values)
        for name, place in parts.items()
    })  # fmt: skip


def alignment_is_absent_when_hot(data: Data) -> Judgement:
    hot = mean_of(data.book["alignment"].sel(HOTTEST).values)
    ordered = float(data.book["alignment"].sel(ORDERED).mean())
    return agrees(hot, 0.0, direction=hot.value < ordered)


def features_of_the_teacher_align_less(data: Data) -> Judgement:
    """Alignment in the ordered cell less that of the teachers' own features."""
    networks = data.untrained
    phi = forward(networks.teacher, networks.test_inputs)[-2]
    field = networks.test_targets * networks.student[-1]
    cosine = np.sum(field * phi, axis=(1, 2)) / (
        np.linalg.norm(field, axis=(1, 2)) * np.linalg.norm(phi, axis=(1, 2))
    )
    ours, theirs = mean_of(data.book["alignment"].sel(ORDERED).values), mean_of(cosine)
    found = Estimate(theirs.value - ours.value, float(np.hypot(ours.error, theirs.error)))
    return holds(found, note=f" (teacher {theirs.value:.3f})")


def heat_prevents_learning(data: Data) -> Judgement:
    """log10 of the final over the untrained test loss at T = 64, 1/sigma_W = 8; nothing learnt is >= 0."""
    history = data.book["test_loss_history"].sel(HOTTEST)
    both = xr.Dataset({"end": history.isel(time=-1, drop=True), "start": history.isel(time=0, drop=True)})
    found = bootstrap(lambda x: float(np.log10(x["end"].median() / x["start"].median())), both)
    cold = decades(data.book["test_loss"], HOTTEST, ORDERED)
    return agrees(found, 0.0, direction=cold.value > 3 * cold.error, note=" decades")


def _slope(row: xr.DataArray) -> Estimate:
    place = np.log2(row["inv_sigma_w"].values)
    return bootstrap(lambda x: float(np.polyfit(place, np.log10(x.median("model").values), 1)[0]), row)


def _jump(gradient: xr.DataArray) -> Estimate:
    return decades(gradient, PARAMAGNETIC, {"temperature": 0.25, "inv_sigma_w": 8.0})


def _initial_gradient(data: Data, inv_sigma_w: float) -> Judgement:
    """log10 of the median norm at t = 0 on the training set over the published one."""
    place = {"temperature": 2.0**-5, "inv_sigma_w": inv_sigma_w}
    networks = sample_ensemble(n_models=200, seed=1, temperature=2.0**-5, inv_sigma_w=inv_sigma_w)
    norm = np.linalg.norm(
        gradient(networks.student, networks.inputs, networks.targets, trained=2), axis=(1, 2)
    )
    values = xr.DataArray(norm / float(data.curves["gradient_initial"].sel(place)), dims="model")
    found = bootstrap(lambda x: float(np.log10(x.median())), values)
    # The published median is one of 100 networks: sqrt(2) times the error of 200.
    return agrees(found, 0.0, expected_error=float(np.hypot(np.sqrt(2) * found.error, READ / np.log(10))))


def _memory(data: Data, place: dict[str, float]) -> Estimate:
    cell = data.book.sel(place)
    start = cell["feature_rms_history"].isel(time=0)
    value, error = mean_and_error(cell["feature_overlap"] / (cell["feature_rms"] * start))
    return Estimate(float(value), float(error))


def _test_points(cold: xr.Dataset) -> float:
    """Standard error of the mean logarithm of test_error_128 / test_loss, cells taken as independent."""
    logs = logarithm(cold["test_error_128"] / cold["test_loss"]).mean(("temperature", "inv_sigma_w"))
    return mean_of(logs.values).error
