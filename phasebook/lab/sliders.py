"""Pictures with sliders, where there is a kernel to redraw them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from phasebook.runs.progress import STATIC


def live(draw: Callable[..., Any], **sliders: Any) -> Any:
    """`draw` with a slider for each of its arguments; in the pages of the book, its picture at the start.

    A slider in a page would move and nothing would change.

    Args:
        draw: a function of keyword arguments that returns something a notebook shows, say a figure.
        sliders: an ipywidgets control for each argument, with the value to start from.

    Returns:
        The controls with the picture below them, or only the picture where `PHASEBOOK_STATIC` is set.
    """
    if os.environ.get(STATIC):
        return draw(**{name: slider.value for name, slider in sliders.items()})
    from ipywidgets import interactive

    return interactive(draw, **sliders)
