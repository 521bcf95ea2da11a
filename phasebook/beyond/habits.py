"""Ways to choose a learning rate, what they cost, and how the runs go that they lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from phasebook.beyond.worked_example import Runs
from phasebook.network import Array


@dataclass(frozen=True)
class RangeTest:
    """A learning-rate range test.

    Attributes:
        rates, losses: (step,), the ramp as far as it went and the loss before each of its steps.
        smooth: (step,), the losses averaged.
        picked: the rate at the lowest smoothed loss, divided by ten.
    """

    rates: Array
    losses: Array
    smooth: Array
    picked: float


def range_test(
    step: Callable[[float], float], *, lowest: float, highest: float, steps: int = 100, window: int = 5
) -> RangeTest:
    """Raise the learning rate at every step until the loss blows up; take a tenth of where it was best.

    The ramp is exponential and stops once a loss is four times the lowest so far, or not finite.

    Args:
        step: makes one update at a learning rate and returns the loss before it.
        lowest, highest: ends of the ramp.
        steps: updates of the whole ramp.
        window: number of losses, odd, in the centred mean that is searched for its lowest value.

    Raises:
        ValueError: ends that are not positive and ascending, too few steps, or an even window.
    """
    if not (0 < lowest < highest < np.inf and 0 < window <= steps and window % 2):
        raise ValueError(f"need 0 < lowest < highest and an odd window within the steps, "
                         f"got {lowest}, {highest}, {window}, {steps}")  # fmt: skip
    rates, losses = np.geomspace(lowest, highest, steps), []
    for rate in rates:
        loss = step(float(rate))
        if not loss <= 4 * min(losses, default=np.inf):
            break
        losses.append(loss)
    half = window // 2
    smooth = [np.mean(losses[max(0, k - half) : k + half + 1]) for k in range(len(losses))]
    return RangeTest(
        rates=rates[: len(losses)],
        losses=np.array(losses),
        smooth=np.array(smooth),
        picked=float(rates[int(np.argmin(smooth))]) / 10,
    )


@dataclass(frozen=True)
class Choice:
    """A setting and what it took to find it.

    Attributes:
        rate: the learning rate.  variance: multiplier of the initial variance.
        steps: SGD updates spent.  seconds: of processor time spent.
    """

    rate: float
    variance: float
    steps: int
    seconds: float


def steps_to_reach(runs: Runs, loss: float) -> Array:
    """(run,): updates at the first look at which the training loss is at most `loss`; infinite if never."""
    there = runs.losses <= loss
    return np.where(there.any(-1), runs.steps[there.argmax(-1)], np.inf)


def comparison(choices: Mapping[str, Choice], runs: Mapping[str, Runs], *, loss: float) -> pd.DataFrame:
    """One row per way of choosing: the setting, its price, and mean and scatter of the runs that follow.

    Args:
        choices: by name.
        runs: by name, the spread is over the seeds; missing for a choice that found nothing.
        loss: training loss whose time of arrival is given: the median over the seeds.

    Raises:
        ValueError: runs without a choice.
    """
    if not set(runs) <= set(choices):
        raise ValueError(f"runs without a choice: {sorted(set(runs) - set(choices))}")
    rows = {}
    for name, choice in choices.items():
        row = {"learning rate": choice.rate, "variance": choice.variance,
               "steps to choose": choice.steps, "seconds to choose": choice.seconds}  # fmt: skip
        if name in runs:
            final, right = runs[name].losses[:, -1], runs[name].accuracy
            row |= {
                "loss": final.mean(), "loss, s.d.": final.std(ddof=1),
                "accuracy": right.mean(), "accuracy, s.d.": right.std(ddof=1),
                "steps to reach": float(np.median(steps_to_reach(runs[name], loss))),
            }  # fmt: skip
        rows[name] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """A `comparison` in words: mean ± standard deviation over the seeds, a dash where there is nothing."""

    def spread(row: pd.Series, name: str, digits: int) -> str:
        return f"{row[name]:.{digits}f} ± {row[f'{name}, s.d.']:.{digits}f}"

    rows = {}
    for name, row in table.iterrows():
        known, ran = np.isfinite(row["learning rate"]), np.isfinite(row["accuracy"])
        reached = np.isfinite(row["steps to reach"])
        rows[name] = {
            "learning rate": f"{row['learning rate']:.3g}" if known else "none found",
            "variance": f"× {row['variance']:g}" if known else "–",
            "to choose: steps": f"{row['steps to choose']:.0f}",
            "to choose: seconds": f"{row['seconds to choose']:.1f}",
            "final loss": spread(row, "loss", 3) if ran else "–",
            "accuracy": spread(row, "accuracy", 3) if ran else "–",
            "steps to reach": (f"{row['steps to reach']:.0f}" if reached else "never") if ran else "–",
        }
    return pd.DataFrame.from_dict(rows, orient="index")
