"""The ledger: every testable statement of the papers, and what was found the last time somebody looked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from typing import get_args

from phasebook.claims.verdicts import VERDICTS, Verdict

SCALES = ("smoke", "book", "paper")
"""What a claim needs: no trained networks at all; the book sweep; runs of the paper's length."""

PAPERS: dict[str, tuple[str, ...]] = {
    "phase diagram": (
        "soft_spins", "disorder", "temperature", "phase_diagram", "time", "dyson", "boundaries", "appendix_b",
    ),
    "random matrices": ("gaussian_rbm", "linear_network"),
    "absorbing states": ("random_organization",),
}  # fmt: skip
"""The chapters that judge each paper, in the order of the book; the pages and the modules of this folder have
these names."""

FILES = {
    "phase diagram": "ledger.toml",
    "random matrices": "random_matrices.toml",
    "absorbing states": "absorbing_states.toml",
}
"""Where the claims of each paper stand."""

CHAPTERS = tuple(chapter for chapters in PAPERS.values() for chapter in chapters)


@dataclass(frozen=True)
class Claim:
    """One statement.

    Attributes:
        id: short and stable, names the row everywhere.
        section: of the paper, "2.3" or "A"; "abstract" where the paper is known by that alone.
        where: equation "(2.22)", figure "Fig. 4", or "text", "footnote 3".
        quote: the statement, shortened.
        quantity: what is computed.
        expected: its value or trend according to the paper.
        source: where the expectation comes from.
        scale: least scale at which it can be judged, one of `SCALES`.
        t: training time at which it is judged.
        judge: "chapter.function", a function of this folder that takes `Data`.
        verdict: recorded; has to equal the computed one.
        reason: why, if it is not reproduced, or what the reader should know.
    """

    id: str
    section: str
    where: str
    quote: str
    quantity: str
    expected: str
    source: str
    scale: str
    t: str
    judge: str
    verdict: Verdict
    reason: str

    @property
    def chapter(self) -> str:
        """The page with its theory; `judge` names the module of the same name."""
        return self.judge.partition(".")[0]

    @property
    def paper(self) -> str:
        """Whose statement it is, a key of `PAPERS`."""
        return next(paper for paper, chapters in PAPERS.items() if self.chapter in chapters)


@lru_cache(maxsize=1)
def ledger() -> tuple[Claim, ...]:
    """All claims, paper by paper, in the order of the files.

    Raises:
        ValueError: an entry stands in the file of another paper, lacks a field, has an unknown one or a value
            that is not allowed; two entries share an id.
    """
    claims = tuple(_claim(entry, paper) for paper in PAPERS for entry in _entries(paper))
    names = [claim.id for claim in claims]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"ledger: more than one claim is called {', '.join(twice)}")
    return claims


def sections() -> list[str]:
    """Sections of the paper on the phase diagram that have claims, in its order."""
    return sorted({claim.section for claim in ledger() if claim.paper == "phase diagram"})


def counts() -> dict[Verdict, int]:
    """How many claims have each recorded verdict."""
    return {verdict: sum(claim.verdict == verdict for claim in ledger()) for verdict in VERDICTS}


def summary() -> str:
    """The counts as one sentence, for the README and the scorecard."""
    numbers = ", ".join(f"{count} {verdict}" for verdict, count in counts().items())
    papers = len({claim.paper for claim in ledger()})
    return f"{len(ledger())} claims of {papers} papers judged: {numbers}."


def _entries(paper: str) -> list[dict[str, str]]:
    text = (files("phasebook.claims") / FILES[paper]).read_text(encoding="utf-8")
    return tomllib.loads(text).get("claim", [])


def _claim(entry: dict[str, str], paper: str) -> Claim:
    known = [field.name for field in fields(Claim)]
    if sorted(entry) != sorted(known):
        raise ValueError(f"ledger: {entry.get('id', entry)} has {len(entry)} fields, needs {known}")
    claim = Claim(**entry)  # type: ignore[arg-type]
    allowed = claim.verdict in get_args(Verdict) and claim.scale in SCALES
    if not allowed or claim.chapter not in PAPERS[paper]:
        raise ValueError(f"ledger: {claim.id}: unknown verdict, scale or chapter")
    if claim.verdict != "reproduced" and not claim.reason:
        raise ValueError(f"ledger: {claim.id} is {claim.verdict} and gives no reason")
    return claim
