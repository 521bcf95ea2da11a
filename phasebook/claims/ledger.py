"""The ledger: every testable statement of the paper, and what was found the last time somebody looked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from typing import get_args

from phasebook.claims.verdicts import VERDICTS, Verdict

SCALES = ("smoke", "book", "paper")
"""What a claim needs: no trained networks at all; the book sweep; runs of the paper's length."""

CHAPTERS = (
    "soft_spins", "disorder", "temperature", "phase_diagram", "time", "dyson", "boundaries", "appendix_b",
)  # fmt: skip
"""In the order of the book; the pages and the modules of this folder have these names."""


@dataclass(frozen=True)
class Claim:
    """One statement.

    Attributes:
        id: short and stable, names the row everywhere.
        section: of the paper, "2.3" or "A".
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


@lru_cache(maxsize=1)
def ledger() -> tuple[Claim, ...]:
    """All claims, in the order of the file.

    Raises:
        ValueError: an entry lacks a field, has an unknown one, or a value that is not allowed; two entries
            share an id.
    """
    text = (files("phasebook.claims") / "ledger.toml").read_text(encoding="utf-8")
    claims = tuple(_claim(entry) for entry in tomllib.loads(text)["claim"])
    names = [claim.id for claim in claims]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"ledger: more than one claim is called {', '.join(twice)}")
    return claims


def sections() -> list[str]:
    """Sections of the paper that have claims, in its order."""
    return sorted({claim.section for claim in ledger()})


def counts() -> dict[Verdict, int]:
    """How many claims have each recorded verdict."""
    return {verdict: sum(claim.verdict == verdict for claim in ledger()) for verdict in VERDICTS}


def summary() -> str:
    """The counts as one sentence, for the README and the scorecard."""
    numbers = ", ".join(f"{count} {verdict}" for verdict, count in counts().items())
    return f"{len(ledger())} claims of the paper judged: {numbers}."


def _claim(entry: dict[str, str]) -> Claim:
    known = [field.name for field in fields(Claim)]
    if sorted(entry) != sorted(known):
        raise ValueError(f"ledger: {entry.get('id', entry)} has {len(entry)} fields, needs {known}")
    claim = Claim(**entry)  # type: ignore[arg-type]
    if claim.verdict not in get_args(Verdict) or claim.scale not in SCALES or claim.chapter not in CHAPTERS:
        raise ValueError(f"ledger: {claim.id}: unknown verdict, scale or chapter")
    if claim.verdict != "reproduced" and not claim.reason:
        raise ValueError(f"ledger: {claim.id} is {claim.verdict} and gives no reason")
    return claim
