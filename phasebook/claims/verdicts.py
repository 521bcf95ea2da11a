"""How a number becomes a verdict. No tolerance stands here but the number of standard errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from phasebook.evidence.numbers import scientific
from phasebook.evidence.statistics import Estimate
from phasebook.network import Array

Verdict = Literal["reproduced", "direction only", "not reproduced", "not testable at this scale"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

SIGMAS = 3.0
"""Standard errors that separate agreement from disagreement, everywhere."""

ROUNDING = 1e-12
"""Relative difference that double precision leaves between two ways to compute the same sums."""


@dataclass(frozen=True)
class Judgement:
    """What came out for one claim.

    Attributes:
        value, error: of the quantity the ledger names; the error is zero for exact statements.
        verdict: computed from them.
        found: both as a reader sees them, with more numbers where the claim has several parts.
    """

    value: float
    error: float
    verdict: Verdict
    found: str


def agrees(
    found: Estimate,
    expected: float,
    *,
    expected_error: float = 0.0,
    direction: bool | None = None,
    note: str = "",
) -> Judgement:
    """A number that the paper gives or implies.

    Args:
        found: measured, with its bootstrap error.
        expected: the paper's.
        expected_error: how well it is known: reading of a figure, rounding in the text, spacing of a grid.
        direction: whether at least the trend is as stated; None if the claim has none.
        note: added to what a reader sees.

    Returns:
        "reproduced" within `SIGMAS` standard errors of both together, else "direction only" or "not
        reproduced"; "not testable at this scale" without a finite value and error, as of a single network.
    """
    if not np.isfinite([found.value, found.error]).all():
        verdict: Verdict = "not testable at this scale"
    elif abs(found.value - expected) <= SIGMAS * np.hypot(found.error, expected_error):
        verdict = "reproduced"
    else:
        verdict = "direction only" if direction else "not reproduced"
    return Judgement(*found, verdict, _text(found) + note)


def holds(found: Estimate, *, above: float = 0.0, note: str = "") -> Judgement:
    """A trend: the quantity lies above a value. Undecided within `SIGMAS` standard errors of it."""
    return Judgement(*found, _trend(found, above), _text(found) + note)


def all_hold(parts: Mapping[str, Estimate], *, above: float = 0.0) -> Judgement:
    """A sentence with several trends, each a quantity above the same value.

    Returns:
        "reproduced" if all hold, "direction only" if some do, "not reproduced" if none does. Its value is
        that of the part with the least margin.
    """
    verdicts = [_trend(one, above) for one in parts.values()]
    weakest = min(parts.values(), key=lambda one: (one.value - above) / max(one.error, 1e-300))
    if all(one == "reproduced" for one in verdicts):
        verdict: Verdict = "reproduced"
    elif any(one == "not reproduced" for one in verdicts):
        verdict = "direction only" if "reproduced" in verdicts else "not reproduced"
    else:
        verdict = "not testable at this scale"
    text = "; ".join(f"{name} {_text(one)}" for name, one in parts.items())
    return Judgement(*weakest, verdict, text)


def identity(left: ArrayLike, right: ArrayLike, *, tolerance: float = ROUNDING) -> Judgement:
    """Two sides that are equal but for rounding: largest difference over the largest of the right side."""
    left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    difference = float(np.max(np.abs(left - right)) / np.max(np.abs(right)))
    verdict: Verdict = "reproduced" if difference <= tolerance else "not reproduced"
    return Judgement(difference, 0.0, verdict, f"relative difference {scientific(difference)}")


def resampled(
    statistic: Callable[..., float], *arrays: Array, resamples: int = 200, seed: int = 0
) -> Estimate:
    """A statistic of arrays whose first axis is the sample, with its bootstrap error.

    Args:
        statistic: takes the arrays, returns one number.
        arrays: first axes of the same length, drawn together.
        resamples: how many draws with replacement.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    size = len(arrays[0])
    drawn = (rng.integers(size, size=size) for _ in range(resamples))
    found = [float(statistic(*(array[draw] for array in arrays))) for draw in drawn]
    return Estimate(float(statistic(*arrays)), float(np.std(found, ddof=1)))


def to_within(half_width: float) -> float:
    """Standard error of a number known to lie within `half_width` of the one printed."""
    return half_width / float(np.sqrt(3))


def share_of(success: ArrayLike) -> Estimate:
    """Fraction of networks; its error from Wilson's interval of one standard deviation, so that all or none
    has one too."""
    values = np.asarray(success, dtype=bool).ravel()
    n, p = values.size, float(values.mean())
    half = np.sqrt(p * (1 - p) / n + 1 / (4 * n**2)) / (1 + 1 / n)
    return Estimate(p, float(half))


def _text(found: Estimate) -> str:
    return scientific(found.value, found.error if found.error > 0 else None)


def _trend(found: Estimate, above: float) -> Verdict:
    margin = found.value - above
    if not np.isfinite([margin, found.error]).all() or abs(margin) < SIGMAS * found.error:
        return "not testable at this scale"
    return "reproduced" if margin > 0 else "not reproduced"
