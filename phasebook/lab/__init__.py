"""Pictures that answer while a kernel runs, and stand still in the pages of the book."""

from phasebook.lab.board import Laboratory, laboratory
from phasebook.lab.sliders import live

__all__ = ["Laboratory", "laboratory", "live"]
