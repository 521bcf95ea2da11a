"""The one look of the book: style sheet, colour maps, colours, markers and lines of the three phases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib.resources import as_file, files
from io import BytesIO
from typing import ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib import style
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

SEQUENTIAL = "magma"
"""Dark is low, as in the paper; lightness rises evenly, so it survives greyscale and colour blindness."""

DIVERGING = "RdBu_r"
"""Red above, blue below, white at no difference. Greyscale loses the sign, so maps that use it mark it."""

WIDTH = 8.0
"""Width of every figure in inches."""

LARGEST_PNG = 90_000
"""Bytes of a picture in full colour; a page with its ten figures stays below 1.5 MB."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Phase:
    """One of the three regions of the plane: how it is drawn, and the corner cell that stands for it."""

    name: str
    paper_name: str
    colour: str
    marker: str
    linestyle: str
    temperature: float
    inv_sigma_w: float


ORDERED = Phase("ordered", "ferromagnetic", "#004488", "o", "-", 2.0**-5, 2.0**3)
JAMMED = Phase("jammed", "spin-glass", "#BB5566", "s", "--", 2.0**-5, 2.0**-8)
PARAMAGNETIC = Phase("paramagnetic", "high-temperature", "#DDAA33", "^", "-.", 2.0**6, 2.0**3)
PHASES = (ORDERED, JAMMED, PARAMAGNETIC)


class BookFigure(Figure):
    """A Matplotlib figure that a notebook shows once, when it is the value of a cell.

    Made without pyplot, so it belongs to no global list: nothing to close, no second copy at the end of a
    cell.
    """

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.savefig(buffer, format="png")
        if buffer.tell() <= LARGEST_PNG:
            return buffer.getvalue()
        # Thousands of thin lines, in few colours: a palette makes them a third as large.
        palette = Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        smaller = BytesIO()
        palette.save(smaller, format="png", optimize=True, dpi=(self.dpi, self.dpi))
        return smaller.getvalue()


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Run a drawing function under the book's style sheet, whatever the user's own settings are."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        source = files("phasebook.figures") / "phasebook.mplstyle"
        with as_file(source) as sheet, style.context(["default", sheet]):
            return function(*args, **kwargs)

    return wrapper


def new_figure(*, height: float) -> BookFigure:
    """An empty figure of the book's width; `height` in inches."""
    return BookFigure(figsize=(WIDTH, height), layout="constrained")


def curve_colours(count: int) -> Colormap:
    """`count` colours for curves on white: the sequential map without its palest part, first the dark."""
    shades = mpl.colormaps[SEQUENTIAL](np.linspace(0.0, 0.82, 256))
    return LinearSegmentedColormap.from_list("curves", shades).resampled(max(count, 1))
