"""Numbers as text: two printable characters each, logarithmic or linear between the ends of their range.

Half the size of decimal text, a quarter less than base64 of 16-bit integers, and no binary in a page.
book/_static/explorer/data.js reads it back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from phasebook.network import Array

DIGITS = "".join(chr(code) for code in range(33, 127) if chr(code) not in '"\\<>&')
"""Characters that mean themselves in JSON and in HTML, in order of their value."""

TOP = len(DIGITS) ** 2 - 2
"""The largest code; the one above it stands for a missing number."""


@dataclass(frozen=True)
class Packed:
    """An array as text, with what it takes to read it: value = low + code / TOP * (high - low).

    Attributes:
        low, high: ends of the range; base-10 logarithms if `log`.
        log: whether the values were packed as logarithms.
        text: two characters for each value, last axis fastest.
    """

    low: float
    high: float
    log: bool
    text: str

    def to_json(self) -> dict[str, float | bool | str]:
        return {"low": self.low, "high": self.high, "log": self.log, "text": self.text}


def pack(values: Array, *, log: bool = False) -> Packed:
    """Write an array as text.

    Args:
        values: any shape. Not-a-number, and with `log` what is not positive, becomes a missing number.
        log: pack logarithms: equal relative accuracy.

    Raises:
        ValueError: no number that can be packed.
    """
    flat = np.asarray(values, dtype=np.float64).ravel()
    usable = np.isfinite(flat) & ((flat > 0) | (not log))
    if not usable.any():
        raise ValueError(f"nothing to pack: no {'positive ' if log else ''}finite number in {flat.size}")
    shown = np.log10(flat, where=usable, out=np.zeros_like(flat)) if log else flat
    low, high = float(shown[usable].min()), float(shown[usable].max())
    width = (high - low) or 1.0
    codes = np.where(usable, np.rint((np.where(usable, shown, low) - low) / width * TOP), TOP + 1)
    text = "".join(
        DIGITS[code // len(DIGITS)] + DIGITS[code % len(DIGITS)] for code in codes.astype(int).tolist()
    )
    return Packed(low, low + width, log, text)


def unpack(packed: Packed) -> Array:
    """The numbers again, shape (n,), each within half a step of what was packed; NaN where one is missing."""
    base = len(DIGITS)
    digits = np.array([DIGITS.index(character) for character in packed.text]).reshape(-1, 2)
    codes = digits[:, 0] * base + digits[:, 1]
    values = packed.low + codes / TOP * (packed.high - packed.low)
    return np.where(codes > TOP, np.nan, 10.0**values if packed.log else values)


def half_step(packed: Packed) -> float:
    """Largest error of `unpack`: absolute, or with `log` relative."""
    step = (packed.high - packed.low) / TOP / 2
    return math.expm1(step * math.log(10)) if packed.log else step
