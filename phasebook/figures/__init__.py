"""Every figure of the book: functions that take data and return a Matplotlib figure; none shows or saves."""

from phasebook.figures import phase_diagram
from phasebook.figures.numbers import scientific
from phasebook.figures.provenance import ProvenanceLine, provenance

__all__ = ["ProvenanceLine", "phase_diagram", "provenance", "scientific"]
