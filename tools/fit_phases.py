"""Fit the model behind `phasebook.diagnose` on the book's sweep: python tools/fit_phases.py.

Writes phasebook/monitor/phases.json: the temperatures of the 68 % contour of Eq. (4.15), as released, which
label the cells, and the coefficients. Needs the sweep with its weights (from the cache, or minutes).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

import phasebook as pb
from phasebook.boundaries import READINGS, boundaries_of, boundary_temperature
from phasebook.monitor.reference import DIGITS, fit_reference, phase_labels, to_json

OUTPUT = Path(pb.__file__).parent / "monitor" / "phases.json"


def main() -> int:
    sweep = pb.load_sweep("book")
    fraction = boundaries_of(sweep, readings=READINGS[:1])["fraction"].isel(reading=0)
    boundary = boundary_temperature(fraction)
    labels = phase_labels(boundary, sweep["temperature"].values)
    models = fit_reference(sweep, labels)
    written = {
        "made_by": "tools/fit_phases.py",
        "from": f"the {sweep.attrs['scale']} sweep at t_f = {float(sweep['time'][-1]):g} epochs, "
        f"{sweep.sizes['model']} networks per cell, seed {sweep.attrs['seed']}",
        "labels": f"phasebook.boundaries.phase_of with the 68 % contour of reading '{READINGS[0].name}'",
        "temperature": sweep["temperature"].values.tolist(),
        "inv_sigma_w": sweep["inv_sigma_w"].values.tolist(),
        "boundary_temperature": [None if np.isinf(t) else float(f"{t:.{DIGITS}g}") for t in boundary.values],
        "models": {name: to_json(model) for name, model in models.items()},
    }
    OUTPUT.write_text(json.dumps(written, indent=1) + "\n")
    print(OUTPUT.name, "written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
