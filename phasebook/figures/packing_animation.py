"""Discs that organise themselves, as a film that plays in the page: no kernel, no library, no network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from phasebook.figures.style import JAMMED, ORDERED
from phasebook.systems.random_organization import Packing, Rule, contacts, evolve

GRID = 1000
"""Places are whole numbers from 0 to this, across the box."""

_SCRIPT = """
(() => {
  const root = document.currentScript.closest(".packing-film"), data = JSON.parse(root.dataset.film);
  const button = root.querySelector("button"), slider = root.querySelector("input");
  const text = root.querySelector("output"), still = matchMedia("(prefers-reduced-motion: reduce)");
  const discs = [...root.querySelectorAll("svg g")].map(g => [...g.children]);
  let now = 0, timer = null;
  const label = () => button.textContent = still.matches ? "Next" : timer ? "Pause" : "Play";
  const show = k => {
    slider.value = now = k;
    text.textContent = "step " + data.steps[k];
    slider.setAttribute("aria-valuetext", text.textContent);
    data.panels.forEach((frames, p) => discs[p].forEach((disc, i) => {
      const [x, y, active] = frames[k], on = active[i] === "1";
      disc.setAttribute("cx", x[i]); disc.setAttribute("cy", y[i]);
      disc.setAttribute("class", on ? "packing-on" : "packing-off");
    }));
  };
  const stop = () => { clearInterval(timer); timer = null; label(); };
  const next = () => now + 1 < data.steps.length ? show(now + 1) : stop();
  button.onclick = () => {
    if (timer) return stop();
    if (now + 1 === data.steps.length) show(0);
    if (still.matches) return next();
    timer = setInterval(next, 180); label();
  };
  slider.oninput = () => { stop(); show(+slider.value); };
  still.onchange = stop;
  root.querySelector(".controls").hidden = false;
  label(); show(0);
})();
"""

_STYLE = f"""
.packing-film .panels {{ display: flex; flex-wrap: wrap; gap: 1rem; }}
.packing-film figure {{ flex: 1 1 16rem; max-width: 24rem; margin: 0; }}
.packing-film svg {{ width: 100%; height: auto; border: 1px solid #777; background: #fff; }}
.packing-on {{ fill: {JAMMED.colour}; stroke: #000; stroke-width: 2; }}
.packing-off {{ fill: #fff; stroke: {ORDERED.colour}; stroke-width: 4; }}
.packing-film .controls {{ display: flex; gap: 0.8rem; align-items: center; margin-top: 0.5rem; }}
.packing-film .controls[hidden] {{ display: none; }}
.packing-film input {{ flex: 1; max-width: 24rem; }}
.packing-film output {{ min-width: 6em; }}
@media print {{ .packing-film .controls {{ display: none; }} }}
"""


@dataclass(frozen=True)
class Film:
    """Panels of discs side by side, with a button and a slider; without scripts, the first frame.

    Attributes:
        titles: of the panels.
        steps: numbers of steps made at the frames.
        packings: of each panel, one configuration for each frame.
        description: what is seen, for who does not see it.
    """

    titles: Sequence[str]
    steps: Sequence[int]
    packings: Sequence[Sequence[Packing]]
    description: str

    def __repr__(self) -> str:
        return f"film of {len(self.packings)} packings, {len(self.steps)} frames"

    def _repr_html_(self) -> str:
        panels = [[_frame(p) for p in frames] for frames in self.packings]
        film = json.dumps({"steps": list(self.steps), "panels": panels}, separators=(",", ":"))
        pictures = "".join(
            f"<figure>{self._picture(number, frames[0])}<figcaption>{escape(title)}</figcaption></figure>"
            for number, (title, frames) in enumerate(zip(self.titles, self.packings, strict=True))
        )
        return (
            f'<div class="packing-film" data-film="{escape(film)}"><style>{_STYLE}</style>'
            f'<div class="panels">{pictures}</div>'
            '<div class="controls" hidden><button type="button">Play</button>'
            f'<input type="range" min="0" max="{len(self.steps) - 1}" value="0" aria-label="frame">'
            f"<output>step {self.steps[0]}</output></div><script>{_SCRIPT}</script></div>"
        )

    def _picture(self, number: int, packing: Packing) -> str:
        x, y, active = _frame(packing)
        radii = np.round(packing.diameters / 2 / packing.box * GRID, 1)
        discs = "".join(
            f'<circle class="packing-{"on" if a == "1" else "off"}" cx="{u}" cy="{v}" r="{r:g}"/>'
            for u, v, a, r in zip(x, y, active, radii, strict=True)
        )
        # The box is periodic: what leaves on one side is seen on the other.
        copies = "".join(
            f'<use href="#packing-{number}" x="{i * GRID}" y="{j * GRID}"/>'
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
            if i or j
        )
        label = escape(f"{self.titles[number]}. {self.description}")
        return (
            f'<svg viewBox="0 0 {GRID} {GRID}" role="img" aria-label="{label}">'
            f'<g id="packing-{number}">{discs}</g>{copies}</svg>'
        )


def film(starts: dict[str, Packing], rule: Rule, *, steps: Sequence[int], description: str) -> Film:
    """Let packings evolve under one rule and keep what they look like at some steps.

    Args:
        starts: title of a panel -> its first configuration, in two dimensions.
        steps: ascending, the first 0.
    """
    panels = [_evolved(start, rule, steps) for start in starts.values()]
    return Film(list(starts), list(steps), panels, description)


def _evolved(packing: Packing, rule: Rule, steps: Sequence[int]) -> list[Packing]:
    frames = [packing]
    for number in np.diff(steps):
        if not packing.absorbed:
            packing, _ = evolve(packing, rule, n_steps=int(number), record_every=10**9)
        frames.append(packing)
    return frames


def _frame(packing: Packing) -> tuple[list[int], list[int], str]:
    places = np.round(packing.positions / packing.box * GRID).astype(int)
    active = "".join("1" if n else "0" for n in contacts(packing))
    return places[:, 0].tolist(), places[:, 1].tolist(), active
