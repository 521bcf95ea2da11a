"""The laboratory: train a handful of networks and watch, with the engine that made the book's figures."""

from __future__ import annotations

import asyncio
import math
import os
from io import BytesIO
from time import perf_counter
from typing import Any

import ipywidgets as widgets
import numpy as np

from phasebook.evidence.statistics import mean_and_error
from phasebook.figures.laboratory import training_in_progress
from phasebook.figures.style import JAMMED, ORDERED, PARAMAGNETIC, BookFigure
from phasebook.lab.session import Session
from phasebook.runs.load import load_sweep
from phasebook.runs.progress import STATIC

BATCH = 4
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)
PRESETS = {
    **{phase.name: (phase.temperature, phase.inv_sigma_w) for phase in (ORDERED, JAMMED, PARAMAGNETIC)},
    "edge": (0.5, 8.0),
}
"""(T, 1/sigma_W) of the buttons: the corners of the plane, and where only some of the networks learn."""
FRAME_SECONDS = 0.5
"""Where a picture takes longer than this to draw, fewer are drawn: the training does not wait."""
DOTS = 100
"""Of the picture in a notebook, per inch."""


def laboratory(
    preset: str = "edge", *, n_models: int = 16, epochs: float = 100.0, seed: int = 0
) -> Laboratory | BookFigure:
    """Networks in training, with sliders; in the pages of the book, the picture at the end.

    Args:
        preset: where in the plane to begin, one of `PRESETS`.
        n_models: networks trained side by side; sixteen cost no more than one.
        epochs: training time at which a run pauses.
        seed: of teachers, data and initial weights.

    Returns:
        A widget; where `PHASEBOOK_STATIC` is set its figure after `epochs`.

    Raises:
        ValueError: no such preset, or a number out of range.
    """
    board = Laboratory(preset, n_models=n_models, epochs=epochs, seed=seed)
    if os.environ.get(STATIC):
        while not board.finished:
            board.advance()
        return board.figure()
    board.show()
    return board


class Laboratory(widgets.VBox):
    """Sliders, buttons and the picture.

    Learning rate and batch size act on the weights as they are, so a run can be heated and cooled; 1/sigma_W,
    which is about the start, begins a new one.
    """

    def __init__(self, preset: str, *, n_models: int, epochs: float, seed: int) -> None:
        if preset not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}")
        if not 0 < epochs < math.inf:
            raise ValueError(f"epochs must be a positive number, got {epochs}")
        self.n_models, self.epochs, self.seed = n_models, epochs, seed
        self.plane = mean_and_error(2 * load_sweep("book", progress=False)["test_loss"])[0]
        self.task: asyncio.Task[None] | None = None

        temperature, inv_sigma_w = PRESETS[preset]
        powers: dict[str, Any] = {"base": 2, "step": 0.5, "readout_format": ".3g"}
        self.learning_rate = widgets.FloatLogSlider(
            description="ε", min=-6, max=12, value=temperature * BATCH, **powers
        )
        self.batch_size = widgets.SelectionSlider(description="|B|", options=BATCH_SIZES, value=BATCH)
        self.inv_sigma_w = widgets.FloatLogSlider(
            description="1/σ_W", min=-8, max=3, value=inv_sigma_w, **powers
        )
        self.run = widgets.ToggleButton(description="Run")
        self.again = widgets.Button(description="Reset")
        self.places = [widgets.Button(description=name) for name in PRESETS]
        self.status = widgets.HTML()
        self.picture = widgets.Image(format="png", layout={"max_width": "100%"})
        self.session = self._new_session()

        self.moving = False
        for control in (self.learning_rate, self.batch_size, self.inv_sigma_w):
            control.observe(self._moved, "value")
        self.run.observe(self._run_or_pause, "value")
        self.again.on_click(lambda _: self.reset())
        for button in self.places:
            button.on_click(lambda clicked: self.go_to(clicked.description))
        rows = [(self.learning_rate, self.batch_size, self.inv_sigma_w), (self.run, self.again, *self.places)]
        wrap = {"flex_flow": "row wrap"}
        super().__init__([*(widgets.HBox(row, layout=wrap) for row in rows), self.status, self.picture])

    @property
    def temperature(self) -> float:
        """T = eps / |B|, Eq. (2.30)."""
        return float(self.learning_rate.value) / int(self.batch_size.value)

    @property
    def finished(self) -> bool:
        return self.session.state.epochs >= self.epochs - 1e-9

    def go_to(self, preset: str) -> None:
        """Begin a new run at a place in the plane."""
        temperature, inv_sigma_w = PRESETS[preset]
        self.moving = True
        self.batch_size.value = BATCH
        self.learning_rate.value = temperature * BATCH
        self.inv_sigma_w.value = inv_sigma_w
        self.moving = False
        self.reset()

    def reset(self) -> None:
        """Stand at step 0 again."""
        self.session = self._new_session()
        self.show()

    def advance(self) -> None:
        """Train until there is something new to see, or the end."""
        if self.finished:
            return
        self.session.advance(
            learning_rate=float(self.learning_rate.value),
            batch_size=int(self.batch_size.value),
            until=self.epochs,
        )

    def figure(self) -> BookFigure:
        return training_in_progress(self.session.data(temperature=self.temperature), plane=self.plane)

    def show(self) -> None:
        """Draw the picture, and say in words what it shows."""
        image = BytesIO()
        self.figure().savefig(image, format="png", dpi=DOTS)
        self.picture.value = image.getvalue()
        epochs, test_loss, _ = self.session.records[-1]
        self.status.value = (
            f"<span role='status'>t = {epochs:.3g} epochs, {self.session.state.steps} steps; "
            f"T = ε/|B| = {self.temperature:.3g}; median test loss {np.median(test_loss):.2e}</span>"
        )

    def _new_session(self) -> Session:
        return Session(inv_sigma_w=float(self.inv_sigma_w.value), n_models=self.n_models, seed=self.seed)

    def _moved(self, change: Any) -> None:
        if not self.moving:
            (self.reset if change["owner"] is self.inv_sigma_w else self.show)()

    def _run_or_pause(self, change: Any) -> None:
        self.run.description = "Pause" if change["new"] else "Run"
        if change["new"] and (self.task is None or self.task.done()):
            if self.finished:
                self.reset()
            self.task = asyncio.get_running_loop().create_task(self._train())

    async def _train(self) -> None:
        """Train and draw until paused or finished; between two pictures the kernel hears the controls."""
        behind = 1
        while self.run.value and not self.finished:
            for _ in range(behind):
                self.advance()
            started = perf_counter()
            self.show()
            behind = max(1, round((perf_counter() - started) / FRAME_SECONDS))
            await asyncio.sleep(0.02)
        self.run.value = False
