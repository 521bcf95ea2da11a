"""What the text says about the contours of Figure 8, as conditions that a reading can fulfil or not.

"In the upper region, above the 1 sigma line, the dynamics has not converged"; the jamming phase lies below
that line; the 2 and 3 sigma boundaries "capture the ordered phase": less than 68 % of the networks converge
in the paramagnetic corner, 68 to 95 % in the jammed one, more than 95 % in the ordered one. How far a corner
reaches is our choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import xarray as xr

from phasebook.boundaries import LEVELS
from phasebook.theory.criterion import wilson_interval

Verdict = Literal["yes", "no", "undecided"]


@dataclass(frozen=True)
class Region:
    """A corner of the plane, inclusive bounds, and the fraction of converged networks the text describes."""

    name: str
    temperatures: tuple[float, float]
    inv_sigma_ws: tuple[float, float]
    expected: tuple[float, float]

    def of(self, values: xr.DataArray) -> xr.DataArray:
        """The cells of the region."""
        return values.sel(temperature=slice(*self.temperatures), inv_sigma_w=slice(*self.inv_sigma_ws))


REGIONS = (
    Region("jammed", (2.0**-5, 2.0**-3), (2.0**-8, 2.0**-4), (LEVELS[0], LEVELS[1])),
    Region("ordered", (2.0**-5, 2.0**-3), (2.0, 2.0**3), (LEVELS[1], 1.0)),
    Region("paramagnetic", (2.0**3, 2.0**6), (1.0, 2.0**3), (0.0, LEVELS[0])),
)


class Pooled(NamedTuple):
    """Fraction of the networks of a region, with Wilson's interval and what it says of the description."""

    fraction: float
    lower: float
    upper: float
    networks: int
    verdict: Verdict


def pooled(result: xr.Dataset, region: Region, *, confidence: float = 0.95) -> Pooled:
    """All networks of a region counted together.

    Args:
        result: `boundaries.convergence` of one reading.
        region: its cells must be in `result`.
        confidence: of the interval.

    Returns:
        Verdict "yes" if the whole interval lies in the expected range, "no" if none of it does.
    """
    count, networks = (int(region.of(result[name]).sum()) for name in ("count", "networks"))
    lower, upper = (float(end) for end in wilson_interval(count, networks, confidence=confidence))
    low, high = region.expected
    verdict: Verdict = "undecided"
    if low <= lower and upper <= high:
        verdict = "yes"
    elif upper < low or high < lower:
        verdict = "no"
    return Pooled(count / networks, lower, upper, networks, verdict)
