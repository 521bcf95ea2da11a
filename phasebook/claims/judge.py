"""Judging claims, and holding the ledger to what comes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from phasebook.claims.data import Data
from phasebook.claims.ledger import SCALES, Claim, ledger
from phasebook.claims.verdicts import Judgement


class LedgerMismatch(Exception):
    """A computed verdict is not the recorded one."""


@dataclass(frozen=True)
class Result:
    """A claim with what came out; `judged` is False if the chosen scale is too small for it."""

    claim: Claim
    judgement: Judgement
    judged: bool = True

    @property
    def agrees(self) -> bool:
        """Whether the ledger says the same; a claim that was not judged contradicts nothing."""
        return not self.judged or self.judgement.verdict == self.claim.verdict

    def to_json(self) -> dict[str, Any]:
        one = self.claim
        return {
            "id": one.id, "section": one.section, "where": one.where, "quote": one.quote,
            "quantity": one.quantity, "expected": one.expected, "source": one.source, "scale": one.scale,
            "t": one.t, "found": self.judgement.found, "value": _number(self.judgement.value),
            "error": _number(self.judgement.error), "verdict": self.judgement.verdict,
            "recorded": one.verdict, "judged": self.judged, "reason": one.reason,
        }  # fmt: skip


def select(
    *, section: str | None = None, chapter: str | None = None, paper: str | None = None
) -> list[Claim]:
    """Claims of a section of a paper ("4" has "4.1" too), of a chapter, of a paper."""
    return [
        claim
        for claim in ledger()
        if (section is None or claim.section == section or claim.section.startswith(f"{section}."))
        and (chapter is None or claim.chapter == chapter)
        and (paper is None or claim.paper == paper)
    ]


def judge(claims: Iterable[Claim], data: Data | None = None, *, scale: str = "paper") -> list[Result]:
    """Compute the verdict of each claim.

    Args:
        claims: any of the ledger.
        data: what to judge on; by default the sweeps of the cache and the package.
        scale: the largest that may be used; claims that need more are not testable.

    Returns:
        One result for each claim, in the same order.
    """
    data = Data() if data is None else data
    allowed = SCALES[: SCALES.index(scale) + 1]
    return [_judge(claim, data) if claim.scale in allowed else _too_small(claim) for claim in claims]


def check(results: Sequence[Result]) -> Sequence[Result]:
    """The results, if the ledger records every one of their verdicts.

    Raises:
        LedgerMismatch: it does not; names each claim with both verdicts.
    """
    if wrong := mismatches(results):
        raise LedgerMismatch("\n".join(wrong))
    return results


def mismatches(results: Iterable[Result]) -> list[str]:
    """One line for each claim whose recorded verdict is not the computed one."""
    return [
        f"{one.claim.id}: the ledger records '{one.claim.verdict}', computed is '{one.judgement.verdict}' "
        f"({one.judgement.found})"
        for one in results
        if not one.agrees
    ]


def _judge(claim: Claim, data: Data) -> Result:
    module, _, function = claim.judge.partition(".")
    return Result(claim, getattr(import_module(f"phasebook.claims.{module}"), function)(data))


def _too_small(claim: Claim) -> Result:
    missing = Judgement(
        float("nan"), float("nan"), "not testable at this scale", f"needs scale {claim.scale}"
    )
    return Result(claim, missing, judged=False)


def _number(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
