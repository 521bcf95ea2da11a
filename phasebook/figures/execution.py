"""Tables of what a build and its chapters took."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from typing import Any

from phasebook.runs.provenance import hardware

PACKAGES = ("phasebook", "numpy", "scipy", "numba", "torch", "xarray", "matplotlib", "jupyter-book")


@dataclass(frozen=True)
class Table:
    """Rows of text under a head; the first cell of a row names it."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __repr__(self) -> str:
        return "\n".join("  ".join(row) for row in (self.head, *self.rows))

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.head)
        rows = ""
        for first, *rest in self.rows:
            cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
            rows += f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
        return f'<table tabindex="0"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def build_table() -> Table:
    """Where this runs: processor, system, Python, and the versions that results may depend on."""
    rows = [
        ("processor", hardware()),
        ("system", f"{platform.system()} on {platform.machine()}"),
        ("Python", platform.python_version()),
        *((name, version(name)) for name in PACKAGES),
    ]
    return Table(("", "version"), rows)


def outcome(one: Mapping[str, Any], limits: Mapping[str, float]) -> str:
    """How one chapter fared: "runs", "too long" if it came to its end too late, or how else it ended."""
    if one["ended"] != "well":
        return one["ended"]
    return "runs" if one["cpu_seconds"] <= limits["seconds"] else "too long"


def limits_table(measured: Mapping[str, Any]) -> Table:
    """Seconds and memory of every chapter under Binder's limits.

    Args:
        measured: what `tools/limits.py` writes.
    """
    rows = [
        (
            name,
            f"{one['cpu_seconds']:.0f} s",
            f"{one['seconds']:.0f} s at load {one['load']:.0f}",
            f"{one['bytes'] / 1e9:.2f} GB",
            outcome(one, measured["limits"]),
        )
        for name, one in measured["chapters"].items()
    ]
    return Table(("chapter", "processor", "clock", "memory", "outcome"), rows)
