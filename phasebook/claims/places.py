"""Which cells of the plane each claim about trained networks speaks of.

A place is a rectangle of cells, in powers of two: T from 2^a to 2^b, 1/sigma_W from 2^c to 2^d, inclusive.
The judge of a claim looks at no other cell than those of its places; a test blanks all others and holds it to
that.
"""

from __future__ import annotations

from math import log2
from typing import NamedTuple

from phasebook.claims.regions import REGIONS


class Rectangle(NamedTuple):
    """Powers of two that bound a set of cells, inclusive."""

    temperature_low: int
    temperature_high: int
    inv_sigma_w_low: int
    inv_sigma_w_high: int

    def has(self, temperature: int, inv_sigma_w: int) -> bool:
        """Whether the cell T = 2^temperature, 1/sigma_W = 2^inv_sigma_w lies in it."""
        return (
            self.temperature_low <= temperature <= self.temperature_high
            and self.inv_sigma_w_low <= inv_sigma_w <= self.inv_sigma_w_high
        )


PLANE = Rectangle(-5, 6, -8, 3)
ORDERED = Rectangle(-5, -5, 3, 3)
JAMMED = Rectangle(-5, -5, -8, -8)
PARAMAGNETIC = Rectangle(2, 2, 3, 3)
HOTTEST = Rectangle(6, 6, 3, 3)
HOT_AND_DISORDERED = Rectangle(6, 6, -8, -8)
COLDEST_ROW = Rectangle(-5, -5, -8, 3)
HOTTEST_ROW = Rectangle(6, 6, -8, 3)


def column(inv_sigma_w: int) -> Rectangle:
    """All temperatures at 1/sigma_W = 2^inv_sigma_w."""
    return PLANE._replace(inv_sigma_w_low=inv_sigma_w, inv_sigma_w_high=inv_sigma_w)


COLUMN = column(3)
"""The column 1/sigma_W = 8 of Figure 4."""

JAMMED_REGION, ORDERED_REGION, PARAMAGNETIC_REGION = (
    Rectangle(
        *(int(log2(region.temperatures[k])) for k in (0, 1)),
        *(int(log2(region.inv_sigma_ws[k])) for k in (0, 1)),
    )
    for region in (REGIONS[0], REGIONS[1], REGIONS[2])
)
CORNERS = (JAMMED_REGION, ORDERED_REGION, PARAMAGNETIC_REGION)
FIGURE_6 = (ORDERED, PARAMAGNETIC, JAMMED)

PLACES: dict[str, tuple[Rectangle, ...]] = {
    "saturation-learning": (JAMMED, ORDERED),
    "limit-range": (COLUMN,),
    "half-in-figure-2": (Rectangle(-5, -2, 0, 3),),
    "one-good-corner": (HOTTEST, JAMMED, ORDERED),
    "loss-by-disorder": (COLDEST_ROW,),
    "columns-hot": (HOTTEST_ROW, COLDEST_ROW),
    "gradient-order-text": (HOTTEST, ORDERED),
    "gradient-order-code": (HOTTEST, ORDERED),
    "gradient-jammed-code": (JAMMED, ORDERED),
    "transition-near-one": (COLUMN,),
    "transition-published": (COLUMN,),
    "gradient-jump-text": (PARAMAGNETIC, Rectangle(-2, -2, 3, 3)),
    "gradient-jump-code": (PARAMAGNETIC, Rectangle(-2, -2, 3, 3)),
    "initial-gradient-left": (column(-8),),
    "initial-gradient-right": (column(3),),
    "initial-gradient-disorder": (ORDERED, JAMMED),
    "overlap-jammed": FIGURE_6,
    "overlap-order": (ORDERED,),
    "overlap-heat": (JAMMED, HOT_AND_DISORDERED),
    "alignment-order": (*FIGURE_6, HOTTEST),
    "alignment-hot": (HOTTEST, ORDERED),
    "alignment-teacher": (ORDERED,),
    "heat-prevents-learning": (HOTTEST, ORDERED),
    "loss-range": (PLANE,),
    "figure-2-ordered": (ORDERED,),
    "figure-2-jammed": (JAMMED,),
    "figure-2-paramagnetic": (PARAMAGNETIC,),
    "figure-3-loss": (PLANE,),
    "figure-3-gradient": (PLANE,),
    "figure-4-gradient-text": (PARAMAGNETIC, ORDERED),
    "figure-4-gradient-code": (PARAMAGNETIC, ORDERED),
    "order-small-both": (PARAMAGNETIC, ORDERED),
    "jammed-gradient": (JAMMED, ORDERED),
    "jammed-no-learning": (JAMMED, ORDERED),
    "jammed-not-static": (JAMMED,),
    "order-equilibrium": (ORDERED,),
    "figure-5-jammed": (JAMMED,),
    "figure-5-ordered": (ORDERED,),
    "figure-5-alignment": (ORDERED,),
    "alignment-in-time": (ORDERED,),
    "rates-ordered": FIGURE_6,
    "footnote-width": (PARAMAGNETIC,),
    "footnote-rate": (PARAMAGNETIC,),
    "footnote-hottest": (HOTTEST,),
    "spacing-keeps-growing": FIGURE_6,
    "target-reached": (ORDERED,),
    "jammed-spectrum": (JAMMED, ORDERED),
    "edge-right": (column(3),),
    "edge-left": (column(-8),),
    "footnote-start": (column(3),),
    "flow-to-target": (ORDERED,),
    "quick-widening": (PARAMAGNETIC,),
    "repulsion-of-levels": FIGURE_6,
    "rates-book": (HOTTEST, ORDERED, JAMMED),
    "drift-negative": (ORDERED_REGION,),
    "repulsion-positive": (PLANE,),
    "repulsion-released": (PLANE,),
    "spacing-grows": (PARAMAGNETIC_REGION,),
    "spacing-bound": (PLANE,),
    "line-position": (COLUMN,),
    "contours-released": CORNERS,
    "contours-perturbation": CORNERS,
    "contours-text": CORNERS,
    "order-all-converge": (ORDERED_REGION,),
    "line-tracks-overlap": (Rectangle(-5, 6, -8, -1),),
    "vertical-line-sharp": (COLDEST_ROW,),
    "fastest-temperature": (column(0), column(3)),
    "warmer-faster": (COLUMN,),
    "noises-ordered": (ORDERED,),
    "noises-jammed": (JAMMED,),
    "equal-spacings-end": (ORDERED,),
    "repulsion-ordered": (ORDERED,),
    "repulsion-paramagnetic": (PARAMAGNETIC,),
    "repulsion-jammed": (JAMMED,),
    "missing-drift": (ORDERED,),
    "largest-less-smallest": (PLANE,),
}
"""Claim -> its places; every claim that needs trained networks is here."""
