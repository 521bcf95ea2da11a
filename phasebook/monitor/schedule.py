"""When a monitor looks: steps evenly spaced in the logarithm of time."""

from __future__ import annotations

import numpy as np

FIRST = 10
PER_DECADE = 5


def log_spaced_steps(last: int, *, per_decade: int = PER_DECADE, first: int = FIRST) -> list[int]:
    """0, and round(first 10^(k / per_decade)) for k = 0, 1, ... up to `last`, each once.

    Raises:
        ValueError: `per_decade` or `first` below one.
    """
    if per_decade < 1 or first < 1:
        raise ValueError(f"per_decade and first must be at least 1, got {per_decade} and {first}")
    count = int(np.floor(per_decade * np.log10(max(last, first) / first) + 1e-9)) + 1
    steps = np.round(first * 10 ** (np.arange(count) / per_decade)).astype(int)
    return [0, *(int(step) for step in np.unique(steps) if step <= last)]


def is_due(step: int, *, per_decade: int = PER_DECADE, first: int = FIRST) -> bool:
    """Whether `log_spaced_steps` has `step`, from the number alone: the length of a run need not be known."""
    if step < first:
        return step == 0
    k = round(per_decade * np.log10(step / first))
    return any(round(first * 10 ** (j / per_decade)) == step for j in (k - 1, k, k + 1) if j >= 0)
