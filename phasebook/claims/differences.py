"""Paper, released code, this book: where they differ, and what each difference changes."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Literal, get_args

import numpy as np
import xarray as xr

from phasebook.claims.data import JAMMED, ORDERED, PARAMAGNETIC, Data
from phasebook.claims.judge import check, judge
from phasebook.claims.ledger import CHAPTERS, ledger
from phasebook.claims.pages import markup
from phasebook.claims.verdicts import Judgement, resampled
from phasebook.dyson import ensemble_coefficients, second_order_drift, spacing_repulsion
from phasebook.evidence.numbers import scientific
from phasebook.evidence.statistics import bootstrap
from phasebook.network import sample_ensemble
from phasebook.theory.criterion import wilson_interval

Kind = Literal["error", "convention", "ambiguity"]


@dataclass(frozen=True)
class Difference:
    """One row.

    Attributes:
        place: in the paper.  kind: of difference.  difference: what it is.
        claims: of the ledger, whose numbers show what it changes.
        measure: a function below that gives another number, or empty.
        chapter: that has more.  book: which reading this book uses, and why.
    """

    place: str
    kind: Kind
    difference: str
    claims: list[str]
    measure: str
    chapter: str
    book: str


def differences() -> tuple[Difference, ...]:
    """All rows.

    Raises:
        ValueError: a row names a claim, a measure, a chapter or a kind that there is not.
    """
    text = (files("phasebook.claims") / "differences.toml").read_text(encoding="utf-8")
    rows = tuple(Difference(**entry) for entry in tomllib.loads(text)["difference"])
    known = {claim.id for claim in ledger()}
    for row in rows:
        fits = row.kind in get_args(Kind) and row.chapter in CHAPTERS and set(row.claims) <= known
        if not fits or (row.measure and row.measure not in MEASURES):
            raise ValueError(f"differences: {row.place}: unknown claim, measure, chapter or kind")
    return rows


def second_order(data: Data) -> str:
    """Second-order drift of x_N per update over |K_N|, and T L_N over it: medians at the start."""
    networks = sample_ensemble(n_models=50, n_samples=4, temperature=2.0**-5, inv_sigma_w=8.0)
    values = ensemble_coefficients(networks, networks.weights)
    rate, temperature = 2.0**-3, 2.0**-5
    share = rate * second_order_drift(values)[:, -1] / np.abs(values.drift[:, -1])
    laguerre = temperature * values.laguerre[:, -1] / np.abs(values.drift[:, -1])
    terms = [resampled(lambda x: float(np.median(x)), each) for each in (share, laguerre)]
    return f"over |K_N| at the start, ordered cell: {scientific(*terms[0])}; T L_N: {scientific(*terms[1])}"


def index(data: Data) -> str:
    """V_S with the released indices over (B.7)."""
    weights = data.book["weights"].sel(ORDERED).values.astype(np.float64)
    networks = sample_ensemble(n_models=len(weights), temperature=2.0**-5, inv_sigma_w=8.0)
    noise = ensemble_coefficients(networks, weights).noise
    ratio = spacing_repulsion(noise, harmonic="released") / spacing_repulsion(noise)
    return f"V_S, released over formula: {scientific(*resampled(lambda x: float(np.median(x)), ratio))}"


def growth(data: Data) -> str:
    """S(t_f) / S(0), median, ordered and paramagnetic."""
    found = {}
    for name, place in {"ordered": ORDERED, "paramagnetic": PARAMAGNETIC}.items():
        parts = data.criterion[["spacing_final", "spacing_initial"]].sel(place)
        found[name] = bootstrap(lambda x: float((x["spacing_final"] / x["spacing_initial"]).median()), parts)
    return "S(t_f)/S(0): " + ", ".join(f"{scientific(*one)} ({name})" for name, one in found.items())


def points(data: Data) -> str:
    """G over 128 points over G over 100, jammed column."""
    cell = data.book[["feature_overlap", "feature_overlap_128"]].sel(JAMMED)
    ratio = bootstrap(lambda x: float(x["feature_overlap_128"].mean() / x["feature_overlap"].mean()), cell)
    return f"G, 128 points over 100: {scientific(*ratio)}"


def mean(data: Data) -> str:
    """Mean over median of the test loss at T = 1/2 and at 2^-5, 1/sigma_W = 8."""
    column = data.book["test_loss"].sel(inv_sigma_w=8.0)

    def ratio(x: xr.DataArray) -> float:
        return float(x.mean() / x.median())

    near, far = (bootstrap(ratio, column.sel(temperature=t)) for t in (0.5, 2.0**-5))
    return f"mean over median: {scientific(*near)} at T = 1/2, {scientific(*far)} at 2⁻⁵"


def binomial(data: Data) -> str:
    """Wilson's 95 % interval for 68 of 100 networks."""
    low, high = wilson_interval(68, 100, confidence=0.95)
    return f"68 of 100 networks: {float(low):.2f} to {float(high):.2f} (95 %)"


MEASURES: Mapping[str, Callable[[Data], str]] = {
    one.__name__: one for one in (second_order, index, growth, points, mean, binomial)
}


@dataclass(frozen=True)
class DifferencesTable:
    """All rows with what each changes."""

    rows: tuple[tuple[Difference, str], ...]

    def __repr__(self) -> str:
        return "\n".join(f"{row.place}: {row.difference} [{row.kind}]" for row, _ in self.rows)

    def _repr_html_(self) -> str:
        body = "".join(
            f'<tr data-kind="{row.kind}">'
            f"<td>{escape(row.place)}</td><td>{markup(row.difference)}</td><td>{row.kind}</td><td>{changes}</td>"
            f'<td>{markup(row.book)} <a href="{row.chapter}.html">Chapter</a></td></tr>'
            for row, changes in self.rows
        )
        names = ("Where", "What differs", "Kind", "What it changes", "This book")
        head = "".join(f"<th>{name}</th>" for name in names)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f'<div class="claims-table">{table}</div>'


def compare(data: Data | None = None) -> DifferencesTable:
    """Judge the claims that the rows name, take the other measures, and set them side by side.

    Raises:
        LedgerMismatch: a claim's verdict is not the recorded one.
    """
    data = Data() if data is None else data
    rows = differences()
    wanted = {name for row in rows for name in row.claims}
    results = check(judge([claim for claim in ledger() if claim.id in wanted], data))
    found = {one.claim.id: (one.claim.chapter, one.claim.quantity, one.judgement) for one in results}
    return DifferencesTable(tuple((row, _changes(row, found, data)) for row in rows))


def _changes(row: Difference, found: Mapping[str, tuple[str, str, Judgement]], data: Data) -> str:
    parts = []
    for name in row.claims:
        chapter, quantity, judgement = found[name]
        parts.append(
            f'<a href="{chapter}.html#claim-{name}">{name}</a>: {escape(judgement.found)}<br>'
            f"<small>{markup(quantity)}; {judgement.verdict}</small>"
        )
    if row.measure:
        parts.append(markup(MEASURES[row.measure](data)))
    return "<br>".join(parts) or f'Nothing, or see <a href="{row.chapter}.html">the chapter</a>.'
