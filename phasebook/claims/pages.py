"""The ledger as a notebook shows it: the box of a chapter, and the table of all claims."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from phasebook.claims.data import Data
from phasebook.claims.judge import Result, check, judge, select
from phasebook.claims.ledger import CHAPTERS
from phasebook.claims.verdicts import VERDICTS

TITLES = {
    "soft_spins": "Soft spins", "disorder": "Disorder", "temperature": "Temperature",
    "phase_diagram": "Phase diagram", "time": "Time", "dyson": "Dyson dynamics",
    "boundaries": "Boundaries", "appendix_b": "Appendix B",
    "gaussian_rbm": "Gaussian RBM", "linear_network": "Linear network",
    "random_organization": "Random organization",
}  # fmt: skip

_PAGES: dict[str, Callable[[int], str]] = {
    "2": lambda n: "soft_spins" if n <= 22 else "disorder" if n <= 27 else "temperature",
    "3": lambda n: "phase_diagram",
    "4": lambda n: "dyson" if n <= 8 else "boundaries",
    "A": lambda n: "disorder",
    "B": lambda n: "appendix_b",
}
"""Section of the paper -> the page that prints an equation of this number."""


@dataclass(frozen=True)
class ClaimsBox:
    """The claims of one chapter. Each row has the anchor `claim-ID`, to which the scorecard links."""

    results: Sequence[Result]

    def __repr__(self) -> str:
        return "\n".join(_line(one) for one in self.results)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr id="claim-{one.claim.id}"><td>{_place(one)}</td>'
            f"<td>“{markup(one.claim.quote)}”<br><small>{markup(one.claim.quantity)}, at "
            f"t&nbsp;=&nbsp;{markup(one.claim.t)}; expected: {markup(one.claim.expected)}</small></td>"
            f"<td>{escape(one.judgement.found)}</td><td>{_verdict(one)}</td></tr>"
            for one in self.results
        )
        head = _head("Where", "Claim", "Found", "Verdict")
        return (
            '<div class="admonition claims"><p class="admonition-title">The paper’s claims, judged</p>'
            f'<div class="claims-table"><table>{head}<tbody>{rows}</tbody></table></div>'
            "<p>Verdicts are computed with the page, with three standard errors to either side; the "
            '<a href="scorecard.html">scorecard</a> has all claims and how each is judged.</p></div>'
        )


@dataclass(frozen=True)
class Scorecard:
    """All claims as one table; book/_static/scorecard.js sorts and filters it, and without it is a table."""

    results: Sequence[Result]

    def __repr__(self) -> str:
        return "\n".join(_line(one) for one in self.results)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr data-section="{escape(one.claim.section)}" data-verdict="{one.judgement.verdict}" '
            f'data-chapter="{one.claim.chapter}">'
            f'<td><a href="{one.claim.chapter}.html#claim-{one.claim.id}">{one.claim.id}</a></td>'
            f"<td>{escape(one.claim.section)}</td><td>{_place(one)}</td>"
            f"<td>“{markup(one.claim.quote)}”<br><small>{markup(one.claim.quantity)}</small></td>"
            f"<td>{markup(one.claim.expected)}<br><small>{markup(one.claim.source)}</small></td>"
            f"<td>{escape(one.judgement.found)}<br><small>scale {one.claim.scale}, "
            f"t = {markup(one.claim.t)}</small></td>"
            f"<td>{_verdict(one)}<br><small>{markup(one.claim.reason)}</small></td></tr>"
            for one in self.results
        )
        head = _head("Claim", "Section", "Where", "Statement and quantity", "Expected", "Found", "Verdict")
        return f'<div class="claims-table"><table class="scorecard">{head}<tbody>{rows}</tbody></table></div>'


@dataclass(frozen=True)
class Summary:
    """How many claims of each chapter have which verdict."""

    results: Sequence[Result]

    def _repr_html_(self) -> str:
        rows = []
        for chapter in CHAPTERS:
            found = [one.judgement.verdict for one in self.results if one.claim.chapter == chapter]
            cells = "".join(f"<td>{found.count(verdict)}</td>" for verdict in VERDICTS)
            rows.append(f'<tr><td><a href="{chapter}.html">{TITLES[chapter]}</a></td>{cells}</tr>')
        every = [one.judgement.verdict for one in self.results]
        total = "".join(f"<td><strong>{every.count(verdict)}</strong></td>" for verdict in VERDICTS)
        head = _head("Chapter", *VERDICTS)
        body = f"{''.join(rows)}<tr><td><strong>All</strong></td>{total}</tr>"
        return f'<div class="claims-table"><table>{head}<tbody>{body}</tbody></table></div>'


def chapter_box(chapter: str, data: Data | None = None) -> ClaimsBox:
    """Judge the claims of a chapter.

    Args:
        chapter: one of `ledger.CHAPTERS`.
        data: by default the sweeps of the cache and the package.

    Raises:
        LedgerMismatch: a verdict is not the recorded one; this fails the build of the page.
        ValueError: there is no such chapter.
    """
    if chapter not in CHAPTERS:
        raise ValueError(f"chapter must be one of {', '.join(CHAPTERS)}, got {chapter!r}")
    return ClaimsBox(check(judge(select(chapter=chapter), data)))


def judged(data: Data | None = None) -> Sequence[Result]:
    """All claims, judged and checked against the ledger; raises `LedgerMismatch` as `chapter_box` does."""
    return check(judge(select(), data))


def markup(text: str) -> str:
    """Plain text as HTML, with what follows an underscore, as in V_NN or n_{L-1}, as a subscript."""
    return re.sub(r"_(?:\{([^}]+)\}|([A-Za-z0-9]{1,3})(?![A-Za-z]))", r"<sub>\1\2</sub>", escape(text))


def _line(one: Result) -> str:
    return f"{one.claim.id:34} {one.judgement.verdict:28} {one.judgement.found}"


def _verdict(one: Result) -> str:
    verdict = one.judgement.verdict
    return f'<span class="verdict verdict-{VERDICTS.index(verdict)}">{verdict}</span>'


def _place(one: Result) -> str:
    """The equation of the main paper with a link to where the book prints it; other places as they are."""
    where = one.claim.where
    if one.claim.paper != "phase diagram":
        return escape(where)
    if not (where.startswith("(") and where.endswith(")")):
        return escape(where)
    section, _, number = where[1:-1].partition(".")
    page = _PAGES[section](int(number))
    return f'<a href="{page}.html#eq-{section.lower()}-{number}">{escape(where)}</a>'


def _head(*names: str) -> str:
    return f"<thead><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr></thead>"
