"""Measured numbers as a reader writes them: value, error and power of ten, in plain text."""

from __future__ import annotations

import math

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def scientific(value: float, error: float | None = None, *, digits: int = 2) -> str:
    """`4.1 × 10⁻⁵`, or with an error `(4.1 ± 0.3) × 10⁻⁵`; between 0.001 and 1000 without the power.

    Negative numbers have the sign of mathematics, not a hyphen.

    Args:
        value: any finite number; a whole one below 10 000 without an error is written in full.
        error: its standard error; it sets the number of digits (one significant digit, two if it begins with
            1).
        digits: significant digits when no error is given.
    """
    if not math.isfinite(value) or (error is None and value == round(value) and abs(value) < 1e4):
        return _signed(f"{value:.0f}")
    exponent = math.floor(math.log10(abs(value)))
    if -3 <= exponent < 3:
        exponent = 0
    mantissa = value / 10.0**exponent
    if error is None or not error > 0:
        text = f"{mantissa:.{max(digits - 1 - math.floor(math.log10(abs(mantissa))), 0)}f}"
    else:
        scaled = error / 10.0**exponent
        decimals = max(_decimals(scaled), 0)
        text = f"{mantissa:.{decimals}f} ± {scaled:.{decimals}f}"
        text = f"({text})" if exponent else text
    text = _signed(text)
    return f"{text} × 10{str(exponent).translate(_SUPERSCRIPT)}" if exponent else text


def _signed(text: str) -> str:
    return text.replace("-", "−")


def _decimals(error: float) -> int:
    leading = math.floor(math.log10(error))
    return -leading + (1 if error / 10.0**leading < 2 else 0)
