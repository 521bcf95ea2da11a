"""Equation by equation: what was checked, what came out, does it hold. The table that closes a chapter."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import ArrayLike

HOLDS, FAILS = "holds", "does not hold"
DEFINITION = "definition"
PADDING = 'style="padding: 0.15rem 1rem 0.15rem 0"'


@dataclass(frozen=True)
class Check:
    """One equation of the paper with what a computation says about it."""

    equation: str
    statement: str
    result: str
    verdict: str

    def __repr__(self) -> str:
        return f"({self.equation}) {self.statement}: {self.result}; {self.verdict}"


@dataclass(frozen=True)
class CheckTable:
    """Checks as a notebook shows them, and the equations that have none."""

    checks: list[Check]
    missing: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.checks))

    def _repr_html_(self) -> str:
        rows = [
            f'<tr><td {PADDING}><a href="#eq-{number.lower().replace(".", "-")}">({number})</a></td>'
            + "".join(f"<td {PADDING}>{escape(text)}</td>" for text in cells)
            + "</tr>"
            for number, *cells in (
                *((one.equation, one.statement, one.result, one.verdict) for one in self.checks),
                *((number, "no cell has computed this yet", "", "open") for number in self.missing),
            )
        ]
        names = ("Equation", "What was checked", "What came out", "Verdict")
        head = f"<tr>{''.join(f'<th {PADDING}>{name}</th>' for name in names)}</tr>"
        return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


@dataclass
class EquationChecks:
    """The checks of one chapter, in the order of the paper.

    Args:
        equations: the numbers of all equations that the chapter has to account for, say "2.1".
    """

    equations: list[str]
    checks: list[Check] = field(default_factory=list)
    _shown: int = field(default=0, repr=False)

    def identity(
        self, equation: str, statement: str, left: ArrayLike, right: ArrayLike, *, tolerance: float = 1e-12
    ) -> Check:
        """Both sides are equal to rounding: largest difference over the largest value of the right side."""
        left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
        scale = float(np.max(np.abs(right))) or 1.0
        difference = float(np.max(np.abs(left - right))) / scale
        result = f"largest relative difference {difference:.0e}" if difference else "equal to the last bit"
        return self._add(equation, statement, result, difference <= tolerance)

    def estimate(
        self,
        equation: str,
        statement: str,
        measured: ArrayLike,
        expected: ArrayLike,
        error: ArrayLike,
        *,
        sigmas: float = 5.0,
    ) -> Check:
        """A measured mean agrees with the expected one: every entry within `sigmas` standard errors."""
        deviation = np.abs(np.asarray(measured) - np.asarray(expected)) / np.asarray(error)
        largest, count = float(np.max(deviation)), int(np.size(deviation))
        result = f"{largest:.1f} standard errors" if count == 1 else (
            f"largest of {count} deviations: {largest:.1f} standard errors"
        )  # fmt: skip
        return self._add(equation, statement, result, largest <= sigmas)

    def bound(self, equation: str, statement: str, value: ArrayLike, limit: float) -> Check:
        """No value is above the limit."""
        largest = float(np.max(value))
        result = f"largest {largest:.4g}, limit {limit:.4g}"
        if f"{largest:.4g}" == f"{limit:.4g}" and largest < limit:
            result = f"largest {limit - largest:.0e} below {limit:.4g}"
        return self._add(equation, statement, result, largest <= limit)

    def state(self, equation: str, statement: str, result: str, *, verdict: str = DEFINITION) -> Check:
        """A definition with what it gave here, or an equation whose verdict needs words."""
        check = Check(equation, statement, result, verdict)
        return self._keep(check)

    @property
    def missing(self) -> list[str]:
        """Equations of the chapter that no cell has accounted for yet."""
        done = {check.equation for check in self.checks}
        return [equation for equation in self.equations if equation not in done]

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if check.verdict == FAILS]

    def latest(self) -> CheckTable:
        """The checks made since this was last asked: what a cell shows of its own work."""
        new, self._shown = self.checks[self._shown :], len(self.checks)
        return CheckTable(new)

    def __repr__(self) -> str:
        return repr(CheckTable(self._sorted(), self.missing))

    def _repr_html_(self) -> str:
        return CheckTable(self._sorted(), self.missing)._repr_html_()

    def _add(self, equation: str, statement: str, result: str, holds: bool) -> Check:
        return self._keep(Check(equation, statement, result, HOLDS if holds else FAILS))

    def _keep(self, check: Check) -> Check:
        if check.equation not in self.equations:
            raise ValueError(f"this chapter has no equation ({check.equation}), only {self.equations}")
        # A cell that is run again replaces its row.
        for place, one in enumerate(self.checks):
            if (one.equation, one.statement) == (check.equation, check.statement):
                del self.checks[place]
                self._shown -= place < self._shown
                break
        self.checks.append(check)
        return check

    def _sorted(self) -> list[Check]:
        return sorted(self.checks, key=lambda check: self.equations.index(check.equation))
