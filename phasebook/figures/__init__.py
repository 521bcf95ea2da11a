"""Every figure of the book: functions that take data and return a Matplotlib figure; none shows or saves.

One module per chapter, imported when first used: `phasebook.figures.soft_spins.bifurcation(...)`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from phasebook.evidence.numbers import scientific
from phasebook.figures.provenance import ProvenanceLine, provenance

__all__ = ["ProvenanceLine", "provenance", "scientific"]


def __getattr__(name: str) -> Any:
    if not name.startswith("_") and find_spec(f"{__name__}.{name}"):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
