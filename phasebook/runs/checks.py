"""Checks of what a user gives, with messages that say what is wrong, what was given and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

LARGEST = 1e300
"""Bound on T and 1/sigma_W, so that a learning rate or a standard deviation made from them is a number."""


class InvalidConfig(ValueError):
    """A setting out of range.

    Attributes:
        name: the field of `Config`.
        problem: what it must be and what was given, to be put behind the name.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.name} {self.problem}"


def whole(name: str, value: Any, lowest: int, highest: int) -> int:
    """`value` as an int within [lowest, highest]; floats pass if whole, so that 1e5 does."""
    try:
        number = int(value)
        if number != value or isinstance(value, bool | str):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or not lowest <= number <= highest:
        raise InvalidConfig(name, f"must be a whole number from {lowest} to {highest}, got {_show(value)}")
    return number


def axis(name: str, values: Any, hint: str) -> tuple[float, ...]:
    """The values of one axis of the grid: positive, finite, each once; in ascending order."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        values = (values,)
    checked = [_positive(name, value, hint) for value in values]
    if not checked:
        raise InvalidConfig(name, f"must be at least one positive number, got none ({hint})")
    repeated = sorted({value for value in checked if checked.count(value) > 1})
    if repeated:
        raise InvalidConfig(name, f"must be different numbers, got {_show(repeated[0])} twice ({hint})")
    return tuple(sorted(checked))


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise InvalidConfig(name, f"must be {', '.join(allowed[:-1])} or {allowed[-1]}, got {_show(value)}")
    return value


def _positive(name: str, value: Any, hint: str) -> float:
    try:
        number = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 1 / LARGEST < number < LARGEST:
        raise InvalidConfig(name, f"must be a positive number, got {_show(value)} ({hint})")
    return number


def _show(value: Any) -> str:
    """As the user would write it, on one line and short."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.replace("\n", " ")[:60] or "nothing"
