"""The lines under a verdict: what each indicator says, and what else a reader wants to see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from phasebook.monitor.indicators import MEANING, noise_over_signal, recent_exponent
from phasebook.monitor.reference import PHASES
from phasebook.network import Array


@dataclass(frozen=True)
class Evidence:
    """One line of the report: a quantity, its value, and what it speaks for.

    Attributes:
        label: what it is.  formula: how it is defined.
        value: its number.
        suggests: the phase whose probability it raises most, or what it says in words.
        weight: by how much it raises the logit of that phase over the mean of the three; not-a-number for a
            quantity that the verdict does not use.
    """

    label: str
    formula: str
    value: float
    suggests: str
    weight: float

    def __str__(self) -> str:
        return f"{self.label:30} {self.formula:19} {self.value:9.3g}   {self.suggests}"


def weighed(last: xr.Dataset, contributions: Array, names: tuple[str, ...]) -> list[Evidence]:
    """The indicators of the verdict; contributions: (phase, indicator)."""
    lines = []
    for k, name in enumerate(names):
        relative = contributions[:, k] - contributions[:, k].mean()
        best = int(np.argmax(relative)) if np.isfinite(relative).all() else 0
        strength = "hardly says anything" if relative[best] < 0.3 else f"speaks for {PHASES[best]}"
        meaning = MEANING[name]
        lines.append(
            Evidence(meaning.label, meaning.formula, float(last[name]), strength, float(relative[best]))
        )
    return lines


def beside(one: xr.Dataset) -> list[Evidence]:
    """What the verdict does not use, but a reader wants to see."""
    rate = float(recent_exponent(one, "level_spacing"))
    falls = float(recent_exponent(one, "loss"))
    signal, noise = (float(one[name].isel(step=-1)) for name in ("gradient_signal", "gradient_noise"))
    lines = [
        Evidence("spacing, last decade of time", "d ln S / d ln t", rate,
                 "still moving" if abs(rate) > 0.1 else "levels at rest", np.nan),
        Evidence("loss, last decade of time", "d ln L / d ln t", falls,
                 "still falling" if falls < -0.1 else "at rest or rising", np.nan),
        Evidence("gradient, signal over noise", "|E D| / sd D", signal / noise if noise else np.nan,
                 "of one sample", np.nan),
    ]  # fmt: skip
    if "temperature" in one:
        ratio = float(noise_over_signal(one).isel(step=-1))
        text = "noise wins, (4.15)" if ratio > 1 else "drift wins, (4.15)"
        lines.append(Evidence("noise over drift of the levels", "T V_S / |K_S| S(0)", ratio, text, np.nan))
    return [line for line in lines if np.isfinite(line.value)]
